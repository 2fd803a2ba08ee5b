use std::fmt::Write;

use dialtone_model::Reason;

use crate::catalog::service_columns;
use crate::write::{Book, Cells, Delimited, SheetColumn};
use crate::{CellRule, Encoding, FILE_LIMIT, Kind, Meaning, Origin, Problem, Reading, WriteError};

/// The name of the sheet when nothing is known of the file's kind.
const SHEET: &str = "Rows";

/// A row that was refused, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Which of the files of the upload, counted from 0.
    pub file: usize,
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// What is wrong with it, by column.
    pub reasons: Vec<Reason>,
}

/// The rows that have an error, each with all of its errors. `problems` are in the order of files and rows; those of
/// whole files are passed over.
pub fn refused_rows<'a>(
    readings: &'a [Reading],
    problems: impl IntoIterator<Item = &'a Problem>,
) -> impl Iterator<Item = RefusedRow> {
    let mut errors = problems.into_iter().filter(|problem| problem.row.is_some() && problem.is_error()).peekable();
    std::iter::from_fn(move || {
        let first = errors.next()?;
        let mut reasons = vec![reason(first, readings)];
        while let Some(next) = errors.next_if(|next| (next.file, next.row) == (first.file, first.row)) {
            reasons.push(reason(next, readings));
        }
        Some(RefusedRow { file: first.file as usize, row: first.row?, reasons })
    })
}

fn reason(problem: &Problem, readings: &[Reading]) -> Reason {
    let finding = problem.finding(readings);
    Reason { code: finding.code.into_owned(), message: finding.message, repair: finding.repair }
}

/// The refused rows of a file alone, in the file's own format: its separator, encoding, columns and cells, and two
/// columns that say why and what the rows belong to. A file that has those columns already keeps them where they are.
///
/// The corrected file can be uploaded as it is. So that it is never too large for that, long reasons give way to their
/// codes, and if that isn't enough only the first row has them.
///
/// `refused` are rows of this file, in its order; `origin` is what they belong to, where that isn't what the file says
/// itself.
pub fn failed_rows(reading: &Reading, refused: &[RefusedRow], origin: Option<Origin>) -> Result<Vec<u8>, WriteError> {
    let origin = origin.or(reading.origin).map(|origin| origin.to_string()).unwrap_or_default();
    let failed = FailedRows { reading, refused, columns: columns(reading, !origin.is_empty()), origin };
    let mut bytes = failed.write(Detail::Messages)?;
    for detail in [Detail::Codes, Detail::FirstRow] {
        if bytes.len() as u64 <= FILE_LIMIT {
            break;
        }
        bytes = failed.write(detail)?;
    }
    Ok(bytes)
}

/// The name of the file that [`failed_rows`] makes.
pub fn failed_rows_name(reading: &Reading) -> String {
    let stem = reading.name.rsplit_once('.').map_or(reading.name.as_str(), |(stem, _)| stem);
    let extension = match reading.separator {
        None => "xlsx",
        Some('\t') => "tsv",
        Some(_) => "csv",
    };
    format!("{stem}-failed-rows.{extension}")
}

struct FailedRows<'a> {
    reading: &'a Reading,
    refused: &'a [RefusedRow],
    /// Empty when it isn't known.
    origin: String,
    columns: Vec<(&'a str, Holds)>,
}

/// What a column of the file holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Holds {
    /// The cells of a column of the upload.
    Cells(usize),
    Reason,
    Origin,
}

/// How much is said of why rows were refused.
#[derive(Clone, Copy, PartialEq)]
enum Detail {
    Messages,
    Codes,
    FirstRow,
}

/// The columns of the upload, and behind them those of Dialtone's that it hasn't got.
fn columns(reading: &Reading, with_origin: bool) -> Vec<(&str, Holds)> {
    let own = |rule: CellRule| match rule {
        CellRule::Reason => Some(Holds::Reason),
        CellRule::Origin => Some(Holds::Origin),
        _ => None,
    };
    let mut columns: Vec<(&str, Holds)> = Vec::with_capacity(reading.header.len() + service_columns().len());
    for (place, column) in reading.header.iter().enumerate() {
        let holds = match column.meaning {
            Meaning::Known(known) => own(known.cell),
            _ => None,
        };
        columns.push((&column.label, holds.unwrap_or(Holds::Cells(place))));
    }
    for column in service_columns() {
        let Some(holds) = own(column.cell) else { continue };
        let has = columns.iter().any(|(_, present)| *present == holds);
        if !has && (holds == Holds::Reason || with_origin) {
            columns.push((&column.label, holds));
        }
    }
    columns
}

impl FailedRows<'_> {
    fn write(&self, detail: Detail) -> Result<Vec<u8>, WriteError> {
        let Some(separator) = self.reading.separator else { return self.workbook(detail) };
        let separator = u8::try_from(separator).unwrap_or(b',');
        let mut text = Delimited::new(Vec::new(), separator);
        self.columns.iter().try_for_each(|(label, _)| text.text(label))?;
        text.end_row()?;
        self.rows(detail, &mut text)?;
        Ok(encode(text.finish()?, self.reading.encoding.unwrap_or(Encoding::Utf8)))
    }

    fn workbook(&self, detail: Detail) -> Result<Vec<u8>, WriteError> {
        let first = self.refused.first().and_then(|refused| self.reading.table.find(refused.row));
        let first = first.map(|index| self.reading.table.row(index));
        let columns = self.columns.iter().map(|(label, holds)| {
            let cell = match holds {
                Holds::Cells(place) => first.map_or("", |row| row.cell(*place)),
                Holds::Reason | Holds::Origin => &self.origin,
            };
            SheetColumn::for_cell(label, cell)
        });
        let mut book = Book::new(None)?;
        let title = self.reading.kind.map_or(SHEET, |kind: Kind| kind.layout().sheet.as_str());
        let mut sheet = book.sheet(title, columns.collect())?;
        self.rows(detail, &mut book.cells(&mut sheet))?;
        book.end_page(&sheet)?;
        let mut bytes = Vec::new();
        book.save(&mut bytes)?;
        Ok(bytes)
    }

    fn rows(&self, detail: Detail, cells: &mut impl Cells) -> Result<(), WriteError> {
        let width = self.reading.header.len();
        let mut reason = String::new();
        for (index, refused) in self.refused.iter().enumerate() {
            let Some(place) = self.reading.table.find(refused.row) else { continue };
            let row = self.reading.table.row(place);
            let silent = detail == Detail::FirstRow && index > 0;
            for (_, holds) in &self.columns {
                match holds {
                    Holds::Cells(place) => cells.text(row.cell(*place))?,
                    _ if silent => cells.blank()?,
                    Holds::Origin => cells.text(&self.origin)?,
                    Holds::Reason => {
                        say(&refused.reasons, detail == Detail::Messages, &mut reason);
                        cells.text(&reason)?;
                    }
                }
            }
            // What stood right of the header's last column stays right of it, and is refused again.
            let mut next = width;
            for (column, cell) in row.cells().filter(|(column, _)| *column >= width) {
                for _ in next..column {
                    cells.blank()?;
                }
                cells.text(cell)?;
                next = column + 1;
            }
            cells.end_row()?;
        }
        Ok(())
    }
}

/// Puts reasons into one cell.
fn say(reasons: &[Reason], whole: bool, cell: &mut String) {
    cell.clear();
    for reason in reasons {
        if !cell.is_empty() {
            cell.push_str(if whole { " " } else { ", " });
        }
        cell.push_str(&reason.code);
        if whole {
            // Writing to a string doesn't fail.
            let _ = write!(cell, ": {}", reason.message);
            if let Some(repair) = &reason.repair {
                let _ = write!(cell, " {repair}");
            }
        }
    }
    // One reason may quote a cell that has line breaks or other control characters, and no cell may have one.
    if cell.contains(char::is_control) {
        *cell = cell.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    }
}

/// Text as the upload's characters were written, with its byte order mark.
fn encode(text: Vec<u8>, encoding: Encoding) -> Vec<u8> {
    const MARK: &str = "\u{feff}";
    let units = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        MARK.encode_utf16().chain(text.encode_utf16()).collect::<Vec<u16>>()
    };
    match encoding {
        Encoding::Utf8 => text,
        Encoding::Utf8Bom => [MARK.as_bytes(), &text].concat(),
        Encoding::Utf16Le => units(&text).into_iter().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => units(&text).into_iter().flat_map(u16::to_be_bytes).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::TableBuilder;

    #[test]
    fn cells_right_of_the_header_stay_right_of_it() {
        let mut reading = crate::read("users.csv", b"Ext Key,User's Name\n101,Tony\n".to_vec());
        let mut table = TableBuilder::default();
        for (column, cell) in [(0, "101"), (1, "Tony"), (2, "Lee"), (4, "1")] {
            let part = table.write(cell);
            table.keep(column, part);
        }
        table.end_row(2, true);
        reading.table = table.finish();
        let refused = RefusedRow { file: 0, row: 2, reasons: Vec::new() };
        let bytes = failed_rows(&reading, &[refused], None).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "Ext Key,User's Name,Dialtone Reason\n101,Tony,,Lee,,1\n");
    }
}
