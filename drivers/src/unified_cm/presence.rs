use dialtone_model::{Complaint, Fault};

use super::client::{Axl, AxlError};
use super::node::Node;
use super::version::Version;
use crate::http::{Deadline, Effect};
use crate::{Done, Look, Ran};

/// The first version in which AXL assigns presence nodes.
const ASSIGNING: Version = Version::new(10, 0);

/// The IM & Presence node that serves an end user.
pub(super) struct PresenceNode<'a> {
    axl: &'a Axl,
    user_id: &'a str,
    deadline: Deadline,
}

impl<'a> PresenceNode<'a> {
    pub(super) fn new(axl: &'a Axl, user_id: &'a str, deadline: Deadline) -> Result<Self, Fault> {
        if axl.version < ASSIGNING {
            let message = format!("Unified CM {} can't assign presence nodes over AXL", axl.version);
            let complaint = Complaint::new("axl-not-in-version", message);
            return Err(Fault::Rejected(complaint.repair("Assign the node in the administration of IM & Presence.")));
        }
        Ok(Self { axl, user_id, deadline })
    }

    pub(super) async fn assign(&self, node: &str) -> Result<Ran, Fault> {
        let content = [self.user(), Node::text("server", node)];
        self.axl.call("assignPresenceUser", &content, Effect::Possible, self.deadline).await?;
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn unassign(&self) -> Result<Ran, Fault> {
        if self.node().await?.is_none() {
            return Ok(Ran::Done(Done::default()));
        }
        self.axl.call("unassignPresenceUser", &[self.user()], Effect::Possible, self.deadline).await?;
        Ok(Ran::Done(Done::default()))
    }

    /// Whether this node, or none, serves the user.
    pub(super) async fn look(&self, node: Option<&str>) -> Result<Look, Fault> {
        let there = self.node().await?;
        Ok(if there.as_deref() == node { Look::Equal(Done::default()) } else { Look::Absent })
    }

    async fn node(&self) -> Result<Option<String>, AxlError> {
        let criteria = Node::parent("searchCriteria", vec![self.user()]);
        let wanted = Node::parent("returnedTags", vec![Node::text("userid", ""), Node::text("server", "")]);
        let reply =
            self.axl.call("listAssignedPresenceUsers", &[criteria, wanted], Effect::None, self.deadline).await?;
        let users = reply.children.iter().filter(|user| user.child_text("userid") == self.user_id);
        let mut nodes = users.map(|user| user.child_text("server").to_owned());
        Ok(nodes.find(|node| !node.is_empty()))
    }

    fn user(&self) -> Node {
        Node::text("userid", self.user_id)
    }
}
