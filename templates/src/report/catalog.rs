use std::sync::LazyLock;

use serde::Deserialize;

/// A column that a report has behind the original ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportColumn {
    /// What it holds.
    pub(super) field: Field,
    /// The label, which is stable.
    pub label: String,
    /// How wide it is in a workbook, in characters.
    pub(super) width: u16,
    /// What it holds, in words.
    pub help: String,
}

/// What a [`ReportColumn`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Field {
    File,
    Row,
    Outcome,
    Status,
    Code,
    Message,
    Repair,
    Attempts,
    Started,
    Ended,
    Order,
}

/// What the catalogue says of reports.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportText {
    pub(super) column: Vec<ReportColumn>,
    pub(super) summary: SummaryText,
    pub(super) sheets: SheetText,
}

/// What the lines of the summary are called.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SummaryText {
    pub(super) run: String,
    pub(super) title: String,
    pub(super) organization: String,
    pub(super) requested_by: String,
    pub(super) started: String,
    pub(super) ended: String,
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) total: String,
    pub(super) rows: String,
}

/// What the sheets of a workbook are called, and the labels of those that aren't the rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetText {
    pub(super) summary: String,
    pub(super) rows: String,
    pub(super) causes: String,
    pub(super) steps: String,
    pub(super) cause_header: Vec<String>,
    pub(super) step_header: Vec<String>,
}

/// The columns that a report has behind the original ones, in order. The first is only there for several files.
pub fn report_columns() -> &'static [ReportColumn] {
    &report_text().column
}

#[expect(clippy::expect_used, reason = "the data file is part of the binary, and a test reads it")]
pub(super) fn report_text() -> &'static ReportText {
    static TEXT: LazyLock<ReportText> = LazyLock::new(|| {
        toml::from_str(include_str!("../../catalog/report.toml")).expect("a catalogue file that reads")
    });
    &TEXT
}
