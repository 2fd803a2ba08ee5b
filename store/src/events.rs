use dialtone_model::{Event, OrderId, Reason, State};
use jiff::Timestamp;
use sqlx::QueryBuilder;

use crate::StoreError;
use crate::columns::StateColumns;
use crate::database::{Tx, on_tx, pieces};
use crate::time::Time;

/// A row of the history that is to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewEvent<'a> {
    /// Whose history.
    pub(crate) order: OrderId,
    /// The version that it makes.
    pub(crate) version: i64,
    /// When.
    pub(crate) at: Timestamp,
    /// What happened.
    pub(crate) event: Event,
    /// Who.
    pub(crate) actor: &'a str,
    /// The step that it was about.
    pub(crate) step: u16,
    /// The state that follows.
    pub(crate) next: State,
    /// Why.
    pub(crate) reason: Option<&'a Reason>,
}

/// Writes history. It is called in the transaction that changes the orders, and only for those that changed.
pub(crate) async fn insert(tx: &mut Tx, events: &[NewEvent<'_>]) -> Result<(), StoreError> {
    for piece in pieces(events) {
        on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new(
                "INSERT INTO order_events \
                 (order_id, version, at, kind, actor, step, state, extended, code, message) ",
            )
            .push_values(piece, |mut row, event| {
                let columns = StateColumns::of(event.next, 0);
                row.push_bind(event.order.0)
                    .push_bind(event.version)
                    .push_bind(Time(event.at))
                    .push_bind(kind(event.event))
                    .push_bind(event.actor)
                    .push_bind(i64::from(event.step))
                    .push_bind(columns.state)
                    .push_bind(columns.extended)
                    .push_bind(event.reason.map(|reason| reason.code.as_str()))
                    .push_bind(event.reason.map(|reason| reason.message.as_str()));
            })
            .build()
            .execute(connection)
            .await
            .map(drop)
        })?;
    }
    Ok(())
}

/// The word of an event in the history.
pub(crate) const fn kind(event: Event) -> &'static str {
    match event {
        Event::Started => "started",
        Event::Freed => "freed",
        Event::StepDone => "step_done",
        Event::AttemptFailed { .. } => "attempt_failed",
        Event::StepFailed { .. } => "step_failed",
        Event::NeedLost => "need_lost",
        Event::Retried => "retried",
        Event::Unheld => "unheld",
        Event::Aborted => "aborted",
        Event::Cancelled => "cancelled",
    }
}
