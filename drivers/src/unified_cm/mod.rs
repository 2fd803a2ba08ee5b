mod client;
mod elements;
mod lines;
mod node;
mod object;
mod schema;
mod soap;
#[cfg(test)]
mod tests;
mod user;
mod version;

use std::time::Duration;

use dialtone_model::{Action, Attributes, Complaint, Device, DeviceKind, Fault, LineTarget};
use futures_util::future::BoxFuture;

use self::client::{Axl, AxlError};
use self::lines::Attachment;
use self::node::Node;
use self::object::Object;
use self::schema::{differences, tags};
use self::user::EndUser;
use crate::device::{no_undo, unsupported};
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
    Attach(Attachment<'a>),
    Set(EndUser<'a>, &'a Attributes),
    Associate(EndUser<'a>, LineTarget, &'a str),
}

impl UnifiedCm {
    pub(crate) fn new(device: &Device) -> Result<Self, DriverError> {
        Ok(Self { axl: Axl::new(device)? })
    }

    fn task<'a>(&'a self, action: &'a Action, deadline: Deadline) -> Result<Task<'a>, Fault> {
        if let Some(object) = Object::of(action, self.axl.version) {
            return object.map(Task::Add);
        }
        if let Some(attachment) = Attachment::of(action, self.axl.version) {
            return attachment.map(Task::Attach);
        }
        let user = |user_id| EndUser { axl: &self.axl, user_id, deadline };
        match action {
            Action::SetSubscriber { user_id, attributes } => Ok(Task::Set(user(user_id), attributes)),
            Action::AssociateDevice { user_id, target, name } => Ok(Task::Associate(user(user_id), *target, name)),
            _ => Err(unsupported(DeviceKind::UnifiedCm)),
        }
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let deadline = Deadline::after(call.timeout);
        match self.task(&call.step.action, deadline)? {
            Task::Add(object) => self.add(&object, deadline).await,
            Task::Attach(attachment) => attachment.run(&self.axl, deadline).await,
            Task::Set(user, attributes) => user.set(attributes).await,
            Task::Associate(user, target, name) => user.associate(target, name).await,
        }
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let deadline = Deadline::after(call.timeout);
        match self.task(&call.step.action, deadline)? {
            Task::Add(object) => self.look_for(&object, deadline).await,
            Task::Attach(attachment) => attachment.look(&self.axl, deadline).await,
            Task::Set(user, attributes) => user.look_for_settings(attributes).await,
            Task::Associate(user, target, name) => user.look_for_association(target, name).await,
        }
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let deadline = Deadline::after(call.timeout);
        let look = self.look(call).await?;
        match (self.task(&call.step.action, deadline)?, look) {
            (Task::Set(..), _) => Err(no_undo()),
            (_, Look::Absent) => Ok(()),
            (_, Look::Different { differences }) => {
                let message = format!("it was changed since: {}", differences.join("; "));
                Err(Fault::Rejected(Complaint::new("axl-changed-since", message)))
            }
            (Task::Add(object), Look::Equal(_)) => self.remove(&object, deadline).await,
            (Task::Attach(attachment), Look::Equal(_)) => attachment.remove(&self.axl, deadline).await,
            (Task::Associate(user, target, name), Look::Equal(_)) => user.dissociate(target, name).await,
        }
    }

    async fn add(&self, object: &Object, deadline: Deadline) -> Result<Ran, Fault> {
        let content = [Node::parent(object.class.name, object.content.clone())];
        match self.axl.call(&object.class.operation("add"), &content, Effect::Possible, deadline).await {
            Ok(uuid) => Ok(Ran::Done(Done { reference: Some(uuid.text).filter(|uuid| !uuid.is_empty()) })),
            Err(AxlError::Refused(refusal)) if refusal.is_duplicate() => Ok(Ran::AlreadyThere),
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
        match self.axl.call(&object.class.operation("remove"), &object.key, Effect::Possible, deadline).await {
            Ok(_) => Ok(()),
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn probe(&self, _timeout: Duration) -> Result<Probe, Fault> {
        Err(unsupported(DeviceKind::UnifiedCm))
    }

    async fn read(&self, _request: &PageRequest, _timeout: Duration) -> Result<Page, Fault> {
        Err(unsupported(DeviceKind::UnifiedCm))
    }
}

boxed_driver!(UnifiedCm);
