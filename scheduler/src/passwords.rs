use std::collections::BTreeMap;
use std::fmt;

use dialtone_model::{Actor, DeviceId, OrderId, OrganizationId, RunId, SecretString};
use dialtone_store::HandedOut;
use dialtone_templates::{Format, PasswordLine, password_file};

use crate::{Assigned, OperationError, Operations, plan};

/// The passwords of a run's extensions that nobody was handed yet. They count as handed out once
/// [`Operations::hand_out_passwords`] has noted it: whoever writes them down does that in between, so that none is lost.
pub struct Passwords {
    lines: Vec<Line>,
    /// How many were handed out before.
    pub handed_out_before: usize,
}

struct Line {
    order: OrderId,
    key: String,
    user: String,
    password: SecretString,
    domain: String,
}

impl fmt::Debug for Passwords {
    /// How many there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("count", &self.lines.len()).finish_non_exhaustive()
    }
}

impl Passwords {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.lines.len()
    }

    /// The file that hands them out.
    pub fn file(&self, format: Format) -> Result<Vec<u8>, OperationError> {
        let lines = self.lines.iter().map(|line| PasswordLine {
            key: &line.key,
            user: &line.user,
            password: &line.password,
            domain: &line.domain,
        });
        Ok(password_file(format, lines)?)
    }
}

impl Operations {
    /// The passwords that the completed orders of a run have set and that nobody was handed yet.
    ///
    /// # Errors
    /// [`OperationError::Refused`] when there is none, saying why.
    pub async fn extension_passwords(&self, actor: &Actor, run: RunId) -> Result<Passwords, OperationError> {
        actor.require(&[])?;
        let mut domains: BTreeMap<DeviceId, String> = BTreeMap::new();
        let mut lines = Vec::new();
        let mut last = None;
        let mut handed_out_before = 0;
        for secret in self.store.run_passwords(run).await? {
            let password = match secret.password {
                HandedOut::Not(password) => password,
                HandedOut::Was { at, by } => {
                    handed_out_before += 1;
                    last = Some((at, by));
                    continue;
                }
            };
            let domain = match domains.get(&secret.device) {
                Some(domain) => domain.clone(),
                None => {
                    let settings = self.store.device(secret.device).await?.settings;
                    let domain = settings.get("domain").cloned().unwrap_or_default();
                    domains.insert(secret.device, domain.clone());
                    domain
                }
            };
            lines.push(Line { order: secret.order, key: secret.key, user: secret.user, password, domain });
        }
        match last {
            _ if !lines.is_empty() => Ok(Passwords { lines, handed_out_before }),
            Some((at, by)) => Err(OperationError::Refused(format!(
                "the passwords of this run were handed out at {at} by {by} and nobody has them any more: \
                 --again makes new ones"
            ))),
            None => {
                Err(OperationError::Refused("this run has set no password of an extension that is there".to_owned()))
            }
        }
    }

    /// Notes that they are handed out and forgets them.
    ///
    /// # Errors
    /// An error when somebody else was handed one of them meanwhile: then what was written is to be destroyed.
    pub async fn hand_out_passwords(&self, actor: &Actor, passwords: &Passwords) -> Result<(), OperationError> {
        actor.require(&[])?;
        let orders: Vec<OrderId> = passwords.lines.iter().map(|line| line.order).collect();
        Ok(self.store.hand_out_passwords(&orders, &actor.name, self.clock.now()).await?)
    }

    /// Gives new passwords to the extensions of a run whose former ones were handed out; those are worth nothing from
    /// then on.
    ///
    /// # Errors
    /// [`OperationError::Refused`] when none was handed out.
    pub async fn renew_passwords(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        run: RunId,
    ) -> Result<Assigned, OperationError> {
        actor.require(&[])?;
        let secrets = self.store.run_passwords(run).await?;
        let mut orders = Vec::new();
        for secret in secrets.iter().filter(|secret| matches!(secret.password, HandedOut::Was { .. })) {
            let device = self.store.device(secret.device).await?;
            let record = self.store.extension(organization, &secret.key).await?;
            let subject = record.user_name.unwrap_or_else(|| secret.key.clone());
            orders.push(plan::assignment::renew(&record.extension, subject, &device, self.shards, &self.ids));
        }
        if orders.is_empty() {
            let none = "no password of this run was handed out: hand them out without --again";
            return Err(OperationError::Refused(none.to_owned()));
        }
        let name = format!("renew the passwords of {} extensions", orders.len());
        self.start_single(actor, organization, name, orders).await
    }
}
