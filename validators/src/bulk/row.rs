use std::collections::HashSet;

use dialtone_templates::{CellRule, Kind, Meaning, Problem, Problems, Reading, Row, Rule};

use super::{Candidate, Field, Identity};
use crate::cell::{self, Flaw};

/// Where the cells of a file stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns {
    ext_key: Option<usize>,
    identity: Option<usize>,
    number: Option<usize>,
}

impl Columns {
    pub(super) fn of(reading: &Reading) -> Self {
        let place = |rules: &[CellRule]| {
            reading
                .header
                .iter()
                .position(|column| matches!(column.meaning, Meaning::Known(known) if rules.contains(&known.cell)))
        };
        Self {
            ext_key: place(&[CellRule::ExtKey]),
            identity: place(&[CellRule::UserName, CellRule::Uuid]),
            number: place(&[CellRule::Number]),
        }
    }

    pub(super) fn place(&self, field: Field) -> Option<usize> {
        match field {
            Field::ExtKey => self.ext_key,
            Field::Identity => self.identity,
            Field::Number => self.number,
        }
    }
}

/// Checks each cell of a file by itself, in the caller's own thread: the rows of a template are checked in the time that
/// waking others takes.
pub(super) fn check<'a>(
    file: u32,
    reading: &'a Reading,
    columns: &Columns,
    candidates: &mut Vec<Candidate<'a>>,
    problems: &mut Problems,
) {
    let known = Known::of(reading);
    let mut check = Check { file, reading, columns, known: &known, problems: Vec::new(), mixed: 0 };
    candidates.reserve(reading.table.len());
    candidates.extend(reading.table.rows().map(|row| check.row(row)));
    let Check { problems: flaws, mixed, .. } = check;
    flaws.into_iter().for_each(|problem| problems.push(problem));
    if mixed > 0 {
        let what = if reading.kind == Some(Kind::BulkName) {
            "a UUID under User's Name"
        } else {
            "a name under Identity UUID"
        };
        let rows = if mixed == 1 { "row has" } else { "rows have" };
        let problem = Problem { file, ..Problem::file(Rule::IdentityKindsMixed) };
        problems.push(problem.note(format!("{mixed} {rows} {what}")));
    }
}

/// What the reader has said already: a cell that it refused isn't judged a second time.
struct Known {
    rows: HashSet<u32>,
    cells: HashSet<(u32, u32)>,
}

impl Known {
    fn of(reading: &Reading) -> Self {
        let errors = || reading.problems.iter().filter_map(|problem| Some((problem.row?, problem.column)));
        Self {
            rows: errors().filter(|(_, column)| column.is_none()).map(|(row, _)| row).collect(),
            cells: errors().filter_map(|(row, column)| Some((row, column?))).collect(),
        }
    }
}

struct Check<'a, 'k> {
    file: u32,
    reading: &'a Reading,
    columns: &'k Columns,
    known: &'k Known,
    problems: Vec<Problem>,
    /// How many rows name their user in the other way than the header says.
    mixed: usize,
}

impl<'a> Check<'a, '_> {
    fn row(&mut self, row: Row<'a>) -> Candidate<'a> {
        let mut candidate = Candidate {
            file: self.file,
            row: row.number,
            ext_key: None,
            identity: None,
            number: None,
            user: None,
            refused: row.flawed,
        };
        if row.flawed && self.known.rows.contains(&row.number) {
            return candidate;
        }
        let before = self.problems.len();
        if let Some((column, cell)) = self.cell(&row, self.columns.ext_key) {
            candidate.ext_key = self.take(required(cell).and_then(cell::ext_key), row.number, column);
        }
        if let Some((column, cell)) = self.cell(&row, self.columns.identity) {
            let identity = self.identity(cell);
            candidate.identity = self.take(identity, row.number, column);
        }
        if let Some((column, cell)) = self.cell(&row, self.columns.number)
            && !cell.is_empty()
        {
            candidate.number = self.take(cell::number(cell), row.number, column);
        }
        candidate.refused |= self.problems.len() > before;
        candidate
    }

    /// The cell under a column, unless the file hasn't got the column or the reader refused the cell.
    fn cell(&self, row: &Row<'a>, column: Option<usize>) -> Option<(usize, &'a str)> {
        let column = column?;
        let refused = row.flawed && self.known.cells.contains(&(row.number, u32::try_from(column).ok()?));
        (!refused).then(|| (column, row.cell(column)))
    }

    fn identity(&mut self, cell: &'a str) -> Result<Identity<'a>, Flaw> {
        let cell = required(cell)?;
        let other_kind = |note: &str| Flaw::new(Rule::IdentityKind).note(note);
        let identity = if self.reading.kind == Some(Kind::BulkUuid) {
            match cell::uuid(cell) {
                Ok(id) => Ok(Identity::Uuid(id)),
                Err(Some(flaw)) => Err(flaw),
                Err(None) => Err(other_kind("no UUID, and the header says Identity UUID")),
            }
        } else if cell::whole_uuid(cell).is_some() {
            Err(other_kind("a UUID, and the header says User's Name"))
        } else {
            cell::name(cell).map(Identity::Name)
        };
        self.mixed += usize::from(matches!(&identity, Err(flaw) if flaw.rule == Rule::IdentityKind));
        identity
    }

    fn take<T>(&mut self, cell: Result<T, Flaw>, row: u32, column: usize) -> Option<T> {
        match cell {
            Ok(value) => Some(value),
            Err(flaw) => {
                self.problems.push(flaw.problem(self.file, row, column));
                None
            }
        }
    }
}

fn required(cell: &str) -> Result<&str, Flaw> {
    if cell.is_empty() { Err(Flaw::new(Rule::CellRequired)) } else { Ok(cell) }
}
