use std::collections::{BTreeMap, BTreeSet};

use super::node::Node;
use super::version::Version;

/// One element of a request. A list of them is in the order of the schema, which is the order on the wire.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What an object gets when nobody says otherwise; elements with it are mandatory in the schema.
    otherwise: Otherwise,
    /// Said when the object is added and never again.
    fixed: bool,
    /// Told of a single object, and not in lists.
    unlisted: bool,
    /// What stands in it where it is asked for. It means nothing, but not every type may be empty.
    asked_as: &'static str,
    from: Option<Version>,
    before: Option<Version>,
}

/// What an element holds, and so how it is unset.
#[derive(Debug)]
pub(super) enum Kind {
    /// Text; unset by being empty.
    Text,
    /// Text that the device never shows again.
    Secret,
    /// The name of another object; unset by `xsi:nil`.
    Reference,
    /// A number; unset by 0.
    Number,
    /// One of a fixed set of words, or the name of something that there must always be one of; it can't be unset.
    Choice,
    /// `true` or `false`; it can't be unset.
    Flag,
    /// Elements in it.
    Group(&'static [Element]),
    /// A list that an action of its own changes.
    List,
    /// A list whose members, with these elements in each, are said all at once, as `services[1].name`; unset by being
    /// empty.
    Members { member: &'static str, elements: &'static [Element] },
}

#[derive(Debug)]
enum Otherwise {
    Nothing,
    Nil,
    Value(&'static str),
    /// The same as an element before it.
    As(&'static str),
}

/// What a request shall say: flat values by the path of their element, such as `callForwardAll.destination`, and lists.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) flat: BTreeMap<&'a str, &'a str>,
    pub(super) lists: BTreeMap<&'static str, Vec<Node>>,
}

/// Whether what nobody said is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completeness {
    /// A new object: what is mandatory is there.
    Whole,
    /// A change: only what was said.
    Given,
}

/// An attribute that can't be sent.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum WriteError {
    #[error("Unified CM {version} has no attribute {name} here")]
    Unknown { name: String, version: Version },
    #[error("{name} is a secret, which no attribute holds: an action of its own sets it")]
    Secret { name: String },
    #[error("the attribute {name} can't be changed")]
    Fixed { name: String },
    #[error("the attribute {name} can't be unset")]
    NotUnset { name: String },
    #[error("the attribute {name} has a control character")]
    Control { name: String },
}

pub(super) const fn text(name: &'static str) -> Element {
    element(name, Kind::Text)
}

pub(super) const fn secret(name: &'static str) -> Element {
    element(name, Kind::Secret)
}

pub(super) const fn reference(name: &'static str) -> Element {
    element(name, Kind::Reference)
}

pub(super) const fn number(name: &'static str) -> Element {
    element(name, Kind::Number)
}

pub(super) const fn choice(name: &'static str) -> Element {
    element(name, Kind::Choice)
}

pub(super) const fn flag(name: &'static str) -> Element {
    element(name, Kind::Flag).asked_as("true")
}

pub(super) const fn group(name: &'static str, elements: &'static [Element]) -> Element {
    element(name, Kind::Group(elements))
}

pub(super) const fn list(name: &'static str) -> Element {
    element(name, Kind::List)
}

pub(super) const fn members(name: &'static str, member: &'static str, elements: &'static [Element]) -> Element {
    element(name, Kind::Members { member, elements })
}

const fn element(name: &'static str, kind: Kind) -> Element {
    Element {
        name,
        kind,
        otherwise: Otherwise::Nothing,
        fixed: false,
        unlisted: false,
        asked_as: "",
        from: None,
        before: None,
    }
}

impl Element {
    /// Mandatory, with this value when nobody says otherwise.
    pub(super) const fn or(mut self, value: &'static str) -> Self {
        self.otherwise = Otherwise::Value(value);
        self
    }

    /// Mandatory, and the same as an element before it when nobody says otherwise.
    pub(super) const fn or_as(mut self, name: &'static str) -> Self {
        self.otherwise = Otherwise::As(name);
        self
    }

    /// Mandatory, and unset when nobody says otherwise.
    pub(super) const fn or_nil(mut self) -> Self {
        self.otherwise = Otherwise::Nil;
        self
    }

    /// Said when the object is added and never again.
    pub(super) const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// Told of a single object, and not in lists.
    pub(super) const fn unlisted(mut self) -> Self {
        self.unlisted = true;
        self
    }

    /// With this in it where it is asked for, because its type may not be empty.
    pub(super) const fn asked_as(mut self, text: &'static str) -> Self {
        self.asked_as = text;
        self
    }

    /// Known from this version on.
    pub(super) const fn from(mut self, major: u8, minor: u8) -> Self {
        self.from = Some(Version::new(major, minor));
        self
    }

    /// Known until this version.
    pub(super) const fn before(mut self, major: u8, minor: u8) -> Self {
        self.before = Some(Version::new(major, minor));
        self
    }

    pub(super) fn is_in(&self, version: Version) -> bool {
        self.from.is_none_or(|from| from <= version) && self.before.is_none_or(|before| version < before)
    }

    /// Whether it is replaced whole, with all that is in it.
    pub(super) fn is_group(&self) -> bool {
        matches!(self.kind, Kind::Group(_))
    }

    /// `before` is what stands before it in the same element.
    fn fallback(&self, before: &[Node]) -> Option<Node> {
        match self.otherwise {
            Otherwise::Nothing => None,
            Otherwise::Nil => Some(Node::nil(self.name)),
            Otherwise::Value(value) => Some(Node::text(self.name, value)),
            Otherwise::As(other) => {
                let other = before.iter().find(|node| node.name == other)?;
                Some(Node::text(self.name, other.text.as_str()))
            }
        }
    }

    fn value(&self, path: &str, value: &str) -> Result<Node, WriteError> {
        if value.contains(char::is_control) {
            return Err(WriteError::Control { name: path.to_owned() });
        }
        if matches!(self.kind, Kind::Secret) {
            return Err(WriteError::Secret { name: path.to_owned() });
        }
        if !value.is_empty() {
            return Ok(Node::text(self.name, value));
        }
        match self.kind {
            Kind::Text => Ok(Node::text(self.name, "")),
            Kind::Reference => Ok(Node::nil(self.name)),
            Kind::Number => Ok(Node::text(self.name, "0")),
            _ => Err(WriteError::NotUnset { name: path.to_owned() }),
        }
    }
}

impl Values<'_> {
    /// The elements that say it, in the order of the schema.
    pub(super) fn write(
        mut self,
        elements: &[Element],
        version: Version,
        completeness: Completeness,
    ) -> Result<Vec<Node>, WriteError> {
        let nodes = self.take(elements, "", version, completeness)?;
        match self.flat.keys().copied().chain(self.lists.keys().copied()).next() {
            None => Ok(nodes),
            Some(name) => Err(WriteError::Unknown { name: name.to_owned(), version }),
        }
    }

    fn take(
        &mut self,
        elements: &[Element],
        prefix: &str,
        version: Version,
        completeness: Completeness,
    ) -> Result<Vec<Node>, WriteError> {
        let mut nodes = Vec::new();
        for element in elements.iter().filter(|element| element.is_in(version)) {
            let path = format!("{prefix}{}", element.name);
            match element.kind {
                Kind::List => {
                    let list = self.lists.remove(element.name);
                    nodes.extend(list.map(|children| Node::parent(element.name, children)));
                }
                Kind::Group(elements) => {
                    let prefix = format!("{path}.");
                    if self.flat.keys().any(|path| path.starts_with(&prefix)) {
                        let children = self.take(elements, &prefix, version, completeness)?;
                        nodes.push(Node::parent(element.name, children));
                    }
                }
                Kind::Members { member, elements } => {
                    let list = self.take_members(&path, member, elements, version)?;
                    nodes.extend(list.map(|children| Node::parent(element.name, children)));
                }
                _ => match self.flat.remove(path.as_str()) {
                    Some(_) if element.fixed && completeness == Completeness::Given => {
                        return Err(WriteError::Fixed { name: path });
                    }
                    Some(value) => nodes.push(element.value(&path, value)?),
                    None if completeness == Completeness::Whole => nodes.extend(element.fallback(&nodes)),
                    None => {}
                },
            }
        }
        Ok(nodes)
    }

    /// The members that are said of the list at a path, by their numbers; none where the list is said to be empty, and
    /// `None` where nothing is said of it. A list is replaced whole, so each member is whole.
    fn take_members(
        &mut self,
        path: &str,
        member: &str,
        elements: &[Element],
        version: Version,
    ) -> Result<Option<Vec<Node>>, WriteError> {
        let number = |name: &&str| name.strip_prefix(path)?.strip_prefix('[')?.split_once("].")?.0.parse::<u16>().ok();
        let numbers: BTreeSet<u16> = self.flat.keys().filter_map(number).collect();
        if numbers.is_empty() {
            return match self.flat.remove(path) {
                None => Ok(None),
                Some("") => Ok(Some(Vec::new())),
                Some(_) => Err(WriteError::Unknown { name: path.to_owned(), version }),
            };
        }
        let whole = |number| {
            let parts = self.take(elements, &format!("{path}[{number}]."), version, Completeness::Whole)?;
            Ok(Node::parent(member, parts))
        };
        numbers.into_iter().map(whole).collect::<Result<_, _>>().map(Some)
    }
}

/// What a change sends: a group is replaced whole, so what isn't `sent` of it is said again as it is `there`.
pub(super) fn completed(sent: &[Node], there: &Node, elements: &[Element], version: Version) -> Vec<Node> {
    let complete = |node: &Node| {
        let Some(Element { kind: Kind::Group(parts), .. }) = elements.iter().find(|e| e.name == node.name) else {
            return node.clone();
        };
        let known = there.child(&node.name).map(|group| written_back(group, parts, version)).unwrap_or_default();
        let mut children = merged(&known, &node.children);
        let missing = parts.iter().filter(|part| part.is_in(version) && node.child(part.name).is_none());
        let missing = missing.filter(|part| !known.iter().any(|node| node.name == part.name));
        children.extend(missing.filter_map(|part| part.fallback(&[])));
        in_schema_order(&mut children, parts);
        Node::parent(node.name.as_str(), children)
    };
    sent.iter().map(complete).collect()
}

/// What was read, to be written again.
pub(super) fn written_back(read: &Node, elements: &[Element], version: Version) -> Vec<Node> {
    let back = |element: &Element| {
        let child = read.child(element.name)?;
        match element.kind {
            Kind::Group(elements) => {
                let children = written_back(child, elements, version);
                (!children.is_empty()).then(|| Node::parent(element.name, children))
            }
            Kind::List | Kind::Members { .. } => Some(Node::parent(element.name, child.children.clone())),
            // An empty reference is unset; anything else that is empty is as good as not said.
            Kind::Reference if child.text.is_empty() => Some(Node::nil(element.name)),
            _ => (!child.text.is_empty()).then(|| Node::text(element.name, child.text.as_str())),
        }
    };
    elements.iter().filter(|element| element.is_in(version)).filter_map(back).collect()
}

/// What is `known`, with what is `new` in its place, group by group.
pub(super) fn merged(known: &[Node], new: &[Node]) -> Vec<Node> {
    let mut all = known.to_vec();
    for part in new {
        match all.iter_mut().find(|other| other.name == part.name) {
            Some(other) if !part.children.is_empty() => other.children = merged(&other.children, &part.children),
            Some(other) => *other = part.clone(),
            None => all.push(part.clone()),
        }
    }
    all
}

pub(super) fn in_schema_order(children: &mut [Node], elements: &[Element]) {
    children.sort_by_key(|child| elements.iter().position(|element| element.name == child.name));
}

/// What a reply shall tell: the elements that were `sent`, or else all, without their values.
pub(super) fn tags(elements: &[Element], version: Version, sent: Option<&[Node]>) -> Vec<Node> {
    let tag = |element: &Element| {
        let sent = match sent {
            Some(sent) => Some(sent.iter().find(|node| node.name == element.name)?),
            None => None,
        };
        Some(match element.kind {
            Kind::Secret => return None,
            Kind::Group(elements) => {
                Node::parent(element.name, tags(elements, version, sent.map(|node| node.children.as_slice())))
            }
            Kind::Members { member, elements } => {
                Node::parent(element.name, vec![Node::parent(member, tags(elements, version, None))])
            }
            _ => Node::text(element.name, element.asked_as),
        })
    };
    elements.iter().filter(|element| element.is_in(version)).filter_map(tag).collect()
}

/// What a list shall tell of each object: all that lists can.
pub(super) fn list_tags(elements: &[Element], version: Version) -> Vec<Node> {
    let listed = elements.iter().filter(|element| !element.unlisted && element.is_in(version));
    listed.flat_map(|element| tags(std::slice::from_ref(element), version, None)).collect()
}

/// In what an object of the device isn't what was sent, each as `path: device has A, the order says B`. Beside a list's
/// members that were sent there may be others.
pub(super) fn differences(sent: &[Node], device: &Node, elements: &[Element]) -> Vec<String> {
    let mut found = Vec::new();
    sent.iter().for_each(|node| compare(node, device, elements, "", &mut found));
    found
}

fn compare(sent: &Node, parent: &Node, elements: &[Element], prefix: &str, found: &mut Vec<String>) {
    let path = format!("{prefix}{}", sent.name);
    let kind = elements.iter().find(|element| element.name == sent.name).map(|element| &element.kind);
    match kind {
        Some(Kind::Secret) => return,
        Some(Kind::Members { elements, .. }) => return compare_members(sent, parent, elements, found),
        _ => {}
    }
    if sent.children.is_empty() {
        let mut values: Vec<&str> = parent.children_named(&sent.name).map(|node| node.text.trim()).collect();
        if values.is_empty() {
            values.push("");
        }
        // A number is unset by 0, and the device may show it as unset.
        let unset = matches!(kind, Some(Kind::Number)) && sent.text == "0" && values == [""];
        if !unset && !values.iter().any(|value| same(value, &sent.text)) {
            let device = shown(&values.join(", "));
            found.push(format!("{path}: device has {device}, the order says {}", shown(&sent.text)));
        }
        return;
    }
    let elements = match kind {
        Some(Kind::Group(elements)) => elements,
        _ => &[][..],
    };
    let prefix = format!("{path}.");
    let within = |device: &Node| {
        let mut found = Vec::new();
        sent.children.iter().for_each(|child| compare(child, device, elements, &prefix, &mut found));
        found
    };
    let candidates = parent.children_named(&sent.name).map(within).min_by_key(Vec::len);
    found.extend(candidates.unwrap_or_else(|| within(&Node::default())));
}

/// The members of a list that was sent whole, in whatever order the device tells of them.
fn compare_members(sent: &Node, parent: &Node, elements: &[Element], found: &mut Vec<String>) {
    let there = parent.child(&sent.name).map(|list| list.children.as_slice()).unwrap_or_default();
    let is_there = |member: &Node| there.iter().any(|other| differences(&member.children, other, elements).is_empty());
    if there.len() == sent.children.len() && sent.children.iter().all(is_there) {
        return;
    }
    let told = |members: &[Node]| {
        let names = members.iter().filter_map(|member| member.children.first()).map(|name| name.text.as_str());
        shown(&names.collect::<Vec<_>>().join(", "))
    };
    found.push(format!("{}: device has {}, the order says {}", sent.name, told(there), told(&sent.children)));
}

/// The device writes truth values in several ways; everything else it gives back as it was sent.
fn same(device: &str, sent: &str) -> bool {
    let truth = |text: &str| match text {
        "true" | "t" => Some(true),
        "false" | "f" => Some(false),
        _ => None,
    };
    device == sent.trim() || (truth(device).is_some() && truth(device) == truth(sent.trim()))
}

fn shown(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: &[Element] = &[choice("on"), reference("space").or_nil(), text("destination")];
    const ELEMENTS: &[Element] = &[
        text("name"),
        reference("pool").or("Default"),
        number("limit"),
        choice("mode"),
        text("old").before(10, 0),
        text("new").from(10, 0),
        group("forward", INNER),
        list("lines"),
        members("services", "service", SERVICE),
        secret("pin"),
    ];
    const SERVICE: &[Element] = &[choice("service"), text("name").or_as("service"), number("button")];

    fn write(values: &[(&str, &str)], version: Version, completeness: Completeness) -> Result<Vec<Node>, WriteError> {
        let flat = values.iter().copied().collect();
        Values { flat, lists: BTreeMap::new() }.write(ELEMENTS, version, completeness)
    }

    const V12: Version = Version::new(12, 5);
    const V9: Version = Version::new(9, 1);

    #[test]
    fn values_come_in_the_order_of_the_schema_and_what_is_mandatory_is_filled_in() {
        let given = [("forward.destination", "1"), ("new", "n"), ("name", "a")];
        let forward = Node::parent("forward", vec![Node::nil("space"), Node::text("destination", "1")]);
        let whole = write(&given, V12, Completeness::Whole).unwrap();
        let pool = Node::text("pool", "Default");
        assert_eq!(whole, [Node::text("name", "a"), pool, Node::text("new", "n"), forward.clone()]);

        let change = write(&given, V12, Completeness::Given).unwrap();
        let said = Node::parent("forward", vec![Node::text("destination", "1")]);
        assert_eq!(change, [Node::text("name", "a"), Node::text("new", "n"), said]);

        let there = Node::parent("object", vec![Node::parent("forward", vec![Node::text("on", "true")])]);
        let group = Node::parent("forward", [vec![Node::text("on", "true")], forward.children].concat());
        assert_eq!(completed(&change, &there, ELEMENTS, V12)[2], group);
    }

    fn service(name: &str, shown: &str) -> Node {
        Node::parent("service", vec![Node::text("service", name), Node::text("name", shown)])
    }

    #[test]
    fn the_members_of_a_list_are_said_by_their_numbers() {
        let given = [("services[10].service", "b"), ("services[2].service", "a"), ("services[2].name", "Mine")];
        let services = Node::parent("services", vec![service("a", "Mine"), service("b", "b")]);
        for completeness in [Completeness::Whole, Completeness::Given] {
            let written = write(&given, V12, completeness).unwrap();
            assert_eq!(written.last(), Some(&services), "{completeness:?}");
        }
        assert_eq!(write(&[("services", "")], V12, Completeness::Given).unwrap(), [Node::parent("services", vec![])]);
        let unknown = |name: &str| Err(WriteError::Unknown { name: name.to_owned(), version: V12 });
        for name in ["services", "services[1].colour", "services[one].name", "services[1]"] {
            assert_eq!(write(&[(name, "red")], V12, Completeness::Given), unknown(name));
        }
    }

    #[test]
    fn a_list_that_was_sent_whole_is_equal_in_any_order_and_never_with_others_beside_it() {
        let object = |services: &[Node]| Node::parent("object", vec![Node::parent("services", services.to_vec())]);
        let [one, other] = [service("a", "a"), service("b", "b")];
        let sent = [Node::parent("services", vec![one.clone(), other.clone()])];
        assert_eq!(differences(&sent, &object(&[other.clone(), one.clone()]), ELEMENTS), Vec::<String>::new());
        let missing = differences(&sent, &object(std::slice::from_ref(&one)), ELEMENTS);
        assert_eq!(missing, ["services: device has a, the order says a, b"]);
        let none = [Node::parent("services", vec![])];
        assert_eq!(differences(&none, &Node::default(), ELEMENTS), Vec::<String>::new());
        assert_eq!(differences(&none, &object(&[other]), ELEMENTS), ["services: device has b, the order says none"]);
    }

    #[test]
    fn each_kind_is_unset_in_its_own_way() {
        let unset = |name| write(&[(name, "")], V12, Completeness::Given);
        assert_eq!(unset("name").unwrap(), [Node::text("name", "")]);
        assert_eq!(unset("pool").unwrap(), [Node::nil("pool")]);
        assert_eq!(unset("limit").unwrap(), [Node::text("limit", "0")]);
        assert_eq!(unset("pin"), Err(WriteError::Secret { name: "pin".to_owned() }));
        assert_eq!(unset("mode"), Err(WriteError::NotUnset { name: "mode".to_owned() }));
    }

    #[test]
    fn what_a_version_does_not_have_is_not_sent() {
        let unknown = |name: &str, version| Err(WriteError::Unknown { name: name.to_owned(), version });
        assert_eq!(write(&[("new", "n")], V9, Completeness::Given), unknown("new", V9));
        assert_eq!(write(&[("old", "o")], V12, Completeness::Given), unknown("old", V12));
        assert_eq!(write(&[("forward.colour", "red")], V12, Completeness::Given), unknown("forward.colour", V12));
        let control = write(&[("name", "a\nb")], V12, Completeness::Given);
        assert_eq!(control, Err(WriteError::Control { name: "name".to_owned() }));
    }

    #[test]
    fn only_what_was_sent_is_compared() {
        let device = Node::parent(
            "object",
            vec![
                Node::text("name", "b"),
                Node::text("mode", "t"),
                Node::text("pool", ""),
                Node::text("limit", "3"),
                Node::parent("lines", vec![Node::text("line", "1"), Node::text("line", "2")]),
            ],
        );
        let lines = |number: &str| Node::parent("lines", vec![Node::text("line", number)]);
        let sent = [Node::text("mode", "true"), Node::nil("pool"), lines("2"), Node::text("pin", "1234")];
        assert_eq!(differences(&sent, &device, ELEMENTS), Vec::<String>::new());
        let unset = Node::parent("object", vec![Node::text("limit", "")]);
        assert_eq!(differences(&[Node::text("limit", "0")], &unset, ELEMENTS), Vec::<String>::new());
        assert_eq!(differences(&[Node::text("name", "0")], &unset, ELEMENTS).len(), 1);
        let sent = [Node::text("name", "a"), Node::text("new", "n"), lines("3")];
        let expected = [
            "name: device has b, the order says a",
            "new: device has none, the order says n",
            "lines.line: device has 1, 2, the order says 3",
        ];
        assert_eq!(differences(&sent, &device, ELEMENTS), expected);
    }
}
