use std::collections::{BTreeMap, HashMap};

use dialtone_model::{DeviceId, Event, FailureClass, OrderId, Reason, RunId, State};
use jiff::Timestamp;

use crate::database::{is_refusal, repeated};
use crate::events::{self, NewEvent};
use crate::outcomes::{self, Follows, Pace};
use crate::transitions::{self, Cause, Freed, settle};
use crate::{Lease, Store, StoreError, device_objects, leases};

/// What became of a claimed step, to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The order.
    pub order: OrderId,
    /// Its run.
    pub run: RunId,
    /// The version that the claim, or the last record, left.
    pub version: i64,
    /// The epoch of the claim.
    pub epoch: i64,
    /// The index of the step that was run.
    pub step: u16,
    /// What happened.
    pub event: Event,
    /// The state that follows it.
    pub next: State,
    /// Why, for a failure; a done step clears it.
    pub reason: Option<Reason>,
    /// When the next try is due.
    pub not_before: Option<Timestamp>,
    /// The device of the step that is due next and its shard; the present one when the order stays there.
    pub next_device: (DeviceId, u16),
    /// When it happened.
    pub at: Timestamp,
}

/// What the holder does next with an order that it recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Run the next step: the order is still claimed, at this version.
    Go {
        /// Its version now.
        version: i64,
    },
    /// Leave it: it is over, waits, or its run was paused or cancelled.
    Stop,
    /// Leave it and hint its next device's holder.
    Hop,
    /// Somebody else has it, or the lease is lost: the outcome was not recorded.
    Fenced,
}

/// The verdict on one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The order.
    pub order: OrderId,
    /// What to do next with it.
    pub verdict: Verdict,
}

/// What a group of outcomes led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedBatch {
    /// One for each outcome, in the same order.
    pub orders: Vec<Recorded>,
    /// Orders of other rows that became ready.
    pub freed: Vec<Freed>,
    /// Runs that are over now.
    pub finished: Vec<RunId>,
}

impl Store {
    /// Records a group of outcomes of one shard in one transaction: the states by compare-and-set on version and epoch
    /// (and the shard's epoch must still be the lease's), an event each, the claims on extensions, the licence counts,
    /// the successors in the users' chains, the ends of runs and of their templates.
    ///
    /// After a lost COMMIT answer the same call may be repeated: an outcome that is recorded already is recognised by
    /// its event and gets its verdict again.
    ///
    /// A group that the database refuses is split in halves until the outcome that it refuses is alone. That order
    /// goes to Hold, `internal-error`, its step unknown; the others are recorded.
    pub async fn record(&self, lease: Lease, actor: &str, outcomes: &[Outcome]) -> Result<RecordedBatch, StoreError> {
        let mut batch = RecordedBatch::default();
        // The pieces still to be recorded, the next one last.
        let mut rest = vec![outcomes];
        while let Some(group) = rest.pop() {
            match self.record_group(lease, actor, group).await {
                Ok(recorded) => batch.append(recorded),
                Err(error) if is_refusal(&error) && group.len() > 1 => {
                    let (first, second) = group.split_at(group.len() / 2);
                    rest.extend([second, first]);
                }
                Err(error) if is_refusal(&error) => {
                    for outcome in group {
                        tracing::error!(order = %outcome.order, %error, "the database refused an outcome");
                        let aside = repeated!(self.record_refused(lease, actor, outcome, &error));
                        batch.append(aside?);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(batch)
    }

    /// Records a group quickly, as though all its outcomes counted, and carefully if one doesn't.
    async fn record_group(&self, lease: Lease, actor: &str, outcomes: &[Outcome]) -> Result<RecordedBatch, StoreError> {
        match repeated!(self.try_record(lease, actor, outcomes, Pace::Quick))? {
            Some(recorded) => Ok(recorded),
            None => {
                let recorded = repeated!(self.try_record(lease, actor, outcomes, Pace::Careful))?;
                Ok(recorded.unwrap_or_default())
            }
        }
    }

    /// `None` when the quick pace found an outcome that doesn't count; nothing is recorded then.
    async fn try_record(
        &self,
        lease: Lease,
        actor: &str,
        outcomes: &[Outcome],
        pace: Pace,
    ) -> Result<Option<RecordedBatch>, StoreError> {
        if outcomes.is_empty() {
            return Ok(Some(RecordedBatch::default()));
        }
        let mut tx = self.database.begin().await?;
        let Some(standing) = leases::standing(&mut tx, lease).await? else {
            let orders = outcomes.iter().map(|outcome| outcome.fenced()).collect();
            return Ok(Some(RecordedBatch { orders, ..RecordedBatch::default() }));
        };
        // By id, so that two groups lock their rows in the same order.
        let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
        sorted.sort_unstable_by_key(|outcome| outcome.order);
        let Some(written) = outcomes::write(&mut tx, lease, &sorted, pace).await? else {
            tx.roll_back().await;
            return Ok(None);
        };

        let mut new_events = Vec::with_capacity(sorted.len());
        let mut completed = Vec::with_capacity(sorted.len());
        let mut stopped = Vec::new();
        let mut stops = BTreeMap::new();
        let mut verdicts: HashMap<OrderId, Verdict> = HashMap::with_capacity(sorted.len());
        let mut missing = Vec::new();
        for outcome in &sorted {
            let Some(follows) = written.get(outcome) else {
                missing.push(*outcome);
                continue;
            };
            new_events.push(NewEvent {
                order: outcome.order,
                version: outcome.version + 1,
                at: outcome.at,
                event: outcome.event,
                actor,
                step: outcome.step,
                next: outcome.next,
                reason: outcome.reason.as_ref(),
            });
            verdicts.insert(outcome.order, follows.verdict());
            match follows {
                Follows::Completion => completed.push((outcome.order, outcome.run)),
                Follows::Stop(changed) => stopped.push(*changed),
                Follows::RequestedStop(stop) => {
                    stops.insert(outcome.order, (stop.clone(), outcome.at));
                }
                Follows::Work(_) => {}
            }
        }
        events::insert(&mut tx, &new_events).await?;
        if !stops.is_empty() {
            let ids: Vec<OrderId> = stops.keys().copied().collect();
            for order in transitions::load(&mut tx, &ids).await? {
                if let Some((stop, at)) = stops.get(&order.id) {
                    stopped.push(order.stop(&mut tx, stop, *at).await?);
                }
            }
        }
        let at = outcomes.iter().map(|outcome| outcome.at).max().unwrap_or_default();
        let consequences = settle(&mut tx, &completed, stopped, at).await?;
        outcomes::recognise(&mut tx, lease, actor, &missing, &mut verdicts).await?;
        if standing.being_read {
            device_objects::touch(&mut tx, lease.shard, outcomes).await?;
        }
        tx.commit().await?;
        let orders = outcomes
            .iter()
            .map(|outcome| Recorded {
                order: outcome.order,
                verdict: verdicts.get(&outcome.order).copied().unwrap_or(Verdict::Fenced),
            })
            .collect();
        Ok(Some(RecordedBatch { orders, freed: consequences.freed, finished: consequences.finished }))
    }

    /// Puts an order aside whose outcome the database refuses, so that it keeps nothing else from being recorded.
    async fn record_refused(
        &self,
        lease: Lease,
        actor: &str,
        outcome: &Outcome,
        error: &StoreError,
    ) -> Result<RecordedBatch, StoreError> {
        let mut tx = self.database.begin().await?;
        let order = transitions::load(&mut tx, &[outcome.order]).await?.pop();
        let ours = leases::holds(&mut tx, lease).await?;
        let Some(order) = order.filter(|order| ours && order.claimed && order.version == outcome.version) else {
            return Ok(RecordedBatch { orders: vec![outcome.fenced()], ..RecordedBatch::default() });
        };
        let reason = internal_error(format!(
            "the database refused to record the outcome of step {} (code {})",
            outcome.step + 1,
            refusal_code(error)
        ));
        let event = Event::StepFailed { class: FailureClass::Unrecoverable, unknown: true };
        let cause = Cause { actor, at: outcome.at, reason: Some(&reason) };
        let changed = order.apply(&mut tx, event, cause).await?;
        let consequences = settle(&mut tx, &[], vec![changed], outcome.at).await?;
        tx.commit().await?;
        Ok(RecordedBatch {
            orders: vec![Recorded { order: outcome.order, verdict: Verdict::Stop }],
            freed: consequences.freed,
            finished: consequences.finished,
        })
    }
}

/// The reason of an order that failed by no fault of its own or of a device.
pub(crate) fn internal_error(message: String) -> Reason {
    let repair = "look at the log of the worker, mend the cause, then release the order from Hold";
    Reason { code: "internal-error".to_owned(), message, repair: Some(repair.to_owned()) }
}

/// The engine's code of a refusal: its words may hold values that no report should show.
fn refusal_code(error: &StoreError) -> String {
    match error {
        StoreError::Database(sqlx::Error::Database(refusal)) => refusal.code().unwrap_or_default().into_owned(),
        _ => "none".to_owned(),
    }
}

impl Outcome {
    fn fenced(&self) -> Recorded {
        Recorded { order: self.order, verdict: Verdict::Fenced }
    }
}

impl RecordedBatch {
    fn append(&mut self, other: Self) {
        self.orders.extend(other.orders);
        self.freed.extend(other.freed);
        self.finished.extend(other.finished);
    }
}
