//! PINs and web passwords.

use super::installation::{AUTHENTICATION_RULE, usual_rule};
use super::kinds::{CREDENTIAL, USER};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, put_below, text};

/// Which of the two a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Pin,
    Password,
}

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

    fn check(self, secret: &str, shortest: usize) -> Result<(), Refusal> {
        let is_long_enough = secret.chars().count() >= shortest;
        let (is_fit, rule) = match self {
            Self::Pin => {
                let digits = secret.bytes().all(|byte| byte.is_ascii_digit());
                (digits && is_long_enough, format!("a PIN has at least {shortest} digits and nothing else"))
            }
            Self::Password => (is_long_enough, format!("a password has at least {shortest} characters")),
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
            ("Hacked", if locked { "true" } else { "false" }),
            ("Locked", "false"),
            ("CredentialPolicyObjectId", &usual_rule(which == Credential::Password)),
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
                shown.insert("Hacked".to_owned(), "false".to_owned());
            }
        }
        shown.insert("Credentials".to_owned(), String::new());
        Ok(shown)
    }

    /// What it takes to set values of a credential.
    pub(super) fn set_credential(&self, user: &str, which: Credential, given: Resource) -> Result<Changes, Refusal> {
        self.get(&USER, user)?;
        let id = id(user, which);
        let mut kept = self.get(&CREDENTIAL, &format!("{user}/{id}")).cloned().unwrap_or_default();
        kept.extend(self.checked(&CREDENTIAL, given)?);
        if let Some(secret) = kept.get("Credentials") {
            let usual = usual_rule(which == Credential::Password);
            let rule = self.get(&AUTHENTICATION_RULE, kept.get("CredentialPolicyObjectId").unwrap_or(&usual))?;
            which.check(secret, text(rule, "MinLength").parse().unwrap_or_default())?;
        }
        kept.insert("UserObjectId".to_owned(), user.to_owned());
        Ok(put_below(&CREDENTIAL, user, &id, kept))
    }
}

fn id(user: &str, which: Credential) -> String {
    format!("{user}-{}", which.name())
}
