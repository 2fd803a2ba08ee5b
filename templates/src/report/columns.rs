use super::catalog::{Field, ReportColumn, report_columns};
use super::line::Source;
use crate::write::{Cells, SheetColumn};
use crate::{CellRule, HeaderColumn, Meaning, Reading, WriteError};

/// The columns of a report: those of its files, each once, then the results'.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    pub(super) readings: &'a [Reading],
    /// The original labels, in the order of their first appearance.
    labels: Vec<&'a str>,
    /// For each file, where the cells of the original columns are in it.
    places: Vec<Vec<Option<usize>>>,
    /// Where the cells of the original columns are among the given ones.
    given_places: Vec<Option<usize>>,
    pub(super) results: Vec<&'static ReportColumn>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(readings: &'a [Reading], given: &[&'a str]) -> Self {
        let mut found: Vec<&HeaderColumn> = Vec::new();
        let mut places: Vec<Vec<Option<usize>>> = Vec::new();
        for reading in readings {
            let mut place = vec![None; found.len()];
            for (at, column) in reading.header.iter().enumerate().filter(|(_, column)| is_original(column)) {
                // A second column of the same meaning in one file keeps a place of its own, so that no cell gets lost.
                let free = (0..found.len()).find(|&index| place[index].is_none() && same(found[index], column));
                let index = free.unwrap_or_else(|| {
                    found.push(column);
                    place.push(None);
                    found.len() - 1
                });
                place[index] = Some(at);
            }
            places.push(place);
        }
        let mut labels: Vec<&'a str> = found.iter().map(|column| column.label.as_str()).collect();
        let mut given_places = vec![None; labels.len()];
        for (at, label) in given.iter().enumerate() {
            let known =
                |column: &HeaderColumn| matches!(column.meaning, Meaning::Known(known) if known.label == *label);
            match found.iter().position(|column| known(column)) {
                Some(index) => given_places[index] = Some(at),
                None => {
                    labels.push(label);
                    given_places.push(Some(at));
                }
            }
        }
        for place in &mut places {
            place.resize(labels.len(), None);
        }
        let several = readings.len() > 1;
        let results = report_columns().iter().filter(|column| several || column.field != Field::File).collect();
        Self { readings, labels, places, given_places, results }
    }

    /// The columns as a sheet has them.
    pub(super) fn of_sheet(&self) -> Vec<SheetColumn> {
        let first_cell = |(index, label): (usize, &&str)| {
            let cell = self.readings.iter().zip(&self.places).find_map(|(reading, places)| {
                (!reading.table.is_empty()).then(|| places[index].map_or("", |place| reading.table.row(0).cell(place)))
            });
            SheetColumn::for_cell(label, cell.unwrap_or_default())
        };
        let original = self.labels.iter().enumerate().map(first_cell);
        let results = self.results.iter();
        original.chain(results.map(|column| SheetColumn { label: column.label.clone(), width: column.width })).collect()
    }

    /// The name of the file that a line is from; empty when it is from none.
    pub(super) fn file_name(&self, source: Source<'_>) -> &str {
        match source {
            Source::Row { file, .. } => self.readings.get(file).map_or("", |reading| reading.name.as_str()),
            Source::Given(_) => "",
        }
    }

    /// Writes the header.
    pub(super) fn header(&self, cells: &mut impl Cells) -> Result<(), WriteError> {
        for label in &self.labels {
            cells.text(label)?;
        }
        for column in &self.results {
            cells.text(&column.label)?;
        }
        cells.end_row()
    }

    /// Writes the original cells of a row of a file; they are blank when the file has no such row.
    pub(super) fn row(&self, file: usize, row: u32, cells: &mut impl Cells) -> Result<(), WriteError> {
        let found = self.readings.get(file).and_then(|reading| {
            let index = reading.table.find(row)?;
            Some((reading.table.row(index), &self.places[file]))
        });
        let Some((row, places)) = found else { return self.blanks(cells) };
        for place in places {
            cells.text(place.map_or("", |column| row.cell(column)))?;
        }
        Ok(())
    }

    /// Writes given cells under their columns.
    pub(super) fn given(&self, given: &[&str], cells: &mut impl Cells) -> Result<(), WriteError> {
        for place in &self.given_places {
            cells.text(place.and_then(|place| given.get(place)).copied().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Leaves the original cells blank.
    pub(super) fn blanks(&self, cells: &mut impl Cells) -> Result<(), WriteError> {
        self.labels.iter().try_for_each(|_| cells.blank())
    }
}

/// Whether the customer filled the column in, and not Dialtone.
fn is_original(column: &HeaderColumn) -> bool {
    !matches!(column.meaning, Meaning::Known(known) if matches!(known.cell, CellRule::Reason | CellRule::Origin))
}

/// Whether the columns of two files are one column of the report.
fn same(left: &HeaderColumn, right: &HeaderColumn) -> bool {
    match (&left.meaning, &right.meaning) {
        (Meaning::Known(left), Meaning::Known(right)) | (Meaning::New(left), Meaning::New(right)) => {
            left.label == right.label
        }
        (Meaning::Attribute { .. }, Meaning::Attribute { .. }) | (Meaning::Unknown, Meaning::Unknown) => {
            left.label == right.label
        }
        _ => false,
    }
}
