use dialtone_model::{Complaint, Fault};

use super::client::{Axl, AxlError};
use super::node::Node;
use crate::http::{Deadline, Effect};
use crate::{Done, Look, Ran};

/// A line of the profile that a remote destination belongs to: calls to it ring there only where the destination's own
/// list names it.
pub(super) struct DestinationLine<'a> {
    pub(super) axl: &'a Axl,
    /// The number of the destination.
    pub(super) destination: &'a str,
    /// The number of the line, with its partition.
    pub(super) number: (&'a str, &'a str),
    pub(super) deadline: Deadline,
}

impl DestinationLine<'_> {
    pub(super) async fn associate(&self) -> Result<Ran, Fault> {
        let Some(mut numbers) = self.numbers().await? else {
            let message = format!("there is no remote destination {}", self.destination);
            return Err(Fault::Rejected(Complaint::new("axl-5007", message)));
        };
        if !numbers.iter().any(|number| self.is(number)) {
            numbers.push((self.number.0.to_owned(), self.number.1.to_owned()));
            self.update(&numbers).await?;
        }
        Ok(Ran::Done(Done::default()))
    }

    /// Done, too, when there is no such destination.
    pub(super) async fn dissociate(&self) -> Result<Ran, Fault> {
        let mut numbers = self.numbers().await?.unwrap_or_default();
        let before = numbers.len();
        numbers.retain(|number| !self.is(number));
        if numbers.len() < before {
            self.update(&numbers).await?;
        }
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_association(&self) -> Result<Look, Fault> {
        Ok(match self.numbers().await? {
            None => Look::Different {
                differences: vec![format!("remote destination {}: the device has none", self.destination)],
            },
            Some(numbers) if numbers.iter().any(|number| self.is(number)) => Look::Equal(Done::default()),
            Some(_) => Look::Absent,
        })
    }

    pub(super) async fn look_for_dissociation(&self) -> Result<Look, Fault> {
        let there = self.numbers().await?.unwrap_or_default().iter().any(|number| self.is(number));
        Ok(if there { Look::Absent } else { Look::Equal(Done::default()) })
    }

    fn is(&self, (pattern, partition): &(String, String)) -> bool {
        (pattern.as_str(), partition.as_str()) == self.number
    }

    /// The lines that ring it; `None` when there is no such destination.
    async fn numbers(&self) -> Result<Option<Vec<(String, String)>>, AxlError> {
        let line =
            Node::parent("lineAssociation", vec![Node::text("pattern", ""), Node::text("routePartitionName", "")]);
        let wanted = Node::parent("returnedTags", vec![Node::parent("lineAssociations", vec![line])]);
        let content = [self.key(), wanted];
        let reply = match self.axl.call("getRemoteDestination", &content, Effect::None, self.deadline).await {
            Ok(reply) => reply,
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let list = reply.child("remoteDestination").and_then(|destination| destination.child("lineAssociations"));
        let lines = list.into_iter().flat_map(|list| list.children_named("lineAssociation"));
        let number =
            |line: &Node| (line.child_text("pattern").to_owned(), line.child_text("routePartitionName").to_owned());
        Ok(Some(lines.map(number).collect()))
    }

    /// The list is written whole, as it is read.
    async fn update(&self, numbers: &[(String, String)]) -> Result<(), AxlError> {
        let line = |(pattern, partition): &(String, String)| {
            let partition = (!partition.is_empty()).then(|| Node::text("routePartitionName", partition.as_str()));
            let number = std::iter::once(Node::text("pattern", pattern.as_str())).chain(partition);
            Node::parent("lineAssociation", number.collect())
        };
        let content = [self.key(), Node::parent("lineAssociations", numbers.iter().map(line).collect())];
        self.axl.call("updateRemoteDestination", &content, Effect::Possible, self.deadline).await.map(drop)
    }

    fn key(&self) -> Node {
        Node::text("destination", self.destination)
    }
}
