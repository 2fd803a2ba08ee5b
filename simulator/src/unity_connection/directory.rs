//! The LDAP directory, and the import of its users.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use uuid::Uuid;

use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, text};

/// More users than these are listed only to those who set a limit.
pub(super) const MOST: usize = 2_000;

/// What the device keeps as `LdapType` of a user who comes from the directory and logs in with its password.
const AUTHENTICATES: &str = "3";

impl Resources {
    /// The users of the directory who may be imported: those who aren't there.
    pub(super) fn importable(&self, directory: &[String]) -> Vec<Resource> {
        directory.iter().filter(|alias| self.user_named(alias).is_none()).map(|alias| entry(alias)).collect()
    }

    /// What it takes to import a user.
    pub(super) fn import(
        &self,
        directory: &[String],
        id: &str,
        template: Option<&str>,
        given: &Resource,
    ) -> Result<Changes, Refusal> {
        self.has_template(template)?;
        for mandatory in ["pkid", "dtmfAccessId"] {
            if text(given, mandatory).is_empty() {
                return Err(Refusal::invalid(format!("{mandatory} is missing")));
            }
        }
        let pkid = text(given, "pkid");
        let importable = self.importable(directory);
        let user = importable.iter().find(|user| text(user, "pkid").eq_ignore_ascii_case(pkid));
        let user = user.ok_or_else(|| Refusal::invalid(format!("no user with the pkid {pkid} can be imported")))?;
        let values = [
            ("Alias", text(user, "alias")),
            ("FirstName", text(user, "firstName")),
            ("LastName", text(user, "lastName")),
            ("DtmfAccessId", text(given, "dtmfAccessId")),
            ("LdapType", AUTHENTICATES),
        ];
        self.add_user(id, template, values.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

/// A user as the directory has it. Names and ids follow from the alias.
fn entry(alias: &str) -> Resource {
    let mut hasher = DefaultHasher::new();
    alias.hash(&mut hasher);
    let pkid = Uuid::from_u64_pair(hasher.finish(), alias.len() as u64).to_string();
    let (first, last) = alias.split_once('.').unwrap_or(("", alias));
    let values = [("alias", alias), ("firstName", first), ("lastName", last), ("pkid", &pkid)];
    values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
