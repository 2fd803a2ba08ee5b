use std::collections::{BTreeMap, HashMap, HashSet};

use dialtone_model::{Event, OrderId, RunId, RunState, State};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use crate::columns::{StateColumns, word};
use crate::database::{Tx, execute, on_tx, pieces, row};
use crate::holdings::Holdings;
use crate::ids::Ids;
use crate::time::Time;
use crate::transitions::{Changed, Stop};
use crate::{Lease, Outcome, StoreError, Verdict, events};

/// How a group is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Completed orders, which are nearly all, are written by statements that bring nothing back; whether all of them
    /// counted is told by how many rows changed.
    Quick,
    /// Every order's row is brought back.
    Careful,
}

/// What the group's statements wrote.
#[derive(Debug, Default)]
pub(crate) struct Written {
    completed: HashSet<OrderId>,
    others: HashMap<OrderId, Follows>,
}

/// What follows an outcome that was written.
#[derive(Debug)]
pub(crate) enum Follows {
    /// The order is completed.
    Completion,
    /// The order waits for a person, or is over.
    Stop(Changed),
    /// The order would go on, but was to stop after this step.
    RequestedStop(Stop),
    /// The order goes on, now or later.
    Work(Verdict),
}

impl Written {
    pub(crate) fn get(&self, outcome: &Outcome) -> Option<&Follows> {
        if self.completed.contains(&outcome.order) {
            return Some(&Follows::Completion);
        }
        self.others.get(&outcome.order)
    }
}

impl Follows {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Completion | Self::Stop(_) | Self::RequestedStop(_) => Verdict::Stop,
            Self::Work(verdict) => *verdict,
        }
    }
}

/// Writes the states of those outcomes that still count. `None` when the quick pace finds one that doesn't: then the
/// transaction must end without effect.
pub(crate) async fn write(
    tx: &mut Tx,
    lease: Lease,
    outcomes: &[&Outcome],
    pace: Pace,
) -> Result<Option<Written>, StoreError> {
    let quick = |outcome: &&Outcome| pace == Pace::Quick && outcome.is_plain_completion();
    let (completions, others): (Vec<&Outcome>, Vec<&Outcome>) = outcomes.iter().copied().partition(quick);
    let mut written = Written::default();
    // Nearly always all orders of a group have come equally far.
    let mut alike: BTreeMap<(i64, u16), Vec<&Outcome>> = BTreeMap::new();
    for outcome in completions {
        alike.entry((outcome.version, outcome.step)).or_default().push(outcome);
    }
    for ((version, step), outcomes) in alike {
        if write_completions(tx, lease, version, step, &outcomes).await? < outcomes.len() as u64 {
            return Ok(None);
        }
        written.completed.extend(outcomes.iter().map(|outcome| outcome.order));
    }
    let runs = run_states(tx, &others).await?;
    for piece in pieces(&others) {
        write_others(tx, lease, piece, &runs, &mut written).await?;
    }
    Ok(Some(written))
}

/// Completes orders that are all at this version and step; returns how many.
async fn write_completions(
    tx: &mut Tx,
    lease: Lease,
    version: i64,
    step: u16,
    outcomes: &[&Outcome],
) -> Result<u64, StoreError> {
    let at = outcomes.iter().map(|outcome| outcome.at).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let columns = StateColumns::of(State::Completed, step + 1);
    let ids: Ids = outcomes.iter().map(|outcome| outcome.order).collect();
    let sql = format!(
        "UPDATE orders SET state = $1, extended = $2, step = $3, attempts = 0, unknown = FALSE, starts = 0, \
         tries = tries + 1, version = version + 1, device_id = NULL, claim_epoch = NULL, not_before = NULL, \
         code = NULL, message = NULL, repair = NULL, stop_requested = NULL, stop_by = NULL, \
         reservation = CASE WHEN reservation = 'held' THEN 'used' ELSE reservation END, ended_at = $4 \
         WHERE version = $5 AND claim_epoch = $6 AND step = $7 AND id {}",
        tx.among("$8")
    );
    Ok(execute!(
        tx,
        AssertSqlSafe(sql),
        columns.state,
        columns.extended,
        i64::from(columns.at.step),
        Time(at),
        version,
        lease.epoch,
        i64::from(step),
        ids
    )?)
}

/// What the statement brings back of an order.
#[derive(sqlx::FromRow)]
struct WrittenRow {
    id: Uuid,
    organization_id: Uuid,
    claim: Option<String>,
    products: i64,
    gave_back: bool,
    claim_epoch: Option<i64>,
    stop_requested: Option<String>,
    stop_by: Option<String>,
}

/// Writes outcomes of any kind.
async fn write_others(
    tx: &mut Tx,
    lease: Lease,
    outcomes: &[&Outcome],
    runs: &BTreeMap<RunId, RunState>,
    written: &mut Written,
) -> Result<(), StoreError> {
    let running = |outcome: &Outcome| runs.get(&outcome.run) == Some(&RunState::Running);
    let rows: Vec<WrittenRow> = on_tx!(tx, |connection, Db| {
        QueryBuilder::<Db>::new(
            "WITH v (v_id, v_version, v_epoch, v_state, v_extended, v_step, v_attempts, v_unknown, v_device, \
                 v_shard, v_go, v_not_before, v_code, v_message, v_repair, v_ended) AS (",
        )
        .push_values(outcomes, |mut row, outcome| {
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
    let rows: HashMap<OrderId, WrittenRow> = rows.into_iter().map(|row| (row.id.into(), row)).collect();
    for outcome in outcomes {
        let Some(row) = rows.get(&outcome.order) else { continue };
        let follows = if outcome.next == State::Completed {
            Follows::Completion
        } else if !outcome.next.is_worked_on() {
            Follows::Stop(Changed {
                order: outcome.order,
                run: outcome.run,
                organization: row.organization_id.into(),
                next: outcome.next,
                holdings: Holdings::read(row.id, row.claim.as_deref(), row.products, row.gave_back)?,
            })
        } else if let Some(stop) = Stop::read(row.stop_requested.as_deref(), row.stop_by.clone()) {
            Follows::RequestedStop(stop)
        } else if row.claim_epoch.is_some() {
            Follows::Work(Verdict::Go { version: outcome.version + 1 })
        } else if outcome.event == Event::StepDone && running(outcome) {
            Follows::Work(Verdict::Hop)
        } else {
            Follows::Work(Verdict::Stop)
        };
        written.others.insert(outcome.order, follows);
    }
    Ok(())
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
pub(crate) async fn recognise(
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
    /// Whether it completes its order, and says no more than that.
    fn is_plain_completion(&self) -> bool {
        self.next == State::Completed && self.event == Event::StepDone && self.reason.is_none()
    }
}
