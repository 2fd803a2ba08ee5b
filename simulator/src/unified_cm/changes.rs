//! The queue of changes that `listChange` tells, as the AXL developer guide describes it.

use std::collections::VecDeque;

use super::objects::{Changes, Fields, Object, Objects, PENDING, Value};
use super::operations::Outcome;
use super::refusal::Refusal;
use super::schema::{Class, Rule};
use crate::xml::Element;

/// What changed, oldest first.
#[derive(Debug, Default)]
pub(super) struct ChangeQueue {
    entries: VecDeque<Entry>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    class: &'static Class,
    uuid: String,
    action: Action,
    /// The fields that changed, with their values where they are plain.
    tags: Vec<(String, Option<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Added,
    Updated,
    Removed,
}

/// The queue forgets what is older.
const MOST_CHANGES: usize = 100_000;

impl ChangeQueue {
    /// Notes what became of the object that `key` names, class and all.
    pub(super) fn note(&mut self, key: &str, old: Option<&Object>, new: Option<&Object>) {
        let class = key.split('/').next().and_then(Class::named).filter(|class| !class.title.is_empty());
        let Some(class) = class else { return };
        match (old, new) {
            (Some(old), None) => self.push(class, &old.uuid, Action::Removed, Vec::new()),
            (Some(old), Some(new)) => {
                let tags = changed(class, &old.fields, &new.fields);
                if !tags.is_empty() {
                    self.push(class, &new.uuid, Action::Updated, tags);
                }
            }
            (None, Some(new)) => {
                // Another key is the old one gone and a new one come.
                let renamed =
                    self.entries.pop_back_if(|last| last.uuid == new.uuid && last.action == Action::Removed).is_some();
                if renamed {
                    self.last -= 1;
                    let key = |name: &&str| ((*name).to_owned(), plain(class, name, new.fields.get(*name)));
                    self.push(class, &new.uuid, Action::Updated, class.key.iter().map(key).collect());
                } else {
                    self.push(class, &new.uuid, Action::Added, Vec::new());
                }
            }
            (None, None) => {}
        }
    }

    fn push(&mut self, class: &'static Class, uuid: &str, action: Action, tags: Vec<(String, Option<String>)>) {
        self.last += 1;
        self.entries.push_back(Entry { id: self.last, class, uuid: uuid.to_owned(), action, tags });
        if self.entries.len() > MOST_CHANGES {
            self.entries.pop_front();
        }
    }

    /// All that is known, as the queue's own numbers.
    fn info(&self, queue: &str) -> Element {
        let first = self.entries.front().map_or(self.last + 1, |entry| entry.id);
        let number = |name: &str, number: u64| Element::with_text(name, &number.to_string());
        Element::with_children(
            "queueInfo",
            vec![
                number("firstChangeId", first),
                number("lastChangeId", self.last),
                number("nextStartChangeId", self.last + 1),
                Element::with_text("queueId", queue),
            ],
        )
    }
}

fn changed(class: &Class, old: &Fields, new: &Fields) -> Vec<(String, Option<String>)> {
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let names = names.filter(|name| *name != PENDING && old.get(*name) != new.get(*name));
    names.map(|name| (name.clone(), plain(class, name, new.get(name)))).collect()
}

/// The value of a field that the change tells itself, so that nobody needs to ask for the object.
fn plain(class: &Class, name: &str, value: Option<&Value>) -> Option<String> {
    let rule = class.fields.iter().find(|field| field.name == name).map(|field| &field.rule);
    match (rule, value) {
        (Some(Rule::Text(_) | Rule::Word(_) | Rule::Flag | Rule::Number(..)), Some(Value::Text(text))) => {
            Some(text.clone())
        }
        (Some(Rule::Text(_)), None) => Some(String::new()),
        _ => None,
    }
}

/// The changes from a number on, of some classes or all. Another queue's numbers mean nothing here, so they get none; so
/// does who asks for nothing.
pub(super) fn list(content: &[Element], objects: &Objects, queue: &str) -> Outcome {
    let mut rest = content;
    let mut start = None;
    if let [first, others @ ..] = rest
        && first.name == "startChangeId"
    {
        let id = first.text.trim().parse::<u64>().map_err(|_| Refusal::malformed("startChangeId is no number"))?;
        let of_queue = first.attributes.iter().find(|(name, _)| name == "queueId");
        let (_, of_queue) = of_queue.ok_or_else(|| Refusal::malformed("startChangeId has no queueId"))?;
        start = Some((id, of_queue == queue));
        rest = others;
    }
    let wanted: Option<Vec<&str>> = match rest {
        [] => None,
        [list] if list.name == "objectList" => Some(list.children.iter().map(|object| object.text.trim()).collect()),
        [other, ..] => return Err(Refusal::schema(&other.name, "objectList")),
    };
    let from = match (start, &wanted) {
        (Some((id, true)), _) => id,
        (None, Some(_)) => 0,
        (Some((_, false)) | None, _) => u64::MAX,
    };
    let is_wanted =
        |entry: &&Entry| entry.id >= from && wanted.as_ref().is_none_or(|wanted| wanted.contains(&entry.class.title));
    let changes: Vec<Element> = objects.changes.entries.iter().filter(is_wanted).map(shown).collect();
    let content = vec![objects.changes.info(queue), Element::with_children("changes", changes)];
    Ok((Element::with_children("listChangeResponse", content), Changes::new()))
}

fn shown(entry: &Entry) -> Element {
    let action = match entry.action {
        Action::Added => "a",
        Action::Updated => "u",
        Action::Removed => "r",
    };
    let asks = entry.action == Action::Added || entry.tags.iter().any(|(_, value)| value.is_none());
    let tag = |(name, value): &(String, Option<String>)| {
        let mut tag = Element::with_text("changedTag", value.as_deref().unwrap_or_default());
        tag.attributes.push(("name".to_owned(), name.clone()));
        tag
    };
    let mut change = Element::with_children(
        "change",
        vec![
            Element::with_text("id", &entry.id.to_string()),
            Element::with_text("action", action),
            Element::with_text("doGet", &asks.to_string()),
            Element::with_children("changedTags", entry.tags.iter().map(tag).collect()),
        ],
    );
    change.attributes.push(("type".to_owned(), entry.class.title.to_owned()));
    change.attributes.push(("uuid".to_owned(), entry.uuid.clone()));
    change
}
