use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with an uploaded file, said so that a person can mend it.
///
/// Wrong data is never an `Err`: a check collects all findings of all rows and goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The name of the file as it was given.
    pub file: String,
    /// The row as a spreadsheet numbers it, the header being 1; `None` when the finding is of the whole file.
    pub row: Option<u32>,
    /// The label of the column as the file spells it; `None` when no single column is to blame.
    pub column: Option<String>,
    /// The cell as it was read.
    pub value: Option<String>,
    /// Whether the row can be used all the same.
    pub severity: Severity,
    /// The stable code of the rule; `docs/rules.md` lists them all.
    pub code: Cow<'static, str>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, or what to do.
    pub repair: Option<String>,
}

/// How bad a [`Finding`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The row, or the file, can't be used.
    Error,
    /// It can be used, and a person should look at it.
    Warning,
}
