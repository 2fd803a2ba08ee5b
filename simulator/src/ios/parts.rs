//! What the settings of the parts of a configuration do, and the rules that they obey.

use std::collections::BTreeMap;

use super::commands::{self, SCCP_TYPES, SIP_TYPES};
use super::configuration::{MODE, present};
use super::grammar::mac;
use super::part::Part;
use super::section::{Changes, Section, Sections};
use super::session::{Request, Work};

/// One line of a part.
#[derive(Debug)]
pub(super) struct Setting {
    /// The key of the section.
    pub(super) key: String,
    pub(super) kind: commands::Setting,
    /// The words of the command before its first argument.
    pub(super) name: String,
    /// The whole line, its words in full.
    pub(super) text: String,
    pub(super) arguments: Vec<String>,
    /// The same with the `no` that stands before it.
    pub(super) typed: String,
    /// Whether a `no` stands before it.
    pub(super) negative: bool,
}

/// Makes a section, within the limits of its part.
pub(super) fn make(sections: &Sections, part: Part, key: &str, mode: Option<&str>) -> Work {
    let number = key.rsplit(' ').next().and_then(|number| number.parse::<u32>().ok());
    if let (Some((section, limit)), Some(number)) = (part.limit(), number) {
        let most = present(sections, section);
        let most = most.get(limit).and_then(|line| line.rsplit(' ').next()?.parse::<u32>().ok()).unwrap_or(0);
        if number > most {
            return Err(format!("% {key} exceeds {limit} {most}\n"));
        }
    }
    let section = match (part, mode) {
        (Part::Ephone, _) => Section::default().with("device-security-mode", "device-security-mode none"),
        (_, Some(mode)) => Section::default().with(MODE, mode),
        _ => Section::default(),
    };
    Ok((String::new(), sections.set(key, section)))
}

/// Removes a section, and a number from the buttons that have it.
pub(super) fn remove(sections: &Sections, part: Part, key: &str) -> Work {
    let mut changes = sections.remove(key);
    let number = key.rsplit(' ').next().and_then(|number| number.parse::<u32>().ok());
    match (part, number) {
        (Part::EphoneDn, Some(number)) => {
            for (slot, phone) in sections.slots(Part::Ephone.command()) {
                let mut buttons = Buttons::of(phone);
                buttons.0.retain(|_, button| !button.numbers.contains(&number));
                changes.extend(sections.set(&format!("ephone {slot}"), buttons.on(phone)));
            }
        }
        (Part::RegisterDn, Some(number)) => {
            for (slot, pool) in sections.slots(Part::RegisterPool.command()) {
                let mut kept = pool.clone();
                kept.0.retain(|_, line| !(line.starts_with("number ") && line.ends_with(&format!(" dn {number}"))));
                changes.extend(sections.set(&format!("voice register pool {slot}"), kept));
            }
        }
        _ => {}
    }
    Ok((String::new(), changes))
}

impl Setting {
    pub(super) fn request(&self) -> Request<'_> {
        let line = format!("{}: {}", self.key, self.typed);
        let value = self.arguments.first().map(String::as_str).unwrap_or_default();
        Request { key: line.clone(), line, fields: vec![("command", &self.typed), (&self.name, value)] }
    }

    pub(super) fn carry_out(&self, sections: &Sections) -> Work {
        let section = present(sections, &self.key);
        let first = self.arguments.first().map(String::as_str).unwrap_or_default();
        let kept = |section: Section| Ok((String::new(), sections.set(&self.key, section)));
        match self.kind {
            commands::Setting::Restart | commands::Setting::Reset => {
                let address = section.get("mac-address").or_else(|| section.get("id mac")).unwrap_or_default();
                let address = address.rsplit(' ').next().unwrap_or_default();
                let word = if self.kind == commands::Setting::Reset { "resetting" } else { "restarting" };
                Ok((format!("{word} {address}\n"), Changes::new()))
            }
            commands::Setting::CreateFiles => Ok(("Creating CNF files...\n".to_owned(), Changes::new())),
            commands::Setting::Buttons => self.buttons(sections, section),
            commands::Setting::PoolNumber | commands::Setting::Indexed => {
                let name = format!("{} {first}", self.name);
                if self.negative {
                    return kept(section.without(&name));
                }
                if self.kind == commands::Setting::PoolNumber {
                    let number = self.arguments.get(1).map(String::as_str).unwrap_or_default();
                    if sections.get(&format!("voice register dn {number}")).is_none() {
                        return Err(format!("% voice register dn {number} is not configured\n"));
                    }
                }
                kept(section.with(&name, self.text.as_str()))
            }
            commands::Setting::On if self.negative => kept(section.with(&self.name, format!("no {}", self.text))),
            commands::Setting::On => kept(section.without(&self.name)),
            _ if self.negative => kept(section.without(&self.name)),
            commands::Setting::Keep => {
                if self.name == "label" && section.get("number").is_none() {
                    return Err("% label needs a number, which must be configured first\n".to_owned());
                }
                kept(section.with(&self.name, self.text.as_str()))
            }
            commands::Setting::KeepQuoted => {
                let password = self.arguments.get(1).map(|it| format!(" password {it}")).unwrap_or_default();
                kept(section.with(&self.name, format!("{} \"{first}\"{password}", self.name)))
            }
            commands::Setting::Mac => self.address(sections, section),
            commands::Setting::PhoneType => self.model(sections, section, SCCP_TYPES),
            commands::Setting::SipPhoneType => self.model(sections, section, SIP_TYPES),
            commands::Setting::Limit(of) => {
                let most: u32 = first.parse().unwrap_or_default();
                let last = sections.slots(of.command()).keys().next_back().copied().unwrap_or_default();
                if last > most {
                    return Err(format!("% {} {last} is configured, which is more than {most}\n", of.command()));
                }
                kept(section.with(&self.name, self.text.as_str()))
            }
        }
    }

    fn model(&self, sections: &Sections, section: Section, known: &[&str]) -> Work {
        let first = self.arguments.first().map(String::as_str).unwrap_or_default();
        match known.iter().find(|model| model.eq_ignore_ascii_case(first)) {
            Some(model) => Ok((String::new(), sections.set(&self.key, section.with("type", format!("type {model}"))))),
            None => Err(format!("% {first} is no phone type of this release\n")),
        }
    }

    fn address(&self, sections: &Sections, section: Section) -> Work {
        let first = self.arguments.first().map(String::as_str).unwrap_or_default();
        let line = format!("{} {}", self.name, mac(first).unwrap_or_default());
        match section.get(&self.name) {
            Some(present) if present == line => return Ok((String::new(), Changes::new())),
            Some(present) => {
                let present = present.rsplit(' ').next().unwrap_or_default();
                return Err(format!("ephone slot is already registered with {present}\nCannot change MAC address.\n"));
            }
            None => {}
        }
        for part in [Part::Ephone, Part::RegisterPool] {
            let address = line.rsplit(' ').next().unwrap_or_default();
            let taken = sections.slots(part.command()).into_iter().find(|(_, phone)| {
                let own = phone.get("mac-address").or_else(|| phone.get("id mac"));
                own.is_some_and(|own| own.ends_with(address))
            });
            if let Some((number, _)) = taken {
                return Err(format!("% MAC address {address} is already in use by {} {number}\n", part.command()));
            }
        }
        Ok((String::new(), sections.set(&self.key, section.with(&self.name, line))))
    }

    fn buttons(&self, sections: &Sections, section: Section) -> Work {
        let mut buttons = Buttons::of(&section);
        let first = self.arguments.first().map(String::as_str).unwrap_or_default();
        if self.negative && first.is_empty() {
            buttons.0.clear();
        }
        for word in first.split_whitespace() {
            let (position, button) =
                Button::read(word).ok_or_else(|| format!("% Invalid button definition {word}\n"))?;
            if self.negative {
                buttons.0.remove(&position);
                continue;
            }
            let missing = button.numbers.iter().find(|number| sections.get(&format!("ephone-dn {number}")).is_none());
            if let Some(number) = missing {
                return Err(format!("% ephone-dn {number} is not configured\n"));
            }
            buttons.0.insert(position, button);
        }
        Ok((String::new(), sections.set(&self.key, buttons.on(&section))))
    }
}

/// The buttons of a phone by their positions.
#[derive(Debug, Default)]
struct Buttons(BTreeMap<u32, Button>);

#[derive(Debug)]
struct Button {
    /// `:` and its like.
    separator: char,
    numbers: Vec<u32>,
}

impl Buttons {
    fn of(phone: &Section) -> Self {
        let line = phone.get("button").and_then(|line| line.strip_prefix("button")).unwrap_or_default();
        Self(line.split_whitespace().filter_map(Button::read).collect())
    }

    fn on(&self, phone: &Section) -> Section {
        let phone = phone.clone();
        if self.0.is_empty() {
            return phone.without("button");
        }
        let words: Vec<String> = self.0.iter().map(|(position, button)| button.write(*position)).collect();
        phone.with("button", format!("button  {}", words.join(" ")))
    }
}

impl Button {
    fn read(word: &str) -> Option<(u32, Self)> {
        let at = word.find(|char: char| !char.is_ascii_digit())?;
        let separator = word[at..].chars().next().filter(|char| ":bcfmosWwx".contains(*char))?;
        let position = word[..at].parse().ok().filter(|position| (1..=34).contains(position))?;
        let numbers: Option<Vec<u32>> = word[at + 1..].split(',').map(|number| number.parse().ok()).collect();
        Some((position, Self { separator, numbers: numbers? }))
    }

    fn write(&self, position: u32) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        format!("{position}{}{}", self.separator, numbers.join(","))
    }
}
