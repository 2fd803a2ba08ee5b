use std::collections::HashSet;
use std::fmt;

use dialtone_model::Finding;
use dialtone_templates::{Problems, Reading};
use serde::Serialize;

use crate::{Assignment, ProjectOrder};

/// What became of the files of one upload.
#[derive(Debug)]
pub struct Checked<'a> {
    /// The files, in the order of the upload.
    pub readings: &'a [Reading],
    /// What the data is worth; the same in both modes.
    pub verdict: Verdict,
    /// How many rows have no error; 0 when a file is refused.
    pub accepted: usize,
    /// How many rows have an error.
    pub refused: usize,
    /// What is wrong, by file, row and column.
    pub problems: Problems,
    /// The accepted rows of bulk assignments, in the order of the files; none when a file is refused.
    pub assignments: Vec<Assignment<'a>>,
    /// The accepted orders of project files, in the order of the files and of their first rows; none when a file is
    /// refused.
    pub orders: Vec<ProjectOrder<'a>>,
}

/// What the data of an upload is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every row can be used.
    Accept,
    /// A whole file is refused, and with it the upload, in both modes.
    RejectFile,
    /// Some rows are refused: in strict mode the upload, otherwise those rows.
    RejectRows,
}

impl<'a> Checked<'a> {
    /// An upload of which a whole file is refused.
    pub(crate) fn refused(readings: &'a [Reading], problems: Problems, refused: usize) -> Self {
        let (assignments, orders) = (Vec::new(), Vec::new());
        Self { readings, verdict: Verdict::RejectFile, accepted: 0, refused, problems, assignments, orders }
    }

    /// The same files after the plan of a project has judged them too: with its problems and counts, and without the
    /// orders that it refuses.
    #[must_use]
    pub fn judged(mut self, verdict: Verdict, accepted: usize, refused: usize, problems: Problems) -> Self {
        let bad: HashSet<(u32, u32)> =
            problems.errors_of_rows().filter_map(|problem| Some((problem.file, problem.row?))).collect();
        self.orders.retain(|order| !order.rows.iter().any(|row| bad.contains(&(row.file, row.row))));
        Self { verdict, accepted, refused, problems, ..self }
    }

    /// The findings in words, one after the other, so that a hundred thousand are never held at once.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.problems.iter().map(|problem| problem.finding(self.readings))
    }
}

impl Verdict {
    /// The word that is stored and that JSON shows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::RejectFile => "reject-file",
            Self::RejectRows => "reject-rows",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
