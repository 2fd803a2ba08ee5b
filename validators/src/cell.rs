mod digits;
mod identity;
mod line;

pub(crate) use identity::whole_uuid;

pub use digits::{ext_key, number};
pub use identity::{name, uuid};
pub use line::{choice, date, directory_number, email, host, mac, position};

use dialtone_templates::{Note, Problem, Rule};

/// What is wrong with a cell, apart from where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The rule that is broken.
    pub rule: Rule,
    /// What the message adds to the rule.
    pub note: Option<String>,
    /// What to write instead.
    pub repair: Option<String>,
}

impl Flaw {
    /// A flaw of which the rule says everything.
    pub fn new(rule: Rule) -> Self {
        Self { rule, note: None, repair: None }
    }

    /// The problem of the cell at this place of an upload.
    pub(crate) fn problem(self, file: u32, row: u32, column: usize) -> Problem {
        let note = self.note.map_or(Note::None, |words| Note::Text(words.into()));
        let repair = self.repair.map(Box::from);
        Problem { file, note, repair, ..Problem::cell(self.rule, row, column) }
    }

    /// The same with words for the message.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// The same with the value to write instead.
    pub fn write(self, value: &str) -> Self {
        Self { repair: Some(format!("Write {value}")), ..self }
    }
}
