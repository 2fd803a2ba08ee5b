use dialtone_model::{DeviceKind, ExtendedStatus, HoldReason, Position, RowRef, State, Waiting, Work, WorkStatus};
use uuid::Uuid;

use crate::StoreError;

/// A state as the columns of `orders` hold it: the one place where the two forms meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StateColumns<'a> {
    /// `state`.
    pub(crate) state: &'a str,
    /// `extended`.
    pub(crate) extended: Option<&'a str>,
    /// `step`, `attempts` and `unknown`.
    pub(crate) at: Position,
}

impl StateColumns<'static> {
    /// The columns of `state`, for an order of so many steps.
    pub(crate) fn of(state: State, steps: u16) -> Self {
        let over = Position { step: steps, ..Position::default() };
        Self {
            state: state.word(),
            extended: state.extended().map(ExtendedStatus::word),
            at: if state == State::Completed { over } else { state.position().unwrap_or_default() },
        }
    }
}

impl StateColumns<'_> {
    /// The state that the columns hold; `id` names the row in the error.
    pub(crate) fn state(self, id: impl ToString) -> Result<State, StoreError> {
        let at = self.at;
        let work = |status| State::Released(Work { status, at });
        Ok(match (self.state, self.extended) {
            ("initial", None) => State::Initial(Waiting::Nothing),
            ("initial", Some("wait_for_order")) => State::Initial(Waiting::ForOrder),
            ("released", Some("being_provisioned")) => work(WorkStatus::BeingProvisioned),
            ("released", Some("recoverable_error")) => work(WorkStatus::RecoverableError),
            ("released", Some("unrecoverable_error")) => work(WorkStatus::UnrecoverableError),
            ("hold", Some("recoverable_error")) => State::Hold { why: HoldReason::RecoverableError, at },
            ("hold", Some("unrecoverable_error")) => State::Hold { why: HoldReason::UnrecoverableError, at },
            ("hold", Some("aborted")) => State::Hold { why: HoldReason::Aborted, at },
            ("completed", None) => State::Completed,
            ("cancelled", None) => State::Cancelled,
            (state, extended) => {
                let value = format!("{state}, {}", extended.unwrap_or("no extended status"));
                return Err(StoreError::inconsistent("orders", "state", id, value));
            }
        })
    }
}

/// A number that a column holds, in the type that it must fit.
pub(crate) fn narrow<T: TryFrom<i64>>(
    value: i64,
    table: &'static str,
    column: &'static str,
    row: impl ToString,
) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::inconsistent(table, column, row, value))
}

/// A word that a column holds, as the value that it stands for.
pub(crate) fn word<T>(
    value: &str,
    from_word: fn(&str) -> Option<T>,
    table: &'static str,
    column: &'static str,
    row: impl ToString,
) -> Result<T, StoreError> {
    from_word(value).ok_or_else(|| StoreError::inconsistent(table, column, row, value))
}

/// The place of a row from its two columns.
pub(crate) fn row_ref(
    upload: Option<Uuid>,
    row: Option<i64>,
    table: &'static str,
    id: impl ToString,
) -> Result<Option<RowRef>, StoreError> {
    let (Some(upload), Some(row)) = (upload, row) else { return Ok(None) };
    Ok(Some(RowRef { upload: upload.into(), row: narrow(row, table, "row_number", id)? }))
}

/// The column that says whether an order `o`, were nobody to have it in hand, waits until its device has been read.
pub(crate) fn waits_for_device() -> String {
    let exclusive = DeviceKind::ALL.iter().filter(|kind| kind.is_exclusive_while_read());
    let kinds: Vec<String> = exclusive.map(|kind| format!("'{}'", kind.word())).collect();
    format!(
        "(o.device_id IS NOT NULL AND EXISTS (SELECT 1 FROM device_work w JOIN devices d ON d.id = w.device_id \
         WHERE w.device_id = o.device_id AND w.kind = 'read' AND w.state = 'running' AND d.kind IN ({}))) \
         AS waits_for_device",
        kinds.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_as_it_was_written() {
        let at = Position { step: 2, attempts: 3, unknown: true };
        let released = |status| State::Released(Work { status, at });
        let hold = |why| State::Hold { why, at };
        for state in [
            State::Initial(Waiting::Nothing),
            State::Initial(Waiting::ForOrder),
            released(WorkStatus::BeingProvisioned),
            released(WorkStatus::RecoverableError),
            released(WorkStatus::UnrecoverableError),
            hold(HoldReason::RecoverableError),
            hold(HoldReason::UnrecoverableError),
            hold(HoldReason::Aborted),
            State::Completed,
            State::Cancelled,
        ] {
            assert_eq!(StateColumns::of(state, 4).state("an order").expect("a state"), state);
        }
    }

    #[test]
    fn other_words_are_refused() {
        for (state, extended) in [("initial", Some("aborted")), ("released", None), ("gone", None)] {
            let columns = StateColumns { state, extended, at: Position::default() };
            assert!(matches!(columns.state("an order"), Err(StoreError::Inconsistent { .. })), "{columns:?}");
        }
    }
}
