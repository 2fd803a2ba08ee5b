//! What no list tells of an object, and asking for each object alone would take hours: the lines of phones and
//! profiles, and the devices of users. It is read from the device's database, whose tables its data dictionary describes.

use std::collections::BTreeMap;

use dialtone_model::{Attributes, ObjectKind};

use super::client::{Axl, AxlError};
use super::node::Node;
use crate::http::{Deadline, Effect};

/// The lines of devices. Where there is no partition its name is empty.
const LINES: &str = "select m.fkdevice as owner, m.numplanindex as position, n.dnorpattern as pattern, \
    p.name as routepartitionname, m.display, m.label, m.e164mask from devicenumplanmap m \
    inner join numplan n on n.pkid = m.fknumplan left outer join routepartition p on p.pkid = n.fkroutepartition \
    where m.fkdevice in ";

/// The devices that users control. Other associations are those of profiles and of mobility.
const DEVICES: &str = "select m.fkenduser as owner, d.name from enduserdevicemap m \
    inner join device d on d.pkid = m.fkdevice where m.tkuserassociation = 1 and m.fkenduser in ";

/// Attributes by the owner's id as the database writes it.
type Related = BTreeMap<String, Attributes>;

/// What the objects with these ids have beside what lists tell.
pub(super) async fn read(axl: &Axl, kind: ObjectKind, uuids: &[&str], deadline: Deadline) -> Result<Related, AxlError> {
    let (sql, note): (_, fn(&mut Attributes, &Node)) = match kind {
        ObjectKind::Phone | ObjectKind::DeviceProfile | ObjectKind::RemoteDestinationProfile => (LINES, note_line),
        ObjectKind::User => (DEVICES, note_device),
        _ => return Ok(Related::new()),
    };
    let mut left: Vec<String> = uuids.iter().filter_map(|uuid| pkid(uuid)).collect();
    let mut at_once = left.len();
    let mut related = Related::new();
    while !left.is_empty() {
        at_once = at_once.min(left.len());
        let now = left.split_off(left.len() - at_once);
        // Ids are nothing but digits and dashes, so they need no escape.
        let query = Node::text("sql", format!("{sql}('{}')", now.join("','")));
        match axl.call("executeSQLQuery", &[query], Effect::None, deadline).await {
            Ok(reply) => {
                for row in &reply.children {
                    let owner = row.child_text("owner").to_owned();
                    note(related.entry(owner).or_default(), row);
                }
            }
            Err(AxlError::Refused(refusal)) if refusal.is_too_large() && at_once > 1 => {
                at_once /= 2;
                left.extend(now);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(related)
}

/// An id as the database writes it, without braces and in small letters; `None` for what is no id.
pub(super) fn pkid(uuid: &str) -> Option<String> {
    let id = uuid.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let is_id = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_id.then_some(id)
}

fn note_line(attributes: &mut Attributes, row: &Node) {
    let position = row.child_text("position");
    let names = [
        ("pattern", "pattern"),
        ("routepartitionname", "routePartitionName"),
        ("display", "display"),
        ("label", "label"),
        ("e164mask", "e164Mask"),
    ];
    for (column, name) in names {
        let value = row.child_text(column);
        if !value.is_empty() {
            attributes.insert(format!("lines[{position}].{name}"), value.to_owned());
        }
    }
}

/// Devices come in any order, and their numbers shall not change with it.
fn note_device(attributes: &mut Attributes, row: &Node) {
    let mut names: Vec<String> = std::mem::take(attributes).into_values().collect();
    names.push(row.child_text("name").to_owned());
    names.sort_unstable();
    attributes.extend(names.into_iter().zip(1..).map(|(name, number)| (format!("associatedDevices[{number}]"), name)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_an_id_comes_into_a_query() {
        let id = "0123abcd-0000-0000-0000-00000000000f";
        assert_eq!(pkid("{0123ABCD-0000-0000-0000-00000000000F}").as_deref(), Some(id));
        assert_eq!(pkid(id).as_deref(), Some(id));
        for other in ["", "{}", "0123abcd-0000-0000-0000-0000000000'f", "0123abcd0000000000000000000000"] {
            assert_eq!(pkid(other), None, "{other}");
        }
    }

    #[test]
    fn devices_are_numbered_by_their_names() {
        let mut attributes = Attributes::new();
        for name in ["SEP2", "SEP3", "SEP1"] {
            note_device(&mut attributes, &Node::parent("row", vec![Node::text("name", name)]));
        }
        let names: Vec<_> = attributes.values().map(String::as_str).collect();
        assert_eq!(names, ["SEP1", "SEP2", "SEP3"]);
    }
}
