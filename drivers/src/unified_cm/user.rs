use dialtone_model::{Complaint, Credential, DeviceKind, ExposeSecret as _, Fault, LineTarget, SecretString};

use super::client::{Axl, AxlError};
use super::node::Node;
use super::object::unfit;
use super::version::Version;
use crate::device::unsupported;
use crate::http::{Deadline, Effect};
use crate::said::without;
use crate::{Done, Look, Ran};

/// An end user whose device lists are changed, or who is unlocked.
pub(super) struct EndUser<'a> {
    pub(super) axl: &'a Axl,
    pub(super) user_id: &'a str,
    pub(super) deadline: Deadline,
}

/// The first version in which AXL forgets wrong attempts.
const UNLOCKING: Version = Version::new(11, 0);

impl EndUser<'_> {
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
        let Some(user) = self.get(vec![list.tag()]).await? else {
            return Ok(Look::Different { differences: vec![format!("user {}: the device has none", self.user_id)] });
        };
        let there = list.members(&user).iter().any(|member| member.text == name);
        Ok(if there { Look::Equal(Done::default()) } else { Look::Absent })
    }

    /// Done, too, when there is no such user.
    pub(super) async fn dissociate(&self, target: LineTarget, name: &str) -> Result<Ran, Fault> {
        let list = List::of(target)?;
        let members = self.get(vec![list.tag()]).await?.map(|user| list.members(&user)).unwrap_or_default();
        let rest: Vec<Node> = members.iter().filter(|member| member.text != name).cloned().collect();
        if rest.len() < members.len() {
            self.update(vec![Node::parent(list.name, rest)]).await?;
        }
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_dissociation(&self, target: LineTarget, name: &str) -> Result<Look, Fault> {
        let list = List::of(target)?;
        let members = self.get(vec![list.tag()]).await?.map(|user| list.members(&user)).unwrap_or_default();
        let there = members.iter().any(|member| member.text == name);
        Ok(if there { Look::Absent } else { Look::Equal(Done::default()) })
    }

    /// Forgets the wrong attempts. Nothing shows whether that was done, so it may be asked for twice, to the same end.
    pub(super) async fn unlock(&self, credential: Credential) -> Result<Ran, Fault> {
        if self.axl.version < UNLOCKING {
            let message = format!("Unified CM {} can't forget wrong attempts over AXL", self.axl.version);
            let complaint = Complaint::new("axl-not-in-version", message);
            return Err(Fault::Rejected(complaint.repair("Unlock the user in the device's own administration.")));
        }
        let (group, count) = match credential {
            Credential::Pin => ("pinCredentials", "pinResetHackCount"),
            Credential::Password => ("passwordCredentials", "pwdResetHackCount"),
        };
        self.update(vec![Node::parent(group, vec![Node::text(count, "true")])]).await?;
        Ok(Ran::Done(Done::default()))
    }

    /// Sets what the user logs in with. Nothing shows what it is, so it may be asked for twice, to the same end.
    pub(super) async fn set(&self, credential: Credential, secret: &SecretString) -> Result<Ran, Fault> {
        let secret = secret.expose_secret();
        if secret.is_empty() || secret.contains(char::is_control) {
            return Err(unfit(format!("the {credential} is empty or has a control character")));
        }
        let element = match credential {
            Credential::Pin => "pin",
            Credential::Password => "password",
        };
        match self.update(vec![Node::text(element, secret)]).await {
            Ok(()) => Ok(Ran::Done(Done::default())),
            Err(error) => Err(without(secret, error.into())),
        }
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
