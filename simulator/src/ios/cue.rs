use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dialtone_model::Clock;

use super::cue_commands::{Command, EXEC, GLOBAL, IN_MAILBOX, PRIVILEGED, UserPart};
use super::grammar::{Reading, Rule, help, negated, read, read_negative};
use super::section::{Changes, Section, Sections};
use super::session::{INCOMPLETE, Outcome, Session, UNKNOWN, Work, ambiguous, invalid, serve};
use super::show::clock;
use super::users::{self, MAILBOX, USER};
use crate::fault::Faults;
use crate::journal::JournalError;
use crate::ledger::Ledger;
use crate::server::Device;

/// A simulated Unity Express, as its command line shows it.
#[derive(Debug)]
pub(crate) struct Cue {
    ledger: Mutex<Ledger<Sections>>,
    pub(super) faults: Arc<Faults>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Cue {
    /// Goes on from the journal at `path`; without one it begins without users and keeps nothing.
    pub(crate) fn open(path: Option<&Path>, faults: Arc<Faults>, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        let ledger = Mutex::new(Ledger::open(path, Arc::clone(&clock))?);
        Ok(Self { ledger, faults, clock })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Sections>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device for Cue {
    fn state(&self) -> serde_json::Value {
        self.ledger().holdings.state()
    }

    fn log(&self) -> io::Result<Vec<u8>> {
        self.ledger().log()
    }
}

/// Somebody who is logged in to Unity Express.
#[derive(Debug)]
pub(super) struct CueSession {
    cue: Arc<Cue>,
    password: String,
    privileged: bool,
    mode: Mode,
    /// Whether the next line is the password of `enable`.
    asked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Exec,
    Global,
    /// With the owner.
    Mailbox(String),
}

impl CueSession {
    pub(super) fn new(cue: Arc<Cue>, password: &str, privileged: bool) -> Self {
        Self { cue, password: password.to_owned(), privileged, mode: Mode::Exec, asked: false }
    }

    fn rules(&self) -> Vec<Rule<Command>> {
        match self.mode {
            Mode::Exec if self.privileged => EXEC.iter().chain(PRIVILEGED).copied().collect(),
            Mode::Exec => EXEC.to_vec(),
            Mode::Global => GLOBAL.to_vec(),
            Mode::Mailbox(_) => IN_MAILBOX.to_vec(),
        }
    }

    fn command(&mut self, command: Command, name: &str, line: &str, arguments: &[String], negative: bool) -> Outcome {
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        let second = arguments.get(1).map(String::as_str).unwrap_or_default();
        match command {
            Command::Enable if self.privileged => text(""),
            Command::Enable => {
                self.asked = true;
                Outcome::Ask { question: "Password: ".to_owned(), echo: false }
            }
            Command::Disable => {
                self.privileged = false;
                text("")
            }
            Command::Leave => match self.mode {
                Mode::Exec => Outcome::Leave,
                Mode::Global => self.go(Mode::Exec),
                Mode::Mailbox(_) => self.go(Mode::Global),
            },
            // In a mailbox it leads one level up only.
            Command::End => match self.mode {
                Mode::Mailbox(_) => self.go(Mode::Global),
                Mode::Exec | Mode::Global => self.go(Mode::Exec),
            },
            Command::Configure => {
                self.mode = Mode::Global;
                text("Enter configuration commands, one per line.  End with CNTL/Z.\n")
            }
            Command::Terminal => text(""),
            Command::Save => self.change(line.to_owned(), first, |_| Ok((String::new(), Changes::new()))),
            Command::ShowVersion => text("CUE Software Version: 8.6.1\nHardware: NME-CUE\n"),
            Command::ShowClock => Outcome::Text(clock(self.cue.clock.now()).trim_start_matches('*').to_owned()),
            Command::ShowPrivilege => text(if self.privileged { "15\n" } else { "1\n" }),
            Command::ShowRunning => self.look(line, |sections| Ok(users::configuration(sections))),
            Command::ShowUsers => self.look(line, |sections| Ok(users::list(sections))),
            Command::ShowUser => self.look(line, |sections| users::detail(sections, first)),
            Command::ShowMailboxes => self.look(line, |sections| Ok(users::mailboxes(sections))),
            Command::ShowMailbox => {
                let locked = self.cue.faults.has_lock("owner", first);
                self.look(line, |sections| users::mailbox(sections, first, locked))
            }
            Command::Unlock => self.change(line.to_owned(), first, |sections| users::unlock(sections, first)),
            Command::User(part) => {
                let shown = if matches!(part, UserPart::Password | UserPart::Pin) {
                    line.replace(second, "*")
                } else {
                    line.to_owned()
                };
                self.change(shown, first, |sections| users::set(sections, first, part, second, negative))
            }
            Command::Mailbox | Command::MailboxOfSize if negative => {
                let line = format!("no {line}");
                self.change(line, first, |sections| Ok((String::new(), sections.remove(&format!("{MAILBOX}{first}")))))
            }
            Command::Mailbox | Command::MailboxOfSize => {
                let size = (command == Command::MailboxOfSize).then_some(second);
                let outcome =
                    self.change(line.to_owned(), first, |sections| users::make_mailbox(sections, first, size));
                if self.cue.ledger().holdings.get(&format!("{MAILBOX}{first}")).is_some() {
                    self.mode = Mode::Mailbox(first.to_owned());
                }
                outcome
            }
            Command::MailboxPart => {
                let Mode::Mailbox(owner) = self.mode.clone() else { return text("") };
                let no = if negative { "no " } else { "" };
                let line = format!("{MAILBOX}{owner}: {no}{line}");
                let value = if name == "enable" { "true" } else { first };
                self.change(line, &owner, |sections| {
                    let key = format!("{MAILBOX}{owner}");
                    let section = sections.of(&key);
                    let section = match (negative, name) {
                        (true, "enable") => section.with("enable", "false"),
                        (true, _) => section.without(name),
                        (false, _) => section.with(name, value),
                    };
                    Ok((String::new(), sections.set(&key, section)))
                })
            }
        }
    }

    fn go(&mut self, mode: Mode) -> Outcome {
        self.mode = mode;
        text("")
    }

    fn look(&self, line: &str, work: impl FnOnce(&Sections) -> Result<String, String>) -> Outcome {
        let work = |sections: &Sections| work(sections).map(|text| (text, Changes::new()));
        serve(&mut self.cue.ledger(), line.to_owned(), None, work)
    }

    fn change(&self, line: String, user: &str, work: impl FnOnce(&Sections) -> Work) -> Outcome {
        let command = line.split_once(": ").map_or(line.as_str(), |(_, command)| command);
        let strike = self.cue.faults.strike(&line, || vec![("command", command), ("username", user)]);
        serve(&mut self.cue.ledger(), line, strike, work)
    }
}

impl Session for CueSession {
    fn prompt(&self) -> String {
        let host = "se-10-0-0-2";
        match self.mode {
            Mode::Exec => format!("{host}{} ", if self.privileged { '#' } else { '>' }),
            Mode::Global => format!("{host}(config)# "),
            Mode::Mailbox(_) => format!("{host}(config-mailbox)# "),
        }
    }

    fn help(&self, line: &str) -> Option<String> {
        let positive = negated(line);
        let shown = help(positive.as_deref().unwrap_or(line), &self.rules());
        (!self.asked).then(|| shown.unwrap_or_else(|| UNKNOWN.to_owned()))
    }

    fn enter(&mut self, line: &str) -> Outcome {
        if std::mem::take(&mut self.asked) {
            self.privileged = line == self.password;
            return text(if self.privileged { "" } else { "% Bad passwords\n" });
        }
        let positive = negated(line);
        let rules = self.rules();
        let reading = match &positive {
            Some(positive) => read_negative(positive, &rules),
            None => read(line, &rules),
        };
        match reading {
            Reading::Blank => text(""),
            Reading::Command { command, name, text, arguments } => {
                self.command(command, &name, &text, &arguments, positive.is_some())
            }
            Reading::Incomplete => text(INCOMPLETE),
            Reading::Ambiguous => Outcome::Text(ambiguous(line)),
            Reading::Invalid { at } => Outcome::Text(invalid(&self.prompt(), at)),
        }
    }

    fn escape(&mut self) {
        self.asked = false;
        self.mode = Mode::Exec;
    }
}

fn text(text: &str) -> Outcome {
    Outcome::Text(text.to_owned())
}

/// A user who has just been made.
pub(super) fn new_user(user_id: &str) -> Section {
    Section::default().with("fullname", user_id)
}

pub(super) fn user_key(user_id: &str) -> String {
    format!("{USER}{user_id}")
}
