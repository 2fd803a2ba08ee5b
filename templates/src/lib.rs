//! The contract of an upload: for each kind of file its columns, their rules, defaults and help, all from the data files
//! in `catalog/`; and reading CSV and XLSX files by it.
//!
//! Wrong data is never an error here: [`read`] answers any bytes with a [`Reading`] whose problems say what is wrong.

/// What the files of each kind look like.
pub mod catalog;
mod problem;
mod read;
mod reading;
mod rule;
mod table;

pub use catalog::{CellRule, Column, Kind, Layout};
pub use problem::{LISTED_PROBLEMS, Note, Problem, Problems};
pub use read::{FILE_LIMIT, ROW_LIMIT, read, read_from};
pub use reading::{Encoding, HeaderColumn, Meaning, Origin, Reading, UnknownOrigin};
pub use rule::{Rule, RuleText};
pub use table::{Row, Table};
