use std::collections::BTreeMap;

use dialtone_model::{Action, Attributes, Complaint, Fault, LinePlace, LineTarget};

use super::client::{Axl, AxlError};
use super::elements::BUTTON;
use super::node::Node;
use super::object::Class;
use super::schema::{Completeness, Values, differences, in_schema_order, merged, tags, written_back};
use super::version::Version;
use crate::http::{Deadline, Effect};
use crate::{Done, Look, Ran};

/// A change to the lines of a phone or profile. They are one list, which is read, changed and written whole; only phones
/// of later versions take and lose single lines.
pub(super) struct LineEdit<'a> {
    target: LineTarget,
    name: &'a str,
    edit: Edit<'a>,
    version: Version,
}

enum Edit<'a> {
    /// A new line, whole.
    Attach(Node),
    /// The line with this number, at the position that is in the second, gets the number and the attributes of that.
    Change(Number<'a>, Node),
    Place(&'a [LinePlace]),
    Detach(Number<'a>),
    Associate(Number<'a>, &'a str),
    /// The only user goes; of several, none.
    Dissociate(Number<'a>, &'a str),
    /// A user whom an order has put beside others goes again.
    TakeBack(Number<'a>, &'a str),
}

/// A directory number: pattern and partition. A phone or profile has it once at most.
type Number<'a> = (&'a str, &'a str);

/// What an edit comes to, given the lines that are there.
enum Effected {
    /// They are as they shall be.
    Already,
    /// This, in an update, makes them so.
    By(Node),
    /// There is something else, as these differences tell.
    Conflict(Vec<String>),
    /// They can't become so.
    Impossible(Complaint),
}

/// The first version in which phones take single lines.
const SINGLE_LINES: Version = Version::new(10, 0);

impl<'a> LineEdit<'a> {
    /// The edit of an action that makes one; `None` for any other action.
    pub(super) fn of(action: &'a Action, version: Version) -> Option<Result<Self, Fault>> {
        let (target, name, edit) = match action {
            Action::AttachLine { target, name, index, pattern, partition, associated_user, attributes } => {
                let number = number(pattern, partition);
                let line = line(*index, number, associated_user.as_deref(), attributes, Completeness::Whole, version);
                (target, name, line.map(Edit::Attach))
            }
            Action::ChangeLine { target, name, from, pattern, partition, attributes } => {
                let before = number(&from.pattern, &from.partition);
                let wanted = number(pattern, partition);
                let line = line(from.index, wanted, None, attributes, Completeness::Given, version);
                (target, name, line.map(|line| Edit::Change(before, line)))
            }
            Action::PlaceLines { target, name, places } => (target, name, Ok(Edit::Place(places))),
            Action::DetachLine { target, name, pattern, partition } => {
                (target, name, Ok(Edit::Detach(number(pattern, partition))))
            }
            Action::AssociateLineUser { target, name, pattern, partition, user_id } => {
                (target, name, Ok(Edit::Associate(number(pattern, partition), user_id)))
            }
            Action::DissociateLineUser { target, name, pattern, partition, user_id } => {
                (target, name, Ok(Edit::Dissociate(number(pattern, partition), user_id)))
            }
            _ => return None,
        };
        Some(edit.map(|edit| Self { target: *target, name, edit, version }))
    }

    pub(super) async fn run(&self, axl: &Axl, deadline: Deadline) -> Result<Ran, Fault> {
        let lines = match self.lines(axl, deadline).await {
            Ok(lines) => lines,
            Err(AxlError::Refused(refusal)) if refusal.is_missing() && self.takes_off() => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let change = match self.effected(&lines) {
            Effected::By(change) => change,
            Effected::Already if matches!(self.edit, Edit::Attach(_)) => return Ok(Ran::AlreadyThere),
            Effected::Already => return Ok(Ran::Done(Done::default())),
            Effected::Conflict(_) => return Ok(Ran::AlreadyThere),
            Effected::Impossible(complaint) => return Err(Fault::Rejected(complaint)),
        };
        match self.update(axl, change, deadline).await {
            Ok(()) => Ok(Ran::Done(Done::default())),
            Err(AxlError::Refused(refusal)) if refusal.is_duplicate() => Ok(Ran::AlreadyThere),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn look(&self, axl: &Axl, deadline: Deadline) -> Result<Look, Fault> {
        let lines = match self.lines(axl, deadline).await {
            Ok(lines) => lines,
            Err(AxlError::Refused(refusal)) if refusal.is_missing() && self.takes_off() => Vec::new(),
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => {
                return Ok(Look::Different { differences: vec![format!("{}: the device has none", self.name)] });
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match self.effected(&lines) {
            Effected::Already => Look::Equal(Done::default()),
            // Why it can't become so is for the run to tell.
            Effected::By(_) | Effected::Impossible(_) => Look::Absent,
            Effected::Conflict(differences) => Look::Different { differences },
        })
    }

    /// The edit that takes this one back; `None` where what was there before isn't known.
    pub(super) fn inverse(&self) -> Option<LineEdit<'_>> {
        let edit = match &self.edit {
            Edit::Attach(line) => Edit::Detach(number_of(line)),
            Edit::Associate(number, user_id) => Edit::TakeBack(*number, user_id),
            Edit::Dissociate(number, user_id) => Edit::Associate(*number, user_id),
            Edit::Change(..) | Edit::Place(_) | Edit::Detach(_) | Edit::TakeBack(..) => return None,
        };
        Some(LineEdit { target: self.target, name: self.name, edit, version: self.version })
    }

    /// What an update says so that the edit is done, if anything can.
    #[cfg(test)]
    pub(super) fn change(&self, lines: &[Node]) -> Option<Node> {
        match self.effected(lines) {
            Effected::By(change) => Some(change),
            Effected::Already | Effected::Conflict(_) | Effected::Impossible(_) => None,
        }
    }

    /// What puts or takes lines so that the edit is done.
    fn effected(&self, lines: &[Node]) -> Effected {
        match &self.edit {
            Edit::Attach(line) => self.attached(line, lines),
            Edit::Change(before, wanted) => self.changed(*before, wanted, lines),
            Edit::Place(places) => self.placed(places, lines),
            Edit::Detach(number) => match lines.iter().find(|line| number_of(line) == *number) {
                None => Effected::Already,
                Some(line) => Effected::By(self.without(line, lines)),
            },
            Edit::Associate(number, user_id) => self.with_users(*number, lines, |users| {
                if !users.contains(user_id) {
                    users.push(user_id);
                }
                Ok(())
            }),
            Edit::TakeBack(number, user_id) => self.with_users(*number, lines, |users| {
                users.retain(|user| user != user_id);
                Ok(())
            }),
            Edit::Dissociate(number, user_id) => self.with_users(*number, lines, |users| match users.as_slice() {
                [only] if only == user_id => {
                    users.clear();
                    Ok(())
                }
                several if several.contains(user_id) => Err(Complaint::new(
                    "axl-several-users",
                    format!("line {} of {} has several users, of whom one can't be unset", number.0, self.name),
                )
                .repair("Unset the user on the device, synchronise the device, then retry.")),
                _ => Ok(()),
            }),
        }
    }

    fn attached(&self, line: &Node, lines: &[Node]) -> Effected {
        let same_place = |other: &&Node| {
            other.child_text("index") == line.child_text("index") || number_of(other) == number_of(line)
        };
        let rivals = lines.iter().filter(same_place);
        match rivals.map(|rival| differences(&line.children, rival, BUTTON)).min_by_key(Vec::len) {
            None if self.takes_single_lines() => Effected::By(Node::parent("addLines", vec![line.clone()])),
            None => Effected::By(self.whole(lines, Some(line))),
            Some(differences) if differences.is_empty() => Effected::Already,
            Some(differences) => Effected::Conflict(differences),
        }
    }

    /// The line that is meant is the one with the number from before, or with the wanted one where it was changed already.
    fn changed(&self, before: Number<'_>, wanted: &Node, lines: &[Node]) -> Effected {
        let index = wanted.child_text("index");
        let elsewhere = |number: Number<'_>| {
            let other = |line: &&Node| number_of(line) == number && line.child_text("index") != index;
            let there = lines.iter().find(other)?.child_text("index");
            Some(format!("line {}: device has it at {there}, the order says {index}", number.0))
        };
        let Some(line) = lines.iter().find(|line| line.child_text("index") == index) else {
            if let Some(difference) = elsewhere(before) {
                return Effected::Conflict(vec![difference]);
            }
            let message = format!("{} has no line at position {index}", self.name);
            return Effected::Impossible(Complaint::new("axl-no-line", message));
        };
        if number_of(line) != before && number_of(line) != number_of(wanted) {
            let at_position =
                format!("position {index}: device has {}, the order says {}", shown(number_of(line)), shown(before));
            return Effected::Conflict([at_position].into_iter().chain(elsewhere(before)).collect());
        }
        if differences(&wanted.children, line, BUTTON).is_empty() {
            return Effected::Already;
        }
        if let Some(difference) = elsewhere(number_of(wanted)) {
            return Effected::Conflict(vec![difference]);
        }
        let mut changed = again(line, self.version);
        changed.children = merged(&changed.children, &wanted.children);
        in_schema_order(&mut changed.children, BUTTON);
        let others: Vec<Node> = lines.iter().filter(|line| line.child_text("index") != index).cloned().collect();
        Effected::By(self.whole(&others, Some(&changed)))
    }

    fn placed(&self, places: &[LinePlace], lines: &[Node]) -> Effected {
        let mut moved: Vec<Node> = lines.iter().map(|line| again(line, self.version)).collect();
        let mut any = false;
        for place in places {
            let wanted = number(&place.pattern, &place.partition);
            let Some(line) = moved.iter_mut().find(|line| number_of(line) == wanted) else {
                let message = format!("{} has no line {}", self.name, place.pattern);
                return Effected::Impossible(Complaint::new("axl-no-line", message));
            };
            let index = place.index.to_string();
            let node = line.children.iter_mut().find(|child| child.name == "index");
            if let Some(node) = node.filter(|node| node.text != index) {
                node.text = index;
                any = true;
            }
        }
        for (place, line) in moved.iter().enumerate() {
            let index = line.child_text("index");
            if let Some(other) = moved[..place].iter().find(|other| other.child_text("index") == index) {
                let [one, other] = [other, line].map(|line| number_of(line).0);
                return Effected::Conflict(vec![format!("position {index}: {one} and {other} would both have it")]);
            }
        }
        if any { Effected::By(self.whole(&moved, None)) } else { Effected::Already }
    }

    fn with_users(
        &self,
        number: Number<'_>,
        lines: &'a [Node],
        change: impl FnOnce(&mut Vec<&'a str>) -> Result<(), Complaint>,
    ) -> Effected {
        let Some(at) = lines.iter().position(|line| number_of(line) == number) else {
            let message = format!("{} has no line {}", self.name, number.0);
            return Effected::Impossible(Complaint::new("axl-no-line", message));
        };
        let there = users_of(&lines[at]);
        let mut users = there.clone();
        if let Err(complaint) = change(&mut users) {
            return Effected::Impossible(complaint);
        }
        if users == there {
            return Effected::Already;
        }
        let mut line = again(&lines[at], self.version);
        line.children.retain(|child| child.name != "associatedEndusers");
        line.children.push(users_node(&users));
        in_schema_order(&mut line.children, BUTTON);
        let others: Vec<Node> = lines.iter().filter(|other| number_of(other) != number).cloned().collect();
        Effected::By(self.whole(&others, Some(&line)))
    }

    fn without(&self, gone: &Node, lines: &[Node]) -> Node {
        if self.takes_single_lines() {
            return Node::parent("removeLines", vec![again(gone, self.version)]);
        }
        let others: Vec<Node> = lines.iter().filter(|line| number_of(line) != number_of(gone)).cloned().collect();
        self.whole(&others, None)
    }

    /// All lines, to be written back, with another one.
    fn whole(&self, lines: &[Node], with: Option<&Node>) -> Node {
        let mut lines: Vec<Node> = lines.iter().map(|line| again(line, self.version)).chain(with.cloned()).collect();
        lines.sort_by_key(|line| line.child_text("index").parse::<u16>().unwrap_or(u16::MAX));
        Node::parent("lines", lines)
    }

    fn takes_single_lines(&self) -> bool {
        self.target == LineTarget::Phone && self.version >= SINGLE_LINES
    }

    /// Whether it is done where there is no such phone or profile.
    fn takes_off(&self) -> bool {
        matches!(self.edit, Edit::Detach(_))
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

/// What a request says of a line.
fn line(
    index: u16,
    (pattern, partition): Number<'_>,
    user: Option<&str>,
    attributes: &Attributes,
    completeness: Completeness,
    version: Version,
) -> Result<Node, Fault> {
    let index = index.to_string();
    let mut flat: BTreeMap<&str, &str> =
        attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    flat.extend([("index", index.as_str()), ("dirn.pattern", pattern), ("dirn.routePartitionName", partition)]);
    let lists = user.map(|user| ("associatedEndusers", users_node(&[user]).children)).into_iter().collect();
    let content = Values { flat, lists }.write(BUTTON, version, completeness)?;
    Ok(Node::parent("line", content))
}

fn number<'a>(pattern: &'a str, partition: &'a Option<String>) -> Number<'a> {
    (pattern, partition.as_deref().unwrap_or_default())
}

/// A number as a difference tells of it.
fn shown((pattern, partition): Number<'_>) -> String {
    if partition.is_empty() { pattern.to_owned() } else { format!("{pattern} in {partition}") }
}

fn number_of(line: &Node) -> Number<'_> {
    let part = |name| line.child("dirn").map_or("", |dirn| dirn.child_text(name));
    (part("pattern"), part("routePartitionName"))
}

fn users_of(line: &Node) -> Vec<&str> {
    let users = line.child("associatedEndusers").into_iter().flat_map(|users| users.children_named("enduser"));
    users.map(|user| user.child_text("userId")).collect()
}

fn users_node(users: &[&str]) -> Node {
    let user = |user: &&str| Node::parent("enduser", vec![Node::text("userId", *user)]);
    Node::parent("associatedEndusers", users.iter().map(user).collect())
}

/// A line as it was read, to be written back with all that it had.
fn again(line: &Node, version: Version) -> Node {
    Node::parent("line", written_back(line, BUTTON, version))
}
