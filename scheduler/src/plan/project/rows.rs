use std::collections::{HashMap, HashSet};

use dialtone_model::UploadId;
use dialtone_model::catalog::Field;
use dialtone_templates::{Meaning, Problem, Reading, Row, Rule};

/// One of the files of a plan.
#[derive(Debug)]
pub struct PlanFile<'a> {
    /// What was read.
    pub reading: &'a Reading,
    /// The upload that it is.
    pub upload: UploadId,
    /// The rows that aren't used because they have errors, as a spreadsheet numbers them.
    pub refused: HashSet<u32>,
}

/// Whether a cell says that nothing is wanted there.
pub(super) fn is_clear(cell: &str) -> bool {
    cell.eq_ignore_ascii_case("<clear>")
}

/// Where a file has which field.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    fields: Vec<Option<usize>>,
    attributes: Vec<AttributeColumn<'a>>,
}

/// A column of a provisioning attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttributeColumn<'a> {
    pub(super) column: usize,
    pub(super) name: &'a str,
    pub(super) has_parts: bool,
}

/// One row with the columns of its file.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderRow<'a> {
    pub(super) file: u32,
    pub(super) row: Row<'a>,
    columns: &'a Columns<'a>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(reading: &'a Reading) -> Self {
        let mut columns = Self { fields: vec![None; Field::ALL.len()], attributes: Vec::new() };
        for (place, column) in reading.header.iter().enumerate() {
            match &column.meaning {
                Meaning::Known(known) => {
                    if let Some(field) = Field::of_label(&known.label) {
                        columns.fields[field as usize] = Some(place);
                    }
                }
                Meaning::Attribute { name, sub } => {
                    columns.attributes.push(AttributeColumn { column: place, name, has_parts: sub.is_some() });
                }
                Meaning::New(_) | Meaning::Unknown => {}
            }
        }
        columns
    }
}

impl<'a> OrderRow<'a> {
    /// The cell; empty when it is blank or the file hasn't got the column.
    pub(super) fn get(&self, field: Field) -> &'a str {
        self.columns.fields[field as usize].map_or("", |column| self.row.cell(column))
    }

    /// The cell's value, if it has one.
    pub(super) fn value(&self, field: Field) -> Option<&'a str> {
        Some(self.get(field)).filter(|cell| !cell.is_empty() && !is_clear(cell))
    }

    /// Whether the cell says that nothing is wanted there.
    pub(super) fn is_cleared(&self, field: Field) -> bool {
        is_clear(self.get(field))
    }

    /// The filled cells of attributes.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (AttributeColumn<'a>, &'a str)> + use<'a> {
        let row = self.row;
        let filled = move |attribute: &AttributeColumn<'a>| (*attribute, row.cell(attribute.column));
        self.columns.attributes.iter().map(filled).filter(|(_, cell)| !cell.is_empty())
    }

    /// The count in a cell; `None` where it isn't one, which the check of the file has said.
    pub(super) fn count(&self, field: Field) -> Option<u16> {
        self.value(field).and_then(|cell| cell.parse().ok())
    }

    /// A problem for each cell that needs the role Advanced Ordering.
    pub(super) fn advanced_cells(&self) -> impl Iterator<Item = Problem> {
        let attributes = self.attributes().map(|(attribute, _)| attribute.column);
        let attributes = attributes.map(|column| self.column_problem(Rule::AttributeForbidden, column));
        let copied = self.value(Field::CopyPhone).is_some();
        attributes.chain(copied.then(|| self.cell_problem(Rule::AttributeForbidden, Field::CopyPhone)))
    }

    /// A problem of the row as a whole.
    pub(super) fn problem(&self, rule: Rule) -> Problem {
        Problem { file: self.file, ..Problem::row(rule, self.row.number) }
    }

    /// A problem of a cell, or of the row where the file hasn't got the column.
    pub(super) fn cell_problem(&self, rule: Rule, field: Field) -> Problem {
        let column = self.columns.fields[field as usize];
        column.map_or_else(|| self.problem(rule), |column| self.column_problem(rule, column))
    }

    /// A problem of the cell under a column of the file.
    pub(super) fn column_problem(&self, rule: Rule, column: usize) -> Problem {
        Problem { file: self.file, ..Problem::cell(rule, self.row.number, column) }
    }
}

/// A problem for each cell of a file that needs the role Advanced Ordering.
pub(crate) fn advanced_cells(file: u32, reading: &Reading) -> Vec<Problem> {
    let columns = Columns::of(reading);
    let rows = reading.table.rows().map(|row| OrderRow { file, row, columns: &columns });
    rows.flat_map(|row| row.advanced_cells().collect::<Vec<_>>()).collect()
}

/// The rows that are used, as orders: those with the same Row Id in one file together, the others alone; in the order of
/// their first rows.
pub(super) fn orders<'a>(files: &'a [PlanFile<'a>], columns: &'a [Columns<'a>]) -> Vec<Vec<OrderRow<'a>>> {
    let mut orders: Vec<Vec<OrderRow<'a>>> = Vec::new();
    for (file, (planned, columns)) in (0..).zip(files.iter().zip(columns)) {
        let mut by_row_id: HashMap<&str, usize> = HashMap::new();
        for row in planned.reading.table.rows().filter(|row| !planned.refused.contains(&row.number)) {
            let row = OrderRow { file, row, columns };
            match row.value(Field::RowId) {
                Some(id) => {
                    let place = *by_row_id.entry(id).or_insert(orders.len());
                    if place == orders.len() {
                        orders.push(Vec::new());
                    }
                    orders[place].push(row);
                }
                None => orders.push(vec![row]),
            }
        }
    }
    orders
}

/// The rows that aren't used.
pub(super) fn refused<'a>(files: &'a [PlanFile<'a>], columns: &'a [Columns<'a>]) -> impl Iterator<Item = OrderRow<'a>> {
    (0..).zip(files.iter().zip(columns)).flat_map(|(file, (planned, columns))| {
        let rows = planned.reading.table.rows().filter(|row| planned.refused.contains(&row.number));
        rows.map(move |row| OrderRow { file, row, columns })
    })
}
