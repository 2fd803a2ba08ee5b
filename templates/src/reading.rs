use std::fmt;
use std::str::FromStr;

use dialtone_model::{ProjectId, TemplateId};
use serde::{Deserialize, Serialize};

use crate::catalog::{Column, Kind};
use crate::{Problems, Table};

/// A file that was read: what it is, its rows, and what is wrong with it so far.
#[derive(Debug)]
pub struct Reading {
    /// The name as it was given.
    pub name: String,
    /// The SHA-256 of its bytes, in hexadecimal; `None` when it has no end.
    pub sha256: Option<String>,
    /// Its bytes.
    pub size: u64,
    /// What the header says that it is; `None` when it says nothing or several things.
    pub kind: Option<Kind>,
    /// How a text file's characters are written; `None` for a workbook and for what couldn't be read.
    pub encoding: Option<Encoding>,
    /// What stands between a text file's cells; `None` for a workbook and for what couldn't be read.
    pub separator: Option<char>,
    /// The columns of the file, in its own order.
    pub header: Vec<HeaderColumn>,
    /// The rows that aren't blank; at most [`ROW_LIMIT`](crate::ROW_LIMIT).
    pub table: Table,
    /// How many rows that aren't blank were counted, also past the limit.
    pub row_count: u32,
    /// How many blank rows were skipped between the header and the last row.
    pub blank_rows: u32,
    /// What a failed-rows file says that its rows belong to.
    pub origin: Option<Origin>,
    /// What is wrong with the file or its rows by the reading alone, in the order of the rows.
    pub problems: Problems,
}

/// One column of a file.
#[derive(Clone, Debug)]
pub struct HeaderColumn {
    /// The label as the file spells it.
    pub label: String,
    /// What it means.
    pub meaning: Meaning,
}

/// What a column of a file holds.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A column of the catalogue.
    Known(&'static Column),
    /// The new value of a key column: `New <label>`.
    New(&'static Column),
    /// A provisioning attribute: `attr:<name>` or `attr:<name>[i].<sub>`.
    Attribute {
        /// The attribute's name as the file spells it.
        name: String,
        /// The index and the name of a sub-attribute.
        sub: Option<(u32, String)>,
    },
    /// Nothing that the catalogue has; the file is refused.
    Unknown,
}

/// How a text file's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 with a byte order mark.
    #[serde(rename = "utf-8-bom")]
    Utf8Bom,
    /// UTF-16, the low byte first, with a byte order mark.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the high byte first, with a byte order mark.
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

/// What the rows of a failed-rows file belong to, so that the corrected file finds its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A bulk-assignment template.
    Template(TemplateId),
    /// A batch project.
    Project(ProjectId),
}

impl Reading {
    /// Whether the whole file is refused, whatever its rows say.
    pub fn is_refused(&self) -> bool {
        self.problems.refuse_file()
    }

    /// The place of the catalogue's column with this label in the file.
    pub fn column(&self, label: &str) -> Option<usize> {
        self.header.iter().position(|column| matches!(column.meaning, Meaning::Known(known) if known.label == label))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(id) => write!(f, "template:{id}"),
            Self::Project(id) => write!(f, "project:{id}"),
        }
    }
}

impl FromStr for Origin {
    type Err = UnknownOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let origin = match text.split_once(':') {
            Some(("template", id)) => id.parse().ok().map(Self::Template),
            Some(("project", id)) => id.parse().ok().map(Self::Project),
            _ => None,
        };
        origin.ok_or(UnknownOrigin)
    }
}

/// The text names neither a template nor a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not `template:` or `project:` with a UUID")]
pub struct UnknownOrigin;
