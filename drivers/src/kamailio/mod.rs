mod account;
mod database;
mod digest;
mod fault;
mod probe;
mod reading;
mod rpc;
mod site;

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dialtone_model::{Action, Complaint, Device, DeviceKind, ExposeSecret as _, Extension, Fault, SecretString};
use futures_util::future::BoxFuture;

use self::account::Account;
use self::database::{Database, Tx};
use self::digest::Credentials;
use self::fault::{commit_fault, sql_fault};
use self::rpc::{Reply, Rpc};
use self::site::Site;
use crate::device::{no_undo, unsupported};
use crate::dial::Dialler;
use crate::driver::boxed_driver;
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// Kamailio as a Phone System: its accounts are written where it reads them, in its database, and its registrations are
/// ended over JSON-RPC. `docs/kamailio.md` says how a site is set up for it.
#[derive(Debug)]
pub(crate) struct Kamailio {
    site: Site,
    database: Database,
    rpc: Rpc,
}

/// Whether a COMMIT has been sent that no answer came to yet.
#[derive(Debug, Default)]
struct Committing(AtomicBool);

impl Kamailio {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        let site = Site::new(&device.settings, &device.tls)?;
        let rpc = Rpc::new(&site.rpc, &device.tls, dialler)?;
        Ok(Self { database: Database::new(device, dialler)?, rpc, site })
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let committing = Committing::default();
        let work = async {
            match &call.step.action {
                Action::ProvisionExtension(new) => self.provision(new, call.secret, &committing).await,
                Action::ChangeExtension { from, to } => self.change(from, to, call.secret, &committing).await,
                Action::RenewExtensionPassword { key } => self.renew(key, call.secret, &committing).await,
                Action::DeleteExtension { key } => self.delete(key, &committing).await,
                _ => Err(unsupported(DeviceKind::Kamailio)),
            }
        };
        within(call.timeout, &committing, work).await
    }

    async fn provision(
        &self,
        new: &Extension,
        secret: Option<&SecretString>,
        committing: &Committing,
    ) -> Result<Ran, Fault> {
        let credentials = self.credentials(&new.key, secret)?;
        let mut tx = self.database.begin().await?;
        self.refuse_taken_names(&mut tx, new, &[&new.key]).await?;
        if !account::insert(&mut tx, &self.site, &new.key, &credentials).await? {
            tx.roll_back().await;
            return Ok(Ran::AlreadyThere);
        }
        account::write(&mut tx, &self.site, new).await?;
        committing.commit(tx).await?;
        Ok(Ran::Done(self.done(&new.key)))
    }

    /// A password comes with a change that is of another key, whose digests are others, or of another user, whom the
    /// former password isn't to be known to.
    async fn change(
        &self,
        from: &str,
        to: &Extension,
        secret: Option<&SecretString>,
        committing: &Committing,
    ) -> Result<Ran, Fault> {
        let renamed = from != to.key;
        let credentials = match secret {
            None if !renamed => None,
            secret => Some(self.credentials(&to.key, secret)?),
        };
        let mut tx = self.database.begin().await?;
        self.refuse_taken_names(&mut tx, to, &[from, &to.key]).await?;
        let source = Account::read(&mut tx, &self.site, from).await?;
        let target = if renamed { Account::read(&mut tx, &self.site, &to.key).await? } else { None };
        match (source, target) {
            (Some(_), None) => {}
            (None, Some(target)) if target.differences(to, credentials.as_ref()).is_empty() => {
                // An earlier try came as far as this; the phone that is registered under the old key still isn't gone.
                tx.roll_back().await;
                self.unregister(from).await?;
                return Ok(Ran::Done(self.done(&to.key)));
            }
            _ => {
                tx.roll_back().await;
                return Ok(Ran::AlreadyThere);
            }
        }
        if renamed {
            account::rename(&mut tx, &self.site, from, &to.key).await?;
        }
        if let Some(credentials) = &credentials {
            account::set_password(&mut tx, &self.site, &to.key, credentials).await?;
        }
        account::write(&mut tx, &self.site, to).await?;
        committing.commit(tx).await?;
        if credentials.is_some() {
            self.unregister(from).await?;
        }
        Ok(Ran::Done(self.done(&to.key)))
    }

    async fn renew(&self, key: &str, secret: Option<&SecretString>, committing: &Committing) -> Result<Ran, Fault> {
        let credentials = self.credentials(key, secret)?;
        let mut tx = self.database.begin().await?;
        if !account::set_password(&mut tx, &self.site, key, &credentials).await? {
            tx.roll_back().await;
            return Ok(Ran::AlreadyThere);
        }
        committing.commit(tx).await?;
        self.unregister(key).await?;
        Ok(Ran::Done(self.done(key)))
    }

    async fn delete(&self, key: &str, committing: &Committing) -> Result<Ran, Fault> {
        let mut tx = self.database.begin().await?;
        account::remove(&mut tx, &self.site, key).await?;
        committing.commit(tx).await?;
        self.unregister(key).await?;
        Ok(Ran::Done(Done::default()))
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let work = async {
            match &call.step.action {
                Action::ProvisionExtension(new) => {
                    let credentials = self.credentials(&new.key, call.secret)?;
                    Ok(match self.account(&new.key).await? {
                        None => Look::Absent,
                        Some(account) => match account.differences(new, Some(&credentials)) {
                            differences if differences.is_empty() => Look::Equal(self.done(&new.key)),
                            differences => Look::Different { differences },
                        },
                    })
                }
                Action::ChangeExtension { from, to } => self.look_for_change(from, to, call.secret).await,
                Action::RenewExtensionPassword { key } => {
                    let credentials = self.credentials(key, call.secret)?;
                    match self.account(key).await? {
                        None => Ok(missing(key)),
                        Some(account) if account.opens_with(&credentials) => self.equal_once_gone(key, key).await,
                        Some(_) => Ok(Look::Absent),
                    }
                }
                Action::DeleteExtension { key } => match self.account(key).await? {
                    None => self.equal_once_gone(key, key).await,
                    Some(_) => Ok(Look::Absent),
                },
                _ => Err(unsupported(DeviceKind::Kamailio)),
            }
        };
        within(call.timeout, &Committing::default(), work).await
    }

    /// A change has happened when the extension is as ordered, and has not when it can still be made.
    async fn look_for_change(&self, from: &str, to: &Extension, secret: Option<&SecretString>) -> Result<Look, Fault> {
        let renamed = from != to.key;
        let credentials = secret.map(|secret| Credentials::new(&self.site, &to.key, secret.expose_secret()));
        let differences = match self.account(&to.key).await? {
            None => Vec::new(),
            Some(account) => match account.differences(to, credentials.as_ref()) {
                differences if differences.is_empty() && credentials.is_some() => {
                    return self.equal_once_gone(from, &to.key).await;
                }
                differences if differences.is_empty() => return Ok(Look::Equal(self.done(&to.key))),
                _ if !renamed => return Ok(Look::Absent),
                differences => differences,
            },
        };
        let source_is_there = renamed && self.account(from).await?.is_some();
        Ok(match (source_is_there, differences.is_empty()) {
            (true, true) => Look::Absent,
            (_, false) => Look::Different { differences },
            (false, true) => missing(from),
        })
    }

    /// The step is done once nobody is registered with what it took away; until then it must be run again.
    async fn equal_once_gone(&self, from: &str, key: &str) -> Result<Look, Fault> {
        match self.rpc.call("ul.lookup", &[&self.site.location, &self.site.address(from)]).await? {
            Reply::NotFound => Ok(Look::Equal(self.done(key))),
            Reply::Result(_) => Ok(Look::Absent),
        }
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let Action::ProvisionExtension(new) = &call.step.action else { return Err(no_undo()) };
        let committing = Committing::default();
        let work = async {
            let mut tx = self.database.begin().await?;
            if let Some(account) = Account::read(&mut tx, &self.site, &new.key).await? {
                let differences = account.differences(new, None);
                if !differences.is_empty() {
                    let message = format!("the extension was changed since: {}", differences.join("; "));
                    return Err(Fault::Rejected(Complaint::new("kamailio-changed-since", message)));
                }
                account::remove(&mut tx, &self.site, &new.key).await?;
            }
            committing.commit(tx).await?;
            self.unregister(&new.key).await
        };
        within(call.timeout, &committing, work).await
    }

    async fn probe(&self, timeout: Duration) -> Result<Probe, Fault> {
        within(timeout, &Committing::default(), probe::probe(&self.site, &self.database, &self.rpc)).await
    }

    async fn read(&self, request: &PageRequest, timeout: Duration) -> Result<Page, Fault> {
        within(timeout, &Committing::default(), reading::page(&self.site, &self.database, request)).await
    }

    async fn account(&self, key: &str) -> Result<Option<Account>, Fault> {
        let mut tx = self.database.read().await?;
        let account = Account::read(&mut tx, &self.site, key).await?;
        tx.roll_back().await;
        Ok(account)
    }

    /// Refuses a key or a number that a call to it would not reach this extension by.
    async fn refuse_taken_names(&self, tx: &mut Tx, wanted: &Extension, own: &[&str]) -> Result<(), Fault> {
        let alias = wanted.number.as_deref().map(|number| self.site.alias(number));
        let mut names: Vec<&str> = alias.as_deref().into_iter().chain([wanted.key.as_str()]).collect();
        // All take their locks in one order, so that nobody waits in a circle.
        names.sort_unstable();
        for name in names {
            tx.lock(name, &self.site.domain).await.map_err(|error| sql_fault(&error))?;
            if let Some(owner) = account::other_owner(tx, &self.site, name, own).await? {
                let message = format!("{name} belongs to {owner} on the device");
                let repair = "Take another one, or remove it on the device, then retry.";
                return Err(Fault::Rejected(Complaint::new("kamailio-name-taken", message).repair(repair)));
            }
        }
        Ok(())
    }

    /// Ends the registrations of a key, which otherwise still rings until they expire. It may be repeated.
    async fn unregister(&self, key: &str) -> Result<(), Fault> {
        self.rpc.call("ul.rm", &[&self.site.location, &self.site.address(key)]).await.map(drop)
    }

    fn credentials(&self, key: &str, secret: Option<&SecretString>) -> Result<Credentials, Fault> {
        let secret = secret.ok_or_else(|| {
            Fault::Rejected(Complaint::new(
                "kamailio-no-password",
                "the step came without the password that it is to set",
            ))
        })?;
        Ok(Credentials::new(&self.site, key, secret.expose_secret()))
    }

    fn done(&self, key: &str) -> Done {
        Done { reference: Some(format!("sip:{}", self.site.address(key))) }
    }
}

fn missing(key: &str) -> Look {
    Look::Different { differences: vec![format!("extension {key}: the device has none")] }
}

impl Committing {
    async fn commit(&self, tx: Tx) -> Result<(), Fault> {
        self.0.store(true, Ordering::Relaxed);
        let done = tx.commit().await;
        self.0.store(false, Ordering::Relaxed);
        done.map_err(|error| commit_fault(&error))
    }
}

/// Gives the work its time. What isn't committed when that is up is rolled back; whether a COMMIT had its effect that
/// wasn't answered is unknown.
async fn within<T>(
    timeout: Duration,
    committing: &Committing,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    if let Ok(done) = tokio::time::timeout(timeout, work).await {
        return done;
    }
    let complaint = Complaint::new("timeout", format!("the device gave no answer within {timeout:?}"));
    if committing.0.load(Ordering::Relaxed) {
        return Err(Fault::Unknown(complaint));
    }
    Err(Fault::NotSent { complaint, retry_after: None })
}

boxed_driver!(Kamailio);
