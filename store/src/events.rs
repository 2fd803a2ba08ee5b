use std::collections::BTreeMap;

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
    // Nearly all events of a group differ in nothing but the order and the time, so the rest is given once.
    let mut alike: BTreeMap<_, Vec<&NewEvent<'_>>> = BTreeMap::new();
    for event in events {
        let reason = event.reason.map(|reason| (&*reason.code, &*reason.message));
        let columns = StateColumns::of(event.next, 0);
        let rest = (event.version, kind(event.event), event.actor, event.step, columns.state, columns.extended, reason);
        alike.entry(rest).or_default().push(event);
    }
    for ((version, kind, actor, step, state, extended, reason), events) in alike {
        for piece in pieces(&events) {
            on_tx!(tx, |connection, Db| {
                let mut query = QueryBuilder::<Db>::new(
                    "INSERT INTO order_events \
                     (order_id, at, version, kind, actor, step, state, extended, code, message) \
                     SELECT column1, column2, ",
                );
                let mut rest = query.separated(", ");
                rest.push_bind(version).push_bind(kind).push_bind(actor).push_bind(i64::from(step));
                rest.push_bind(state).push_bind(extended);
                rest.push_bind(reason.map(|(code, _)| code)).push_bind(reason.map(|(_, message)| message));
                query.push(" FROM (").push_values(piece, |mut row, event| {
                    row.push_bind(event.order.0).push_bind(Time(event.at));
                });
                query.push(") AS alike").build().execute(connection).await.map(drop)
            })?;
        }
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
