use std::collections::{BTreeMap, HashMap};

use dialtone_model::{DeviceId, Event, FailureClass, OrderId, Reason, RunId, RunState, State};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::columns::{StateColumns, word};
use crate::database::{Tx, is_refusal, on_tx, pieces, repeated, row};
use crate::events::{self, NewEvent};
use crate::holdings::Holdings;
use crate::time::Time;
use crate::transitions::{self, Cause, Changed, Stop, settle};
use crate::{Lease, Store, StoreError, leases};

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
    /// Orders of other rows that became ready, with the device and shard of their next step.
    pub freed: Vec<(OrderId, DeviceId, u16)>,
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
            match repeated!(self.try_record(lease, actor, group)) {
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

    async fn try_record(&self, lease: Lease, actor: &str, outcomes: &[Outcome]) -> Result<RecordedBatch, StoreError> {
        if outcomes.is_empty() {
            return Ok(RecordedBatch::default());
        }
        let mut tx = self.database.begin().await?;
        if !leases::holds(&mut tx, lease).await? {
            let orders = outcomes.iter().map(|outcome| outcome.fenced()).collect();
            return Ok(RecordedBatch { orders, ..RecordedBatch::default() });
        }
        // By id, so that two groups lock their rows in the same order.
        let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
        sorted.sort_unstable_by_key(|outcome| outcome.order);
        let runs = run_states(&mut tx, &sorted).await?;
        let running = |outcome: &Outcome| runs.get(&outcome.run) == Some(&RunState::Running);

        let written = write(&mut tx, lease, &sorted, running).await?;
        let mut new_events = Vec::with_capacity(written.len());
        let mut changed = Vec::with_capacity(written.len());
        let mut verdicts: HashMap<OrderId, Verdict> = HashMap::with_capacity(written.len());
        let mut stops = BTreeMap::new();
        for outcome in &sorted {
            let Some(row) = written.get(&outcome.order) else { continue };
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
            match Stop::read(row.stop_requested.as_deref(), row.stop_by.clone()) {
                Some(stop) if outcome.next.is_worked_on() => {
                    verdicts.insert(outcome.order, Verdict::Stop);
                    stops.insert(outcome.order, (stop, outcome.at));
                }
                _ => {
                    verdicts.insert(outcome.order, row.verdict(outcome, running(outcome)));
                    let holdings = Holdings::read(row.id, row.claim.as_deref(), row.products, row.gave_back)?;
                    changed.push(Changed {
                        order: outcome.order,
                        run: outcome.run,
                        organization: row.organization_id.into(),
                        next: outcome.next,
                        holdings,
                    });
                }
            }
        }
        events::insert(&mut tx, &new_events).await?;
        if !stops.is_empty() {
            let ids: Vec<OrderId> = stops.keys().copied().collect();
            for order in transitions::load(&mut tx, &ids).await? {
                if let Some((stop, at)) = stops.get(&order.id) {
                    changed.push(order.stop(&mut tx, stop, *at).await?);
                }
            }
        }
        changed.retain(|order| !order.next.is_worked_on());
        let at = sorted.last().map_or(Timestamp::UNIX_EPOCH, |outcome| outcome.at);
        let consequences = settle(&mut tx, changed, at).await?;
        let missing: Vec<&Outcome> =
            sorted.into_iter().filter(|outcome| !written.contains_key(&outcome.order)).collect();
        recognise(&mut tx, lease, actor, &missing, &mut verdicts).await?;
        tx.commit().await?;
        let orders = outcomes
            .iter()
            .map(|outcome| Recorded {
                order: outcome.order,
                verdict: verdicts.get(&outcome.order).copied().unwrap_or(Verdict::Fenced),
            })
            .collect();
        Ok(RecordedBatch { orders, freed: consequences.freed, finished: consequences.finished })
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
        let consequences = settle(&mut tx, vec![changed], outcome.at).await?;
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

/// What the statement that records gives back of an order.
#[derive(sqlx::FromRow)]
struct Written {
    id: Uuid,
    organization_id: Uuid,
    claim: Option<String>,
    products: i64,
    gave_back: bool,
    claim_epoch: Option<i64>,
    stop_requested: Option<String>,
    stop_by: Option<String>,
}

impl Written {
    fn verdict(&self, outcome: &Outcome, running: bool) -> Verdict {
        if self.claim_epoch.is_some() {
            Verdict::Go { version: outcome.version + 1 }
        } else if outcome.event == Event::StepDone && outcome.next.is_worked_on() && running {
            Verdict::Hop
        } else {
            Verdict::Stop
        }
    }
}

/// Writes the states of those outcomes that still count, and says which.
async fn write(
    tx: &mut Tx,
    lease: Lease,
    outcomes: &[&Outcome],
    running: impl Fn(&Outcome) -> bool,
) -> Result<HashMap<OrderId, Written>, StoreError> {
    let mut written = HashMap::with_capacity(outcomes.len());
    for piece in pieces(outcomes) {
        let rows: Vec<Written> = on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new(
                "WITH v (v_id, v_version, v_epoch, v_state, v_extended, v_step, v_attempts, v_unknown, v_device, \
                 v_shard, v_go, v_not_before, v_code, v_message, v_repair, v_ended) AS (",
            )
            .push_values(piece, |mut row, outcome| {
                let columns = StateColumns::of(outcome.next, outcome.step + 1);
                let (device, shard) = outcome.next_device;
                let working = outcome.next.is_worked_on();
                let ended = matches!(outcome.next, State::Hold { .. } | State::Completed | State::Cancelled);
                row.push_bind(outcome.order.0)
                    .push_bind(outcome.version)
                    .push_bind(outcome.epoch)
                    .push_bind(columns.state)
                    .push_bind(columns.extended)
                    .push_bind(i64::from(columns.at.step))
                    .push_bind(i64::from(columns.at.attempts))
                    .push_bind(columns.at.unknown)
                    .push_bind(working.then_some(device.0))
                    .push_bind(i64::from(shard))
                    .push_bind(working && outcome.event == Event::StepDone && running(outcome))
                    .push_bind(outcome.not_before.map(Time))
                    .push_bind(outcome.reason.as_ref().map(|reason| reason.code.as_str()))
                    .push_bind(outcome.reason.as_ref().map(|reason| reason.message.as_str()))
                    .push_bind(outcome.reason.as_ref().and_then(|reason| reason.repair.as_deref()))
                    .push_bind(ended.then_some(Time(outcome.at)));
            })
            .push(
                ") UPDATE orders SET state = v_state, extended = v_extended, step = v_step, attempts = v_attempts, \
                 unknown = v_unknown, starts = 0, tries = tries + 1, version = version + 1, device_id = v_device, \
                 shard = v_shard, not_before = v_not_before, code = v_code, message = v_message, repair = v_repair, \
                 ended_at = v_ended, \
                 claim_epoch = CASE WHEN v_go AND device_id = v_device AND stop_requested IS NULL THEN claim_epoch \
                 END, \
                 reservation = CASE WHEN v_state = 'completed' AND reservation = 'held' THEN 'used' \
                 ELSE reservation END, \
                 stop_requested = CASE WHEN v_device IS NULL THEN NULL ELSE stop_requested END, \
                 stop_by = CASE WHEN v_device IS NULL THEN NULL ELSE stop_by END \
                 FROM v WHERE id = v_id AND version = v_version AND claim_epoch = v_epoch AND claim_epoch = ",
            )
            .push_bind(lease.epoch)
            .push(
                " RETURNING id, organization_id, claim, products, given_back IS NOT NULL AS gave_back, claim_epoch, \
                 stop_requested, stop_by",
            )
            .build_query_as()
            .fetch_all(connection)
            .await?
        });
        written.extend(rows.into_iter().map(|row| (row.id.into(), row)));
    }
    Ok(written)
}

/// The states of the runs that these outcomes are of.
async fn run_states(tx: &mut Tx, outcomes: &[&Outcome]) -> Result<BTreeMap<RunId, RunState>, StoreError> {
    let mut states: BTreeMap<RunId, RunState> = BTreeMap::new();
    for outcome in outcomes {
        if states.contains_key(&outcome.run) {
            continue;
        }
        let sql = "SELECT state FROM runs WHERE id = $1";
        let state: Option<(String,)> = row!(tx, sql, outcome.run.0)?;
        let (state,) = state.ok_or_else(|| StoreError::not_found("run", outcome.run))?;
        states.insert(outcome.run, word(&state, RunState::from_word, "runs", "state", outcome.run)?);
    }
    Ok(states)
}

/// Gives outcomes that an earlier call recorded their verdicts again.
async fn recognise(
    tx: &mut Tx,
    lease: Lease,
    actor: &str,
    outcomes: &[&Outcome],
    verdicts: &mut HashMap<OrderId, Verdict>,
) -> Result<(), StoreError> {
    for outcome in outcomes {
        let sql = "SELECT o.version, o.claim_epoch, o.device_id, r.state FROM order_events e \
                   JOIN orders o ON o.id = e.order_id JOIN runs r ON r.id = o.run_id \
                   WHERE e.order_id = $1 AND e.version = $2 AND e.kind = $3 AND e.actor = $4 AND e.at = $5";
        let row: Option<(i64, Option<i64>, Option<Uuid>, String)> =
            row!(tx, sql, outcome.order.0, outcome.version + 1, events::kind(outcome.event), actor, Time(outcome.at))?;
        let Some((version, claim_epoch, device, run)) = row else { continue };
        let untouched = version == outcome.version + 1;
        let verdict = if untouched && claim_epoch == Some(lease.epoch) {
            Verdict::Go { version }
        } else if untouched
            && claim_epoch.is_none()
            && outcome.event == Event::StepDone
            && device.is_some()
            && run == RunState::Running.word()
        {
            Verdict::Hop
        } else {
            Verdict::Stop
        };
        verdicts.insert(outcome.order, verdict);
    }
    Ok(())
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
