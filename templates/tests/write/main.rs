//! What Dialtone writes: blank and sample files, failed rows, reports and the pages that come from the catalogue.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod docs;
mod failed_rows;
mod report;
mod samples;
mod support;
