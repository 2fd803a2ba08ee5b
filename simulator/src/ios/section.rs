use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::journal::Change;
use crate::ledger::Holdings;

/// A part of a configuration, or one object of a database: its settings by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Section(pub(super) BTreeMap<String, String>);

/// Everything that a device with a command line holds. A key is the section's command, such as `ephone-dn 5`.
#[derive(Debug, Default)]
pub(super) struct Sections(BTreeMap<String, Section>);

/// What a command changed.
pub(super) type Changes = Vec<Change<Section>>;

impl Holdings for Sections {
    type Object = Section;

    fn apply(&mut self, change: Change<Section>) {
        match change.value {
            Some(section) => self.0.insert(change.object, section),
            None => self.0.remove(&change.object),
        };
    }
}

impl Section {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    #[must_use]
    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    #[must_use]
    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }
}

impl Sections {
    pub(super) fn get(&self, key: &str) -> Option<&Section> {
        self.0.get(key)
    }

    /// The section, or an empty one.
    pub(super) fn of(&self, key: &str) -> Section {
        self.0.get(key).cloned().unwrap_or_default()
    }

    /// The numbered sections of a command, such as `ephone-dn`, by their numbers.
    pub(super) fn slots(&self, command: &str) -> BTreeMap<u32, &Section> {
        let number = |key: &str| key.strip_prefix(command)?.strip_prefix(' ')?.parse::<u32>().ok();
        self.0.iter().filter_map(|(key, section)| Some((number(key)?, section))).collect()
    }

    /// Those whose keys begin with this, without it.
    pub(super) fn below<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = (&'s str, &'s Section)> {
        self.0.iter().filter_map(move |(key, section)| Some((key.strip_prefix(prefix)?, section)))
    }

    /// What makes a section this one; nothing when it is so already.
    pub(super) fn set(&self, key: &str, section: Section) -> Changes {
        if self.get(key) == Some(&section) {
            return Vec::new();
        }
        vec![Change { object: key.to_owned(), value: Some(section) }]
    }

    /// What takes a section away; nothing when there is none.
    pub(super) fn remove(&self, key: &str) -> Changes {
        if self.get(key).is_none() {
            return Vec::new();
        }
        vec![Change { object: key.to_owned(), value: None }]
    }

    pub(super) fn state(&self) -> serde_json::Value {
        serde_json::to_value(&self.0).unwrap_or_default()
    }
}
