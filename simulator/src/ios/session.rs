//! What all the simulated command lines have in common.

use crate::fault::Strike;
use crate::ledger::{Ledger, Line};

use super::section::{Changes, Sections};

/// What a line that was typed comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// This is printed, and the prompt comes again.
    Text(String),
    /// This is printed without a prompt, and the next line is the answer to it.
    Ask {
        question: String,
        /// Whether the answer is shown as it is typed.
        echo: bool,
    },
    /// The session is over.
    Leave,
    /// The connection is gone without a word.
    Cut,
}

/// A command line that somebody is logged in to.
pub(super) trait Session: Send {
    /// What stands before the cursor.
    fn prompt(&self) -> String;

    /// What a `?` behind what was typed shows; `None` where it is a character like any other.
    fn help(&self, line: &str) -> Option<String>;

    /// Acts on a line; it is the answer if one was asked for.
    fn enter(&mut self, line: &str) -> Outcome;

    /// Goes back to where commands begin, as Ctrl-Z does.
    fn escape(&mut self);
}

/// What was asked of a device that would change it.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// What the faults know it by.
    pub(super) key: String,
    /// What the log says; without secrets.
    pub(super) line: String,
    /// Its values by their names.
    pub(super) fields: Vec<(&'a str, &'a str)>,
}

/// What a device says and changes, or why it refuses.
pub(super) type Work = Result<(String, Changes), String>;

const ACCEPTED: u16 = 200;
const REFUSED: u16 = 400;
const FAILED: u16 = 500;

/// Lets a fault strike or has the work done, and writes both down.
pub(super) fn serve(
    ledger: &mut Ledger<Sections>,
    line: String,
    strike: Option<Strike>,
    work: impl FnOnce(&Sections) -> Work,
) -> Outcome {
    let (status, outcome, changes) = match strike {
        Some(Strike::DropBefore) => (None, Outcome::Cut, Changes::new()),
        Some(Strike::DropAfter) => {
            let changes = work(&ledger.holdings).map(|(_, changes)| changes).unwrap_or_default();
            (None, Outcome::Cut, changes)
        }
        Some(Strike::Error) => {
            (Some(FAILED), Outcome::Text("% Low on memory; try again later\n".to_owned()), Changes::new())
        }
        Some(Strike::Refuse(reason)) => (Some(REFUSED), Outcome::Text(format!("% {reason}\n")), Changes::new()),
        None => match work(&ledger.holdings) {
            Ok((text, changes)) => (Some(ACCEPTED), Outcome::Text(text), changes),
            Err(refusal) => (Some(REFUSED), Outcome::Text(refusal), Changes::new()),
        },
    };
    match ledger.record(Line { request: line, id: None }, status, changes) {
        Ok(()) => outcome,
        Err(_) => Outcome::Text("% The device can't write its journal\n".to_owned()),
    }
}

/// What the device prints about a line that it can't read; `at` is the column of the first wrong character.
pub(super) fn invalid(prompt: &str, at: usize) -> String {
    format!("{}^\n% Invalid input detected at '^' marker.\n\n", " ".repeat(prompt.chars().count() + at))
}

/// What a `?` shows behind what begins no command.
pub(super) const UNKNOWN: &str = "% Unrecognized command\n";

pub(super) fn ambiguous(line: &str) -> String {
    format!("% Ambiguous command:  \"{}\"\n", line.trim())
}
pub(super) const INCOMPLETE: &str = "% Incomplete command.\n\n";
