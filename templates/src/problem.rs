use std::borrow::Cow;

use dialtone_model::{Finding, Severity};

use crate::{Reading, Rule};

/// A finding before it is put into words: small, so that a hundred thousand of them weigh little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule that is broken.
    pub rule: Rule,
    /// Which of the files of the upload, counted from 0.
    pub file: u32,
    /// The row as a spreadsheet numbers it; `None` when the whole file is meant.
    pub row: Option<u32>,
    /// The file's column, counted from 0.
    pub column: Option<u32>,
    /// What stands for `{note}` or `{other}` in the rule's message.
    pub note: Note,
    /// What to write instead, where the check knows better than the rule.
    pub repair: Option<Box<str>>,
}

/// What a check adds to its rule's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Nothing.
    None,
    /// A count.
    Count(u64),
    /// Words.
    Text(Box<str>),
    /// Another row.
    Row {
        /// Which of the files of the upload, counted from 0.
        file: u32,
        /// The row as a spreadsheet numbers it.
        row: u32,
    },
}

impl Problem {
    /// A problem of a whole file.
    pub fn file(rule: Rule) -> Self {
        Self { rule, file: 0, row: None, column: None, note: Note::None, repair: None }
    }

    /// A problem of a row.
    pub fn row(rule: Rule, row: u32) -> Self {
        Self { row: Some(row), ..Self::file(rule) }
    }

    /// A problem of a cell.
    pub fn cell(rule: Rule, row: u32, column: usize) -> Self {
        Self { column: u32::try_from(column).ok(), ..Self::row(rule, row) }
    }

    /// The same with words for `{note}`.
    pub fn note(self, note: impl Into<Box<str>>) -> Self {
        Self { note: Note::Text(note.into()), ..self }
    }

    /// The same with what to write instead.
    pub fn repair(self, repair: impl Into<Box<str>>) -> Self {
        Self { repair: Some(repair.into()), ..self }
    }

    /// Whether it keeps its row, or its file, from being used.
    pub fn is_error(&self) -> bool {
        self.rule.severity() == Severity::Error
    }

    /// The finding in words. `readings` are the files of the upload in their order.
    pub fn finding(&self, readings: &[Reading]) -> Finding {
        let reading = &readings[self.file as usize];
        let column = self.column.and_then(|column| reading.header.get(column as usize));
        let value = match (self.row, self.column) {
            (Some(row), Some(column)) => {
                reading.table.find(row).map(|index| reading.table.row(index).cell(column as usize).to_owned())
            }
            _ => None,
        };
        let other = match self.note {
            Note::Row { file, row } if file == self.file => format!("row {row}"),
            Note::Row { file, row } => format!("row {row} of {}", readings[file as usize].name),
            _ => String::new(),
        };
        self.word(&reading.name, column.map(|column| column.label.as_str()), value, &other)
    }

    /// The finding in words, for a check whose rows come from elsewhere than a file. `other` is the place of another row.
    pub fn word(&self, file: &str, column: Option<&str>, value: Option<String>, other: &str) -> Finding {
        let text = self.rule.text();
        let note = match &self.note {
            Note::Text(words) => words.to_string(),
            Note::Count(count) => count.to_string(),
            Note::None | Note::Row { .. } => String::new(),
        };
        let fill = |template: &str| {
            template
                .replace("{column}", column.unwrap_or_default())
                .replace("{note}", &note)
                .replace("{other}", other)
                .replace("{value}", value.as_deref().unwrap_or_default())
        };
        let message = fill(&text.message);
        let repair = match &self.repair {
            Some(repair) => Some(repair.to_string()),
            None if text.repair.is_empty() => None,
            None => Some(fill(&text.repair)),
        };
        Finding {
            file: file.to_owned(),
            row: self.row,
            column: column.map(str::to_owned),
            severity: text.severity,
            code: Cow::Borrowed(self.rule.code()),
            message,
            repair,
            value,
        }
    }
}
