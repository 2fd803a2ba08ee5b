//! Rows in, findings out: pure functions over what was read and, where there is one, a snapshot of known facts.

mod bulk;
/// The rules of single cells.
pub mod cell;
mod check;
mod checked;
mod facts;
mod licences;
mod project;
pub mod shape;

pub use bulk::{Assignment, Candidate, Identity, recheck};
pub use check::check;
pub use checked::{Checked, Verdict};
pub use facts::{Claims, Facts, Present};
pub use licences::{Shortage, shortages};
pub use project::{Attribute, CellValue, ProjectOrder, ProjectRow};
