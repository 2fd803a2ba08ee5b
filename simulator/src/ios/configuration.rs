//! What `show running-config` prints.

use super::commands::Setting;
use super::grammar::Rule;
use super::named;
use super::part::Part;
use super::section::{Section, Sections};

/// The setting of a slot that stands behind its number, such as `dual-line`.
pub(super) const MODE: &str = ".mode";
/// The section that holds what was saved.
pub(super) const STARTUP: &str = "startup-config";

/// The sections with names that a device has before anybody has configured it.
pub(super) const FRESH: [&str; 5] =
    ["interface GigabitEthernet0/0", "interface GigabitEthernet0/1", "line con 0", "line aux 0", "line vty 0 4"];

/// What a device has before anybody has configured it: a call processor without phones. `None` where it has nothing.
pub(super) fn setting_of_a_fresh_device(command: &str) -> Option<Section> {
    let settings: &[(&str, &str)] = match command {
        "telephony-service" => &[
            ("max-ephones", "max-ephones 42"),
            ("max-dn", "max-dn 144"),
            ("ip source-address", "ip source-address 10.0.0.1 port 2000"),
        ],
        "voice register global" => &[
            ("mode cme", "mode cme"),
            ("source-address", "source-address 10.0.0.1 port 5060"),
            ("max-dn", "max-dn 144"),
            ("max-pool", "max-pool 42"),
        ],
        "global" => &[("ip domain name", "ip domain name example.com")],
        "interface GigabitEthernet0/0" => {
            &[("ip address", "ip address 10.0.0.1 255.255.255.0"), ("duplex", "duplex auto"), ("speed", "speed auto")]
        }
        "interface GigabitEthernet0/1" => {
            &[("shutdown", "shutdown"), ("duplex", "duplex auto"), ("speed", "speed auto")]
        }
        "line con 0" | "line aux 0" => &[],
        "line vty 0 4" => &[("login local", "login local"), ("transport input", "transport input ssh")],
        _ => return None,
    };
    Some(settings.iter().fold(Section::default(), |section, (name, value)| section.with(name, *value)))
}

/// A section as it is, or as a fresh device has it.
pub(super) fn present(sections: &Sections, key: &str) -> Section {
    sections.get(key).cloned().or_else(|| setting_of_a_fresh_device(key)).unwrap_or_default()
}

pub(super) fn hostname(sections: &Sections) -> String {
    sections.get("hostname").and_then(|section| section.get("hostname")).unwrap_or("CME").to_owned()
}

/// The configuration as it is now, without the lines around it.
pub(super) fn running(sections: &Sections) -> String {
    let mut text = format!(
        "!\nversion 15.1\nservice timestamps debug datetime msec\nservice timestamps log datetime msec\n\
         no service password-encryption\n!\nhostname {}\n!\n!\n",
        hostname(sections)
    );
    section(&mut text, "", &present(sections, Part::Device.command()), Part::Device.rules());
    for part in Part::ALL {
        let command = part.command();
        if part.is_single() {
            section(&mut text, command, &present(sections, command), part.rules());
            continue;
        }
        // Lines follow each other without anything between them.
        if part == Part::Line {
            let lines = named::keys(sections, part, &FRESH);
            let lines: String = lines.iter().map(|key| one(sections, part, key)).collect();
            text.push_str(&format!("!\n{lines}!\n"));
            continue;
        }
        if part.is_named() {
            for key in named::keys(sections, part, &FRESH) {
                section(&mut text, &key, &present(sections, &key), part.rules());
            }
            continue;
        }
        for (number, slot) in sections.slots(command) {
            let mode = slot.get(MODE).map(|mode| format!("  {mode}")).unwrap_or_default();
            section(&mut text, &format!("{command}  {number}{mode}"), slot, part.rules());
        }
    }
    text.push_str("end\n");
    text
}

/// One section as the configuration has it.
pub(super) fn one(sections: &Sections, part: Part, key: &str) -> String {
    let mut text = String::new();
    section(&mut text, key, &present(sections, key), part.rules());
    text.trim_end_matches("!\n").to_owned()
}

fn section(text: &mut String, head: &str, section: &Section, rules: &[Rule<Setting>]) {
    let mut lines: Vec<(usize, &String, &String)> = section
        .0
        .iter()
        .filter(|(name, _)| *name != MODE)
        .map(|(name, line)| (rank(name, rules), name, line))
        .collect();
    lines.sort();
    // What is set in the configuration mode itself stands below no head.
    let indent = if head.is_empty() { "" } else { " " };
    if !head.is_empty() {
        text.push_str(head);
        text.push('\n');
    }
    for (_, _, line) in lines {
        text.push_str(indent);
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("!\n!\n");
}

/// Where the device lists a setting.
fn rank(name: &str, rules: &[Rule<Setting>]) -> usize {
    let plain = name.trim_end_matches(|char: char| char.is_ascii_digit()).trim_end();
    let begins = |pattern: &str, with: &str| {
        pattern.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let is_it = |(pattern, _): &Rule<Setting>| begins(pattern, name) || begins(pattern, plain);
    rules.iter().position(is_it).unwrap_or(rules.len())
}

/// The lines that a filter such as `section ephone|voice register` lets through; `None`: there is no such filter.
pub(super) fn filtered(text: &str, filter: &str) -> Option<String> {
    let (kind, pattern) = filter.split_once(' ')?;
    let pattern = pattern.trim();
    let is = |full: &str| full.starts_with(kind) && !kind.is_empty();
    let mut kept = Vec::new();
    let mut inside = false;
    // How far the line is indented that the present section begins with.
    let mut head = 0;
    for line in text.lines() {
        let matches = matches(line, pattern);
        let keep = if is("section") {
            let indented = line.len() - line.trim_start().len();
            if !(inside && indented > head) {
                (inside, head) = (matches, indented);
            }
            inside
        } else if is("include") {
            matches
        } else if is("exclude") {
            !matches
        } else if is("begin") {
            inside = inside || matches;
            inside
        } else {
            return None;
        };
        if keep {
            kept.push(line);
        }
    }
    Some(kept.iter().map(|line| format!("{line}\n")).collect())
}

/// Whether a line has one of the alternatives; `^` and `$` bind one to the line's ends.
fn matches(line: &str, pattern: &str) -> bool {
    pattern.split('|').any(|alternative| {
        let (alternative, from_start) =
            alternative.strip_prefix('^').map_or((alternative, false), |plain| (plain, true));
        let (alternative, to_end) = alternative.strip_suffix('$').map_or((alternative, false), |plain| (plain, true));
        match (from_start, to_end) {
            (true, true) => line == alternative,
            (true, false) => line.starts_with(alternative),
            (false, true) => line.ends_with(alternative),
            (false, false) => line.contains(alternative),
        }
    })
}
