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
}

/// One row of a [`Table`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// As a spreadsheet numbers it, the header being 1.
    pub number: u32,
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
        Row { number: entry.number, table: self, first: entry.first_cell as usize, end }
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

impl Table {
    fn cell_text(&self, place: usize) -> &str {
        let end = self.cells.get(place + 1).map_or(self.text.len(), |next| next.start as usize);
        &self.text[self.cells[place].start as usize..end]
    }
}
