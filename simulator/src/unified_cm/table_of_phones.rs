//! The rows that follow from what phones keep as it came.

use super::objects::{Object, text};
use super::origin::Origin;
use super::table_rows::{Rows, Value, column, pkid};
use crate::xml::{self, Element};

/// Whether somebody is not to be disturbed at a phone.
pub(super) fn disturbance(origin: Origin<'_>) -> Rows<'_> {
    Box::new(origin.of("phone").map(|phone| {
        let status = column(&phone.fields, "dndStatus");
        vec![pkid(&phone.uuid), if status.is_empty() { "f".into() } else { status }]
    }))
}

/// Whether a phone is logged in to its hunt groups, as it is until somebody says otherwise.
pub(super) fn hunting(origin: Origin<'_>) -> Rows<'_> {
    Box::new(origin.of("phone").map(|phone| {
        let is_out = column(&phone.fields, "hlogStatus") == "Off";
        vec![pkid(&phone.uuid), if is_out { "f".into() } else { "t".into() }]
    }))
}

pub(super) fn speed_dials(origin: Origin<'_>) -> Rows<'_> {
    kept(origin, "speeddials", &["index", "dirn", "label"])
}

pub(super) fn busy_lamps(origin: Origin<'_>) -> Rows<'_> {
    kept(origin, "busyLampFields", &["index", "blfDest", "label"])
}

/// A row for each member of a list of each phone: the phone's id, and these elements.
fn kept<'a>(origin: Origin<'a>, list: &'static str, elements: &'static [&'static str]) -> Rows<'a> {
    let rows = move |phone: &'a Object| {
        let list = phone.fields.get(list).and_then(|kept| xml::parse(text(kept)).ok());
        let row = move |member: Element| -> Vec<Value<'a>> {
            let of = |name: &&str| member.child(name).map_or_else(String::new, |child| child.text.clone()).into();
            std::iter::once(pkid(&phone.uuid)).chain(elements.iter().map(of)).collect()
        };
        list.into_iter().flat_map(|list| list.children).map(row)
    };
    Box::new(origin.of("phone").flat_map(rows))
}
