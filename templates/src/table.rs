use std::ops::Range;

/// The rows of a file: one text that holds every cell that isn't blank, and where each begins.
///
/// A cell costs eight bytes beside its text and a blank one nothing, so that memory follows the bytes of the file and
/// not the product of its rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    text: String,
    cells: Vec<Cell>,
    rows: Vec<RowEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    /// Where its text begins; it ends where the next cell's begins.
    start: u32,
    column: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowEntry {
    number: u32,
    first_cell: u32,
    flawed: bool,
}

/// One row of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// As a spreadsheet numbers it, the header being 1.
    pub number: u32,
    /// Whether the reader found an error in it already.
    pub flawed: bool,
    table: &'a Table,
    first: usize,
    end: usize,
}

impl Table {
    /// How many rows it has. Blank rows of the file aren't among them.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row at `index`, counted from 0.
    ///
    /// # Panics
    ///
    /// When there is no such row.
    pub fn row(&self, index: usize) -> Row<'_> {
        let entry = self.rows[index];
        let end = self.rows.get(index + 1).map_or(self.cells.len(), |next| next.first_cell as usize);
        Row { number: entry.number, flawed: entry.flawed, table: self, first: entry.first_cell as usize, end }
    }

    /// Every row, from the first to the last.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The index of the row that a spreadsheet numbers `number`.
    pub fn find(&self, number: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&number, |row| row.number).ok()
    }
}

impl<'a> Row<'a> {
    /// The cell under the file's column `column`, counted from 0; empty when it is blank.
    #[inline]
    pub fn cell(&self, column: usize) -> &'a str {
        let cells = &self.table.cells[self.first..self.end];
        // A row without blanks has its cells at their own columns.
        let place = match cells.get(column) {
            Some(cell) if cell.column as usize == column => Some(column),
            _ => cells.binary_search_by_key(&column, |cell| cell.column as usize).ok(),
        };
        place.map_or("", |place| self.table.cell_text(self.first + place))
    }

    /// The cells that aren't blank, each with its column.
    pub fn cells(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let table = self.table;
        (self.first..self.end).map(move |place| (table.cells[place].column as usize, table.cell_text(place)))
    }
}

/// Makes a [`Table`] row by row.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    /// The text of the cells, and behind it room for a reader to write into.
    text: Vec<u8>,
    used: usize,
    cells: Vec<Cell>,
    rows: Vec<RowEntry>,
    row_start: (usize, usize),
    row_flawed: bool,
}

impl TableBuilder {
    /// A builder with room for `bytes` of text and for `cells`. Room that isn't used costs nothing, and a table that
    /// never has to move is never there twice.
    pub(crate) fn with_room(bytes: usize, cells: usize) -> Self {
        Self { text: vec![0; bytes], cells: Vec::with_capacity(cells), ..Self::default() }
    }

    /// Where the text that is kept ends, and with it the room begins.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// The text, and behind [`TableBuilder::used`] the room.
    pub(crate) fn text(&mut self) -> &mut [u8] {
        &mut self.text
    }

    /// Keeps what was written into this part of the room as the cell under `column`.
    #[inline]
    pub(crate) fn keep(&mut self, column: usize, part: Range<usize>) {
        if part.is_empty() {
            return;
        }
        self.cells.push(Cell { start: index(self.used), column: index(column) });
        let length = part.len();
        if part.start != self.used {
            self.text.copy_within(part, self.used);
        }
        self.used += length;
    }

    /// Writes `text` into the room, which grows as needed, and returns where it stands.
    pub(crate) fn write(&mut self, text: &str) -> Range<usize> {
        let part = self.used..self.used + text.len();
        if self.text.len() < part.end {
            self.text.resize(part.end.max(2 * self.text.len()), 0);
        }
        self.text[part.clone()].copy_from_slice(text.as_bytes());
        part
    }

    /// How many cells of the present row are kept so far.
    pub(crate) fn cells_in_row(&self) -> usize {
        self.cells.len() - self.row_start.0
    }

    /// Bytes and cells so far.
    pub(crate) fn weight(&self) -> (usize, usize) {
        (self.used, self.cells.len())
    }

    /// Marks the present row as one with an error.
    pub(crate) fn flaw_row(&mut self) {
        self.row_flawed = true;
    }

    /// Whether the present row has an error.
    pub(crate) fn is_row_flawed(&self) -> bool {
        self.row_flawed
    }

    /// Ends the present row, which is dropped unless it is kept.
    pub(crate) fn end_row(&mut self, number: u32, keep: bool) {
        let flawed = std::mem::take(&mut self.row_flawed);
        if keep {
            self.rows.push(RowEntry { number, first_cell: index(self.row_start.0), flawed });
            self.row_start = (self.cells.len(), self.used);
        } else {
            self.cells.truncate(self.row_start.0);
            self.used = self.row_start.1;
        }
    }

    /// The table; its text must be UTF-8, which it is when every cell was.
    pub(crate) fn finish(mut self) -> Table {
        self.text.truncate(self.used);
        let text =
            String::from_utf8(self.text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Table { text, cells: self.cells, rows: self.rows }
    }
}

/// A place in a table. Both readers bound what they keep far below four thousand million.
fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

impl Table {
    fn cell_text(&self, place: usize) -> &str {
        let end = self.cells.get(place + 1).map_or(self.text.len(), |next| next.start as usize);
        &self.text[self.cells[place].start as usize..end]
    }
}
