//! PINs and web passwords.

use super::kinds::{CREDENTIAL, USER};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, put_below, text};

/// Which of the two a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Pin,
    Password,
}

/// The shortest ones that the authentication rules allow.
const SHORTEST_PIN: usize = 4;
const SHORTEST_PASSWORD: usize = 8;

/// How often somebody has tried in vain whose credential is locked.
const TRIES: &str = "5";

impl Credential {
    pub(super) fn read(name: &str) -> Result<Self, Refusal> {
        match name {
            "pin" => Ok(Self::Pin),
            "password" => Ok(Self::Password),
            _ => Err(Refusal::not_found("Resource")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Password => "password",
        }
    }

    /// What CUPI has as `CredentialType`.
    fn kind(self) -> &'static str {
        match self {
            Self::Pin => "4",
            Self::Password => "3",
        }
    }

    fn check(self, secret: &str) -> Result<(), Refusal> {
        let (is_fit, rule) = match self {
            Self::Pin => {
                let digits = secret.bytes().all(|byte| byte.is_ascii_digit());
                (digits && secret.len() >= SHORTEST_PIN, "a PIN has at least 4 digits and nothing else")
            }
            Self::Password => (secret.chars().count() >= SHORTEST_PASSWORD, "a password has at least 8 characters"),
        };
        if is_fit { Ok(()) } else { Err(Refusal::invalid(rule)) }
    }
}

impl Resources {
    /// A credential as it is shown: without what it is. A `locked` one was tried too often, unless it was unlocked.
    pub(super) fn credential(&self, user: &str, which: Credential, locked: bool) -> Result<Resource, Refusal> {
        let owner = self.get(&USER, user)?;
        let id = id(user, which);
        let (count, time) = if locked { (TRIES, "2026-01-01 09:00:00.000") } else { ("0", "") };
        let uri = format!("/vmrest/users/{user}/credential/{}", which.name());
        let values = [
            ("URI", uri.as_str()),
            ("ObjectId", &id),
            ("UserObjectId", user),
            ("Alias", text(owner, "Alias")),
            ("CredentialType", which.kind()),
            ("HackCount", count),
            ("TimeHacked", time),
            ("Locked", "false"),
            ("CantChange", "false"),
            ("DoesntExpire", "false"),
            ("CredMustChange", "false"),
        ];
        let mut shown: Resource = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        if let Ok(kept) = self.get(&CREDENTIAL, &format!("{user}/{id}")) {
            shown.extend(kept.clone());
            // Whoever sets the count to 0 has unlocked it.
            if kept.get("HackCount").is_some_and(|count| count == "0") {
                shown.insert("TimeHacked".to_owned(), String::new());
            }
        }
        shown.insert("Credentials".to_owned(), String::new());
        Ok(shown)
    }

    /// What it takes to set values of a credential.
    pub(super) fn set_credential(&self, user: &str, which: Credential, given: Resource) -> Result<Changes, Refusal> {
        self.get(&USER, user)?;
        if let Some(secret) = given.get("Credentials") {
            which.check(secret)?;
        }
        let id = id(user, which);
        let mut kept = self.get(&CREDENTIAL, &format!("{user}/{id}")).cloned().unwrap_or_default();
        kept.extend(self.checked(&CREDENTIAL, given)?);
        kept.insert("UserObjectId".to_owned(), user.to_owned());
        Ok(put_below(&CREDENTIAL, user, &id, kept))
    }
}

fn id(user: &str, which: Credential) -> String {
    format!("{user}-{}", which.name())
}
