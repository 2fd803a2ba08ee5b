use std::collections::BTreeMap;

use dialtone_model::{Event, OrderId, Reason, State};
use jiff::Timestamp;

use crate::StoreError;
use crate::bulk::{self, Each, Same};
use crate::columns::StateColumns;
use crate::database::Tx;
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
        let (code, message) = reason.unzip();
        let each = [
            ("order_id", Each::Ids(events.iter().map(|event| Some(event.order.0)).collect())),
            ("at", Each::Times(events.iter().map(|event| Time(event.at)).collect())),
        ];
        let same = [
            ("version", Same::Number(version)),
            ("kind", Same::Text(Some(kind))),
            ("actor", Same::Text(Some(actor))),
            ("step", Same::Number(i64::from(step))),
            ("state", Same::Text(Some(state))),
            ("extended", Same::Text(extended)),
            ("code", Same::Text(code)),
            ("message", Same::Text(message)),
        ];
        bulk::insert(tx, "order_events", &each, &same, "").await?;
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
