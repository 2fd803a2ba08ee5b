use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dialtone_model::Clock;

use super::commands::{EXEC, Exec, GLOBAL, Global, PRIVILEGED, Part};
use super::configuration::{MODE, STARTUP, hostname, running};
use super::cue::{Cue, CueSession};
use super::grammar::{Reading, Rule, begins_in_full, help, negated, read, read_negative};
use super::section::{Changes, Section, Sections};
use super::session::{INCOMPLETE, Outcome, Request, Session, UNKNOWN, Work, ambiguous, invalid, serve};
use super::{parts, show};
use crate::fault::Faults;
use crate::journal::JournalError;
use crate::ledger::Ledger;
use crate::server::Device;

/// A simulated router with CM Express, as its command line shows it.
#[derive(Debug)]
pub(crate) struct Router {
    ledger: Mutex<Ledger<Sections>>,
    pub(super) faults: Arc<Faults>,
    pub(super) clock: Arc<dyn Clock>,
    /// Who holds the configuration alone.
    lock: Mutex<Option<u64>>,
    sessions: AtomicU64,
    /// The Unity Express in its module slot.
    module: Option<Arc<Cue>>,
}

impl Router {
    /// Goes on from the journal at `path`; without one it begins without phones and keeps nothing.
    pub(crate) fn open(
        path: Option<&Path>,
        module: Option<Arc<Cue>>,
        faults: Arc<Faults>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        let ledger = Mutex::new(Ledger::open(path, Arc::clone(&clock))?);
        Ok(Self { ledger, faults, clock, lock: Mutex::default(), sessions: AtomicU64::new(1), module })
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger<Sections>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device for Router {
    fn state(&self) -> serde_json::Value {
        self.ledger().holdings.state()
    }

    fn log(&self) -> io::Result<Vec<u8>> {
        self.ledger().log()
    }
}

/// Somebody who is logged in to the router.
#[derive(Debug)]
pub(super) struct RouterSession {
    router: Arc<Router>,
    id: u64,
    login: String,
    password: String,
    privileged: bool,
    mode: Mode,
    asked: Option<Asked>,
    /// The session goes on in the module.
    inside: Option<CueSession>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Exec,
    Global,
    /// With the key of the section.
    Part(Part, String),
}

/// What the next line answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    EnableSecret,
    FileName,
    /// To leave the banner of the module for its prompt.
    Return,
    ClearSession,
}

impl RouterSession {
    pub(super) fn new(router: Arc<Router>, login: &str, password: &str, privileged: bool) -> Self {
        let id = router.sessions.fetch_add(1, Ordering::Relaxed);
        let (login, password) = (login.to_owned(), password.to_owned());
        Self { router, id, login, password, privileged, mode: Mode::Exec, asked: None, inside: None }
    }

    fn answer(&mut self, asked: Asked, line: &str) -> Outcome {
        match asked {
            Asked::EnableSecret if line == self.password => {
                self.privileged = true;
                text("")
            }
            Asked::EnableSecret => text("% Bad secrets\n\n"),
            Asked::FileName => self.save("copy running-config startup-config"),
            Asked::ClearSession => text("[OK]\n"),
            Asked::Return => {
                if let Some(cue) = &self.router.module {
                    self.inside = Some(CueSession::new(Arc::clone(cue), &self.password, false));
                }
                text("")
            }
        }
    }

    fn exec_rules(&self) -> Vec<Rule<Exec>> {
        EXEC.iter().chain(if self.privileged { PRIVILEGED } else { &[] }).copied().collect()
    }

    fn exec(&mut self, line: &str) -> Outcome {
        let (command, arguments) = match read(line, &self.exec_rules()) {
            Reading::Command { command, arguments, .. } => (command, arguments),
            // A single word that is no command is taken for the name of a host to connect to.
            Reading::Invalid { .. } if line.split_whitespace().count() == 1 => {
                return text("% Unknown command or computer name, or unable to find computer address\n");
            }
            other => return self.unread(line, &other),
        };
        match command {
            Exec::Enable if self.privileged => text(""),
            Exec::Enable => self.ask(Asked::EnableSecret, "Password: ", false),
            Exec::Disable => {
                self.privileged = false;
                text("")
            }
            Exec::Leave => Outcome::Leave,
            Exec::Configure | Exec::ConfigureLocked => self.configure(command == Exec::ConfigureLocked),
            Exec::Write => self.save("write memory"),
            Exec::Copy => self.ask(Asked::FileName, "Destination filename [startup-config]? ", true),
            Exec::Session if self.router.module.is_some() => {
                let banner = "Trying 10.0.0.2, 2066 ... Open\n\n";
                self.ask(Asked::Return, banner, false)
            }
            Exec::Session => text("Trying 10.0.0.2, 2066 ... \n% Connection refused by remote host\n\n"),
            Exec::Clear => self.ask(Asked::ClearSession, "[confirm]", true),
            Exec::Length | Exec::Terminal => text(""),
            Exec::ShowRunning
            | Exec::ShowStartup
            | Exec::ShowVersion
            | Exec::ShowClock
            | Exec::ShowPrivilege
            | Exec::ShowTelephony
            | Exec::ShowEphone
            | Exec::ShowUsers => self.show(command, line, arguments.first().map(String::as_str)),
        }
    }

    fn show(&self, command: Exec, line: &str, filter: Option<&str>) -> Outcome {
        let viewer = show::Viewer { login: &self.login, privileged: self.privileged, now: self.router.clock.now() };
        let work = |sections: &Sections| Ok((show::show(command, sections, &viewer, filter), Changes::new()));
        serve(&mut self.router.ledger(), line.trim().to_owned(), None, work)
    }

    fn ask(&mut self, asked: Asked, question: &str, echo: bool) -> Outcome {
        self.asked = Some(asked);
        Outcome::Ask { question: question.to_owned(), echo }
    }

    fn configure(&mut self, alone: bool) -> Outcome {
        let held_by_another = self.router.lock().is_some_and(|holder| holder != self.id);
        if held_by_another || self.router.faults.locked("configure terminal") {
            return text(
                "Configuration mode locked exclusively by user 'unknown' process '13' from terminal '0'. \
                 Please try later.\n",
            );
        }
        if alone {
            *self.router.lock() = Some(self.id);
        }
        self.mode = Mode::Global;
        text("Enter configuration commands, one per line.  End with CNTL/Z.\n")
    }

    fn release(&mut self) {
        let mut lock = self.router.lock();
        if *lock == Some(self.id) {
            *lock = None;
        }
    }

    fn save(&self, line: &str) -> Outcome {
        let work = |sections: &Sections| -> Work {
            let saved = Section::default().with("text", running(sections));
            Ok(("Building configuration...\n[OK]\n".to_owned(), sections.set(STARTUP, saved)))
        };
        self.change(Request { key: line.to_owned(), line: line.to_owned(), fields: vec![("command", line)] }, work)
    }

    fn change(&self, request: Request<'_>, work: impl FnOnce(&Sections) -> Work) -> Outcome {
        let strike = self.router.faults.strike(&request.key, || request.fields.clone());
        serve(&mut self.router.ledger(), request.line, strike, work)
    }

    /// A line of the configuration mode or of one below it, which knows the commands of the configuration mode too.
    fn configuration(&mut self, line: &str) -> Outcome {
        let positive = negated(line);
        let words = positive.as_deref().unwrap_or(line);
        if let Mode::Part(part, key) = &self.mode
            && (begins_in_full(words, part.rules()) || !begins_in_full(words, GLOBAL))
        {
            let reading = match &positive {
                Some(positive) => read_negative(positive, part.rules()),
                None => read(line, part.rules()),
            };
            match reading {
                Reading::Command { command, name, text, arguments } => {
                    let setting = parts::Setting {
                        part: *part,
                        key: key.clone(),
                        kind: command,
                        name,
                        typed: if positive.is_some() { format!("no {text}") } else { text.clone() },
                        text,
                        arguments,
                        negative: positive.is_some(),
                    };
                    return self.change(setting.request(), |sections| setting.carry_out(sections));
                }
                Reading::Invalid { .. } if !matches!(self.global(line), Reading::Invalid { .. }) => {}
                other => return self.unread(line, &other),
            }
        }
        match self.global(line) {
            Reading::Command { command, arguments, .. } => self.global_command(line, command, &arguments),
            other => self.unread(line, &other),
        }
    }

    fn global(&self, line: &str) -> Reading<Global> {
        match negated(line) {
            Some(positive) => read_negative(&positive, GLOBAL),
            None => read(line, GLOBAL),
        }
    }

    fn global_command(&mut self, line: &str, command: Global, arguments: &[String]) -> Outcome {
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

    fn unread<C>(&self, line: &str, reading: &Reading<C>) -> Outcome {
        match reading {
            Reading::Incomplete => text(INCOMPLETE),
            Reading::Ambiguous => Outcome::Text(ambiguous(line)),
            Reading::Invalid { at } => Outcome::Text(invalid(&self.prompt(), *at)),
            Reading::Blank | Reading::Command { .. } => text(""),
        }
    }
}

impl Session for RouterSession {
    fn prompt(&self) -> String {
        if let Some(inside) = &self.inside {
            return inside.prompt();
        }
        let host = hostname(&self.router.ledger().holdings);
        match &self.mode {
            Mode::Exec => format!("{host}{}", if self.privileged { '#' } else { '>' }),
            Mode::Global => format!("{host}(config)#"),
            Mode::Part(part, _) => format!("{host}({})#", part.prompt()),
        }
    }

    fn help(&self, line: &str) -> Option<String> {
        if let Some(inside) = &self.inside {
            return inside.help(line);
        }
        if self.asked.is_some() {
            return None;
        }
        let positive = negated(line);
        let words = positive.as_deref().unwrap_or(line);
        let shown = match &self.mode {
            Mode::Exec => help(words, &self.exec_rules()),
            Mode::Global => help(words, GLOBAL),
            Mode::Part(part, _) => help(words, part.rules()).or_else(|| help(words, GLOBAL)),
        };
        Some(shown.unwrap_or_else(|| UNKNOWN.to_owned()))
    }

    fn enter(&mut self, line: &str) -> Outcome {
        if let Some(inside) = &mut self.inside {
            return match inside.enter(line) {
                Outcome::Leave => {
                    self.inside = None;
                    text("\n[Connection to 10.0.0.2 closed by foreign host]\n")
                }
                outcome => outcome,
            };
        }
        match (self.asked.take(), &self.mode) {
            (Some(asked), _) => self.answer(asked, line),
            (None, Mode::Exec) => self.exec(line),
            (None, _) => self.configuration(line),
        }
    }

    fn escape(&mut self) {
        match &mut self.inside {
            Some(inside) => inside.escape(),
            None => {
                self.asked = None;
                self.mode = Mode::Exec;
                self.release();
            }
        }
    }
}

impl Drop for RouterSession {
    fn drop(&mut self) {
        self.release();
    }
}

fn text(text: &str) -> Outcome {
    Outcome::Text(text.to_owned())
}
