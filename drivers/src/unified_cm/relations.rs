//! What no list tells of an object, and asking for each object alone would take hours: the lines of phones and
//! profiles with their users, the phone services that these are subscribed to, and the devices of users. It is read from
//! the device's database, whose tables its data dictionary describes.

use std::collections::BTreeMap;

use dialtone_model::{Attributes, ObjectKind};

use super::client::{Axl, AxlError};
use super::node::Node;
use crate::http::{Deadline, Effect};

/// A query for something of many objects, and how a row of it is noted among the attributes of its `owner`.
struct Relation {
    /// Ends where the owners' ids follow.
    sql: &'static str,
    note: fn(&mut Attributes, &Node),
}

/// The lines of devices. Where there is no partition its name is empty.
const LINES: Relation = Relation {
    sql: "select m.fkdevice as owner, m.numplanindex as position, n.dnorpattern as pattern, \
        p.name as routepartitionname, m.display, m.label, m.e164mask, m.maxnumcalls, m.busytrigger \
        from devicenumplanmap m inner join numplan n on n.pkid = m.fknumplan \
        left outer join routepartition p on p.pkid = n.fkroutepartition where m.fkdevice in ",
    note: note_line,
};

/// The users of the lines of devices.
const LINE_USERS: Relation = Relation {
    sql: "select m.fkdevice as owner, m.numplanindex as position, u.userid as name \
        from devicenumplanmap m inner join devicenumplanmapendusermap e on e.fkdevicenumplanmap = m.pkid \
        inner join enduser u on u.pkid = e.fkenduser where m.fkdevice in ",
    note: note_line_user,
};

/// The phone services that devices are subscribed to.
const SERVICES: Relation = Relation {
    sql: "select s.fkdevice as owner, t.name as telecasterservicename, s.servicename as name, s.serviceurl, \
        s.urlbuttonindex, s.urllabel from telecastersubscribedservice s \
        inner join telecasterservice t on t.pkid = s.fktelecasterservice where s.fkdevice in ",
    note: note_service,
};

/// The devices that users control. Other associations are those of profiles and of mobility.
const DEVICES: Relation = Relation {
    sql: "select m.fkenduser as owner, d.name from enduserdevicemap m \
        inner join device d on d.pkid = m.fkdevice where m.tkuserassociation = 1 and m.fkenduser in ",
    note: note_device,
};

/// Attributes by the owner's id as the database writes it.
type Related = BTreeMap<String, Attributes>;

/// What the objects with these ids have beside what lists tell.
pub(super) async fn read(axl: &Axl, kind: ObjectKind, uuids: &[&str], deadline: Deadline) -> Result<Related, AxlError> {
    let relations: &[Relation] = match kind {
        ObjectKind::Phone | ObjectKind::DeviceProfile => &[LINES, LINE_USERS, SERVICES],
        ObjectKind::RemoteDestinationProfile => &[LINES, LINE_USERS],
        ObjectKind::User => &[DEVICES],
        _ => &[],
    };
    let mut related = Related::new();
    for relation in relations {
        relation.read(axl, uuids, &mut related, deadline).await?;
    }
    Ok(related)
}

impl Relation {
    async fn read(&self, axl: &Axl, uuids: &[&str], related: &mut Related, deadline: Deadline) -> Result<(), AxlError> {
        let mut left: Vec<String> = uuids.iter().filter_map(|uuid| pkid(uuid)).collect();
        let mut at_once = left.len();
        while !left.is_empty() {
            at_once = at_once.min(left.len());
            let now = left.split_off(left.len() - at_once);
            // Ids are nothing but digits and dashes, so they need no escape.
            let query = Node::text("sql", format!("{}('{}')", self.sql, now.join("','")));
            match axl.call("executeSQLQuery", &[query], Effect::None, deadline).await {
                Ok(mut reply) => {
                    // Rows come in any order, and the numbers of members shall not change with it.
                    reply.children.sort_by(|one, other| one.child_text("name").cmp(other.child_text("name")));
                    for row in &reply.children {
                        (self.note)(related.entry(row.child_text("owner").to_owned()).or_default(), row);
                    }
                }
                Err(AxlError::Refused(refusal)) if refusal.is_too_large() && at_once > 1 => {
                    at_once /= 2;
                    left.extend(now);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// An id as the database writes it, without braces and in small letters; `None` for what is no id.
pub(super) fn pkid(uuid: &str) -> Option<String> {
    let id = uuid.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let is_id = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_id.then_some(id)
}

fn note_line(attributes: &mut Attributes, row: &Node) {
    let path = format!("lines[{}].", row.child_text("position"));
    let names = [
        ("pattern", "pattern"),
        ("routepartitionname", "routePartitionName"),
        ("display", "display"),
        ("label", "label"),
        ("e164mask", "e164Mask"),
        ("maxnumcalls", "maxNumCalls"),
        ("busytrigger", "busyTrigger"),
    ];
    note(attributes, &path, &names, row);
}

fn note_line_user(attributes: &mut Attributes, row: &Node) {
    let list = format!("lines[{}].associatedEndusers", row.child_text("position"));
    attributes.insert(next_member(attributes, &list, ""), row.child_text("name").to_owned());
}

/// A service without a button of the phone has 0 for one.
fn note_service(attributes: &mut Attributes, row: &Node) {
    let names = [
        ("telecasterservicename", "telecasterServiceName"),
        ("name", "name"),
        ("serviceurl", "url"),
        ("urlbuttonindex", "urlButtonIndex"),
        ("urllabel", "urlLabel"),
    ];
    let names =
        if row.child_text("urlbuttonindex") == "0" { [&names[..3], &names[4..]].concat() } else { names.into() };
    let path = format!("{}.", next_member(attributes, "services", ".telecasterServiceName"));
    note(attributes, &path, &names, row);
}

fn note_device(attributes: &mut Attributes, row: &Node) {
    attributes.insert(next_member(attributes, "associatedDevices", ""), row.child_text("name").to_owned());
}

/// The columns of a row that have something in them, by other names.
fn note(attributes: &mut Attributes, path: &str, names: &[(&str, &str)], row: &Node) {
    let set = names.iter().filter(|(column, _)| !row.child_text(column).is_empty());
    attributes.extend(set.map(|(column, name)| (format!("{path}{name}"), row.child_text(column).to_owned())));
}

/// The path of the next member of a list, each of which has something at its path with `first` behind it. They are numbered
/// without a gap, so the end is found by halving: a user may control thousands of devices.
fn next_member(attributes: &Attributes, list: &str, first: &str) -> String {
    let is_there = |number: usize| attributes.contains_key(&format!("{list}[{number}]{first}"));
    let mut free = 1;
    while is_there(free) {
        free *= 2;
    }
    let mut taken = free / 2;
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_there(middle) { taken = middle } else { free = middle }
    }
    format!("{list}[{free}]")
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
    fn members_are_numbered_as_they_come() {
        let mut attributes = Attributes::new();
        for number in 1..=100 {
            assert_eq!(next_member(&attributes, "devices", ""), format!("devices[{number}]"));
            attributes.insert(format!("devices[{number}]"), String::new());
        }
        attributes.clear();
        for name in ["SEP1", "SEP2"] {
            note_device(&mut attributes, &Node::parent("row", vec![Node::text("name", name)]));
        }
        for (service, button) in [("Directory", "0"), ("Login", "2")] {
            let columns = [("telecasterservicename", service), ("name", service), ("urlbuttonindex", button)];
            let row = columns.map(|(name, text)| Node::text(name, text));
            note_service(&mut attributes, &Node::parent("row", row.into()));
        }
        let expected = [
            ("associatedDevices[1]", "SEP1"),
            ("associatedDevices[2]", "SEP2"),
            ("services[1].name", "Directory"),
            ("services[1].telecasterServiceName", "Directory"),
            ("services[2].name", "Login"),
            ("services[2].telecasterServiceName", "Login"),
            ("services[2].urlButtonIndex", "2"),
        ];
        assert!(attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{attributes:?}");
    }
}
