use dialtone_model::{Attributes, Complaint, Fault};

use super::client::{Cupi, CupiError, Resource, Values, encoded, query};
use crate::http::Deadline;
use crate::{Done, Look, Ran};

pub(super) const USERS: &str = "/vmrest/users";

/// A user, known by the alias.
#[derive(Clone, Copy)]
pub(super) struct Mailbox<'a> {
    pub(super) cupi: &'a Cupi,
    pub(super) alias: &'a str,
    pub(super) deadline: Deadline,
}

impl<'a> Mailbox<'a> {
    pub(super) async fn add(&self, extension: &str, template: &str, attributes: &Attributes) -> Result<Ran, Fault> {
        let path = format!("{USERS}?templateAlias={}", encoded(template));
        let values = new_user(self.alias, extension, attributes)?;
        self.made(self.cupi.post(&path, &values, self.deadline).await).await
    }

    /// What a request that makes the user comes to.
    pub(super) async fn made(&self, answer: Result<Option<String>, CupiError>) -> Result<Ran, Fault> {
        match answer {
            Ok(reference) => Ok(Ran::Done(Done { reference })),
            // A refusal doesn't say reliably whether it is the alias that is taken, so the alias is looked up.
            Err(CupiError::Refused(complaint)) => match self.path().await? {
                Some(_) => Ok(Ran::AlreadyThere),
                None => Err(Fault::Rejected(complaint)),
            },
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn look_for_added(&self, extension: &str, attributes: &Attributes) -> Result<Look, Fault> {
        let Some(path) = self.path().await? else { return Ok(Look::Absent) };
        self.compare(path, &new_user(self.alias, extension, attributes)?).await
    }

    pub(super) async fn set(&self, attributes: &Attributes) -> Result<Ran, Fault> {
        let values = settings(attributes)?;
        let path = self.known_path().await?;
        self.cupi.put(&path, &values, self.deadline).await?;
        Ok(Ran::Done(Done { reference: Some(path) }))
    }

    pub(super) async fn look_for_set(&self, attributes: &Attributes) -> Result<Look, Fault> {
        let Some(path) = self.path().await? else { return Ok(self.missing()) };
        Ok(settable(self.compare(path, &settings(attributes)?).await?))
    }

    pub(super) async fn rename(&self, to: &str) -> Result<Ran, Fault> {
        let Some(path) = self.path().await? else {
            // It may have been renamed before, so what has the new alias decides.
            let renamed = self.named(to).path().await?;
            return renamed.map(done).ok_or_else(|| self.unknown());
        };
        match self.cupi.put(&path, &Values::from([("Alias", to)]), self.deadline).await {
            Ok(()) => Ok(done(path)),
            Err(CupiError::Refused(complaint)) => match self.named(to).path().await? {
                Some(other) if other != path => Ok(Ran::AlreadyThere),
                _ => Err(Fault::Rejected(complaint)),
            },
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn look_for_rename(&self, to: &str) -> Result<Look, Fault> {
        Ok(match (self.path().await?, self.named(to).path().await?) {
            // Aliases that differ in case alone are one alias to the device.
            (Some(path), Some(same)) if path == same => {
                settable(self.compare(path, &Values::from([("Alias", to)])).await?)
            }
            (Some(_), Some(_)) => {
                Look::Different { differences: vec![format!("user {to}: the device has another one")] }
            }
            (Some(_), None) => Look::Absent,
            (None, Some(path)) => Look::Equal(Done { reference: Some(path) }),
            (None, None) => self.missing(),
        })
    }

    pub(super) async fn rename_back(&self, to: &str) -> Result<Ran, Fault> {
        self.named(to).rename(self.alias).await
    }

    pub(super) async fn remove(&self) -> Result<Ran, Fault> {
        if let Some(path) = self.path().await? {
            self.cupi.remove(&path, self.deadline).await?;
        }
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_removal(&self) -> Result<Look, Fault> {
        Ok(if self.path().await?.is_some() { Look::Absent } else { Look::Equal(Done::default()) })
    }

    /// The path of the user; `None` when nobody has the alias.
    pub(super) async fn path(&self) -> Result<Option<String>, Fault> {
        let users = self.cupi.list(&query(USERS, "alias", self.alias), "User", self.deadline).await?.members;
        let user = users.into_iter().find(|user| has(user, "Alias", self.alias));
        Ok(user.and_then(|user| Some(format!("{USERS}/{}", user.get("ObjectId")?))))
    }

    pub(super) async fn known_path(&self) -> Result<String, Fault> {
        self.path().await?.ok_or_else(|| self.unknown())
    }

    /// Whether the resource at `path` has these values.
    pub(super) async fn compare(&self, path: String, values: &Values<'_>) -> Result<Look, Fault> {
        let device = match self.cupi.get(&path, self.deadline).await {
            Ok(device) => device,
            Err(CupiError::Missing(_)) => return Ok(Look::Absent),
            Err(error) => return Err(error.into()),
        };
        let differences = differences(values, &device);
        let done = Done { reference: Some(path) };
        Ok(if differences.is_empty() { Look::Equal(done) } else { Look::Different { differences } })
    }

    /// A look that finds that there is no such user.
    pub(super) fn missing(&self) -> Look {
        Look::Different { differences: vec![format!("user {}: the device has none", self.alias)] }
    }

    fn unknown(&self) -> Fault {
        Fault::Rejected(Complaint::new("cupi-no-user", format!("there is no user {}", self.alias)))
    }

    fn named<'o>(&self, alias: &'o str) -> Mailbox<'o>
    where
        'a: 'o,
    {
        Mailbox { alias, ..*self }
    }
}

fn done(path: String) -> Ran {
    Ran::Done(Done { reference: Some(path) })
}

/// What a look for values that are to be set comes to: the values from before are no obstacle.
pub(super) fn settable(look: Look) -> Look {
    match look {
        Look::Different { .. } => Look::Absent,
        look => look,
    }
}

/// Aliases and names are compared as Unity Connection does, without regard to case.
pub(super) fn has(resource: &Resource, name: &str, value: &str) -> bool {
    resource.get(name).is_some_and(|there| there.to_lowercase() == value.to_lowercase())
}

/// What a new user is made of, beside the template.
fn new_user<'a>(alias: &'a str, extension: &'a str, attributes: &'a Attributes) -> Result<Values<'a>, Fault> {
    let mut values = settings(attributes)?;
    values.insert("Alias", alias);
    match values.insert("DtmfAccessId", extension) {
        Some(_) => Err(given("DtmfAccessId")),
        None => Ok(values),
    }
}

/// What is set of a user; the alias is what it is known by.
fn settings(attributes: &Attributes) -> Result<Values<'_>, Fault> {
    let values: Values<'_> = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if values.contains_key("Alias") { Err(given("Alias")) } else { Ok(values) }
}

fn given(name: &str) -> Fault {
    let message = format!("the attribute {name} is given by the order itself");
    Fault::Rejected(Complaint::new("cupi-attribute", message))
}

/// In what a resource isn't what the order says.
pub(super) fn differences(values: &Values<'_>, device: &Resource) -> Vec<String> {
    let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let different = |(name, order): (&&str, &&str)| {
        let device = device.get(*name).map_or("", String::as_str);
        (device != *order).then(|| format!("{name}: device has {}, the order says {}", shown(device), shown(order)))
    };
    values.iter().filter_map(different).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_over_the_wire_is_text_only() {
        let attributes = Attributes::from([("FirstName".to_owned(), "Tony \"Ö\"".to_owned())]);
        let user = new_user("tony", "1001", &attributes).unwrap();
        let body = serde_json::to_string(&user).unwrap();
        assert_eq!(body, r#"{"Alias":"tony","DtmfAccessId":"1001","FirstName":"Tony \"Ö\""}"#);
    }

    #[test]
    fn an_order_says_alias_and_extension_of_a_new_user_once() {
        for (name, code) in [("Alias", "cupi-attribute"), ("DtmfAccessId", "cupi-attribute")] {
            let attributes = Attributes::from([(name.to_owned(), "x".to_owned())]);
            assert_eq!(new_user("tony", "1001", &attributes).unwrap_err().complaint().code, code, "{name}");
        }
        let extension = Attributes::from([("DtmfAccessId".to_owned(), "1002".to_owned())]);
        assert_eq!(settings(&extension).unwrap()["DtmfAccessId"], "1002");
    }
}
