//! What a synchronisation reads of a configuration.

use std::collections::BTreeMap;

use dialtone_model::{Attributes, DeviceObject, ObjectKind, PhoneProtocol};

use super::configuration::{Configuration, Kind, Slot};

/// What a slot's mark begins with while it is being filled.
const MARK: &str = "dialtone-";

/// Every phone and every number. A number on no phone is told to be an orphan; one with a mark is unfinished work.
pub(super) fn phones_and_numbers(configuration: &Configuration) -> Vec<DeviceObject> {
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    let mut found = Vec::new();
    for kind in [Kind::Ephone, Kind::RegisterPool] {
        found.extend(configuration.of(kind).map(|slot| phone(slot, configuration)));
    }
    for kind in [Kind::EphoneDn, Kind::RegisterDn] {
        for slot in configuration.of(kind) {
            let number = slot.number().map(|number| format!("{number}/"));
            let again = number.as_ref().is_some_and(|number| {
                let seen = names.entry(number.clone()).or_default();
                *seen += 1;
                *seen > 1
            });
            // Two slots may have one number, and a slot may have none.
            let key = match number {
                Some(number) if !again => number,
                Some(number) => format!("{number}{}", slot.title()),
                None => format!("/{}", slot.title()),
            };
            found.push(directory_number(key, slot, configuration));
        }
    }
    found
}

fn phone(slot: &Slot, configuration: &Configuration) -> DeviceObject {
    let mut attributes = common(slot);
    let protocol = match slot.kind.protocol() {
        PhoneProtocol::Sccp => "SCCP",
        PhoneProtocol::Sip => "SIP",
    };
    attributes.insert("protocol".to_owned(), protocol.to_owned());
    let numbers = Kind::of_numbers(slot.kind.protocol());
    let mut index = 0;
    for button in slot.buttons() {
        for tag in &button.tags {
            index += 1;
            let number = configuration.of(numbers).find(|number| number.tag == *tag).and_then(Slot::number);
            let mut set = |name: &str, value: String| attributes.insert(format!("lines[{index}].{name}"), value);
            set("position", button.position.to_string());
            set("slot", format!("{} {tag}", numbers.command()));
            if let Some(number) = number {
                set("number", number.to_owned());
            }
        }
    }
    let key = slot.mac().map_or_else(|| slot.title(), |mac| format!("SEP{mac}"));
    DeviceObject { kind: ObjectKind::Phone, key, attributes }
}

fn directory_number(key: String, slot: &Slot, configuration: &Configuration) -> DeviceObject {
    let mut attributes = common(slot);
    if slot.kind == Kind::EphoneDn {
        let channels = if slot.channels.is_empty() { "single-line" } else { &slot.channels };
        attributes.insert("channels".to_owned(), channels.to_owned());
    }
    if configuration.carriers(slot).is_empty() {
        attributes.insert("orphan".to_owned(), "true".to_owned());
    }
    DeviceObject { kind: ObjectKind::DirectoryNumber, key, attributes }
}

/// What is set in a slot, by the commands that set it.
fn common(slot: &Slot) -> Attributes {
    let mut attributes = Attributes::from([("slot".to_owned(), slot.title())]);
    for line in &slot.lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (name, value) = match words.as_slice() {
            ["call-forward", "b2bua", what, value @ ..] => (format!("call-forward b2bua {what}"), value),
            ["call-forward", what, value @ ..] => (format!("call-forward {what}"), value),
            ["id", "mac", value @ ..] => ("mac-address".to_owned(), value),
            // A password stays on the device; so does what the buttons say, which is told as lines.
            ["username", user, ..] => ("username".to_owned(), std::slice::from_ref(user)),
            ["number", _, "dn", ..] | ["button", ..] | ["pin" | "password", ..] => continue,
            [name, value @ ..] => ((*name).to_owned(), value),
            [] => continue,
        };
        attributes.insert(name, value.join(" ").trim_matches('"').to_owned());
    }
    if slot.value(slot.mark_command()).is_some_and(|value| value.starts_with(MARK)) {
        attributes.insert("unfinished".to_owned(), "true".to_owned());
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_orphans_and_unfinished_work_are_found() {
        let configuration = Configuration::read(
            "telephony-service\n max-dn 9\nephone-dn  1  dual-line\n number 1001\n name Tony\n\
             ephone-dn  2\n number 1002\nephone-dn  3  octo-line\n number 1001\n name dialtone-000000000007-0\n\
             ephone-dn  4  dual-line\n\
             ephone  1\n mac-address 0011.2233.4455\n username \"tony\" password secret\n type 7965\n button  1:1 3o2,3\n",
        );
        let found = phones_and_numbers(&configuration);
        let keys: Vec<&str> = found.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["SEP001122334455", "1001/", "1002/", "1001/ephone-dn 3", "/ephone-dn 4"]);
        let of = |index: usize, name: &str| found[index].attributes.get(name).map(String::as_str);
        assert_eq!(of(0, "lines[1].number"), Some("1001"));
        assert_eq!((of(0, "lines[3].position"), of(0, "lines[3].slot")), (Some("3"), Some("ephone-dn 3")));
        assert_eq!((of(0, "username"), of(0, "type")), (Some("tony"), Some("7965")));
        assert!(found.iter().all(|object| object.attributes.values().all(|value| !value.contains("secret"))));
        assert_eq!((of(1, "channels"), of(1, "orphan")), (Some("dual-line"), None));
        assert_eq!((of(2, "channels"), of(3, "channels")), (Some("single-line"), Some("octo-line")));
        assert_eq!((of(3, "unfinished"), of(4, "orphan")), (Some("true"), Some("true")));
    }
}
