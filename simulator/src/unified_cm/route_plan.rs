//! The route plan: all patterns of all kinds, with what they lead to.

use super::objects::{Object, Objects, Value, text};
use super::operations::{Outcome, is_like, place, rows};
use super::refusal::Refusal;
use super::schema::Class;
use crate::xml::Element;

/// The classes of patterns, with the name and the number that the database has for the use of each.
pub(super) const PATTERNS: [(&str, &str, &str); 11] = [
    ("callPark", "Call Park", "0"),
    ("meetMe", "Conference", "1"),
    ("line", "Device", "2"),
    ("transPattern", "Translation", "3"),
    ("callPickupGroup", "Call Pick Up Group", "4"),
    ("routePattern", "Route", "5"),
    ("messageWaiting", "Message Waiting", "6"),
    ("huntPilot", "Hunt Pilot", "7"),
    ("directedCallPark", "Directed Call Park", "12"),
    ("callingPartyTransformationPattern", "Translation Calling Party Number", "15"),
    ("calledPartyTransformationPattern", "Called Party Number Transformation", "20"),
];

const FIELDS: [&str; 4] = ["dnOrPattern", "partition", "type", "routeDetail"];

/// Lists patterns by number, partition and use.
pub(super) fn list(content: &[Element], objects: &Objects) -> Outcome {
    let [criteria, tags, page @ ..] = content else {
        return Err(Refusal::incomplete("listRoutePlan", "searchCriteria, returnedTags"));
    };
    if criteria.name != "searchCriteria" || tags.name != "returnedTags" {
        return Err(Refusal::schema(&criteria.name, "searchCriteria, returnedTags"));
    }
    if criteria.children.is_empty() {
        return Err(Refusal::malformed("searchCriteria needs at least one criterion"));
    }
    for (asked, known) in [(criteria, &FIELDS[..3]), (tags, &FIELDS[..])] {
        if let Some(odd) = asked.children.iter().find(|child| !known.contains(&child.name.as_str())) {
            return Err(Refusal::schema(&odd.name, &known.join(", ")));
        }
    }
    let (skip, first) = place(page)?;
    let wanted =
        |name: &str, value: &str| criteria.child(name).is_none_or(|criterion| is_like(value, criterion.text.trim()));
    let row = |(class, usage, object): (&str, &str, &Object)| {
        let of = |name: &str| object.fields.get(name).map(text).unwrap_or_default();
        let partition = of("routePartitionName");
        let detail = detail(objects, class, object);
        let values = [of("pattern"), objects.name_of(partition), usage, detail.as_str()];
        let is_wanted = FIELDS.iter().zip(&values).take(3).all(|(name, value)| wanted(name, value));
        let mut row = Element::new("routePlan");
        row.attributes.push(("uuid".to_owned(), object.uuid.clone()));
        for (name, value) in FIELDS.iter().zip(values) {
            if tags.children.is_empty() || tags.child(name).is_some() {
                let mut field = Element::with_text(name, value);
                if *name == "partition" && !partition.is_empty() {
                    field.attributes.push(("uuid".to_owned(), partition.to_owned()));
                }
                row.children.push(field);
            }
        }
        is_wanted.then_some(row)
    };
    rows(all(objects).filter_map(row).skip(skip).take(first).collect())
}

/// All patterns, each with its class and the name of its use.
fn all(objects: &Objects) -> impl Iterator<Item = (&'static str, &'static str, &Object)> {
    PATTERNS.into_iter().flat_map(|(name, usage, _)| {
        let class = Class::named(name).into_iter();
        class.flat_map(|class| objects.of(class)).map(move |(_, object)| (name, usage, object))
    })
}

/// What a pattern leads to.
fn detail(objects: &Objects, class: &str, object: &Object) -> String {
    match class {
        "line" => {
            let names: Vec<&str> = objects.phones_with(&object.uuid).map(|(name, _)| name).collect();
            names.join(",")
        }
        "huntPilot" => objects.name_of(object.fields.get("huntListName").map(text).unwrap_or_default()).to_owned(),
        "routePattern" => match object.fields.get("destination") {
            Some(Value::Group(destination)) => {
                destination.values().map(|uuid| objects.name_of(text(uuid))).collect::<Vec<_>>().join(",")
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}
