use dialtone_model::{Complaint, Credential, ExposeSecret as _, Fault, SecretString};

use super::client::{CupiError, Resource, Values, encoded};
use super::mailbox::Mailbox;
use crate::said::without;
use crate::{Done, Look, Ran};

/// What PINs and passwords have to be like, and how long somebody is locked out.
pub(super) const RULES: &str = "/vmrest/authenticationrules";

/// What a rule says for a time when only an administrator ends it.
const ADMINISTRATOR_MUST_UNLOCK: &str = "0";

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
        let user = self.mailbox.known_path().await?;
        let answer = self.put(&user, &Values::from([("Credentials", secret), ("CredMustChange", must_change)])).await;
        answer.map_err(|fault| without(secret, fault))
    }

    /// Nothing shows what a PIN or password is, so one whose setting is open is set again.
    pub(super) async fn look_for_set(&self) -> Result<Look, Fault> {
        Ok(if self.mailbox.path().await?.is_some() { Look::Absent } else { self.mailbox.missing() })
    }

    pub(super) async fn unlock(&self) -> Result<Ran, Fault> {
        let user = self.mailbox.known_path().await?;
        for credential in [Credential::Pin, Credential::Password] {
            self.waits_for_an_administrator(&of(&user, credential)).await?;
        }
        self.put(&user, &Values::from([("HackCount", "0"), ("TimeHacked", "")])).await
    }

    /// Whether who has tried too often is locked out until an administrator unlocks. Where time does it, an unlocking is
    /// none of Dialtone's: the system has been set up so that nobody needs to.
    async fn waits_for_an_administrator(&self, credential: &str) -> Result<(), Fault> {
        let Mailbox { cupi, deadline, .. } = self.mailbox;
        let held = match cupi.get(credential, deadline).await {
            Ok(held) => held,
            // Whom a directory lets in has none here, which nothing locks.
            Err(CupiError::Missing(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let rule = held.get("CredentialPolicyObjectId").map_or("", String::as_str);
        let rule = cupi.get(&format!("{RULES}/{}", encoded(rule)), deadline).await?;
        let value = |name: &str| rule.get(name).map_or("", String::as_str);
        if value("LockoutDuration") == ADMINISTRATOR_MUST_UNLOCK {
            return Ok(());
        }
        let (name, minutes) = (value("DisplayName"), value("LockoutDuration"));
        let message = format!("the authentication rule {name} lets in again after {minutes} minutes who is locked out");
        let complaint = Complaint::new("cupi-lockout", message);
        let repair = "Set Administrator Must Unlock in the rules for PINs and for web passwords, then retry.";
        Err(Fault::Rejected(complaint.repair(repair)))
    }

    pub(super) async fn look_for_unlock(&self) -> Result<Look, Fault> {
        let Some(user) = self.mailbox.path().await? else { return Ok(self.mailbox.missing()) };
        let path = of(&user, self.credential);
        match self.mailbox.cupi.get(&path, self.mailbox.deadline).await {
            Ok(device) if is_open(&device) => Ok(Look::Equal(Done { reference: Some(path) })),
            Ok(_) => Ok(Look::Absent),
            Err(CupiError::Missing(_)) => Ok(self.mailbox.missing()),
            Err(error) => Err(error.into()),
        }
    }

    async fn put(&self, user: &str, values: &Values<'_>) -> Result<Ran, Fault> {
        let path = of(user, self.credential);
        self.mailbox.cupi.put(&path, values, self.mailbox.deadline).await?;
        Ok(Ran::Done(Done { reference: Some(path) }))
    }
}

/// The path of a credential of a user.
fn of(user: &str, credential: Credential) -> String {
    let credential = match credential {
        Credential::Pin => "pin",
        Credential::Password => "password",
    };
    format!("{user}/credential/{credential}")
}

/// Whether no wrong try is counted.
fn is_open(credential: &Resource) -> bool {
    let value = |name: &str| credential.get(name).map_or("", String::as_str);
    matches!(value("HackCount"), "" | "0") && value("TimeHacked").is_empty() && value("Hacked") != "true"
}
