mod cells;
mod once;
mod order;
mod row;

use dialtone_model::OrderType;
use dialtone_model::catalog::{Field, Product};
use dialtone_templates::{Meaning, Problems, Reading, Row};

pub(crate) use order::check;

/// The cell that unsets a value.
const CLEAR: &str = "<clear>";

/// A work order of a project file: the accepted rows of one Row Id, or one row without.
#[derive(Clone, Debug)]
pub struct ProjectOrder<'a> {
    /// The products, in the order of the file.
    pub rows: Vec<ProjectRow<'a>>,
}

/// One row of a project file: one product.
#[derive(Clone, Copy, Debug)]
pub struct ProjectRow<'a> {
    /// Which of the files of the project, counted from 0.
    pub file: u32,
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// What is asked for.
    pub order_type: OrderType,
    /// What is ordered.
    pub product: &'static Product,
    reading: &'a Reading,
    cells: Row<'a>,
}

/// What a cell of a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellValue<'a> {
    /// Nothing: leave alone, and in an ADD inherit.
    Blank,
    /// Unset it, and in an ADD don't inherit.
    Clear,
    /// This.
    Text(&'a str),
}

/// A cell of an `attr:` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The attribute's name as the file spells it.
    pub name: &'a str,
    /// The index, from 1, and the name of a sub-attribute.
    pub sub: Option<(u32, &'a str)>,
    /// What the cell says; never [`CellValue::Blank`].
    pub value: CellValue<'a>,
}

impl<'a> CellValue<'a> {
    fn of(cell: &'a str) -> Self {
        match cell {
            "" => Self::Blank,
            cell if cell.eq_ignore_ascii_case(CLEAR) => Self::Clear,
            text => Self::Text(text),
        }
    }

    /// The text; `None` for a blank cell and for `<clear>`.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Blank | Self::Clear => None,
        }
    }
}

impl<'a> ProjectRow<'a> {
    /// What the row says of a field.
    pub fn get(&self, field: Field) -> CellValue<'a> {
        self.find(|meaning| matches!(meaning, Meaning::Known(known) if known.label == field.label()))
    }

    /// The new value of a key field.
    pub fn new_value(&self, field: Field) -> CellValue<'a> {
        self.find(|meaning| matches!(meaning, Meaning::New(known) if known.label == field.label()))
    }

    /// The filled cells of `attr:` columns.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let header = &self.reading.header;
        self.cells.cells().filter_map(move |(column, cell)| match &header[column].meaning {
            Meaning::Attribute { name, sub } => {
                let sub = sub.as_ref().map(|(index, sub)| (*index, sub.as_str()));
                Some(Attribute { name, sub, value: CellValue::of(cell) })
            }
            _ => None,
        })
    }

    /// Every filled cell with its label as the file spells it, in the file's order.
    pub fn cells(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let header = &self.reading.header;
        self.cells.cells().map(move |(column, cell)| (header[column].label.as_str(), cell))
    }

    fn find(&self, wanted: impl Fn(&Meaning) -> bool) -> CellValue<'a> {
        let column = self.reading.header.iter().position(|column| wanted(&column.meaning));
        column.map_or(CellValue::Blank, |column| CellValue::of(self.cells.cell(column)))
    }
}

/// What the check of project files leads to.
pub(crate) struct Outcome<'a> {
    pub(crate) accepted: usize,
    pub(crate) refused: usize,
    pub(crate) orders: Vec<ProjectOrder<'a>>,
    pub(crate) problems: Problems,
}
