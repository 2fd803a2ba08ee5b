//! The contract of an upload: for each kind of file its columns, their rules, defaults and help, all from the data files
//! in `catalog/`; reading CSV and XLSX files by it; and writing blank files, samples, failed rows, exports and reports.
//!
//! Wrong data is never an error here: [`read`] answers any bytes with a [`Reading`] whose problems say what is wrong.

mod blank;
/// What the files of each kind look like.
pub mod catalog;
mod directory;
mod docs;
mod export;
mod failed_rows;
mod format;
mod passwords;
mod problem;
mod read;
mod reading;
mod report;
mod rule;
mod table;
mod write;

pub use blank::{blank, blank_name, sample, sample_name};
pub use catalog::{CellRule, Column, Kind, Layout};
pub use directory::{DirectoryError, read_numbers, read_subscribers, read_users};
pub use docs::{columns_page, rules_page};
pub use export::{Export, ExportText, ExportedExtension, export_extensions, export_numbers};
pub use failed_rows::{RefusedRow, failed_rows, failed_rows_name, refused_rows};
pub use format::Format;
pub use passwords::{PasswordLine, password_file};
pub use problem::{LISTED_PROBLEMS, Note, Problem, Problems};
pub use read::{FILE_LIMIT, ROW_LIMIT, read, read_from};
pub use reading::{Encoding, HeaderColumn, Meaning, Origin, Reading, UnknownOrigin};
pub use report::{
    Outcome, ReportColumn, ReportFile, ReportHead, ReportLine, ReportWriter, Source, StepLine, report_columns,
};
pub use rule::{Rule, RuleText};
pub use table::{Row, Table};
pub use write::WriteError;
