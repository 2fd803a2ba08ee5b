use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxCellFormulaMetadataRecord, XlsxError};

use super::archive::{self, Container};
use super::builder::Builder;
use super::header::{self, RawHeader};
use super::xml_guard::Seen;
use crate::{CellRule, Meaning, Note, Problem, Reading, Rule};

/// The text that the rows of a workbook may have, and the cells. A text file of the largest size has less.
const TEXT_LIMIT: usize = 16 * 1024 * 1024;
const CELLS_LIMIT: usize = 1_000_000;

type Workbook<'b> = Xlsx<Cursor<&'b [u8]>>;

/// A cell with its value, and with its formula if it has one.
type Cell<'w> = XlsxCellFormulaMetadataRecord<'w>;

/// Reads the first visible sheet of a workbook.
pub(super) fn read(container: Container, bytes: Vec<u8>, reading: &mut Reading) {
    if container == Container::Compound {
        return reading.problems.push(archive::refuse_compound(&bytes));
    }
    let seen = match archive::inspect(&bytes) {
        Ok(seen) => seen,
        Err(problem) => return reading.problems.push(problem),
    };
    // A damaged part may trip the library's own assertions. That is the file's fault and must not end the process.
    let read = catch_unwind(AssertUnwindSafe(|| first_sheet(&bytes, &seen, reading)));
    let refusal = match read {
        Ok(Ok(())) => return,
        Ok(Err(refusal)) => refusal,
        Err(_) => Refusal::Problem(damaged("a part of it makes no sense")),
    };
    reading.problems.forget_rows();
    reading.table = crate::Table::default();
    reading.problems.push(match refusal {
        Refusal::Problem(problem) => problem,
        Refusal::Library(XlsxError::Password) => Problem::file(Rule::FilePassword),
        Refusal::Library(error) => damaged(&error.to_string()),
    });
}

enum Refusal {
    Problem(Problem),
    Library(XlsxError),
}

impl From<XlsxError> for Refusal {
    fn from(error: XlsxError) -> Self {
        Self::Library(error)
    }
}

fn damaged(words: &str) -> Problem {
    Problem::file(Rule::FileDamaged).note(words)
}

fn first_sheet(bytes: &[u8], seen: &Seen, reading: &mut Reading) -> Result<(), Refusal> {
    let mut workbook: Workbook<'_> = Xlsx::new(Cursor::new(bytes))?;
    let sheets = workbook.sheets_metadata().iter();
    let mut visible =
        sheets.filter(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible);
    let Some(name) = visible.next().map(|sheet| sheet.name.clone()) else {
        return Err(Refusal::Problem(Problem::file(Rule::FileSheetHidden)));
    };
    let merged = if seen.merged_cells { workbook.merge_cells_by_sheet_name(&name)? } else { Vec::new() };
    let mut cells = workbook.worksheet_cells_reader(&name)?;
    let mut cells = std::iter::from_fn(|| cells.next_cell_with_formula_metadata().transpose());
    let mut header = RawHeader::default();
    let mut header_row = 0;
    let mut next = cells.next().transpose()?;
    while let Some(cell) = next.take_if(|cell| header.width == 0 || cell.pos.0 == header_row) {
        header_row = cell.pos.0;
        header.push(cell.pos.1 as usize, shown(&cell.value).trim());
        next = cells.next().transpose()?;
    }
    if header.width == 0 {
        return Err(Refusal::Problem(Problem::file(Rule::FileEmpty)));
    }
    let checked = header::settle(header, reading);
    let columns = reading.header.len();
    if let Some(area) = merged.iter().find(|area| area.end.0 >= header_row && (area.start.1 as usize) < columns) {
        let words = format!("{}:{}", reference(area.start), reference(area.end));
        reading.problems.push(Problem::file(Rule::FileMergedCells).note(words));
    }
    let mut rows = Rows::new(Builder::new(reading, (0, 0), checked), header_row);
    while let Some(cell) = next {
        rows.take(&cell)?;
        next = cells.next().transpose()?;
    }
    rows.finish();
    Ok(())
}

/// The rows of a sheet below its header.
struct Rows<'r> {
    builder: Builder<'r>,
    /// What each column means for cells that aren't text.
    columns: Vec<ColumnUse>,
    row: u32,
    column: Option<u32>,
    /// The columns with numeric cells whose zeros may be lost, each with its first such row.
    zeros: BTreeMap<usize, u32>,
}

#[derive(Clone, Copy)]
struct ColumnUse {
    zeros: bool,
    date: bool,
    ignored: bool,
}

impl<'r> Rows<'r> {
    fn new(builder: Builder<'r>, header_row: u32) -> Self {
        let columns = builder.reading.header.iter().map(|column| match column.meaning {
            Meaning::Known(known) | Meaning::New(known) => ColumnUse {
                zeros: known.zeros,
                date: known.cell == CellRule::Date,
                ignored: known.cell == CellRule::Reason,
            },
            Meaning::Attribute { .. } | Meaning::Unknown => ColumnUse { zeros: false, date: false, ignored: false },
        });
        let columns = columns.collect();
        Self { builder, columns, row: header_row, column: None, zeros: BTreeMap::new() }
    }

    fn take(&mut self, cell: &Cell<'_>) -> Result<(), Refusal> {
        let (row, column) = cell.pos;
        if row < self.row || (row == self.row && self.column.is_none_or(|last| column <= last)) {
            return Err(Refusal::Problem(damaged("its cells are out of order")));
        }
        if row > self.row {
            self.end_row();
            self.builder.skip_rows(row - self.row - 1);
            self.row = row;
        }
        self.column = Some(column);
        self.value(row + 1, column as usize, cell);
        let (text, cells) = self.builder.table.weight();
        if text > TEXT_LIMIT || cells > CELLS_LIMIT {
            let words =
                format!("its rows have more than {} MiB of text or {CELLS_LIMIT} cells", TEXT_LIMIT / 1024 / 1024);
            return Err(Refusal::Problem(Problem::file(Rule::FileBomb).note(words)));
        }
        Ok(())
    }

    /// Takes a cell's value; `number` is its row as a spreadsheet shows it.
    fn value(&mut self, number: u32, column: usize, Cell { value, formula, .. }: &Cell<'_>) {
        let usage = self.columns.get(column).copied();
        let flaw = match value {
            DataRef::Empty if formula.is_some() => Some(Problem::cell(Rule::CellFormula, number, column)),
            DataRef::Bool(_) => Some(Problem::cell(Rule::CellBoolean, number, column)),
            DataRef::Error(error) => Some(Problem::cell(Rule::CellError, number, column).note(error.to_string())),
            DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
                let date = usage.is_some_and(|usage| usage.date);
                (!date).then(|| Problem::cell(Rule::CellDate, number, column))
            }
            DataRef::Float(_) | DataRef::Int(_) if whole(value).is_none() => {
                Some(Problem::cell(Rule::CellFraction, number, column))
            }
            DataRef::Float(_) | DataRef::Int(_) => {
                if usage.is_some_and(|usage| usage.zeros) {
                    self.zeros.entry(column).or_insert(number);
                }
                None
            }
            DataRef::Empty | DataRef::String(_) | DataRef::SharedString(_) => None,
        };
        if let Some(problem) = flaw
            && usage.is_some_and(|usage| !usage.ignored)
        {
            self.builder.flaw(problem);
        }
        let text = match value {
            DataRef::SharedString(text) => text,
            DataRef::String(text) => text.as_str(),
            value => &shown(value),
        };
        let part = self.builder.table.write(text);
        self.builder.take(number, column, part, true);
    }

    fn end_row(&mut self) {
        if self.column.take().is_some() {
            self.builder.end_row(self.row + 1);
        }
    }

    fn finish(mut self) {
        self.end_row();
        for (column, row) in self.zeros {
            let note = Note::Count(u64::from(row));
            let column = Some(index(column));
            self.builder.reading.problems.push(Problem { column, note, ..Problem::file(Rule::CellZeros) });
        }
        self.builder.finish();
    }
}

/// A cell as text. A whole number has no decimals, a date is written as ISO 8601 has it.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Float(number) => whole(value).map_or_else(|| number.to_string(), |whole| whole.to_string()),
        DataRef::Int(number) => number.to_string(),
        DataRef::Bool(true) => "TRUE".to_owned(),
        DataRef::Bool(false) => "FALSE".to_owned(),
        DataRef::Error(error) => error.to_string(),
        DataRef::DateTime(date) => match date.to_ymd_hms_milli() {
            (year, month, day, 0, 0, 0, _) => format!("{year:04}-{month:02}-{day:02}"),
            (year, month, day, hour, minute, second, _) => {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        },
    }
}

/// The whole number that a numeric cell is, if a spreadsheet can hold every digit of it.
fn whole(value: &DataRef<'_>) -> Option<i64> {
    const EXACT: f64 = 1e15;
    match *value {
        DataRef::Int(number) => Some(number),
        #[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 15 digits fits")]
        DataRef::Float(number) => (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64),
        _ => None,
    }
}

fn index(column: usize) -> u32 {
    u32::try_from(column).unwrap_or(u32::MAX)
}

/// A cell's name, such as `B7`, by its row and column from 0.
fn reference((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        rest /= 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{}", row + 1)
}
