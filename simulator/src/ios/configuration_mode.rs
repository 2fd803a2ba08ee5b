//! The commands of the configuration mode and of the modes below it.

use super::commands::{GLOBAL, Global, Setting};
use super::configuration::{MODE, setting_of_a_fresh_device};
use super::grammar::{Reading, begins_in_full, negated, read, read_negative};
use super::part::Part;
use super::router::{Mode, RouterSession, text};
use super::section::Section;
use super::session::{INCOMPLETE, Outcome, Request, Session as _, invalid};
use super::{named, parts};

impl RouterSession {
    /// A line of the configuration mode or of one below it, which knows the commands of the configuration mode too.
    pub(super) fn configuration(&mut self, line: &str) -> Outcome {
        let positive = negated(line);
        let words = positive.as_deref().unwrap_or(line);
        if let Mode::Part(part, key) = &self.mode
            && (begins_in_full(words, part.rules()) || !begins_in_full(words, GLOBAL))
        {
            let (part, key) = (*part, key.clone());
            let reading = self.read_setting(part, line);
            match reading {
                Reading::Command { command, name, text, arguments } => {
                    return self.set(key, command, name, text, arguments, positive.is_some());
                }
                Reading::Invalid { .. } if self.is_of_above(line) => {}
                other => return self.unread(line, &other),
            }
        }
        match self.global(line) {
            Reading::Command { command, text, arguments, .. } => self.global_command(line, command, &text, &arguments),
            // What belongs to no mode but this one is a setting of the device.
            other => match self.read_setting(Part::Device, line) {
                Reading::Command { command, name, text, arguments } => {
                    let key = Part::Device.command().to_owned();
                    self.mode = Mode::Global;
                    self.set(key, command, name, text, arguments, positive.is_some())
                }
                Reading::Invalid { .. } => self.unread(line, &other),
                worse => self.unread(line, &worse),
            },
        }
    }

    /// Whether a line is one of the configuration mode itself.
    fn is_of_above(&self, line: &str) -> bool {
        !matches!(self.global(line), Reading::Invalid { .. })
            || !matches!(self.read_setting(Part::Device, line), Reading::Invalid { .. })
    }

    fn read_setting(&self, part: Part, line: &str) -> Reading<Setting> {
        match negated(line) {
            Some(positive) => read_negative(&positive, part.rules()),
            None => read(line, part.rules()),
        }
    }

    /// Sets something of a section, or takes it away.
    fn set(
        &self,
        key: String,
        kind: Setting,
        name: String,
        text: String,
        arguments: Vec<String>,
        negative: bool,
    ) -> Outcome {
        let typed = if negative { format!("no {text}") } else { text.clone() };
        let setting = parts::Setting { key, kind, name, typed, text, arguments, negative };
        self.change(setting.request(), |sections| setting.carry_out(sections))
    }

    fn global(&self, line: &str) -> Reading<Global> {
        match negated(line) {
            Some(positive) => read_negative(&positive, GLOBAL),
            None => read(line, GLOBAL),
        }
    }

    fn global_command(&mut self, line: &str, command: Global, words: &str, arguments: &[String]) -> Outcome {
        let negative = negated(line).is_some();
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        match command {
            Global::Exit if self.mode != Mode::Global => self.mode = Mode::Global,
            Global::Exit | Global::End => self.escape(),
            Global::Do => return self.exec(first),
            Global::Hostname => {
                let section = Section::default();
                let section = if negative { section } else { section.with("hostname", first) };
                let text = line.trim();
                let request = Request { key: text.to_owned(), line: text.to_owned(), fields: vec![("command", text)] };
                return self.change(request, |sections| Ok((String::new(), sections.set("hostname", section))));
            }
            Global::Enter(part) | Global::EnterMode(part) => {
                let number = first.parse::<u32>().ok();
                let mode = match command {
                    Global::EnterMode(_) if line.split_whitespace().last().is_some_and(|m| m.starts_with('o')) => {
                        Some("octo-line")
                    }
                    Global::EnterMode(_) => Some("dual-line"),
                    _ => None,
                };
                return self.slot(part, number, mode, negative);
            }
            Global::EnterNamed(part) => return self.named(part, line, words, negative),
        }
        text("")
    }

    /// Enters a part of the configuration, which makes its section, or removes it.
    fn slot(&mut self, part: Part, number: Option<u32>, mode: Option<&str>, negative: bool) -> Outcome {
        let key = number.map_or_else(|| part.command().to_owned(), |number| format!("{} {number}", part.command()));
        let head = mode.map_or_else(|| key.clone(), |mode| format!("{key} {mode}"));
        let line = if negative { format!("no {key}") } else { head };
        let exists = self.router.ledger().holdings.get(&key).is_some();
        if !negative && (exists || part.is_single()) {
            let present = self.router.ledger().holdings.of(&key);
            if mode.is_some() && present.get(MODE) != mode {
                return text("% The line mode of an ephone-dn can't be changed, remove it first\n");
            }
            self.mode = Mode::Part(part, key);
            return text("");
        }
        let request = Request { key: line.clone(), line: line.clone(), fields: vec![("command", &line)] };
        let outcome = self.change(request, |sections| {
            if negative { parts::remove(sections, part, &key) } else { parts::make(sections, part, &key, mode) }
        });
        if !negative && self.router.ledger().holdings.get(&key).is_some() {
            self.mode = Mode::Part(part, key);
        }
        outcome
    }

    /// Enters a section that has a name, or removes it. Interfaces and lines are there, others are made.
    fn named(&mut self, part: Part, line: &str, words: &str, negative: bool) -> Outcome {
        let key = {
            let ledger = self.router.ledger();
            named::key(part, words, &ledger.holdings)
        };
        let Some(key) = key else {
            let at = line.find(words.rsplit(' ').next().unwrap_or_default()).unwrap_or_default();
            return Outcome::Text(invalid(&self.prompt(), at));
        };
        if named::is_incomplete(part, &key) && !negative {
            return text(INCOMPLETE);
        }
        let is_there = setting_of_a_fresh_device(&key).is_some() || self.router.ledger().holdings.get(&key).is_some();
        if is_there && !negative {
            self.mode = Mode::Part(part, key);
            return text("");
        }
        let request = if negative { format!("no {key}") } else { key.clone() };
        let outcome = self.change(
            Request { key: request.clone(), line: request.clone(), fields: vec![("command", &request)] },
            |sections| if negative { named::remove(sections, part, &key) } else { named::make(sections, &key) },
        );
        if !negative && self.router.ledger().holdings.get(&key).is_some() {
            self.mode = Mode::Part(part, key);
        }
        outcome
    }
}
