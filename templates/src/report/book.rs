use std::io::Write;

use super::catalog::report_text;
use super::cause::Causes;
use super::columns::Columns;
use super::line::{LineWriter, ReportLine, TimeText, optional_count};
use super::summary::ReportHead;
use crate::WriteError;
use crate::write::{Book, Cells, Sheet, SheetColumn};

/// A report as a workbook.
#[derive(Debug)]
pub(super) struct ReportBook {
    book: Book,
    rows: Sheet,
    causes: Causes,
    cause_sheet: Sheet,
    steps: Sheet,
    step_time: TimeText,
}

impl ReportBook {
    pub(super) fn new(head: &ReportHead, columns: &Columns<'_>) -> Result<Self, WriteError> {
        let sheets = &report_text().sheets;
        let plain = |header: &[String], widths: &[u16]| -> Vec<SheetColumn> {
            let columns = header.iter().zip(widths);
            columns.map(|(label, &width)| SheetColumn { label: label.clone(), width }).collect()
        };
        let mut book = Book::new(head.ended_at.or(head.started_at))?;
        head.write_sheet(&mut book)?;
        let rows = book.sheet(&sheets.rows, columns.of_sheet())?;
        let cause_sheet = book.sheet(&sheets.causes, plain(&sheets.cause_header, &[28, 10, 60, 48, 24]))?;
        let steps = book.sheet(&sheets.steps, plain(&sheets.step_header, &[10, 28, 10, 8, 40, 24, 16, 60, 28]))?;
        Ok(Self { book, rows, causes: Causes::default(), cause_sheet, steps, step_time: TimeText::default() })
    }

    pub(super) fn line(
        &mut self,
        columns: &Columns<'_>,
        lines: &mut LineWriter,
        line: &ReportLine<'_>,
    ) -> Result<(), WriteError> {
        lines.write(columns, line, &mut self.book.cells(&mut self.rows))?;
        self.causes.count(columns, line);
        let mut cells = self.book.cells(&mut self.steps);
        for (number, step) in (1..).zip(line.steps) {
            optional_count(line.order_number(), &mut cells)?;
            cells.text(columns.file_name(line.source))?;
            optional_count(line.source.row(), &mut cells)?;
            cells.count(number)?;
            for text in [step.title, step.device, step.outcome, step.message] {
                cells.text(text)?;
            }
            cells.text(self.step_time.of(step.at))?;
            cells.end_row()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, sink: impl Write + Send) -> Result<(), WriteError> {
        self.causes.write(&mut self.book.cells(&mut self.cause_sheet))?;
        for sheet in [&self.rows, &self.cause_sheet, &self.steps] {
            self.book.end_page(sheet)?;
        }
        self.book.save(sink)
    }
}
