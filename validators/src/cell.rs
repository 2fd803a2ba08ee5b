mod digits;
mod identity;

pub(crate) use identity::whole_uuid;

pub use digits::{ext_key, number};
pub use identity::{name, uuid};

use dialtone_templates::Rule;

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

    /// The same with words for the message.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// The same with the value to write instead.
    pub fn write(self, value: &str) -> Self {
        Self { repair: Some(format!("Write {value}")), ..self }
    }
}
