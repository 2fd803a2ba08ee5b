use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Note, Worksheet};

use crate::catalog::{Column, Kind};
use crate::write::{Book, Cells, Delimited, SheetColumn, fitting};
use crate::{Format, ROW_LIMIT, WriteError};

/// The sheet that explains the columns.
const HELP: &str = "Help";

/// The labels of the sheet that explains the columns, and how wide they are.
const HELP_HEADER: [(&str, u16); 6] =
    [("Column", 30), ("Required", 10), ("Values", 40), ("Blank means", 14), ("What to write", 80), ("Example", 30)];

/// A file of this kind with every column and no rows, to fill in.
pub fn blank(kind: Kind, format: Format) -> Result<Vec<u8>, WriteError> {
    let labels: Vec<&str> = kind.layout().columns.iter().map(|column| column.label.as_str()).collect();
    file(kind, format, &labels, &[])
}

/// A small file of this kind that shows what its rows look like.
pub fn sample(kind: Kind, format: Format) -> Result<Vec<u8>, WriteError> {
    let layout = kind.layout();
    file(kind, format, &layout.sample_header(), &layout.rows)
}

/// The name of the file that [`blank`] makes.
pub fn blank_name(kind: Kind, format: Format) -> String {
    format!("{}-blank.{}", kind.layout().sample, format.extension())
}

/// The name of the file that [`sample`] makes.
pub fn sample_name(kind: Kind, format: Format) -> String {
    format!("{}.{}", kind.layout().sample, format.extension())
}

fn file(kind: Kind, format: Format, labels: &[&str], rows: &[Vec<String>]) -> Result<Vec<u8>, WriteError> {
    match format {
        Format::Csv => delimited(b',', labels, rows),
        Format::Tsv => delimited(b'\t', labels, rows),
        Format::Xlsx => workbook(kind, labels, rows),
    }
}

fn delimited(separator: u8, labels: &[&str], rows: &[Vec<String>]) -> Result<Vec<u8>, WriteError> {
    let mut text = Delimited::new(Vec::new(), separator);
    labels.iter().try_for_each(|label| text.text(label))?;
    text.end_row()?;
    for row in rows {
        row.iter().try_for_each(|cell| text.text(cell))?;
        text.end_row()?;
    }
    text.finish()
}

/// A workbook whose first sheet is the one to upload; the second explains its columns.
fn workbook(kind: Kind, labels: &[&str], rows: &[Vec<String>]) -> Result<Vec<u8>, WriteError> {
    let layout = kind.layout();
    let columns: Vec<&Column> = labels.iter().filter_map(|label| layout.column(label)).collect();
    let mut book = Book::new(None)?;
    book.small_sheet(&layout.sheet)?;
    let widths: Vec<SheetColumn> =
        columns.iter().map(|column| SheetColumn::for_cell(&column.label, &column.example)).collect();
    let sheet = book.table(0, &widths)?;
    for (place, column) in (0..).zip(&columns) {
        let note = format!("{}\n\nExample: {}", column.help, column.example);
        sheet.insert_note(0, place, &Note::new(note).add_author_prefix(false).set_author("Dialtone").set_width(240))?;
        if !column.choices.is_empty() {
            offer_choices(sheet, place, column)?;
        }
    }
    for (number, row) in (1..).zip(rows) {
        for (place, cell) in (0..).zip(row).filter(|(_, cell)| !cell.is_empty()) {
            sheet.write_string(number, place, fitting(cell))?;
        }
    }
    let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    sheet.autofilter(0, 0, ROW_LIMIT, last)?;
    help(&mut book, kind)?;
    let mut bytes = Vec::new();
    book.save(&mut bytes)?;
    Ok(bytes)
}

/// A list of the column's choices in its cells. Another value is only warned of: `<clear>` is one in every column.
fn offer_choices(sheet: &mut Worksheet, place: u16, column: &Column) -> Result<(), WriteError> {
    let list = DataValidation::new()
        .allow_list_strings(&column.choices)?
        .set_error_style(DataValidationErrorStyle::Warning)
        .set_error_message(format!("Allowed are {}.", column.choices.join(", ")))?;
    sheet.add_data_validation(1, place, ROW_LIMIT, place, &list)?;
    Ok(())
}

fn help(book: &mut Book, kind: Kind) -> Result<(), WriteError> {
    let layout = kind.layout();
    book.small_sheet(HELP)?;
    let header = HELP_HEADER.map(|(label, width)| SheetColumn { label: label.to_owned(), width });
    let wrapped = book.wrapped();
    let sheet = book.table(1, &header)?;
    for (row, column) in (1..).zip(&layout.columns) {
        let required = if column.required { "yes" } else { "" };
        let values = column.choices.join(", ");
        let default = column.default.as_deref().unwrap_or_default();
        let cells = [&column.label, required, &values, default, &column.help, &column.example];
        for (place, cell) in (0..).zip(cells) {
            sheet.write_string_with_format(row, place, cell, &wrapped)?;
        }
    }
    Ok(())
}
