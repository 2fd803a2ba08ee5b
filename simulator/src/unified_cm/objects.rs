use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::changes::ChangeQueue;
use super::classes::CLASSES;
use super::references::{Scrubbed, scrub_fields};
use super::refusal::Refusal;
use super::schema::{Class, Rule};
use super::{fresh, memberships, models};
use crate::journal::Change;
use crate::ledger::Holdings;

/// A field's value. References to other objects are held by uuid, so that they survive a renaming.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    Text(String),
    List(Vec<Value>),
    Group(Fields),
}

pub(super) type Fields = BTreeMap<String, Value>;

/// An object as it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    pub(super) uuid: String,
    pub(super) fields: Fields,
}

pub(super) type Changes = Vec<Change<Object>>;

/// Everything that the device holds, by class and key, such as `phone/SEP0011AABBCCDD` or `line/1001/Internal`.
#[derive(Debug)]
pub(super) struct Objects {
    by_key: BTreeMap<String, Object>,
    key_of: HashMap<String, String>,
    pub(super) changes: ChangeQueue,
}

/// On a phone that hasn't taken over what was changed. It is no field of any message.
pub(super) const PENDING: &str = "pending";

impl Default for Objects {
    /// A fresh device, with what the maker puts on it.
    fn default() -> Self {
        let mut objects = Self { by_key: BTreeMap::new(), key_of: HashMap::new(), changes: ChangeQueue::default() };
        for (number, (class, name)) in models::built_in().into_iter().enumerate() {
            let uuid = format!("{{00000000-0000-0000-0000-{number:012}}}").to_uppercase();
            let key = Class::named(class).map_or("name", |class| class.key[0]);
            let fields = Fields::from([(key.to_owned(), Value::Text(name.clone()))]);
            objects.apply(Change { object: format!("{class}/{name}"), value: Some(Object { uuid, fields }) });
        }
        let uuid =
            |key: &str| Value::Text(objects.by_key.get(key).map(|object| object.uuid.clone()).unwrap_or_default());
        let of_pool: Fields = models::DEFAULT_POOL.map(|(name, key)| (name.to_owned(), uuid(key))).into();
        if let Some(pool) = objects.by_key.get_mut("devicePool/Default") {
            pool.fields.extend(of_pool);
        }
        fresh::furnish(&mut objects);
        objects.forget_changes();
        objects
    }
}

impl Holdings for Objects {
    type Object = Object;

    fn apply(&mut self, change: Change<Object>) {
        let key = place(change.object);
        let old = self.by_key.remove(&key);
        if let Some(old) = &old {
            self.key_of.remove(&old.uuid);
        }
        self.changes.note(&key, old.as_ref(), change.value.as_ref());
        if let Some(new) = change.value {
            self.key_of.insert(new.uuid.clone(), key.clone());
            self.by_key.insert(key, new);
        }
    }
}

impl Objects {
    /// Begins a new queue of changes, as a device does when it starts.
    pub(super) fn forget_changes(&mut self) {
        self.changes = ChangeQueue::default();
    }

    /// The object of a class with this key.
    pub(super) fn get(&self, class: &Class, key: &str) -> Result<(&str, &Object), Refusal> {
        let found = self.by_key.get_key_value(&place(format!("{}/{key}", class.name)));
        found.map(|(key, object)| (key.as_str(), object)).ok_or_else(|| Refusal::not_found(class.title))
    }

    /// The object with this uuid, if it is of the class.
    pub(super) fn with_uuid(&self, class: &Class, uuid: &str) -> Result<(&str, &Object), Refusal> {
        let key = self.key_of.get(uuid).and_then(|key| key.strip_prefix(class.name)?.strip_prefix('/'));
        key.map_or_else(|| Err(Refusal::not_found(class.title)), |key| self.get(class, key))
    }

    /// The object with this other key of its class; with its key, without the class.
    pub(super) fn with_other_key(&self, class: &Class, key: &str) -> Result<(&str, &Object), Refusal> {
        let mut all = self.of(class);
        let found = all.find(|(_, object)| self.joined(class, class.other_key, &object.fields) == key);
        found.ok_or_else(|| Refusal::not_found(class.title))
    }

    /// All objects of a class, by key.
    pub(super) fn of(&self, class: &Class) -> impl Iterator<Item = (&str, &Object)> {
        let until = format!("{}0", class.name);
        let all = self.by_key.range(format!("{}/", class.name)..until);
        all.map(|(key, object)| (shown_key(key, object), object))
    }

    /// The key of the object with this uuid, without its class.
    pub(super) fn name_of(&self, uuid: &str) -> &str {
        let found = self.key_of.get(uuid).and_then(|key| self.by_key.get_key_value(key));
        found.map_or("", |(key, object)| shown_key(key, object))
    }

    /// The object with this uuid, whatever its class; with the class in its key.
    pub(super) fn any_with_uuid(&self, uuid: &str) -> Option<(&str, &Object)> {
        let (key, object) = self.by_key.get_key_value(self.key_of.get(uuid)?)?;
        Some((key, object))
    }

    /// Changes what a device has from the start.
    pub(super) fn take(&mut self, changes: Changes) {
        changes.into_iter().for_each(|change| self.apply(change));
    }

    /// Puts in an object that a device has from the start.
    pub(super) fn deliver(&mut self, class: &Class, fields: Fields) {
        let uuid = format!("{{00000000-0000-0000-0000-{:012}}}", self.by_key.len());
        let object = self.key(class, &fields);
        self.apply(Change { object, value: Some(Object { uuid, fields }) });
    }

    /// What it takes to add an object.
    pub(super) fn add(&self, class: &Class, uuid: String, mut fields: Fields) -> Result<Changes, Refusal> {
        models::complete(class, &mut fields, self);
        let key = self.key(class, &fields);
        if self.by_key.contains_key(&key) || self.has_other_key(class, &uuid, &fields) {
            return Err(Refusal::duplicate());
        }
        self.check(class, &fields)?;
        let mut changes = memberships::mirrored(self, class, &uuid, &Fields::new(), &fields);
        changes.push(Change { object: key, value: Some(Object { uuid, fields }) });
        Ok(changes)
    }

    /// What it takes to make an object's fields these; nothing, when they are these already.
    pub(super) fn set(&self, class: &Class, key: &str, mut fields: Fields) -> Result<Changes, Refusal> {
        let (key, object) = self.get(class, key)?;
        models::name_endpoint(class, &mut fields);
        if fields == object.fields {
            return Ok(Changes::new());
        }
        self.check(class, &fields)?;
        let new_key = self.key(class, &fields);
        if new_key != key && self.by_key.contains_key(&new_key) || self.has_other_key(class, &object.uuid, &fields) {
            return Err(Refusal::duplicate());
        }
        let mut changes = memberships::mirrored(self, class, &object.uuid, &object.fields, &fields);
        if new_key != key {
            changes.push(Change { object: key.to_owned(), value: None });
        }
        if class.name == "routePartition"
            && let Some(new_name) = fields.get("name").map(text)
        {
            changes.extend(self.patterns_of_renamed_partition(&object.uuid, new_name));
        }
        changes.push(Change { object: new_key, value: Some(Object { uuid: object.uuid.clone(), fields }) });
        Ok(changes)
    }

    /// The keys of patterns, such as directory numbers, name their partition.
    fn patterns_of_renamed_partition(&self, partition: &str, new_name: &str) -> Changes {
        let mut changes = Changes::new();
        for class in CLASSES.iter().filter(|class| class.key.contains(&"routePartitionName")) {
            for (key, object) in self.of(class) {
                if object.fields.get("routePartitionName").map(text) == Some(partition) {
                    let pattern = object.fields.get(class.key[0]).map(text).unwrap_or_default();
                    changes.push(Change { object: format!("{}/{key}", class.name), value: None });
                    let key = format!("{}/{pattern}/{new_name}", class.name);
                    changes.push(Change { object: key, value: Some(object.clone()) });
                }
            }
        }
        changes
    }

    /// What it takes to note on phones that they haven't taken over what was changed, or that they have.
    pub(super) fn note_pending<'a>(
        &self,
        phones: impl Iterator<Item = (&'a str, &'a Object)>,
        pending: bool,
    ) -> Changes {
        let note = |(key, phone): (&str, &Object)| {
            let mut fields = phone.fields.clone();
            let changed = match pending {
                true => fields.insert(PENDING.to_owned(), Value::Text("true".to_owned())).is_none(),
                false => fields.remove(PENDING).is_some(),
            };
            let value = Some(Object { uuid: phone.uuid.clone(), fields });
            changed.then(|| Change { object: format!("phone/{key}"), value })
        };
        phones.filter_map(note).collect()
    }

    /// The phones with a line.
    pub(super) fn phones_with(&self, line: &str) -> impl Iterator<Item = (&str, &Object)> {
        let has = move |phone: &Object| match phone.fields.get("lines") {
            Some(Value::List(lines)) => lines.iter().any(|held| member(held, "dirn").map(text) == Some(line)),
            _ => false,
        };
        Class::named("phone").into_iter().flat_map(|phones| self.of(phones)).filter(move |(_, phone)| has(phone))
    }

    /// What it takes to remove an object: where others name it, it disappears; where they need it, it stays.
    pub(super) fn remove(&self, class: &Class, key: &str) -> Result<Changes, Refusal> {
        let (_, object) = self.get(class, key)?;
        self.remove_all(&[&object.uuid])
    }

    /// The same of all objects with these ids. What is nothing without one of them goes with it.
    pub(super) fn remove_all(&self, gone: &[&str]) -> Result<Changes, Refusal> {
        let mut changes = Changes::new();
        for (key, object) in &self.by_key {
            let Some(class) = key.split('/').next().and_then(Class::named) else { continue };
            let left = match gone.contains(&object.uuid.as_str()) {
                true => Scrubbed::Gone,
                false => scrub_fields(class.fields, &object.fields, gone)?,
            };
            let value = match left {
                Scrubbed::Same => continue,
                Scrubbed::Changed(fields) => Some(Object { uuid: object.uuid.clone(), fields }),
                Scrubbed::Gone => None,
            };
            changes.push(Change { object: key.clone(), value });
        }
        Ok(changes)
    }

    fn key(&self, class: &Class, fields: &Fields) -> String {
        place(format!("{}/{}", class.name, self.joined(class, class.key, fields)))
    }

    /// Whether another object than the one with this uuid has the same other key.
    fn has_other_key(&self, class: &Class, uuid: &str, fields: &Fields) -> bool {
        let key = self.joined(class, class.other_key, fields);
        !class.other_key.is_empty() && self.with_other_key(class, &key).is_ok_and(|(_, object)| object.uuid != uuid)
    }

    /// The values of some fields as a key has them.
    fn joined(&self, class: &Class, names: &[&str], fields: &Fields) -> String {
        let value_of = |name: &&str| {
            let value = match fields.get(*name) {
                Some(Value::Text(text)) => text.as_str(),
                _ => "",
            };
            let refers = class.fields.iter().any(|field| {
                field.name == *name && matches!(field.rule, Rule::Needs(_) | Rule::Names(_) | Rule::NamesOne(_))
            });
            if refers { self.name_of(value) } else { value }
        };
        names.iter().map(value_of).collect::<Vec<_>>().join("/")
    }

    /// The rules that go beyond one field.
    fn check(&self, class: &Class, fields: &Fields) -> Result<(), Refusal> {
        let Some(Value::List(lines)) = fields.get("lines") else { return models::check(class, fields) };
        for name in ["index", "dirn"] {
            let values: Vec<_> = lines.iter().map(|line| member(line, name)).collect();
            if values.iter().enumerate().any(|(at, value)| values[..at].contains(value)) {
                return Err(Refusal::duplicate());
            }
        }
        let template =
            fields.get("phoneTemplateName").map(text).and_then(|uuid| self.by_key.get(self.key_of.get(uuid)?));
        let buttons = template.and_then(|template| models::buttons(template, self)).unwrap_or(usize::MAX);
        let highest = lines.iter().filter_map(|line| text(member(line, "index")?).parse::<usize>().ok()).max();
        if highest.unwrap_or_default() > buttons {
            return Err(Refusal::invalid("lines", &format!("the button template has {buttons} lines")));
        }
        models::check(class, fields)
    }
}

/// Where an object is kept: under its class and key, in small letters where the class doesn't tell them from capitals.
fn place(key: String) -> String {
    let Some((class, name)) = key.split_once('/') else { return key };
    match Class::named(class).is_some_and(|class| class.ignores_case) {
        true => format!("{class}/{}", name.to_lowercase()),
        false => key,
    }
}

/// A key without its class, as it was written.
fn shown_key<'a>(key: &'a str, object: &'a Object) -> &'a str {
    let (class, key) = key.split_once('/').unwrap_or_default();
    let class = Class::named(class).filter(|class| class.ignores_case);
    class.and_then(|class| object.fields.get(class.key[0])).map_or(key, text)
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Group(fields) => fields.get(name),
        Value::Text(_) | Value::List(_) => None,
    }
}

/// The text of a value that is text.
pub(super) fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        Value::List(_) | Value::Group(_) => "",
    }
}
