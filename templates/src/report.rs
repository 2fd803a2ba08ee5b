mod book;
mod catalog;
mod cause;
mod columns;
mod line;
mod summary;

use std::io::Write;

pub use catalog::{ReportColumn, report_columns};
pub use line::{Outcome, ReportLine, Source, StepLine};
pub use summary::{ReportFile, ReportHead};

use crate::report::book::ReportBook;
use crate::report::columns::Columns;
use crate::report::line::LineWriter;
use crate::write::Delimited;
use crate::{Format, Reading, WriteError};

/// Writes the report of a run, line by line.
///
/// A text report is one table: the header, the lines of the summary, then one line a row. The summary's lines fill the
/// code and the message alone and have no outcome, so that any program reads the file as a table and tells them apart,
/// and an auditor who opens it sees the totals, who, when and the files' SHA-256 on top. A workbook has the sheets
/// Summary, Rows, Errors by cause and Steps.
///
/// A text report is never held in memory; of a workbook, the rows wait in temporary files until
/// [`ReportWriter::finish`].
#[derive(Debug)]
pub struct ReportWriter<'a, W: Write + Send> {
    columns: Columns<'a>,
    lines: LineWriter,
    body: Body<W>,
}

#[derive(Debug)]
enum Body<W: Write + Send> {
    Text(Box<Delimited<W>>),
    Workbook(Box<ReportBook>, W),
}

impl<'a, W: Write + Send> ReportWriter<'a, W> {
    /// Begins a report on the rows of `readings`, and writes what stands above the first line.
    ///
    /// `given` are the labels of the cells that a line without a file has, as the catalogue spells them; see
    /// [`Source::Given`].
    pub fn new(
        format: Format,
        sink: W,
        head: &ReportHead,
        readings: &'a [Reading],
        given: &[&'a str],
    ) -> Result<Self, WriteError> {
        let columns = Columns::of(readings, given);
        let body = match format {
            Format::Csv | Format::Tsv => {
                let mut text = Delimited::new(sink, if format == Format::Tsv { b'\t' } else { b',' });
                columns.header(&mut text)?;
                head.write_lines(&columns, &mut text)?;
                Body::Text(Box::new(text))
            }
            Format::Xlsx => Body::Workbook(Box::new(ReportBook::new(head, &columns)?), sink),
        };
        Ok(Self { columns, lines: LineWriter::default(), body })
    }

    /// Writes the line of one row.
    pub fn line(&mut self, line: &ReportLine<'_>) -> Result<(), WriteError> {
        match &mut self.body {
            Body::Text(text) => self.lines.write(&self.columns, line, &mut **text),
            Body::Workbook(book, _) => book.line(&self.columns, &mut self.lines, line),
        }
    }

    /// Ends the report and hands the sink back.
    pub fn finish(self) -> Result<W, WriteError> {
        match self.body {
            Body::Text(text) => text.finish(),
            Body::Workbook(book, mut sink) => {
                book.finish(&mut sink)?;
                Ok(sink)
            }
        }
    }
}
