//! Rows in, findings out: pure functions over what was read and, where there is one, a snapshot of known facts.

mod bulk;
mod checked;
mod facts;

pub use bulk::{Assignment, Identity};
pub use checked::{Checked, LISTED_FINDINGS, Verdict};
pub use facts::{Claims, Facts};
