use dialtone_model::{Credential, ExposeSecret as _, Fault, SecretString};

use super::client::{CupiError, Resource, Values};
use super::mailbox::Mailbox;
use crate::said::without;
use crate::{Done, Look, Ran};

/// The PIN or the web password of a user. The device never shows what it is.
pub(super) struct Login<'a> {
    mailbox: Mailbox<'a>,
    credential: Credential,
}

impl<'a> Login<'a> {
    pub(super) fn new(mailbox: Mailbox<'a>, credential: Credential) -> Self {
        Self { mailbox, credential }
    }

    pub(super) async fn set(&self, secret: &SecretString, must_change: bool) -> Result<Ran, Fault> {
        let secret = secret.expose_secret();
        let must_change = if must_change { "true" } else { "false" };
        let answer = self.put(&Values::from([("Credentials", secret), ("CredMustChange", must_change)])).await;
        answer.map_err(|fault| without(secret, fault))
    }

    /// Nothing shows what a PIN or password is, so one whose setting is open is set again.
    pub(super) async fn look_for_set(&self) -> Result<Look, Fault> {
        Ok(if self.mailbox.path().await?.is_some() { Look::Absent } else { self.mailbox.missing() })
    }

    pub(super) async fn unlock(&self) -> Result<Ran, Fault> {
        self.put(&Values::from([("HackCount", "0"), ("TimeHacked", "")])).await
    }

    pub(super) async fn look_for_unlock(&self) -> Result<Look, Fault> {
        let Some(user) = self.mailbox.path().await? else { return Ok(self.mailbox.missing()) };
        let path = self.of(&user);
        match self.mailbox.cupi.get(&path, self.mailbox.deadline).await {
            Ok(device) if is_open(&device) => Ok(Look::Equal(Done { reference: Some(path) })),
            Ok(_) => Ok(Look::Absent),
            Err(CupiError::Missing(_)) => Ok(self.mailbox.missing()),
            Err(error) => Err(error.into()),
        }
    }

    async fn put(&self, values: &Values<'_>) -> Result<Ran, Fault> {
        let path = self.of(&self.mailbox.known_path().await?);
        self.mailbox.cupi.put(&path, values, self.mailbox.deadline).await?;
        Ok(Ran::Done(Done { reference: Some(path) }))
    }

    fn of(&self, user: &str) -> String {
        let credential = match self.credential {
            Credential::Pin => "pin",
            Credential::Password => "password",
        };
        format!("{user}/credential/{credential}")
    }
}

/// Whether no wrong try is counted.
fn is_open(credential: &Resource) -> bool {
    let value = |name: &str| credential.get(name).map_or("", String::as_str);
    matches!(value("HackCount"), "" | "0") && value("TimeHacked").is_empty()
}
