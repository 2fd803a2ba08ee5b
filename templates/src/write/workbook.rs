use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use jiff::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{Cells, WriteError};

/// The characters that a cell of a workbook holds, as UTF-16 counts them.
const CELL_LIMIT: usize = 32_767;

/// The rows that a sheet holds.
const SHEET_ROWS: u32 = 1_048_576;

/// The widest and the narrowest column that still reads well, in characters.
const WIDTHS: std::ops::RangeInclusive<usize> = 10..=60;

/// A workbook that is being written. Its cells are text, so that no spreadsheet takes one for a formula or a number.
pub(crate) struct Book {
    workbook: Workbook,
    heading: Format,
    text: Format,
}

/// A sheet of a [`Book`], written row by row. Its rows wait in a temporary file. When it is full it goes on in another
/// sheet with the same header.
#[derive(Debug)]
pub(crate) struct Sheet {
    title: String,
    columns: Vec<SheetColumn>,
    /// How many sheets it has so far.
    pages: u32,
    /// Which sheet of the workbook is being written.
    index: usize,
    row: u32,
    column: u16,
}

/// A column of a [`Sheet`].
#[derive(Clone, Debug)]
pub(crate) struct SheetColumn {
    pub(crate) label: String,
    /// In characters.
    pub(crate) width: u16,
}

/// The place in a sheet where the next cell goes.
pub(crate) struct SheetCells<'b> {
    book: &'b mut Book,
    sheet: &'b mut Sheet,
}

impl Book {
    /// A workbook without sheets. `created` is what its properties say; without it they say the same always, so that
    /// equal contents are equal bytes.
    pub(crate) fn new(created: Option<Timestamp>) -> Result<Self, WriteError> {
        let created = match created {
            Some(time) => ExcelDateTime::from_timestamp(time.as_second()),
            None => ExcelDateTime::from_ymd(2000, 1, 1),
        }?;
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_author("Dialtone").set_creation_datetime(&created));
        // The built-in number format for text.
        let text = Format::new().set_num_format_index(49);
        let heading = text.clone().set_bold().set_align(FormatAlign::Top).set_text_wrap();
        Ok(Self { workbook, heading, text })
    }

    /// How a heading looks.
    pub(crate) fn heading(&self) -> Format {
        self.heading.clone()
    }

    /// How text that spans lines looks.
    pub(crate) fn wrapped(&self) -> Format {
        self.text.clone().set_align(FormatAlign::Top).set_text_wrap()
    }

    /// Adds a sheet that is held in memory whole, for what is small.
    pub(crate) fn small_sheet(&mut self, title: &str) -> Result<&mut Worksheet, WriteError> {
        Ok(self.workbook.add_worksheet().set_name(title)?)
    }

    /// Formats a sheet as a table: the header, which stays when one scrolls, and columns of text.
    pub(crate) fn table(&mut self, index: usize, columns: &[SheetColumn]) -> Result<&mut Worksheet, WriteError> {
        let worksheet = self.workbook.worksheet_from_index(index)?;
        worksheet.set_freeze_panes(1, 0)?;
        for (place, column) in (0_u16..).zip(columns) {
            worksheet.set_column_width(place, column.width)?;
            worksheet.set_column_format(place, &self.text)?;
            worksheet.write_string_with_format(0, place, fitting(&column.label), &self.heading)?;
        }
        Ok(worksheet)
    }

    /// Adds a sheet that is written row by row.
    pub(crate) fn sheet(&mut self, title: &str, columns: Vec<SheetColumn>) -> Result<Sheet, WriteError> {
        let mut sheet = Sheet { title: title.to_owned(), columns, pages: 0, index: 0, row: 0, column: 0 };
        self.next_page(&mut sheet)?;
        Ok(sheet)
    }

    fn next_page(&mut self, sheet: &mut Sheet) -> Result<(), WriteError> {
        sheet.pages += 1;
        let title = if sheet.pages == 1 { sheet.title.clone() } else { format!("{} {}", sheet.title, sheet.pages) };
        self.workbook.add_worksheet_with_constant_memory()?.set_name(title)?;
        sheet.index = self.workbook.worksheets().len() - 1;
        self.table(sheet.index, &sheet.columns)?;
        sheet.row = 1;
        Ok(())
    }

    /// The place of the next cell of `sheet`.
    pub(crate) fn cells<'b>(&'b mut self, sheet: &'b mut Sheet) -> SheetCells<'b> {
        SheetCells { book: self, sheet }
    }

    /// Ends a page: its columns can be filtered.
    pub(crate) fn end_page(&mut self, sheet: &Sheet) -> Result<(), WriteError> {
        let last_column = u16::try_from(sheet.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let worksheet = self.workbook.worksheet_from_index(sheet.index)?;
        worksheet.autofilter(0, 0, sheet.row.saturating_sub(1).max(1), last_column)?;
        Ok(())
    }

    /// Writes the file.
    pub(crate) fn save(mut self, sink: impl Write + Send) -> Result<(), WriteError> {
        Ok(self.workbook.save_to_writer(sink)?)
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").finish_non_exhaustive()
    }
}

impl SheetColumn {
    /// A column that is as wide as its label, or as `cell` if that is longer.
    pub(crate) fn for_cell(label: &str, cell: &str) -> Self {
        let longest = label.chars().count().max(cell.chars().count()) + 4;
        let width = longest.clamp(*WIDTHS.start(), *WIDTHS.end());
        Self { label: label.to_owned(), width: u16::try_from(width).unwrap_or_default() }
    }
}

impl SheetCells<'_> {
    /// Writes into the next cell, of another page if this one is full.
    fn write(
        &mut self,
        write: impl FnOnce(&mut Worksheet, u32, u16) -> Result<(), XlsxError>,
    ) -> Result<(), WriteError> {
        if self.sheet.row == SHEET_ROWS {
            self.book.end_page(self.sheet)?;
            self.book.next_page(self.sheet)?;
        }
        let worksheet = self.book.workbook.worksheet_from_index(self.sheet.index)?;
        Ok(write(worksheet, self.sheet.row, self.sheet.column)?)
    }
}

impl Cells for SheetCells<'_> {
    fn text(&mut self, cell: &str) -> Result<(), WriteError> {
        if !cell.is_empty() {
            self.write(|worksheet, row, column| worksheet.write_string(row, column, fitting(cell)).map(|_| ()))?;
        }
        self.sheet.column += 1;
        Ok(())
    }

    fn count(&mut self, count: u64) -> Result<(), WriteError> {
        // A workbook knows no other numbers; counts are far below 2^53.
        let number = count as f64;
        self.write(|worksheet, row, column| worksheet.write_number(row, column, number).map(|_| ()))?;
        self.sheet.column += 1;
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), WriteError> {
        self.sheet.row += 1;
        self.sheet.column = 0;
        Ok(())
    }
}

/// The text as far as a cell of a workbook holds it.
pub(crate) fn fitting(text: &str) -> Cow<'_, str> {
    // A character is at least a byte and never has more units of UTF-16 than bytes.
    if text.len() <= CELL_LIMIT || text.encode_utf16().count() <= CELL_LIMIT {
        return Cow::Borrowed(text);
    }
    let mut room = CELL_LIMIT - 1;
    let fits = |letter: &char| {
        let fits = letter.len_utf16() <= room;
        room = room.saturating_sub(letter.len_utf16());
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('…');
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Reader, Xlsx};

    use super::*;

    #[test]
    fn a_cell_that_is_too_long_is_cut_between_characters() {
        assert_eq!(fitting("Tony"), "Tony");
        let full = "é".repeat(CELL_LIMIT);
        assert_eq!(fitting(&full), full);
        let wide = "\u{1f600}".repeat(CELL_LIMIT);
        let cut = fitting(&wide);
        assert_eq!(cut.encode_utf16().count(), CELL_LIMIT);
        assert!(cut.ends_with("\u{1f600}…"));
    }

    #[test]
    fn a_full_sheet_goes_on_in_another_one() {
        let mut book = Book::new(None).unwrap();
        let mut sheet = book.sheet("Rows", vec![SheetColumn::for_cell("Ext Key", "101")]).unwrap();
        sheet.row = SHEET_ROWS - 1;
        for key in ["101", "102"] {
            let mut cells = book.cells(&mut sheet);
            cells.text(key).unwrap();
            cells.end_row().unwrap();
        }
        book.end_page(&sheet).unwrap();
        let mut bytes = Cursor::new(Vec::new());
        book.save(&mut bytes).unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(bytes).unwrap();
        let sheets: Vec<_> = workbook
            .worksheets()
            .into_iter()
            .map(|(name, cells)| {
                let last = cells.rows().next_back().map(|row| row[0].to_string());
                (name, cells.end(), last)
            })
            .collect();
        let sheet = |name: &str, row, last: &str| (name.to_owned(), Some((row, 0)), Some(last.to_owned()));
        assert_eq!(sheets, [sheet("Rows", SHEET_ROWS - 1, "101"), sheet("Rows 2", 1, "102")]);
    }
}
