mod facts_rules;
mod once;
mod row;

use std::borrow::Cow;
use std::fmt;

use dialtone_model::{Finding, UserId};
use dialtone_templates::{Kind, Note, Problem, Problems, Reading, Rule};

use crate::Facts;

/// One row of a bulk assignment, as it will be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// Which of the files of the template, counted from 0.
    pub file: u32,
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// 3 to 5 ASCII digits.
    pub ext_key: &'a str,
    /// Whom the extension is for.
    pub identity: Identity<'a>,
    /// The number to assign, digits without the `+`.
    pub number: Option<&'a str>,
    /// The user whom the identity is; `None` without facts.
    pub user: Option<UserId>,
}

/// How a row names its user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity<'a> {
    /// By name, in Unicode normal form C.
    Name(Cow<'a, str>),
    /// By UUID.
    Uuid(UserId),
}

/// A row of a bulk assignment while it is being checked: the cells that are right so far.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Which of the files of the template, counted from 0.
    pub file: u32,
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// 3 to 5 ASCII digits.
    pub ext_key: Option<&'a str>,
    /// Whom the extension is for.
    pub identity: Option<Identity<'a>>,
    /// The number to assign, digits without the `+`.
    pub number: Option<&'a str>,
    /// The user whom the identity is, once the facts have said so.
    pub user: Option<UserId>,
    /// Whether the row has an error.
    pub refused: bool,
}

/// The three cells of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    ExtKey,
    Identity,
    Number,
}

/// What is wrong with a cell of a candidate because of other rows or of the facts.
struct Objection {
    candidate: usize,
    field: Field,
    rule: Rule,
    note: Note,
    repair: Option<String>,
}

impl<'a> Assignment<'a> {
    /// The candidate, if it has no error.
    pub(crate) fn of(candidate: Candidate<'a>) -> Option<Self> {
        let Candidate { file, row, ext_key, identity, number, user, refused } = candidate;
        if refused {
            return None;
        }
        Some(Self { file, row, ext_key: ext_key?, identity: identity?, number, user })
    }
}

impl fmt::Display for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Uuid(id) => id.fmt(f),
        }
    }
}

impl Candidate<'_> {
    /// The cell as it will be used.
    fn value(&self, field: Field) -> Option<String> {
        match field {
            Field::ExtKey => self.ext_key.map(str::to_owned),
            Field::Number => self.number.map(str::to_owned),
            Field::Identity => self.identity.as_ref().map(ToString::to_string),
        }
    }
}

/// Checks rows that are kept elsewhere than in a file, such as those of a template when it is assigned: what they are to
/// each other and to the facts. `files` are the names that the candidates' files have for people.
///
/// The findings come in the order of the rows, and a candidate with an error is marked as refused.
pub fn recheck(candidates: &mut [Candidate<'_>], files: &[&str], facts: &Facts) -> Vec<Finding> {
    let objections = object(candidates, Some(facts));
    let word = |objection: &Objection| {
        let candidate = &candidates[objection.candidate];
        let label = match (objection.field, &candidate.identity) {
            (Field::ExtKey, _) => "Ext Key",
            (Field::Number, _) => "Number",
            (Field::Identity, Some(Identity::Uuid(_))) => "Identity UUID",
            (Field::Identity, _) => "User's Name",
        };
        let other = match &objection.note {
            Note::Row { file, row } if *file == candidate.file => format!("row {row}"),
            Note::Row { file, row } => format!("row {row} of {}", files[*file as usize]),
            Note::Text(words) => words.to_string(),
            Note::None | Note::Count(_) => String::new(),
        };
        let problem = objection.problem(candidate, None);
        problem.word(files[candidate.file as usize], Some(label), candidate.value(objection.field), &other)
    };
    objections.iter().map(word).collect()
}

/// Checks the rows of bulk-assignment files. The candidates come in the order of the files and rows.
pub(crate) fn check<'a>(readings: &'a [Reading], facts: Option<&Facts>, problems: &mut Problems) -> Vec<Candidate<'a>> {
    let columns: Vec<row::Columns> = readings.iter().map(row::Columns::of).collect();
    let mut candidates = Vec::new();
    let files = (0..).zip(readings.iter().zip(&columns));
    for (file, (reading, columns)) in files.filter(|(_, (reading, _))| reading.kind.is_some_and(Kind::is_bulk)) {
        row::check(file, reading, columns, &mut candidates, problems);
    }
    for objection in object(&mut candidates, facts) {
        let candidate = &candidates[objection.candidate];
        let column = columns[candidate.file as usize].place(objection.field);
        problems.push(objection.problem(candidate, column));
    }
    candidates
}

/// Everything that other rows and the facts have against the candidates, who are marked.
fn object(candidates: &mut [Candidate<'_>], facts: Option<&Facts>) -> Vec<Objection> {
    if let Some(facts) = facts {
        facts_rules::resolve(candidates, facts);
    }
    let mut objections = once::check(candidates);
    if let Some(facts) = facts {
        objections.extend(facts_rules::check(candidates, facts));
        facts_rules::propose(candidates, facts, &mut objections);
    }
    objections.sort_by_key(|objection| (objection.candidate, objection.field as u8));
    for objection in &objections {
        candidates[objection.candidate].refused = true;
    }
    objections
}

impl Objection {
    fn problem(&self, candidate: &Candidate<'_>, column: Option<usize>) -> Problem {
        Problem {
            rule: self.rule,
            file: candidate.file,
            row: Some(candidate.row),
            column: column.and_then(|column| u32::try_from(column).ok()),
            note: self.note.clone(),
            repair: self.repair.as_deref().map(Box::from),
        }
    }
}
