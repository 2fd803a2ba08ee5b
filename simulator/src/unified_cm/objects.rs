use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::changes::ChangeQueue;
use super::models;
use super::refusal::Refusal;
use super::schema::{Class, Field, Rule};
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
            let fields = Fields::from([("name".to_owned(), Value::Text(name.clone()))]);
            objects.apply(Change { object: format!("{class}/{name}"), value: Some(Object { uuid, fields }) });
        }
        let uuid =
            |key: &str| Value::Text(objects.by_key.get(key).map(|object| object.uuid.clone()).unwrap_or_default());
        let of_pool: Fields = models::DEFAULT_POOL.map(|(name, key)| (name.to_owned(), uuid(key))).into();
        if let Some(pool) = objects.by_key.get_mut("devicePool/Default") {
            pool.fields.extend(of_pool);
        }
        objects.forget_changes();
        objects
    }
}

impl Holdings for Objects {
    type Object = Object;

    fn apply(&mut self, change: Change<Object>) {
        let old = self.by_key.remove(&change.object);
        if let Some(old) = &old {
            self.key_of.remove(&old.uuid);
        }
        self.changes.note(&change.object, old.as_ref(), change.value.as_ref());
        if let Some(new) = change.value {
            self.key_of.insert(new.uuid.clone(), change.object.clone());
            self.by_key.insert(change.object, new);
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
        let found = self.by_key.get_key_value(&format!("{}/{key}", class.name));
        found.map(|(key, object)| (key.as_str(), object)).ok_or_else(|| Refusal::not_found(class.title))
    }

    /// The object with this uuid, if it is of the class.
    pub(super) fn with_uuid(&self, class: &Class, uuid: &str) -> Result<(&str, &Object), Refusal> {
        let key = self.key_of.get(uuid).and_then(|key| key.strip_prefix(class.name)?.strip_prefix('/'));
        key.map_or_else(|| Err(Refusal::not_found(class.title)), |key| self.get(class, key))
    }

    /// All objects of a class, by key.
    pub(super) fn of(&self, class: &Class) -> impl Iterator<Item = (&str, &Object)> {
        let prefix = format!("{}/", class.name);
        let until = format!("{}0", class.name);
        self.by_key.range(prefix.clone()..until).map(move |(key, object)| (&key[prefix.len()..], object))
    }

    /// The key of the object with this uuid, without its class.
    pub(super) fn name_of(&self, uuid: &str) -> &str {
        self.key_of.get(uuid).and_then(|key| key.split_once('/')).map_or("", |(_, key)| key)
    }

    /// What it takes to add an object.
    pub(super) fn add(&self, class: &Class, uuid: String, mut fields: Fields) -> Result<Changes, Refusal> {
        models::complete(class, &mut fields, self);
        let key = self.key(class, &fields);
        if self.by_key.contains_key(&key) {
            return Err(Refusal::duplicate());
        }
        self.check(class, &fields)?;
        Ok(vec![Change { object: key, value: Some(Object { uuid, fields }) }])
    }

    /// What it takes to make an object's fields these; nothing, when they are these already.
    pub(super) fn set(&self, class: &Class, key: &str, fields: Fields) -> Result<Changes, Refusal> {
        let (key, object) = self.get(class, key)?;
        if fields == object.fields {
            return Ok(Changes::new());
        }
        self.check(class, &fields)?;
        let new_key = self.key(class, &fields);
        let mut changes = Changes::new();
        if new_key != key {
            if self.by_key.contains_key(&new_key) {
                return Err(Refusal::duplicate());
            }
            changes.push(Change { object: key.to_owned(), value: None });
        }
        if class.name == "routePartition"
            && let Some(new_name) = fields.get("name").map(text)
        {
            changes.extend(self.lines_of_renamed_partition(&object.uuid, new_name));
        }
        changes.push(Change { object: new_key, value: Some(Object { uuid: object.uuid.clone(), fields }) });
        Ok(changes)
    }

    /// The keys of lines name their partition.
    fn lines_of_renamed_partition(&self, partition: &str, new_name: &str) -> Changes {
        let mut changes = Changes::new();
        for (key, line) in self.by_key.range("line/".to_owned().."line0".to_owned()) {
            if line.fields.get("routePartitionName").map(text) == Some(partition) {
                let pattern = line.fields.get("pattern").map(text).unwrap_or_default();
                changes.push(Change { object: key.clone(), value: None });
                changes.push(Change { object: format!("line/{pattern}/{new_name}"), value: Some(line.clone()) });
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
        let (key, object) = self.get(class, key)?;
        let mut changes = vec![Change { object: key.to_owned(), value: None }];
        for (other, holder) in &self.by_key {
            let Some(holder_class) = other.split('/').next().and_then(Class::named) else { continue };
            if other == key {
                continue;
            }
            if let Scrubbed::Changed(fields) = scrub_fields(holder_class.fields, &holder.fields, &object.uuid)? {
                let value = Some(Object { uuid: holder.uuid.clone(), fields });
                changes.push(Change { object: other.clone(), value });
            }
        }
        Ok(changes)
    }

    fn key(&self, class: &Class, fields: &Fields) -> String {
        let mut key = class.name.to_owned();
        for name in class.key {
            let value = match fields.get(*name) {
                Some(Value::Text(text)) => text.as_str(),
                _ => "",
            };
            let refers = class.fields.iter().any(|f| f.name == *name && matches!(f.rule, Rule::Needs(_)));
            key.push('/');
            key.push_str(if refers { self.name_of(value) } else { value });
        }
        key
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

/// What is left when references to an object go.
enum Scrubbed<T> {
    Same,
    Changed(T),
    Gone,
}

fn scrub_fields(fields: &[Field], values: &Fields, uuid: &str) -> Result<Scrubbed<Fields>, Refusal> {
    let mut left = values.clone();
    let mut changed = false;
    for (name, value) in values {
        // A field may stand in the list once for each range of versions; its rule is the same in all of them.
        let Some(field) = fields.iter().find(|field| field.name == name) else { continue };
        match scrub(&field.rule, value, uuid)? {
            Scrubbed::Same => continue,
            Scrubbed::Changed(value) => drop(left.insert(name.clone(), value)),
            Scrubbed::Gone if field.required => return Ok(Scrubbed::Gone),
            Scrubbed::Gone => drop(left.remove(name)),
        }
        changed = true;
    }
    Ok(if changed { Scrubbed::Changed(left) } else { Scrubbed::Same })
}

fn scrub(rule: &Rule, value: &Value, uuid: &str) -> Result<Scrubbed<Value>, Refusal> {
    match (rule, value) {
        (Rule::Needs(_), Value::Text(text)) if text == uuid => Err(Refusal::still_needed()),
        (Rule::Names(_) | Rule::Dirn, Value::Text(text)) if text == uuid => Ok(Scrubbed::Gone),
        (Rule::Group(fields), Value::Group(values)) => Ok(match scrub_fields(fields, values, uuid)? {
            Scrubbed::Same => Scrubbed::Same,
            Scrubbed::Changed(fields) => Scrubbed::Changed(Value::Group(fields)),
            Scrubbed::Gone => Scrubbed::Gone,
        }),
        (Rule::List(_, rule), Value::List(members)) => {
            let mut left = Vec::with_capacity(members.len());
            let mut changed = false;
            for member in members {
                match scrub(rule, member, uuid)? {
                    Scrubbed::Same => left.push(member.clone()),
                    Scrubbed::Changed(member) => {
                        left.push(member);
                        changed = true;
                    }
                    Scrubbed::Gone => changed = true,
                }
            }
            Ok(if changed { Scrubbed::Changed(Value::List(left)) } else { Scrubbed::Same })
        }
        _ => Ok(Scrubbed::Same),
    }
}
