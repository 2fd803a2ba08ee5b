mod client;

use std::collections::BTreeMap;
use std::time::Duration;

use dialtone_model::{Action, Attributes, Complaint, Device, DeviceKind, Fault};
use futures_util::future::BoxFuture;

use self::client::{Cupi, CupiError, Resource, encoded, query};
use crate::device::{no_undo, unsupported};
use crate::dial::Dialler;
use crate::driver::boxed_driver;
use crate::http::Deadline;
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// Unity Connection over CUPI.
#[derive(Debug)]
pub(crate) struct UnityConnection {
    cupi: Cupi,
}

/// Values by CUPI's names.
type Values<'a> = BTreeMap<&'a str, &'a str>;

const USERS: &str = "/vmrest/users";
const SERVICES: &str = "/vmrest/externalservices";

impl UnityConnection {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        Ok(Self { cupi: Cupi::new(device, dialler)? })
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let deadline = Deadline::after(call.timeout);
        match &call.step.action {
            Action::AddMailbox { alias, extension, template, attributes } => {
                let path = format!("{USERS}?templateAlias={}", encoded(template));
                let values = mailbox(alias, extension, attributes)?;
                match self.cupi.post(&path, &values, deadline).await {
                    Ok(reference) => Ok(Ran::Done(Done { reference })),
                    // A refusal doesn't say reliably whether it is the alias that is taken, so the alias is looked up.
                    Err(CupiError::Refused(complaint)) => match self.user(alias, deadline).await? {
                        Some(_) => Ok(Ran::AlreadyThere),
                        None => Err(Fault::Rejected(complaint)),
                    },
                    Err(error) => Err(error.into()),
                }
            }
            Action::SetMailbox { alias, attributes } => {
                let path = self.known_user(alias, deadline).await?;
                self.cupi.put(&path, &values(attributes), deadline).await?;
                Ok(Ran::Done(Done { reference: Some(path) }))
            }
            Action::AddUnifiedMessaging { alias, service, email } => {
                let accounts = format!("{}/externalserviceaccounts", self.known_user(alias, deadline).await?);
                let service = self.service(service, deadline).await?;
                if self.account(&accounts, &service, deadline).await?.is_some() {
                    return Ok(Ran::AlreadyThere);
                }
                match self.cupi.post(&accounts, &account(&service, email), deadline).await {
                    Ok(reference) => Ok(Ran::Done(Done { reference })),
                    Err(CupiError::Refused(complaint)) => match self.account(&accounts, &service, deadline).await? {
                        Some(_) => Ok(Ran::AlreadyThere),
                        None => Err(Fault::Rejected(complaint)),
                    },
                    Err(error) => Err(error.into()),
                }
            }
            _ => Err(unsupported(DeviceKind::UnityConnection)),
        }
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let deadline = Deadline::after(call.timeout);
        match &call.step.action {
            Action::AddMailbox { alias, extension, attributes, .. } => {
                let Some(path) = self.user(alias, deadline).await? else { return Ok(Look::Absent) };
                self.compare(path, &mailbox(alias, extension, attributes)?, deadline).await
            }
            Action::SetMailbox { alias, attributes } => {
                let Some(path) = self.user(alias, deadline).await? else { return Ok(missing(alias)) };
                // The values from before are no obstacle: to set them anew is what the step is for.
                Ok(match self.compare(path, &values(attributes), deadline).await? {
                    Look::Different { .. } => Look::Absent,
                    look => look,
                })
            }
            Action::AddUnifiedMessaging { alias, service, email } => {
                let Some(path) = self.user(alias, deadline).await? else { return Ok(missing(alias)) };
                let accounts = format!("{path}/externalserviceaccounts");
                let service = self.service(service, deadline).await?;
                match self.account(&accounts, &service, deadline).await? {
                    None => Ok(Look::Absent),
                    Some(path) => self.compare(path, &account(&service, email), deadline).await,
                }
            }
            _ => Err(unsupported(DeviceKind::UnityConnection)),
        }
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let deadline = Deadline::after(call.timeout);
        if matches!(call.step.action, Action::SetMailbox { .. }) {
            return Err(no_undo());
        }
        match self.look(call).await? {
            Look::Absent => Ok(()),
            Look::Different { differences } => {
                let message = format!("it was changed since: {}", differences.join("; "));
                Err(Fault::Rejected(Complaint::new("cupi-changed-since", message)))
            }
            Look::Equal(Done { reference }) => {
                let path = reference.unwrap_or_default();
                match self.cupi.delete(&path, deadline).await {
                    Ok(()) | Err(CupiError::Missing(_)) => Ok(()),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// Whether the resource at `path` has these values.
    async fn compare(&self, path: String, values: &Values<'_>, deadline: Deadline) -> Result<Look, Fault> {
        let device = match self.cupi.get(&path, deadline).await {
            Ok(device) => device,
            Err(CupiError::Missing(_)) => return Ok(Look::Absent),
            Err(error) => return Err(error.into()),
        };
        let differences = differences(values, &device);
        let done = Done { reference: Some(path) };
        Ok(if differences.is_empty() { Look::Equal(done) } else { Look::Different { differences } })
    }

    /// The path of a user; `None` when nobody has the alias.
    async fn user(&self, alias: &str, deadline: Deadline) -> Result<Option<String>, Fault> {
        let users = self.cupi.list(&query(USERS, "alias", alias), "User", deadline).await?;
        let user = users.into_iter().find(|user| has(user, "Alias", alias));
        Ok(user.and_then(|user| Some(format!("{USERS}/{}", user.get("ObjectId")?))))
    }

    async fn known_user(&self, alias: &str, deadline: Deadline) -> Result<String, Fault> {
        let user = self.user(alias, deadline).await?;
        user.ok_or_else(|| Fault::Rejected(Complaint::new("cupi-no-user", format!("there is no user {alias}"))))
    }

    /// The id of an external service.
    async fn service(&self, name: &str, deadline: Deadline) -> Result<String, Fault> {
        let services = self.cupi.list(SERVICES, "ExternalService", deadline).await?;
        let service = services.into_iter().find(|service| has(service, "DisplayName", name));
        service.and_then(|mut service| service.remove("ObjectId")).ok_or_else(|| {
            let complaint = Complaint::new("cupi-no-service", format!("there is no unified messaging service {name}"));
            Fault::Rejected(complaint.repair("Add the service on Unity Connection, then retry."))
        })
    }

    /// The path of a user's account at a service; `None` when there is none.
    async fn account(&self, accounts: &str, service: &str, deadline: Deadline) -> Result<Option<String>, Fault> {
        let found = self.cupi.list(accounts, "ExternalServiceAccount", deadline).await?;
        let account = found.into_iter().find(|account| has(account, "ExternalServiceObjectId", service));
        Ok(account.and_then(|account| Some(format!("{accounts}/{}", account.get("ObjectId")?))))
    }

    async fn probe(&self, _timeout: Duration) -> Result<Probe, Fault> {
        Err(unsupported(DeviceKind::UnityConnection))
    }

    async fn read(&self, _request: &PageRequest, _timeout: Duration) -> Result<Page, Fault> {
        Err(unsupported(DeviceKind::UnityConnection))
    }
}

/// What a new user is made of, beside the template.
fn mailbox<'a>(alias: &'a str, extension: &'a str, attributes: &'a Attributes) -> Result<Values<'a>, Fault> {
    let mut values = values(attributes);
    for (name, value) in [("Alias", alias), ("DtmfAccessId", extension)] {
        if values.insert(name, value).is_some() {
            let message = format!("the attribute {name} is given by the order itself");
            return Err(Fault::Rejected(Complaint::new("cupi-attribute", message)));
        }
    }
    Ok(values)
}

/// What a unified messaging account is made of: mailbox synchronisation and the reading aloud of mail.
fn account<'a>(service: &'a str, email: &'a str) -> Values<'a> {
    Values::from([
        ("ExternalServiceObjectId", service),
        ("EmailAddress", email),
        ("EmailAddressUseCorp", "false"),
        ("EnableCalendarCapability", "true"),
        ("EnableMailboxSynchCapability", "true"),
        ("EnableTtsOfEmailCapability", "true"),
    ])
}

fn values(attributes: &Attributes) -> Values<'_> {
    attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Aliases and names are compared as Unity Connection does, without regard to case.
fn has(resource: &Resource, name: &str, value: &str) -> bool {
    resource.get(name).is_some_and(|there| there.to_lowercase() == value.to_lowercase())
}

fn missing(alias: &str) -> Look {
    Look::Different { differences: vec![format!("user {alias}: the device has none")] }
}

fn differences(values: &Values<'_>, device: &Resource) -> Vec<String> {
    let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let different = |(name, order): (&&str, &&str)| {
        let device = device.get(*name).map_or("", String::as_str);
        (device != *order).then(|| format!("{name}: device has {}, the order says {}", shown(device), shown(order)))
    };
    values.iter().filter_map(different).collect()
}

boxed_driver!(UnityConnection);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_over_the_wire_is_text_only() {
        let attributes = Attributes::from([("FirstName".to_owned(), "Tony \"Ö\"".to_owned())]);
        let body = |values: &Values<'_>| serde_json::to_string(values).unwrap();
        let mailbox = mailbox("tony", "1001", &attributes).unwrap();
        assert_eq!(body(&mailbox), r#"{"Alias":"tony","DtmfAccessId":"1001","FirstName":"Tony \"Ö\""}"#);
        insta::assert_snapshot!(body(&account("0000-service", "tony@example.com")), @r#"{"EmailAddress":"tony@example.com","EmailAddressUseCorp":"false","EnableCalendarCapability":"true","EnableMailboxSynchCapability":"true","EnableTtsOfEmailCapability":"true","ExternalServiceObjectId":"0000-service"}"#);
    }
}
