use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dialtone_model::Clock;

use super::commands::{DEVICE, GLOBAL};
use super::configuration::hostname;
use super::cue::{Cue, CueSession};
use super::grammar::{Reading, help, negated};
use super::part::Part;
use super::section::Sections;
use super::session::{INCOMPLETE, Outcome, Session, UNKNOWN, ambiguous, invalid};
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
    pub(super) module: Option<Arc<Cue>>,
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

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<u64>> {
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
    pub(super) router: Arc<Router>,
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) privileged: bool,
    pub(super) mode: Mode,
    pub(super) asked: Option<Asked>,
    /// The session goes on in the module.
    pub(super) inside: Option<CueSession>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Exec,
    Global,
    /// With the key of the section.
    Part(Part, String),
}

/// What the next line answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    EnableSecret,
    FileName,
    /// To leave the banner of the module for its prompt.
    Return,
    ClearSession,
    ConfigureFrom,
}

impl RouterSession {
    pub(super) fn new(router: Arc<Router>, login: &str, password: &str, privileged: bool) -> Self {
        let id = router.sessions.fetch_add(1, Ordering::Relaxed);
        let (login, password) = (login.to_owned(), password.to_owned());
        Self { router, id, login, password, privileged, mode: Mode::Exec, asked: None, inside: None }
    }

    pub(super) fn unread<C>(&self, line: &str, reading: &Reading<C>) -> Outcome {
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
            Mode::Global => help(words, GLOBAL).or_else(|| help(words, DEVICE)),
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

pub(super) fn text(text: &str) -> Outcome {
    Outcome::Text(text.to_owned())
}
