use std::collections::BTreeMap;

use dialtone_model::{Action, Fault, LineTarget};

use super::client::{Axl, AxlError};
use super::elements::BUTTON;
use super::node::Node;
use super::object::Class;
use super::schema::{Completeness, Element, Kind, Values, differences, tags};
use super::version::Version;
use crate::http::{Deadline, Effect};
use crate::{Done, Look, Ran};

/// A line to be put on a phone or profile. The lines of these are one list, which is read, changed and written whole;
/// only phones of later versions take a single new line.
pub(super) struct Attachment<'a> {
    target: LineTarget,
    name: &'a str,
    line: Node,
    version: Version,
}

/// The first version in which phones take single lines.
const SINGLE_LINES: Version = Version::new(10, 0);

impl<'a> Attachment<'a> {
    /// The attachment of an action that makes one; `None` for any other action.
    pub(super) fn of(action: &'a Action, version: Version) -> Option<Result<Self, Fault>> {
        let Action::AttachLine { target, name, index, pattern, partition, associated_user, attributes } = action else {
            return None;
        };
        let index = index.to_string();
        let partition = partition.as_deref().unwrap_or_default();
        let mut flat: BTreeMap<&str, &str> =
            attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        flat.extend([("index", index.as_str()), ("dirn.pattern", pattern), ("dirn.routePartitionName", partition)]);
        let mut lists = BTreeMap::new();
        if let Some(user) = associated_user {
            lists.insert("associatedEndusers", vec![Node::parent("enduser", vec![Node::text("userId", user)])]);
        }
        let content = Values { flat, lists }.write(BUTTON, version, Completeness::Whole);
        Some(content.map_err(Fault::from).map(|content| {
            let line = Node::parent("line", content);
            Self { target: *target, name, line, version }
        }))
    }

    pub(super) async fn run(&self, axl: &Axl, deadline: Deadline) -> Result<Ran, Fault> {
        let lines = self.lines(axl, deadline).await?;
        if self.rivals(&lines).next().is_some() {
            return Ok(Ran::AlreadyThere);
        }
        match self.update(axl, self.addition(&lines), deadline).await {
            Ok(()) => Ok(Ran::Done(Done::default())),
            Err(AxlError::Refused(refusal)) if refusal.is_duplicate() => Ok(Ran::AlreadyThere),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn look(&self, axl: &Axl, deadline: Deadline) -> Result<Look, Fault> {
        let lines = match self.lines(axl, deadline).await {
            Ok(lines) => lines,
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => {
                return Ok(Look::Different { differences: vec![format!("{}: the device has none", self.name)] });
            }
            Err(error) => return Err(error.into()),
        };
        let found = self.rivals(&lines).map(|line| differences(&self.line.children, line, BUTTON));
        Ok(match found.min_by_key(Vec::len) {
            None => Look::Absent,
            Some(differences) if differences.is_empty() => Look::Equal(Done::default()),
            Some(differences) => Look::Different { differences },
        })
    }

    /// Takes the line off; what else is on the phone or profile stays.
    pub(super) async fn remove(&self, axl: &Axl, deadline: Deadline) -> Result<(), Fault> {
        let lines = self.lines(axl, deadline).await?;
        self.update(axl, self.removal(&lines), deadline).await.map_err(Fault::from)
    }

    /// What puts the line beside those that are there.
    pub(super) fn addition(&self, lines: &[Node]) -> Node {
        if self.takes_single_lines() {
            return Node::parent("addLines", vec![self.line.clone()]);
        }
        let mut lines: Vec<Node> = lines.iter().map(|line| again(line, self.version)).collect();
        lines.push(self.line.clone());
        lines.sort_by_key(|line| line.child_text("index").parse::<u16>().unwrap_or(u16::MAX));
        Node::parent("lines", lines)
    }

    fn removal(&self, lines: &[Node]) -> Node {
        if self.takes_single_lines() {
            return Node::parent("removeLines", vec![self.line.clone()]);
        }
        let index = self.line.child_text("index");
        let others = lines.iter().filter(|line| line.child_text("index") != index);
        Node::parent("lines", others.map(|line| again(line, self.version)).collect())
    }

    /// The lines with the position or the number of this one.
    fn rivals<'l>(&self, lines: &'l [Node]) -> impl Iterator<Item = &'l Node> {
        let number = |line: &Node| {
            let dirn = line.child("dirn").cloned().unwrap_or_default();
            (dirn.child_text("pattern").to_owned(), dirn.child_text("routePartitionName").to_owned())
        };
        let (index, own) = (self.line.child_text("index").to_owned(), number(&self.line));
        lines.iter().filter(move |line| line.child_text("index") == index || number(line) == own)
    }

    fn takes_single_lines(&self) -> bool {
        self.target == LineTarget::Phone && self.version >= SINGLE_LINES
    }

    async fn lines(&self, axl: &Axl, deadline: Deadline) -> Result<Vec<Node>, AxlError> {
        let class = Class::of_target(self.target);
        let line = Node::parent("line", tags(BUTTON, self.version, None));
        let wanted = Node::parent("returnedTags", vec![Node::parent("lines", vec![line])]);
        let content = [Node::text("name", self.name), wanted];
        let reply = axl.call(&class.operation("get"), &content, Effect::None, deadline).await?;
        let object = reply.child(class.name).and_then(|object| object.child("lines")).cloned();
        Ok(object.unwrap_or_default().children)
    }

    async fn update(&self, axl: &Axl, change: Node, deadline: Deadline) -> Result<(), AxlError> {
        let operation = Class::of_target(self.target).operation("update");
        let content = [Node::text("name", self.name), change];
        axl.call(&operation, &content, Effect::Possible, deadline).await.map(drop)
    }
}

/// A line as it was read, to be written back with all that it had.
fn again(line: &Node, version: Version) -> Node {
    Node::parent("line", written_back(line, BUTTON, version))
}

fn written_back(read: &Node, elements: &[Element], version: Version) -> Vec<Node> {
    let back = |element: &Element| {
        let child = read.child(element.name)?;
        match element.kind {
            Kind::Group(elements) => {
                let children = written_back(child, elements, version);
                (!children.is_empty()).then(|| Node::parent(element.name, children))
            }
            Kind::List => (!child.children.is_empty()).then(|| child.clone()),
            // An empty reference is unset; anything else that is empty is as good as not said.
            Kind::Reference if child.text.is_empty() => Some(Node::nil(element.name)),
            _ => (!child.text.is_empty()).then(|| Node::text(element.name, child.text.as_str())),
        }
    };
    elements.iter().filter(|element| element.is_in(version)).filter_map(back).collect()
}
