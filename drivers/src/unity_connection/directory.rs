use dialtone_model::{Complaint, Fault};

use super::client::{Values, encoded, query};
use super::mailbox::{Mailbox, differences, has};
use crate::{Done, Look, Ran};

/// The users of the LDAP directory who may get a mailbox: those who have none.
const DIRECTORY: &str = "/vmrest/import/users/ldap";

/// A user of the LDAP directory, known by the alias.
pub(super) struct DirectoryUser<'a>(pub(super) Mailbox<'a>);

impl DirectoryUser<'_> {
    pub(super) async fn import(&self, extension: &str, template: &str) -> Result<Ran, Fault> {
        let Self(mailbox) = self;
        let of_alias = query(DIRECTORY, "alias", mailbox.alias);
        let users = mailbox.cupi.list(&of_alias, "ImportUser", mailbox.deadline).await?.members;
        let user = users.into_iter().find(|user| has(user, "alias", mailbox.alias));
        let Some(pkid) = user.and_then(|mut user| user.remove("pkid")) else {
            return match mailbox.path().await? {
                Some(_) => Ok(Ran::AlreadyThere),
                None => Err(self.unknown()),
            };
        };
        let path = format!("{DIRECTORY}?templateAlias={}", encoded(template));
        let values = Values::from([("alias", mailbox.alias), ("dtmfAccessId", extension), ("pkid", &pkid)]);
        mailbox.made(mailbox.cupi.post(&path, &values, mailbox.deadline).await).await
    }

    pub(super) async fn look_for_import(&self, extension: &str) -> Result<Look, Fault> {
        let Self(mailbox) = self;
        let Some(path) = mailbox.path().await? else { return Ok(Look::Absent) };
        let device = mailbox.cupi.get(&path, mailbox.deadline).await?;
        let mut differences = differences(&Values::from([("DtmfAccessId", extension)]), &device);
        // 0 is a user whom nothing binds to the directory.
        if device.get("LdapType").is_none_or(|kind| kind == "0") {
            let alias = mailbox.alias;
            differences.push(format!("user {alias}: device has one of its own, the order says the directory's"));
        }
        let done = Done { reference: Some(path) };
        Ok(if differences.is_empty() { Look::Equal(done) } else { Look::Different { differences } })
    }

    fn unknown(&self) -> Fault {
        let message = format!("the LDAP directory has nobody called {} to import", self.0.alias);
        let complaint = Complaint::new("cupi-not-in-directory", message);
        Fault::Rejected(complaint.repair("Synchronise the directory on Unity Connection, then retry."))
    }
}
