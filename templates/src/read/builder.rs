use std::ops::Range;

use crate::table::TableBuilder;
use crate::{CellRule, Kind, Meaning, Note, Origin, Problem, ROW_LIMIT, Reading, Rule};

/// The characters that a cell may have, as in a spreadsheet.
const CELL_LIMIT: usize = 32_767;

/// Takes the cells of a file's rows and keeps what is to be kept: what both readers do alike.
pub(super) struct Builder<'r> {
    pub(super) table: TableBuilder,
    pub(super) reading: &'r mut Reading,
    /// What to do with the cells of each column.
    uses: Vec<Use>,
    /// How many cells the present row has up to its last filled one.
    width: usize,
    /// Blank rows since the last row that isn't blank.
    blanks: u32,
    /// Whether the rows can be checked; otherwise they are only counted.
    checked: bool,
    /// What the present row says that it belongs to.
    origin: Option<String>,
    /// Whether the rows say several things of that.
    origins_mixed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Use {
    Keep,
    Ignore,
    Origin,
}

impl<'r> Builder<'r> {
    /// A builder for the rows below the header that `reading` has. It only counts the rows if they can't be `checked`.
    pub(super) fn new(reading: &'r mut Reading, (bytes, cells): (usize, usize), checked: bool) -> Self {
        let uses = reading.header.iter().map(|column| match column.meaning {
            Meaning::Known(column) if column.cell == CellRule::Reason => Use::Ignore,
            Meaning::Known(column) if column.cell == CellRule::Origin => Use::Origin,
            _ => Use::Keep,
        });
        let uses = uses.collect();
        let table = TableBuilder::with_room(bytes, cells);
        Self { table, reading, uses, width: 0, blanks: 0, checked, origin: None, origins_mixed: false }
    }

    /// How many columns the header has.
    pub(super) fn columns(&self) -> usize {
        self.uses.len()
    }

    /// Takes the cell that was written into this part of the table's room. `suspicious`: it may hold characters that no
    /// cell may have.
    #[inline]
    pub(super) fn take(&mut self, row: u32, column: usize, part: Range<usize>, suspicious: bool) {
        let part = surroundings_removed(self.table.text(), part);
        if part.is_empty() {
            return;
        }
        self.width = column + 1;
        match self.uses.get(column) {
            Some(Use::Keep) => {
                if suspicious || part.len() > CELL_LIMIT {
                    self.inspect(row, column, part.clone());
                }
                self.table.keep(column, part);
            }
            Some(Use::Origin) => {
                let text = String::from_utf8_lossy(&self.table.text()[part]).into_owned();
                self.origin = Some(text);
            }
            Some(Use::Ignore) => {}
            // A row that is too long is refused, and given back whole.
            None => self.table.keep(column, part),
        }
    }

    /// Names the first character that no cell may have.
    fn inspect(&mut self, row: u32, column: usize, part: Range<usize>) {
        let bytes = &self.table.text()[part];
        if bytes.len() <= CELL_LIMIT && bytes.iter().all(|byte| matches!(byte, 0x20..0x7F)) {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let problem = match text.chars().find(|letter| breaks_line(*letter) || letter.is_control()) {
            Some(letter) if breaks_line(letter) => {
                let joined: Vec<&str> =
                    text.split(breaks_line).map(str::trim).filter(|part| !part.is_empty()).collect();
                Problem::cell(Rule::CellLineBreak, row, column)
                    .repair(format!("Write it in one line: {}", joined.join(" ")))
            }
            Some(letter) => Problem::cell(Rule::CellControl, row, column).note(format!("U+{:04X}", u32::from(letter))),
            None if text.chars().nth(CELL_LIMIT).is_some() => Problem::cell(Rule::CellTooLong, row, column),
            None => return,
        };
        self.flaw(problem);
    }

    /// Adds an error of the present row.
    pub(super) fn flaw(&mut self, problem: Problem) {
        if self.keeps_rows() {
            self.table.flaw_row();
            self.reading.problems.push(problem);
        }
    }

    /// Whether the present row is one that is kept.
    fn keeps_rows(&self) -> bool {
        self.checked && self.reading.row_count < ROW_LIMIT
    }

    /// Ends a row.
    pub(super) fn end_row(&mut self, number: u32) {
        let width = std::mem::take(&mut self.width);
        let excess = width > self.columns();
        // A row without text isn't blank if something is wrong with a cell of it, such as a formula without a result.
        if self.table.cells_in_row() == 0 && !excess && !self.table.is_row_flawed() {
            self.origin = None;
            self.blanks += 1;
            self.table.end_row(number, false);
            return;
        }
        self.reading.blank_rows += std::mem::take(&mut self.blanks);
        let keep = self.keeps_rows();
        self.reading.row_count += 1;
        if keep && excess {
            // Its cells stand under the wrong columns, so what was found in them would only mislead.
            self.reading.problems.forget_last_row(number);
            self.table.flaw_row();
            let note = Note::Count(width as u64);
            self.reading.problems.push(Problem { note, ..Problem::row(Rule::RowTooLong, number) });
        }
        if keep {
            self.settle_origin(number);
        }
        self.table.end_row(number, keep);
    }

    /// Counts blank rows.
    pub(super) fn skip_rows(&mut self, rows: u32) {
        self.blanks += rows;
    }

    fn settle_origin(&mut self, number: u32) {
        let Some(text) = self.origin.take() else { return };
        let origin = text.parse::<Origin>().ok();
        if origin.is_some() && (self.reading.origin.is_none() || self.reading.origin == origin) {
            self.reading.origin = origin;
        } else if !std::mem::replace(&mut self.origins_mixed, true) {
            let note = Note::Count(u64::from(number));
            self.reading.problems.push(Problem { note, ..Problem::file(Rule::FileOriginMixed) });
        }
    }

    /// Hands the table over. A file past the row limit has that one finding and no rows.
    pub(super) fn finish(self) {
        let reading = self.reading;
        reading.table = self.table.finish();
        if reading.row_count > ROW_LIMIT && reading.kind == Some(Kind::Project) {
            reading.problems.forget_rows();
            let note = Note::Count(u64::from(reading.row_count));
            reading.problems.push(Problem { note, ..Problem::file(Rule::FileTooManyRows) });
        }
        if reading.row_count == 0 && !reading.is_refused() {
            reading.problems.push(Problem::file(Rule::FileWithoutRows));
        }
    }
}

/// The part of a cell without surrounding white space and without the apostrophe that keeps a spreadsheet from running
/// it as a formula.
#[inline]
fn surroundings_removed(text: &[u8], mut part: Range<usize>) -> Range<usize> {
    let cell = &text[part.clone()];
    let plain = |byte: &u8| matches!(byte, 0x21..0x7F) && *byte != b'\'';
    if let ([first, ..], [.., last]) = (cell, cell)
        && plain(first)
        && plain(last)
    {
        return part;
    }
    let cell = std::str::from_utf8(cell).unwrap_or_default();
    let left = cell.trim_start_matches(surrounds);
    part.start += cell.len() - left.len();
    part.end = part.start + left.trim_end_matches(surrounds).len();
    if let [b'\'', b'=' | b'+' | b'-' | b'@', ..] = text[part.clone()] {
        part.start += 1;
    }
    part
}

/// White space that is removed around a cell: spaces of every width and the tabulator. Line breaks and other control
/// characters aren't: they are an error wherever they stand.
fn surrounds(letter: char) -> bool {
    letter == '\t' || (letter.is_whitespace() && !letter.is_control() && !breaks_line(letter))
}

fn breaks_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
