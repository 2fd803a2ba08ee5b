use std::borrow::Cow;
use std::collections::BTreeMap;

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

/// How many problems are listed; those beyond are counted by their rules.
pub const LISTED_PROBLEMS: usize = 100_000;

/// The problems of an upload, of which at most [`LISTED_PROBLEMS`] are listed.
///
/// What refuses a file is always among them, and a row whose errors aren't is known as refused all the same.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    listed: Vec<Problem>,
    unlisted: BTreeMap<Rule, usize>,
    /// The first unlisted error of each row that has one, by file and row.
    unlisted_rows: BTreeMap<(u32, u32), Problem>,
}

impl Problems {
    /// Adds a problem. Where the list is full, one of a whole file takes the place of a row's.
    pub fn push(&mut self, problem: Problem) {
        if self.listed.len() < LISTED_PROBLEMS {
            return self.listed.push(problem);
        }
        let of_row = |one: &Problem| one.row.is_some();
        let least = if of_row(&problem) { None } else { self.listed.iter().rposition(of_row) };
        let unlisted = match least {
            Some(place) => std::mem::replace(&mut self.listed[place], problem),
            None => problem,
        };
        self.count(unlisted);
    }

    /// Counts a problem that isn't listed.
    fn count(&mut self, problem: Problem) {
        *self.unlisted.entry(problem.rule).or_default() += 1;
        if let Some(row) = problem.row
            && problem.is_error()
        {
            self.unlisted_rows.entry((problem.file, row)).or_insert(problem);
        }
    }

    /// Adds the problems of another collection, behind its own.
    pub fn append(&mut self, other: Self) {
        other.listed.into_iter().for_each(|problem| self.push(problem));
        for (rule, count) in other.unlisted {
            *self.unlisted.entry(rule).or_default() += count;
        }
        for (place, problem) in other.unlisted_rows {
            self.unlisted_rows.entry(place).or_insert(problem);
        }
    }

    /// The same problems as those of the file at `file` of an upload.
    pub fn of_file(mut self, file: u32) -> Self {
        self.listed.iter_mut().for_each(|problem| problem.file = file);
        let rows = std::mem::take(&mut self.unlisted_rows).into_iter();
        self.unlisted_rows = rows.map(|((_, row), problem)| ((file, row), Problem { file, ..problem })).collect();
        self
    }

    /// The listed problems.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.listed.iter()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// The errors of rows: the listed ones, and the first unlisted one of each row that has such.
    pub fn errors_of_rows(&self) -> impl Iterator<Item = &Problem> {
        let listed = self.listed.iter().filter(|problem| problem.row.is_some() && problem.is_error());
        listed.chain(self.unlisted_rows.values())
    }

    /// How many problems there are beyond the listed ones, by rule.
    pub fn unlisted(&self) -> &BTreeMap<Rule, usize> {
        &self.unlisted
    }

    /// Whether this rule is among the listed ones.
    pub fn has(&self, rule: Rule) -> bool {
        self.listed.iter().any(|problem| problem.rule == rule)
    }

    /// Whether a whole file is refused.
    pub fn refuse_file(&self) -> bool {
        self.listed.iter().any(|problem| problem.row.is_none() && problem.is_error())
    }

    /// Forgets the problems of single rows, because the rows aren't used whatever is wrong with them.
    pub fn forget_rows(&mut self) {
        self.listed.retain(|problem| problem.row.is_none());
        self.unlisted.clear();
        self.unlisted_rows.clear();
    }

    /// Forgets the problems of the last row, `row`.
    pub(crate) fn forget_last_row(&mut self, row: u32) {
        while self.listed.last().is_some_and(|problem| problem.row == Some(row)) {
            self.listed.pop();
        }
    }

    /// Sorts by file, row and column; what is of a whole file comes before its rows.
    pub fn sort(&mut self) {
        self.listed.sort_by_key(|problem| (problem.file, problem.row, problem.column));
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
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
            // The rows that a template has already are named in words.
            Note::Text(ref words) => words.to_string(),
            Note::None | Note::Count(_) => String::new(),
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
        let shown = shortened(value.as_deref().unwrap_or_default());
        let label = shortened(column.unwrap_or_default());
        let fill = |template: &str| {
            template
                .replace("{column}", &label)
                .replace("{note}", &note)
                .replace("{other}", other)
                .replace("{value}", &shown)
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

/// A cell or a label as a message quotes it: a long one is cut, because the finding has it whole.
fn shortened(value: &str) -> Cow<'_, str> {
    const QUOTED: usize = 80;
    match value.char_indices().nth(QUOTED) {
        Some((end, _)) => Cow::Owned(format!("{}…", &value[..end])),
        None => Cow::Borrowed(value),
    }
}
