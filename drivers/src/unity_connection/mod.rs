mod client;
mod credential;
mod directory;
mod mailbox;
mod messaging;
mod probe;
mod reading;
mod reply;

use std::time::Duration;

use dialtone_model::{Action, Complaint, Device, DeviceKind, Fault, MailboxAction};
use futures_util::future::BoxFuture;

use self::client::Cupi;
use self::credential::Login;
use self::directory::DirectoryUser;
use self::mailbox::Mailbox;
use self::messaging::Messaging;
use crate::device::{no_undo, unsupported};
use crate::driver::boxed_driver;
use crate::http::Deadline;
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// Unity Connection over CUPI.
#[derive(Debug)]
pub(crate) struct UnityConnection {
    cupi: Cupi,
}

impl UnityConnection {
    pub(crate) fn new(device: &Device) -> Result<Self, DriverError> {
        Ok(Self { cupi: Cupi::new(device)? })
    }

    fn mailbox<'a>(&'a self, alias: &'a str, deadline: Deadline) -> Mailbox<'a> {
        Mailbox { cupi: &self.cupi, alias, deadline }
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let mailbox = |alias| self.mailbox(alias, Deadline::after(call.timeout));
        match &call.step.action {
            Action::AddMailbox { alias, extension, template, attributes } => {
                mailbox(alias).add(extension, template, attributes).await
            }
            Action::SetMailbox { alias, attributes } => mailbox(alias).set(attributes).await,
            Action::AddUnifiedMessaging { alias, service, email } => {
                Messaging::new(mailbox(alias), service).add(email).await
            }
            Action::Mailbox(action) => {
                let mailbox = mailbox(action.alias());
                match action {
                    MailboxAction::Import { extension, template, .. } => {
                        DirectoryUser(mailbox).import(extension, template).await
                    }
                    MailboxAction::Rename { to, .. } => mailbox.rename(to).await,
                    MailboxAction::Remove { .. } => mailbox.remove().await,
                    MailboxAction::SetCredential { credential, secret, must_change, .. } => {
                        Login::new(mailbox, *credential).set(secret, *must_change).await
                    }
                    MailboxAction::Unlock { credential, .. } => Login::new(mailbox, *credential).unlock().await,
                    MailboxAction::ChangeUnifiedMessaging { service, email, .. } => {
                        Messaging::new(mailbox, service).change(email).await
                    }
                    MailboxAction::RemoveUnifiedMessaging { service, .. } => {
                        Messaging::new(mailbox, service).remove().await
                    }
                }
            }
            _ => Err(unsupported(DeviceKind::UnityConnection)),
        }
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let mailbox = |alias| self.mailbox(alias, Deadline::after(call.timeout));
        match &call.step.action {
            Action::AddMailbox { alias, extension, attributes, .. } => {
                mailbox(alias).look_for_added(extension, attributes).await
            }
            Action::SetMailbox { alias, attributes } => mailbox(alias).look_for_set(attributes).await,
            Action::AddUnifiedMessaging { alias, service, email } => {
                Messaging::new(mailbox(alias), service).look_for_added(email).await
            }
            Action::Mailbox(action) => {
                let mailbox = mailbox(action.alias());
                match action {
                    MailboxAction::Import { extension, .. } => DirectoryUser(mailbox).look_for_import(extension).await,
                    MailboxAction::Rename { to, .. } => mailbox.look_for_rename(to).await,
                    MailboxAction::Remove { .. } => mailbox.look_for_removal().await,
                    MailboxAction::SetCredential { credential, .. } => {
                        Login::new(mailbox, *credential).look_for_set().await
                    }
                    MailboxAction::Unlock { credential, .. } => {
                        Login::new(mailbox, *credential).look_for_unlock().await
                    }
                    MailboxAction::ChangeUnifiedMessaging { service, email, .. } => {
                        Messaging::new(mailbox, service).look_for_change(email).await
                    }
                    MailboxAction::RemoveUnifiedMessaging { service, .. } => {
                        Messaging::new(mailbox, service).look_for_removal().await
                    }
                }
            }
            _ => Err(unsupported(DeviceKind::UnityConnection)),
        }
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let deadline = Deadline::after(call.timeout);
        match &call.step.action {
            Action::AddMailbox { .. }
            | Action::AddUnifiedMessaging { .. }
            | Action::Mailbox(MailboxAction::Import { .. }) => match self.look(call).await? {
                Look::Absent => Ok(()),
                Look::Different { differences } => {
                    let message = format!("it was changed since: {}", differences.join("; "));
                    Err(Fault::Rejected(Complaint::new("cupi-changed-since", message)))
                }
                Look::Equal(Done { reference }) => {
                    Ok(self.cupi.remove(&reference.unwrap_or_default(), deadline).await?)
                }
            },
            Action::Mailbox(MailboxAction::Rename { alias, to }) => {
                match self.mailbox(alias, deadline).rename_back(to).await? {
                    Ran::Done(_) => Ok(()),
                    Ran::AlreadyThere => {
                        let message = format!("another user is called {alias} by now");
                        Err(Fault::Rejected(Complaint::new("cupi-changed-since", message)))
                    }
                }
            }
            Action::SetMailbox { .. } | Action::Mailbox(_) => Err(no_undo()),
            _ => Err(unsupported(DeviceKind::UnityConnection)),
        }
    }

    async fn probe(&self, timeout: Duration) -> Result<Probe, Fault> {
        probe::probe(&self.cupi, Deadline::after(timeout)).await
    }

    async fn read(&self, request: &PageRequest, timeout: Duration) -> Result<Page, Fault> {
        reading::page(&self.cupi, request, Deadline::after(timeout)).await
    }
}

boxed_driver!(UnityConnection);
