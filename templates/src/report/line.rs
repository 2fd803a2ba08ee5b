use std::fmt;
use std::fmt::Write;

use dialtone_model::{ExtendedStatus, Reason, State};
use jiff::Timestamp;

use super::catalog::Field;
use super::columns::Columns;
use crate::WriteError;
use crate::write::Cells;

/// What a report says of one row.
#[derive(Clone, Debug)]
pub struct ReportLine<'a> {
    /// Where the row is from.
    pub source: Source<'a>,
    /// What became of it.
    pub outcome: Outcome,
    /// What a person reads beside the outcome.
    pub extended: Option<ExtendedStatus>,
    /// Why, where there is something to say: what is wrong with a refused row, the device's complaint, who cancelled it,
    /// what it waits for. Only a refused row has several.
    pub reasons: &'a [Reason],
    /// How many times its last step was tried; `None` when no order was made.
    pub attempts: Option<u32>,
    /// When its order was first worked on.
    pub started_at: Option<Timestamp>,
    /// When its order came to its outcome.
    pub ended_at: Option<Timestamp>,
    /// The number of its order.
    pub order: Option<i64>,
    /// Its order's steps, in order. Only a workbook lists them.
    pub steps: &'a [StepLine<'a>],
}

impl ReportLine<'_> {
    pub(super) fn order_number(&self) -> Option<u64> {
        self.order.and_then(|order| u64::try_from(order).ok())
    }
}

/// Where a row of a report is from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A row of an upload.
    Row {
        /// Which of the report's files, counted from 0.
        file: usize,
        /// The row as a spreadsheet numbers it.
        row: u32,
    },
    /// A user who was added by hand: the cells, in the order of the labels that the report was begun with.
    Given(&'a [&'a str]),
}

impl Source<'_> {
    /// The row as a spreadsheet numbers it; `None` for a user who was added by hand.
    pub(super) fn row(self) -> Option<u64> {
        match self {
            Self::Row { row, .. } => Some(u64::from(row)),
            Self::Given(_) => None,
        }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Every step is done.
    Completed,
    /// Its workflow has started and is neither over nor stopped.
    Released,
    /// It is stopped until a person releases it.
    Hold,
    /// It was ended before any step was done.
    Cancelled,
    /// It hasn't started.
    Initial,
    /// It broke a rule and no order was made.
    Refused,
}

/// What a report says of one step of an order.
#[derive(Clone, Copy, Debug)]
pub struct StepLine<'a> {
    /// What was asked for, such as `add phone SEP0011AABBCCDD`.
    pub title: &'a str,
    /// The name of the device.
    pub device: &'a str,
    /// What became of it, such as `done`.
    pub outcome: &'a str,
    /// What the device said; empty when it had nothing to say.
    pub message: &'a str,
    /// When it came to its outcome.
    pub at: Option<Timestamp>,
}

impl Outcome {
    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Released => "Released",
            Self::Hold => "Hold",
            Self::Cancelled => "Cancelled",
            Self::Initial => "Initial",
            Self::Refused => "Refused",
        }
    }
}

impl From<State> for Outcome {
    fn from(state: State) -> Self {
        match state {
            State::Initial(_) => Self::Initial,
            State::Released(_) => Self::Released,
            State::Hold { .. } => Self::Hold,
            State::Completed => Self::Completed,
            State::Cancelled => Self::Cancelled,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Writes the cells of lines. It keeps the room that it needs, so that a line allocates nothing.
#[derive(Debug, Default)]
pub(super) struct LineWriter {
    joined: String,
    started: TimeText,
    ended: TimeText,
}

impl LineWriter {
    pub(super) fn write(
        &mut self,
        columns: &Columns<'_>,
        line: &ReportLine<'_>,
        cells: &mut impl Cells,
    ) -> Result<(), WriteError> {
        match line.source {
            Source::Row { file, row } => columns.row(file, row, cells)?,
            Source::Given(given) => columns.given(given, cells)?,
        }
        for column in &columns.results {
            match column.field {
                Field::File => cells.text(columns.file_name(line.source))?,
                Field::Row => optional_count(line.source.row(), cells)?,
                Field::Outcome => cells.text(line.outcome.label())?,
                Field::Status => cells.text(line.extended.map_or("", ExtendedStatus::label))?,
                Field::Code => cells.text(self.join(line.reasons, "; ", |reason| Some(&reason.code)))?,
                Field::Message => cells.text(self.join(line.reasons, " ", |reason| Some(&reason.message)))?,
                Field::Repair => cells.text(self.join(line.reasons, " ", |reason| reason.repair.as_deref()))?,
                Field::Attempts => optional_count(line.attempts.map(u64::from), cells)?,
                Field::Started => cells.text(self.started.of(line.started_at))?,
                Field::Ended => cells.text(self.ended.of(line.ended_at))?,
                Field::Order => optional_count(line.order_number(), cells)?,
            }
        }
        cells.end_row()
    }

    /// One part of all reasons; what several have in common is said once.
    fn join<'t>(&'t mut self, reasons: &'t [Reason], between: &str, part: impl Fn(&Reason) -> Option<&str>) -> &'t str {
        if let [reason] = reasons {
            return part(reason).unwrap_or_default();
        }
        self.joined.clear();
        for (index, reason) in reasons.iter().enumerate() {
            let Some(text) = part(reason) else { continue };
            if reasons[..index].iter().any(|earlier| part(earlier) == Some(text)) {
                continue;
            }
            if !self.joined.is_empty() {
                self.joined.push_str(between);
            }
            self.joined.push_str(text);
        }
        &self.joined
    }
}

/// A count, or a blank cell.
pub(super) fn optional_count(count: Option<u64>, cells: &mut impl Cells) -> Result<(), WriteError> {
    match count {
        Some(count) => cells.count(count),
        None => cells.blank(),
    }
}

/// A time as text. Orders are recorded in groups, so that many lines in a row have the same one.
#[derive(Debug, Default)]
pub(super) struct TimeText {
    time: Option<Timestamp>,
    text: String,
}

impl TimeText {
    /// The time in UTC as RFC 3339 has it, to the microsecond always, so that text sorts as time; empty when there is none.
    pub(super) fn of(&mut self, time: Option<Timestamp>) -> &str {
        if time != self.time {
            self.time = time;
            self.text.clear();
            if let Some(time) = time {
                // Writing to a string doesn't fail.
                let _ = write!(self.text, "{time:.6}");
            }
        }
        &self.text
    }
}
