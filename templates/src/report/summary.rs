use dialtone_model::RunId;
use jiff::Timestamp;

use super::catalog::{Field, report_text};
use super::columns::Columns;
use super::line::TimeText;
use crate::WriteError;
use crate::write::{Book, Cells, fitting};

/// The code in the lines of a text report that belong to no row.
const SUMMARY: &str = "summary";

/// What a report says of the whole run.
#[derive(Clone, Debug)]
pub struct ReportHead {
    /// The run.
    pub run: RunId,
    /// What the run worked through, such as the template's name.
    pub title: String,
    /// The organization's name.
    pub organization: String,
    /// Who started the run.
    pub requested_by: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// The uploaded files, in their order.
    pub files: Vec<ReportFile>,
    /// What was counted, in the order in which it is shown, such as the orders by outcome.
    pub totals: Vec<(String, u64)>,
}

/// An uploaded file.
#[derive(Clone, Debug)]
pub struct ReportFile {
    /// The name as it was given.
    pub name: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

impl ReportHead {
    /// What is to be said, each with what it is called.
    pub(super) fn facts(&self) -> Vec<(String, String)> {
        let text = &report_text().summary;
        let time = |time: Option<Timestamp>| TimeText::default().of(time).to_owned();
        let mut facts = vec![
            (text.title.clone(), self.title.clone()),
            (text.organization.clone(), self.organization.clone()),
            (text.run.clone(), self.run.to_string()),
            (text.requested_by.clone(), self.requested_by.clone()),
            (text.started.clone(), time(self.started_at)),
            (text.ended.clone(), time(self.ended_at)),
        ];
        facts.extend(self.files.iter().map(|file| {
            let ReportFile { name, sha256 } = file;
            (text.file.clone(), format!("{name} ({} {sha256})", text.sha256))
        }));
        facts
    }

    /// Writes the sheet that a workbook begins with.
    pub(super) fn write_sheet(&self, book: &mut Book) -> Result<(), WriteError> {
        let text = report_text();
        let heading = book.heading();
        let sheet = book.small_sheet(&text.sheets.summary)?;
        sheet.set_column_width(0, 24)?;
        sheet.set_column_width(1, 80)?;
        let mut row = 0;
        sheet.write_string_with_format(row, 0, &text.summary.total, &heading)?;
        sheet.write_string_with_format(row, 1, &text.summary.rows, &heading)?;
        for (name, count) in &self.totals {
            row += 1;
            sheet.write_string(row, 0, fitting(name))?;
            sheet.write_number(row, 1, *count as f64)?;
        }
        row += 1;
        for (name, value) in self.facts() {
            row += 1;
            sheet.write_string_with_format(row, 0, name, &heading)?;
            sheet.write_string(row, 1, fitting(&value))?;
        }
        Ok(())
    }

    /// Writes the lines that stand between the header and the first row of a text report, the totals on top.
    pub(super) fn write_lines(&self, columns: &Columns<'_>, cells: &mut impl Cells) -> Result<(), WriteError> {
        let totals = self.totals.iter().map(|(name, count)| (name.clone(), count.to_string()));
        for (name, value) in totals.chain(self.facts()) {
            columns.blanks(cells)?;
            for column in &columns.results {
                match column.field {
                    Field::Code => cells.text(SUMMARY)?,
                    Field::Message => cells.text(&format!("{name}: {value}"))?,
                    _ => cells.blank()?,
                }
            }
            cells.end_row()?;
        }
        Ok(())
    }
}
