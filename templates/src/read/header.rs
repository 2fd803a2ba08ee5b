use super::label::{Labels, comparable};
use crate::{CellRule, Column, HeaderColumn, Kind, Meaning, Note, Problem, Reading, Rule};

/// The columns that a file may have.
pub(super) const COLUMN_LIMIT: usize = 1_000;

/// The header of a file as it was read, before anything is known of it.
#[derive(Debug, Default)]
pub(super) struct RawHeader {
    /// The labels, trimmed; at most [`COLUMN_LIMIT`].
    pub(super) labels: Vec<String>,
    /// How many cells the header has up to its last filled one.
    pub(super) width: usize,
}

impl RawHeader {
    /// Adds the next cell of the header.
    pub(super) fn push(&mut self, place: usize, label: &str) {
        if label.is_empty() {
            return;
        }
        self.width = place + 1;
        if place < COLUMN_LIMIT {
            self.labels.resize(place, String::new());
            self.labels.push(label.to_owned());
        }
    }

    /// How many labels are in some catalogue; it tells which separator is the right one.
    pub(super) fn known_labels(&self) -> usize {
        let known = |label: &&String| {
            let label = comparable(label);
            Kind::ALL.iter().any(|&kind| Labels::of(kind).column(&label).is_some())
        };
        self.labels.iter().filter(known).count()
    }
}

/// Decides the kind of the file and what each of its columns means. Returns whether its rows can be checked.
pub(super) fn settle(header: RawHeader, reading: &mut Reading) -> bool {
    if header.width > COLUMN_LIMIT {
        let note = Note::Count(header.width as u64);
        reading.problems.push(Problem { note, ..Problem::file(Rule::ColumnTooMany) });
        return false;
    }
    let kinds = deciding_kinds(&header);
    if let [Kind::BulkName, Kind::BulkUuid] = kinds[..] {
        reading.problems.push(Problem::file(Rule::ColumnsOfBothKinds));
        return false;
    }
    // A project decides by more columns than a bulk assignment and may have its columns too.
    reading.kind = kinds.last().copied();
    let kind = reading.kind.unwrap_or_else(|| likely_kind(&header));
    let labels = Labels::of(kind);
    let mut mistaken_for = Vec::new();
    for (place, label) in header.labels.into_iter().enumerate() {
        let meaning = labels.meaning(kind, &label);
        if label.is_empty() {
            let note = Note::Count(place as u64 + 1);
            reading.problems.push(Problem { note, ..Problem::file(Rule::ColumnUnnamed) });
        } else if matches!(meaning, Meaning::Unknown) {
            let (nearest, likeness) = labels.nearest(&label);
            if likeness > 0.5 {
                mistaken_for.push(nearest);
            }
            let column = u32::try_from(place).ok();
            reading
                .problems
                .push(Problem { column, ..Problem::file(Rule::ColumnUnknown) }.note(nearest.label.as_str()));
        } else if let Some(earlier) = reading.header.iter().position(|column| same(&column.meaning, &meaning)) {
            let note = Note::Count(earlier as u64 + 1);
            let column = u32::try_from(place).ok();
            reading.problems.push(Problem { note, column, ..Problem::file(Rule::ColumnDuplicate) });
        }
        reading.header.push(HeaderColumn { label, meaning });
    }
    let mut complete = reading.kind.is_some();
    for column in missing(kind, &reading.header) {
        complete = false;
        // Nothing but the identity column decides between the two kinds of bulk assignments, so either would do.
        let either = reading.kind.is_none() && is_identity(column);
        // One slip deserves one finding: a required column that is merely misspelt was named above.
        let misspelt = mistaken_for
            .iter()
            .any(|nearest: &&Column| nearest.label == column.label || (either && is_identity(nearest)));
        if !misspelt {
            let label = if either { "User's Name or Identity UUID" } else { &column.label };
            reading.problems.push(Problem::file(Rule::ColumnMissing).note(label));
        }
    }
    complete && !reading.problems.has(Rule::ColumnDuplicate)
}

/// The kinds that one of the header's labels speaks for, in the order of [`Kind::ALL`].
fn deciding_kinds(header: &RawHeader) -> Vec<Kind> {
    let labels: Vec<String> = header.labels.iter().map(|label| comparable(label)).collect();
    let decides =
        |kind: &Kind| labels.iter().any(|label| Labels::of(*kind).column(label).is_some_and(|column| column.decides));
    Kind::ALL.into_iter().filter(decides).collect()
}

/// The kind whose labels the header is most like, for naming the nearest ones.
fn likely_kind(header: &RawHeader) -> Kind {
    let likeness = |kind: Kind| -> f64 {
        let labels = Labels::of(kind);
        header.labels.iter().filter(|label| !label.is_empty()).map(|label| labels.nearest(label).1.powi(2)).sum()
    };
    let mut best = (Kind::BulkName, likeness(Kind::BulkName));
    for kind in [Kind::BulkUuid, Kind::Project] {
        let likeness = likeness(kind);
        if likeness > best.1 {
            best = (kind, likeness);
        }
    }
    best.0
}

/// The required columns that the file hasn't got.
fn missing(kind: Kind, header: &[HeaderColumn]) -> Vec<&'static Column> {
    let has = |column: &&Column| {
        header.iter().any(|one| matches!(one.meaning, Meaning::Known(known) if known.label == column.label))
    };
    kind.layout().columns.iter().filter(|column| column.required && !has(column)).collect()
}

fn is_identity(column: &Column) -> bool {
    matches!(column.cell, CellRule::UserName | CellRule::Uuid)
}

/// Whether two columns of a file mean the same.
fn same(left: &Meaning, right: &Meaning) -> bool {
    match (left, right) {
        (Meaning::Known(left), Meaning::Known(right)) | (Meaning::New(left), Meaning::New(right)) => {
            left.label == right.label
        }
        (Meaning::Attribute { name: left, sub: None }, Meaning::Attribute { name: right, sub: None }) => {
            comparable(left) == comparable(right)
        }
        (
            Meaning::Attribute { name: left, sub: Some((left_index, left_sub)) },
            Meaning::Attribute { name: right, sub: Some((right_index, right_sub)) },
        ) => {
            left_index == right_index
                && comparable(left) == comparable(right)
                && comparable(left_sub) == comparable(right_sub)
        }
        _ => false,
    }
}
