mod activation;
mod carriers;
mod change;
mod changes;
mod classes;
mod client;
mod destination;
mod elements;
mod ldap;
mod lines;
mod node;
mod object;
mod presence;
mod probe;
mod reading;
mod relations;
mod schema;
mod soap;
#[cfg(test)]
mod tests;
mod user;
mod version;

use std::time::Duration;

use dialtone_model::{
    Action, Activation, Attributes, Complaint, Credential, Device, DeviceKind, Fault, LineTarget, UnifiedCmObject,
};
use futures_util::future::BoxFuture;

use self::activation::activate;
use self::change::Target;
use self::client::{Axl, AxlError};
use self::destination::DestinationLine;
use self::lines::LineEdit;
use self::node::Node;
use self::object::Object;
use self::presence::PresenceNode;
use self::schema::{differences, tags};
use self::user::EndUser;
use crate::device::{no_undo, unsupported};
use crate::dial::Dialler;
use crate::driver::boxed_driver;
use crate::http::{Deadline, Effect};
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// Unified CM over AXL.
#[derive(Debug)]
pub(crate) struct UnifiedCm {
    axl: Axl,
}

/// An action, made ready for the wire.
enum Task<'a> {
    Add(Object),
    Change(Target<'a>, &'a Attributes),
    Rename(Target<'a>, &'a UnifiedCmObject),
    Remove(Target<'a>),
    Lines(LineEdit<'a>),
    Associate(EndUser<'a>, LineTarget, &'a str),
    Dissociate(EndUser<'a>, LineTarget, &'a str),
    Ring(DestinationLine<'a>),
    RingNoMore(DestinationLine<'a>),
    Unlock(EndUser<'a>, Credential),
    SetCredential(EndUser<'a>, Credential),
    Activate(&'a UnifiedCmObject, Activation),
    AssignPresence(PresenceNode<'a>, &'a str),
    UnassignPresence(PresenceNode<'a>),
    SynchroniseLdap(&'a str),
}

impl UnifiedCm {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        Ok(Self { axl: Axl::new(device, dialler)? })
    }

    fn task<'a>(&'a self, action: &'a Action, deadline: Deadline) -> Result<Task<'a>, Fault> {
        let axl = &self.axl;
        if let Some(object) = Object::of(action, axl.version) {
            return object.map(Task::Add);
        }
        if let Some(edit) = LineEdit::of(action, axl.version) {
            return edit.map(Task::Lines);
        }
        let target = |object| Target::new(axl, object, deadline);
        let user = |user_id| EndUser { axl, user_id, deadline };
        let line = |destination, pattern, partition: &'a Option<String>| {
            let number = (pattern, partition.as_deref().unwrap_or_default());
            DestinationLine { axl, destination, number, deadline }
        };
        Ok(match action {
            Action::SetSubscriber { user_id, attributes } => {
                Task::Change(Target::user(axl, user_id, deadline), attributes)
            }
            Action::ChangeObject { object, attributes } => Task::Change(target(object), attributes),
            Action::RenameObject { object, to } => Task::Rename(target(object), to),
            Action::RemoveObject { object } => Task::Remove(target(object)),
            Action::AssociateDevice { user_id, target, name } => Task::Associate(user(user_id), *target, name),
            Action::DissociateDevice { user_id, target, name } => Task::Dissociate(user(user_id), *target, name),
            Action::AssociateDestinationLine { destination, pattern, partition } => {
                Task::Ring(line(destination, pattern, partition))
            }
            Action::DissociateDestinationLine { destination, pattern, partition } => {
                Task::RingNoMore(line(destination, pattern, partition))
            }
            Action::UnlockSubscriber { user_id, credential } => Task::Unlock(user(user_id), *credential),
            Action::SetSubscriberCredential { user_id, credential } => Task::SetCredential(user(user_id), *credential),
            Action::ActivateObject { object, how } => Task::Activate(object, *how),
            Action::AssignPresenceNode { user_id, node } => {
                Task::AssignPresence(PresenceNode::new(axl, user_id, deadline)?, node)
            }
            Action::UnassignPresenceNode { user_id } => {
                Task::UnassignPresence(PresenceNode::new(axl, user_id, deadline)?)
            }
            Action::SynchroniseLdap { directory } => Task::SynchroniseLdap(directory),
            _ => return Err(unsupported(DeviceKind::UnifiedCm)),
        })
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let deadline = Deadline::after(call.timeout);
        match self.task(&call.step.action, deadline)? {
            Task::Add(object) => self.add(&object, deadline).await,
            Task::Change(target, attributes) => target.change(attributes).await,
            Task::Rename(target, to) => target.rename(to).await,
            Task::Remove(target) => target.remove().await,
            Task::Lines(edit) => edit.run(&self.axl, deadline).await,
            Task::Associate(user, target, name) => user.associate(target, name).await,
            Task::Dissociate(user, target, name) => user.dissociate(target, name).await,
            Task::Ring(line) => line.associate().await,
            Task::RingNoMore(line) => line.dissociate().await,
            Task::Unlock(user, credential) => user.unlock(credential).await,
            Task::SetCredential(user, credential) => user.set(credential, call.given_secret()?).await,
            Task::Activate(object, how) => activate(&self.axl, object, how, deadline).await,
            Task::AssignPresence(user, node) => user.assign(node).await,
            Task::UnassignPresence(user) => user.unassign().await,
            Task::SynchroniseLdap(directory) => ldap::synchronise(&self.axl, directory, deadline).await,
        }
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let deadline = Deadline::after(call.timeout);
        match self.task(&call.step.action, deadline)? {
            Task::Add(object) => self.look_for(&object, deadline).await,
            Task::Change(target, attributes) => target.look_for_change(attributes).await,
            Task::Rename(target, to) => target.look_for_rename(to).await,
            Task::Remove(target) => target.look_for_removal().await,
            Task::Lines(edit) => edit.look(&self.axl, deadline).await,
            Task::Associate(user, target, name) => user.look_for_association(target, name).await,
            Task::Dissociate(user, target, name) => user.look_for_dissociation(target, name).await,
            Task::Ring(line) => line.look_for_association().await,
            Task::RingNoMore(line) => line.look_for_dissociation().await,
            Task::AssignPresence(user, node) => user.look(Some(node)).await,
            Task::UnassignPresence(user) => user.look(None).await,
            // Nothing shows whether these were done, and asked for twice they come to the same.
            Task::Unlock(..) | Task::SetCredential(..) | Task::Activate(..) | Task::SynchroniseLdap(_) => {
                Ok(Look::Absent)
            }
        }
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let deadline = Deadline::after(call.timeout);
        let task = self.task(&call.step.action, deadline)?;
        if !task.has_inverse() {
            return Err(no_undo());
        }
        match self.look(call).await? {
            Look::Absent => return Ok(()),
            Look::Equal(_) => {}
            Look::Different { differences } => {
                let message = format!("it was changed since: {}", differences.join("; "));
                return Err(Fault::Rejected(Complaint::new("axl-changed-since", message)));
            }
        }
        match task {
            Task::Add(object) => self.remove(&object, deadline).await,
            Task::Rename(target, to) => target.rename_back(to).await.map(drop),
            Task::Lines(edit) => match edit.inverse() {
                Some(inverse) => inverse.run(&self.axl, deadline).await.map(drop),
                None => Err(no_undo()),
            },
            Task::Associate(user, target, name) => user.dissociate(target, name).await.map(drop),
            Task::Dissociate(user, target, name) => user.associate(target, name).await.map(drop),
            Task::Ring(line) => line.dissociate().await.map(drop),
            Task::RingNoMore(line) => line.associate().await.map(drop),
            Task::AssignPresence(user, _) => user.unassign().await.map(drop),
            Task::Change(..)
            | Task::Remove(_)
            | Task::Unlock(..)
            | Task::SetCredential(..)
            | Task::Activate(..)
            | Task::UnassignPresence(_)
            | Task::SynchroniseLdap(_) => Err(no_undo()),
        }
    }

    async fn add(&self, object: &Object, deadline: Deadline) -> Result<Ran, Fault> {
        let content = [Node::parent(object.class.name, object.content.clone())];
        match self.axl.call(&object.class.operation("add"), &content, Effect::Possible, deadline).await {
            Ok(uuid) => Ok(Ran::Done(Done { reference: Some(uuid.text).filter(|uuid| !uuid.is_empty()) })),
            Err(AxlError::Refused(refusal)) if refusal.is_duplicate() => Ok(Ran::AlreadyThere),
            Err(AxlError::Refused(refusal)) if refusal.waits_for_ldap() => {
                let complaint = Complaint::new("axl-ldap", refusal.message)
                    .repair("Add the user to the LDAP directory, let the device synchronise with it, then retry.");
                Err(Fault::NotSent { complaint, retry_after: None })
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn look_for(&self, object: &Object, deadline: Deadline) -> Result<Look, Fault> {
        let wanted = tags(object.class.elements, self.axl.version, Some(&object.content));
        let content: Vec<Node> = object.key.iter().cloned().chain([Node::parent("returnedTags", wanted)]).collect();
        match self.axl.call(&object.class.operation("get"), &content, Effect::None, deadline).await {
            Ok(reply) => {
                let there = reply.child(object.class.name).cloned().unwrap_or_default();
                let differences = differences(&object.content, &there, object.class.elements);
                let equal = differences.is_empty();
                Ok(if equal { Look::Equal(Done { reference: there.uuid }) } else { Look::Different { differences } })
            }
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(Look::Absent),
            Err(error) => Err(error.into()),
        }
    }

    async fn remove(&self, object: &Object, deadline: Deadline) -> Result<(), Fault> {
        if object.class.is_of_numbers() {
            carriers::refuse_in_use(&self.axl, &object.key, deadline).await?;
        }
        match self.axl.call(&object.class.operation("remove"), &object.key, Effect::Possible, deadline).await {
            Ok(_) => Ok(()),
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn probe(&self, timeout: Duration) -> Result<Probe, Fault> {
        probe::probe(&self.axl, Deadline::after(timeout)).await
    }

    async fn read(&self, request: &PageRequest, timeout: Duration) -> Result<Page, Fault> {
        reading::read(&self.axl, request, Deadline::after(timeout)).await
    }
}

impl Task<'_> {
    /// Whether it can be taken back. Where earlier values would be needed nobody knows them.
    fn has_inverse(&self) -> bool {
        match self {
            Self::Add(_)
            | Self::Rename(..)
            | Self::Associate(..)
            | Self::Dissociate(..)
            | Self::Ring(_)
            | Self::RingNoMore(_)
            | Self::AssignPresence(..) => true,
            Self::Lines(edit) => edit.inverse().is_some(),
            Self::Change(..)
            | Self::Remove(_)
            | Self::Unlock(..)
            | Self::SetCredential(..)
            | Self::Activate(..)
            | Self::UnassignPresence(_)
            | Self::SynchroniseLdap(_) => false,
        }
    }
}

boxed_driver!(UnifiedCm);
