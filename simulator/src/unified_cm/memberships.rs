//! User groups and their members know of each other: what is said of one is said of the other.

use super::objects::{Changes, Fields, Object, Objects, Value, text};
use super::schema::Class;
use crate::journal::Change;

/// A list that names others, and the field of its members that does.
type Side = (&'static str, &'static str);

const GROUPS: Side = ("associatedGroups", "name");
const MEMBERS: Side = ("members", "userId");

/// What it takes at the others when an object, which is known by its uuid, comes to name other ones than before.
pub(super) fn mirrored(objects: &Objects, class: &Class, uuid: &str, before: &Fields, after: &Fields) -> Changes {
    let (own, other) = match class.name {
        "user" => (GROUPS, MEMBERS),
        "userGroup" => (MEMBERS, GROUPS),
        _ => return Changes::new(),
    };
    let (before, after) = (named(before, own), named(after, own));
    let gone = before.iter().filter(|id| !after.contains(id));
    let come = after.iter().filter(|id| !before.contains(id));
    let change = |id: &str, comes: bool| {
        let (key, object) = objects.any_with_uuid(id)?;
        let mut fields = object.fields.clone();
        let (list, field) = other;
        let Value::List(members) = fields.entry(list.to_owned()).or_insert_with(|| Value::List(Vec::new())) else {
            return None;
        };
        if comes {
            let member = Fields::from([(field.to_owned(), Value::Text(uuid.to_owned()))]);
            members.push(Value::Group(member));
        } else {
            members.retain(|member| name_in(member, field) != Some(uuid));
        }
        Some(Change { object: key.to_owned(), value: Some(Object { uuid: object.uuid.clone(), fields }) })
    };
    gone.filter_map(|id| change(id, false)).chain(come.filter_map(|id| change(id, true))).collect()
}

fn named(fields: &Fields, (list, field): Side) -> Vec<&str> {
    match fields.get(list) {
        Some(Value::List(members)) => members.iter().filter_map(|member| name_in(member, field)).collect(),
        _ => Vec::new(),
    }
}

fn name_in<'a>(member: &'a Value, field: &str) -> Option<&'a str> {
    match member {
        Value::Group(fields) => fields.get(field).map(text),
        Value::Text(_) | Value::List(_) => None,
    }
}
