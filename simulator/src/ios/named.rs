//! The sections of a configuration that have names: interfaces, dial peers, and lines.

use super::configuration::setting_of_a_fresh_device;
use super::part::Part;
use super::section::{Section, Sections};
use super::session::Work;

/// The kinds of interfaces, and whether a new one may be made.
const INTERFACES: [(&str, bool); 3] = [("GigabitEthernet", false), ("Loopback", true), ("Vlan", true)];

/// The key of the section that a command names, whose words are in full; `None` where there can be no such one.
pub(super) fn key(part: Part, words: &str, sections: &Sections) -> Option<String> {
    match part {
        Part::Interface => interface(words.strip_prefix("interface ")?),
        Part::DialPeer => {
            let mut words = words.strip_prefix("dial-peer voice ")?.split(' ');
            let (tag, kind) = (words.next()?, words.next());
            let there = ["voip", "pots"].map(|kind| format!("dial-peer voice {tag} {kind}"));
            let there = there.into_iter().find(|key| sections.get(key).is_some());
            match (there, kind) {
                // A tag has one kind only.
                (Some(key), Some(kind)) if !key.ends_with(kind) => None,
                (Some(key), _) => Some(key),
                (None, Some(kind)) => Some(format!("dial-peer voice {tag} {kind}")),
                (None, None) => Some(format!("dial-peer voice {tag}")),
            }
        }
        _ => Some(words.replace("console", "con")),
    }
}

/// Whether there is no such section, and nothing says what it is to be.
pub(super) fn is_incomplete(part: Part, key: &str) -> bool {
    part == Part::DialPeer && !key.ends_with("voip") && !key.ends_with("pots")
}

pub(super) fn make(sections: &Sections, key: &str) -> Work {
    Ok((String::new(), sections.set(key, Section::default())))
}

pub(super) fn remove(sections: &Sections, part: Part, key: &str) -> Work {
    match part {
        _ if setting_of_a_fresh_device(key).is_none() => Ok((String::new(), sections.remove(key))),
        Part::Interface => Err("% Removal of physical interfaces is not permitted\n".to_owned()),
        _ => Err("% Can't delete last 5 VTY lines\n".to_owned()),
    }
}

/// The keys of all sections of a part, in the order of their names.
pub(super) fn keys(sections: &Sections, part: Part, fresh: &[&str]) -> Vec<String> {
    let prefix = format!("{} ", part.command());
    let fresh = fresh.iter().filter(|key| key.starts_with(&prefix)).map(|key| (*key).to_owned());
    let mut keys: Vec<String> = fresh.collect();
    let made = sections.below(&prefix).map(|(name, _)| format!("{prefix}{name}"));
    let mut made: Vec<String> = made.filter(|key| !keys.contains(key)).collect();
    made.sort_by_key(|key| key.split(' ').filter_map(|word| word.parse::<u32>().ok()).next());
    keys.extend(made);
    keys
}

/// `GigabitEthernet0/0` of `gi0/0`, `GI 0/0` and their like.
fn interface(name: &str) -> Option<String> {
    let name: String = name.split_whitespace().collect();
    let at = name.find(|letter: char| letter.is_ascii_digit())?;
    let (kind, number) = name.split_at(at);
    let kind = kind.to_ascii_lowercase();
    let mut fitting = INTERFACES.iter().filter(|(full, _)| full.to_ascii_lowercase().starts_with(&kind));
    let (full, made) = fitting.next().filter(|_| !kind.is_empty())?;
    let key = format!("interface {full}{number}");
    let physical = key.split('.').next().unwrap_or_default();
    let has_form = number.split(['/', '.']).all(|part| part.parse::<u16>().is_ok());
    (has_form && (*made || setting_of_a_fresh_device(physical).is_some())).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_known_by_what_its_name_begins_with() {
        for (name, full) in [
            ("gi0/0", Some("interface GigabitEthernet0/0")),
            ("GigabitEthernet 0/1", Some("interface GigabitEthernet0/1")),
            ("g0/0.10", Some("interface GigabitEthernet0/0.10")),
            ("lo0", Some("interface Loopback0")),
            ("gi0/7", None),
            ("token0", None),
            ("0/0", None),
            ("gi0/x", None),
            ("gi", None),
        ] {
            assert_eq!(interface(name).as_deref(), full, "{name}");
        }
    }
}
