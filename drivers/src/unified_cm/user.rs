use std::collections::BTreeMap;

use dialtone_model::{Attributes, Complaint, DeviceKind, Fault, LineTarget};

use super::client::{Axl, AxlError};
use super::node::Node;
use super::object::USER;
use super::schema::{Completeness, Values, differences, tags};
use crate::device::unsupported;
use crate::http::{Deadline, Effect};
use crate::{Done, Look, Ran};

/// An end user whose settings or device lists are changed.
pub(super) struct EndUser<'a> {
    pub(super) axl: &'a Axl,
    pub(super) user_id: &'a str,
    pub(super) deadline: Deadline,
}

impl EndUser<'_> {
    pub(super) async fn set(&self, attributes: &Attributes) -> Result<Ran, Fault> {
        let content = self.settings(attributes)?;
        self.update(content).await?;
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_settings(&self, attributes: &Attributes) -> Result<Look, Fault> {
        let sent = self.settings(attributes)?;
        let wanted = tags(USER.elements, self.axl.version, Some(&sent));
        let Some(user) = self.get(wanted).await? else { return Ok(self.missing()) };
        let equal = differences(&sent, &user, USER.elements).is_empty();
        // The settings from before are no obstacle: to set them anew is what the step is for.
        Ok(if equal { Look::Equal(Done::default()) } else { Look::Absent })
    }

    pub(super) async fn associate(&self, target: LineTarget, name: &str) -> Result<Ran, Fault> {
        let list = List::of(target)?;
        let Some(user) = self.get(vec![list.tag()]).await? else {
            let message = format!("there is no user {}", self.user_id);
            return Err(Fault::Rejected(Complaint::new("axl-5007", message)));
        };
        let mut members = list.members(&user);
        if !members.iter().any(|member| member.text == name) {
            members.push(Node::text(list.member, name));
            self.update(vec![Node::parent(list.name, members)]).await?;
        }
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_association(&self, target: LineTarget, name: &str) -> Result<Look, Fault> {
        let list = List::of(target)?;
        let Some(user) = self.get(vec![list.tag()]).await? else { return Ok(self.missing()) };
        let there = list.members(&user).iter().any(|member| member.text == name);
        Ok(if there { Look::Equal(Done::default()) } else { Look::Absent })
    }

    pub(super) async fn dissociate(&self, target: LineTarget, name: &str) -> Result<(), Fault> {
        let list = List::of(target)?;
        let Some(user) = self.get(vec![list.tag()]).await? else { return Ok(()) };
        let members = list.members(&user);
        let rest: Vec<Node> = members.iter().filter(|member| member.text != name).cloned().collect();
        if rest.len() < members.len() {
            self.update(vec![Node::parent(list.name, rest)]).await?;
        }
        Ok(())
    }

    fn settings(&self, attributes: &Attributes) -> Result<Vec<Node>, Fault> {
        let flat = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let values = Values { flat, lists: BTreeMap::new() };
        Ok(values.write(USER.elements, self.axl.version, Completeness::Given)?)
    }

    async fn update(&self, content: Vec<Node>) -> Result<(), AxlError> {
        let content: Vec<Node> = std::iter::once(self.key()).chain(content).collect();
        self.axl.call("updateUser", &content, Effect::Possible, self.deadline).await.map(drop)
    }

    /// The user with these elements; `None` when there is no such user.
    async fn get(&self, wanted: Vec<Node>) -> Result<Option<Node>, AxlError> {
        let content = [self.key(), Node::parent("returnedTags", wanted)];
        match self.axl.call("getUser", &content, Effect::None, self.deadline).await {
            Ok(reply) => Ok(Some(reply.child("user").cloned().unwrap_or_default())),
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn key(&self) -> Node {
        Node::text("userid", self.user_id)
    }

    fn missing(&self) -> Look {
        Look::Different { differences: vec![format!("user {}: the device has none", self.user_id)] }
    }
}

/// A list of an end user that names devices.
#[derive(Clone, Copy)]
struct List {
    name: &'static str,
    member: &'static str,
}

impl List {
    fn of(target: LineTarget) -> Result<Self, Fault> {
        match target {
            LineTarget::Phone => Ok(Self { name: "associatedDevices", member: "device" }),
            LineTarget::DeviceProfile => Ok(Self { name: "phoneProfiles", member: "profileName" }),
            // A remote destination profile names its user itself.
            LineTarget::RemoteDestinationProfile => Err(unsupported(DeviceKind::UnifiedCm)),
        }
    }

    /// What a reply shall have of it.
    fn tag(self) -> Node {
        Node::parent(self.name, vec![Node::text(self.member, "")])
    }

    /// What is on the list, ready to be written back.
    fn members(self, user: &Node) -> Vec<Node> {
        let Some(list) = user.child(self.name) else { return Vec::new() };
        list.children_named(self.member).map(|member| Node::text(self.member, member.text.as_str())).collect()
    }
}
