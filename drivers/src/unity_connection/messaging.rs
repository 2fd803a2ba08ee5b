use dialtone_model::{Complaint, Fault};

use super::client::{CupiError, Values};
use super::mailbox::{Mailbox, has, settable};
use crate::{Done, Look, Ran};

pub(super) const SERVICES: &str = "/vmrest/externalservices";

/// The account that a user has at an external service. There is at most one.
pub(super) struct Messaging<'a> {
    mailbox: Mailbox<'a>,
    /// The display name of the service.
    service: &'a str,
}

impl<'a> Messaging<'a> {
    pub(super) fn new(mailbox: Mailbox<'a>, service: &'a str) -> Self {
        Self { mailbox, service }
    }

    pub(super) async fn add(&self, email: &str) -> Result<Ran, Fault> {
        let accounts = accounts(&self.mailbox.known_path().await?);
        let service = self.service().await?;
        if self.account(&accounts, &service).await?.is_some() {
            return Ok(Ran::AlreadyThere);
        }
        let Mailbox { cupi, deadline, .. } = self.mailbox;
        match cupi.post(&accounts, &account(&service, email), deadline).await {
            Ok(reference) => Ok(Ran::Done(Done { reference })),
            Err(CupiError::Refused(complaint)) => match self.account(&accounts, &service).await? {
                Some(_) => Ok(Ran::AlreadyThere),
                None => Err(Fault::Rejected(complaint)),
            },
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn look_for_added(&self, email: &str) -> Result<Look, Fault> {
        let Some(user) = self.mailbox.path().await? else { return Ok(self.mailbox.missing()) };
        let service = self.service().await?;
        match self.account(&accounts(&user), &service).await? {
            None => Ok(Look::Absent),
            Some(path) => self.mailbox.compare(path, &account(&service, email)).await,
        }
    }

    pub(super) async fn change(&self, email: &str) -> Result<Ran, Fault> {
        let accounts = accounts(&self.mailbox.known_path().await?);
        let path = self.account(&accounts, &self.service().await?).await?.ok_or_else(|| {
            let message = format!("{} has no account at {}", self.mailbox.alias, self.service);
            Fault::Rejected(Complaint::new("cupi-no-account", message))
        })?;
        self.mailbox.cupi.put(&path, &address(email), self.mailbox.deadline).await?;
        Ok(Ran::Done(Done { reference: Some(path) }))
    }

    pub(super) async fn look_for_change(&self, email: &str) -> Result<Look, Fault> {
        let Some(user) = self.mailbox.path().await? else { return Ok(self.mailbox.missing()) };
        match self.account(&accounts(&user), &self.service().await?).await? {
            None => {
                Ok(Look::Different { differences: vec![format!("account at {}: the device has none", self.service)] })
            }
            Some(path) => Ok(settable(self.mailbox.compare(path, &address(email)).await?)),
        }
    }

    pub(super) async fn remove(&self) -> Result<Ran, Fault> {
        if let Some(path) = self.path().await? {
            self.mailbox.cupi.remove(&path, self.mailbox.deadline).await?;
        }
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_removal(&self) -> Result<Look, Fault> {
        Ok(if self.path().await?.is_some() { Look::Absent } else { Look::Equal(Done::default()) })
    }

    /// The path of the account; `None` when there is none, be it that there is no user.
    async fn path(&self) -> Result<Option<String>, Fault> {
        let service = self.service().await?;
        match self.mailbox.path().await? {
            Some(user) => self.account(&accounts(&user), &service).await,
            None => Ok(None),
        }
    }

    /// The id of the service.
    async fn service(&self) -> Result<String, Fault> {
        let services = self.mailbox.cupi.list(SERVICES, "ExternalService", self.mailbox.deadline).await?.members;
        let service = services.into_iter().find(|service| has(service, "DisplayName", self.service));
        service.and_then(|mut service| service.remove("ObjectId")).ok_or_else(|| {
            let message = format!("there is no unified messaging service {}", self.service);
            let complaint = Complaint::new("cupi-no-service", message);
            Fault::Rejected(complaint.repair("Add the service on Unity Connection, then retry."))
        })
    }

    /// Which of a user's accounts is the one at a service.
    async fn account(&self, accounts: &str, service: &str) -> Result<Option<String>, Fault> {
        let found = self.mailbox.cupi.list(accounts, "ExternalServiceAccount", self.mailbox.deadline).await?.members;
        let account = found.into_iter().find(|account| has(account, "ExternalServiceObjectId", service));
        Ok(account.and_then(|account| Some(format!("{accounts}/{}", account.get("ObjectId")?))))
    }
}

/// Where a user's accounts are.
pub(super) fn accounts(user: &str) -> String {
    format!("{user}/externalserviceaccounts")
}

/// What an account is made of: mailbox synchronisation and the reading aloud of mail.
fn account<'a>(service: &'a str, email: &'a str) -> Values<'a> {
    let mut values = address(email);
    values.extend([
        ("ExternalServiceObjectId", service),
        ("EnableCalendarCapability", "true"),
        ("EnableMailboxSynchCapability", "true"),
        ("EnableTtsOfEmailCapability", "true"),
    ]);
    values
}

/// An address of its own, not the user's corporate one.
fn address(email: &str) -> Values<'_> {
    Values::from([("EmailAddress", email), ("EmailAddressUseCorp", "false")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_synchronises_the_mailbox_and_reads_mail_aloud() {
        let body = serde_json::to_string(&account("0000-service", "tony@example.com")).unwrap();
        insta::assert_snapshot!(body, @r#"{"EmailAddress":"tony@example.com","EmailAddressUseCorp":"false","EnableCalendarCapability":"true","EnableMailboxSynchCapability":"true","EnableTtsOfEmailCapability":"true","ExternalServiceObjectId":"0000-service"}"#);
    }
}
