use std::collections::{BTreeMap, BTreeSet};

use dialtone_model::{DeviceId, Event, HoldReason, Life, OrderId, OrganizationId, Origin, Reason, RunId, State, Step};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::{StateColumns, narrow, word};
use crate::database::{Tx, execute, on_tx, row, rows};
use crate::events::{self, NewEvent};
use crate::holdings::{self, GivenBack, Holdings};
use crate::ids::Ids;
use crate::licences::LicenceMoves;
use crate::orders::position;
use crate::time::Time;
use crate::{StoreError, order_credentials};

/// An order as a transaction that changes it sees it.
#[derive(Clone, Debug)]
pub(crate) struct LiveOrder {
    pub(crate) id: OrderId,
    pub(crate) number: i64,
    pub(crate) run: RunId,
    pub(crate) organization: OrganizationId,
    pub(crate) life: Life,
    pub(crate) state: State,
    pub(crate) version: i64,
    pub(crate) steps: Vec<Step>,
    pub(crate) shard: u16,
    /// The epoch of the shard's lease, if that is the one that it is claimed under: a worker has it in hand.
    pub(crate) claimed: bool,
    pub(crate) object: Option<String>,
    pub(crate) blocked_by: Option<OrderId>,
    pub(crate) blocker_number: Option<i64>,
    pub(crate) needs_blocker: bool,
    pub(crate) holdings: Holdings,
    pub(crate) given_back: Option<GivenBack>,
    pub(crate) stop: Option<Stop>,
}

/// How an order that a worker has in hand stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Whether it becomes Cancelled where no step is done; else it is aborted.
    pub(crate) cancel: bool,
    /// Who asked.
    pub(crate) by: String,
}

/// What happened to an order beside the event itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'a> {
    /// Who did it.
    pub(crate) actor: &'a str,
    /// When.
    pub(crate) at: Timestamp,
    /// Why.
    pub(crate) reason: Option<&'a Reason>,
}

/// An order that has changed, as far as others are concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changed {
    pub(crate) order: OrderId,
    pub(crate) run: RunId,
    pub(crate) organization: OrganizationId,
    pub(crate) next: State,
    /// What it holds of the inventory.
    pub(crate) holdings: Holdings,
}

/// An order of another row that became ready, because the one that it waited for is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// The order.
    pub order: OrderId,
    /// Its run.
    pub run: RunId,
    /// The device of its next step.
    pub device: DeviceId,
    /// That device's shard.
    pub shard: u16,
}

/// What changes of orders led to.
#[derive(Debug, Default)]
pub(crate) struct Consequences {
    /// Orders that became ready.
    pub(crate) freed: Vec<Freed>,
    /// Runs that are over now.
    pub(crate) finished: Vec<RunId>,
}

#[derive(sqlx::FromRow)]
struct LiveRow {
    id: Uuid,
    number: i64,
    run_id: Uuid,
    organization_id: Uuid,
    origin: String,
    steps: Json<Vec<Step>>,
    step_count: i64,
    state: String,
    extended: Option<String>,
    step: i64,
    attempts: i64,
    unknown: bool,
    version: i64,
    shard: i64,
    claim_epoch: Option<i64>,
    lease_epoch: Option<i64>,
    object: Option<String>,
    blocked_by: Option<Uuid>,
    blocker_number: Option<i64>,
    needs_blocker: bool,
    claim: Option<String>,
    products: i64,
    given_back: Option<Json<GivenBack>>,
    stop_requested: Option<String>,
    stop_by: Option<String>,
}

const SELECT: &str = "SELECT o.id, o.number, o.run_id, o.organization_id, o.origin, o.steps, o.step_count, o.state, \
                      o.extended, o.step, o.attempts, o.unknown, o.version, o.shard, o.claim_epoch, \
                      l.epoch AS lease_epoch, o.object, o.blocked_by, \
                      (SELECT b.number FROM orders b WHERE b.id = o.blocked_by) AS blocker_number, \
                      o.needs_blocker, o.claim, o.products, o.given_back, o.stop_requested, o.stop_by \
                      FROM orders o LEFT JOIN shard_leases l ON l.shard = o.shard WHERE ";

impl TryFrom<LiveRow> for LiveOrder {
    type Error = StoreError;

    fn try_from(row: LiveRow) -> Result<Self, StoreError> {
        let claimed = row.claim_epoch.is_some() && row.claim_epoch == row.lease_epoch;
        // Whoever claimed it under an older epoch may have run the step.
        let unknown = row.unknown || (row.claim_epoch.is_some() && !claimed);
        let at = position(row.id, row.step, row.attempts, unknown)?;
        let columns = StateColumns { state: &row.state, extended: row.extended.as_deref(), at };
        Ok(Self {
            state: columns.state(row.id)?,
            id: row.id.into(),
            number: row.number,
            run: row.run_id.into(),
            organization: row.organization_id.into(),
            life: Life {
                origin: word(&row.origin, Origin::from_word, "orders", "origin", row.id)?,
                steps: narrow(row.step_count, "orders", "step_count", row.id)?,
            },
            version: row.version,
            steps: row.steps.0,
            shard: narrow(row.shard, "orders", "shard", row.id)?,
            claimed,
            object: row.object,
            blocked_by: row.blocked_by.map(OrderId),
            blocker_number: row.blocker_number,
            needs_blocker: row.needs_blocker,
            holdings: Holdings::read(row.id, row.claim.as_deref(), row.products, row.given_back.is_some())?,
            given_back: row.given_back.map(|given_back| given_back.0),
            stop: Stop::read(row.stop_requested.as_deref(), row.stop_by),
        })
    }
}

impl Stop {
    /// The stop that the columns `stop_requested` and `stop_by` hold.
    pub(crate) fn read(requested: Option<&str>, by: Option<String>) -> Option<Self> {
        Some(Self { cancel: requested? == "cancel", by: by.unwrap_or_default() })
    }

    /// The column `stop_requested`.
    pub(crate) const fn word(&self) -> &'static str {
        if self.cancel { "cancel" } else { "abort" }
    }
}

/// Reads orders that are to change, by id, and locks them. Those that aren't there are left out.
pub(crate) async fn load(tx: &mut Tx, ids: &[OrderId]) -> Result<Vec<LiveOrder>, StoreError> {
    load_where(tx, "o.id", ids, "").await
}

/// Reads the orders that wait for one of these.
async fn load_successors(tx: &mut Tx, of: &[OrderId]) -> Result<Vec<LiveOrder>, StoreError> {
    load_where(tx, "o.blocked_by", of, " AND o.state = 'initial' AND o.blocked_by IS NOT NULL").await
}

async fn load_where(
    tx: &mut Tx,
    column: &'static str,
    ids: &[OrderId],
    and: &'static str,
) -> Result<Vec<LiveOrder>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (among, locking) = (tx.among("$1"), tx.locking(" FOR UPDATE OF o"));
    let sql = format!("{SELECT} {column} {among}{and} ORDER BY o.id{locking}");
    let rows: Vec<LiveRow> = rows!(tx, AssertSqlSafe(sql), ids.iter().copied().collect::<Ids>())?;
    rows.into_iter().map(LiveOrder::try_from).collect()
}

impl LiveOrder {
    /// Lets `event` happen to the order, with its row of the history. A worker's claim on it ends.
    ///
    /// # Errors
    /// [`StoreError::InvalidTransition`]; [`StoreError::Changed`] when it was changed since it was read.
    pub(crate) async fn apply(&self, tx: &mut Tx, event: Event, cause: Cause<'_>) -> Result<Changed, StoreError> {
        let next = self.state.after(event, self.life)?;
        let columns = StateColumns::of(next, self.life.steps);
        let device = next.is_worked_on().then(|| self.steps.get(usize::from(columns.at.step))).flatten();
        let ended = matches!(next, State::Hold { .. } | State::Completed | State::Cancelled);
        let frees = matches!(event, Event::Freed | Event::Retried | Event::Unheld);
        let sql = "UPDATE orders SET state = $3, extended = $4, step = $5, attempts = $6, unknown = $7, starts = 0, \
                   version = version + 1, device_id = $8, claim_epoch = NULL, not_before = NULL, \
                   blocked_by = CASE WHEN $9 THEN NULL ELSE blocked_by END, stop_requested = NULL, stop_by = NULL, \
                   code = $10, message = $11, repair = $12, ended_at = $13 WHERE id = $1 AND version = $2";
        let changed = execute!(
            tx,
            sql,
            self.id.0,
            self.version,
            columns.state,
            columns.extended,
            i64::from(columns.at.step),
            i64::from(columns.at.attempts),
            columns.at.unknown,
            device.map(|step| step.device.0),
            frees,
            cause.reason.map(|reason| &reason.code),
            cause.reason.map(|reason| &reason.message),
            cause.reason.and_then(|reason| reason.repair.as_ref()),
            ended.then_some(Time(cause.at))
        )?;
        if changed != 1 {
            return Err(StoreError::Changed { what: "order" });
        }
        let step = self.state.position().unwrap_or_default().step;
        let event = NewEvent {
            order: self.id,
            version: self.version + 1,
            at: cause.at,
            event,
            actor: cause.actor,
            step,
            next,
            reason: cause.reason,
        };
        events::insert(tx, &[event]).await?;
        let (order, run, organization) = (self.id, self.run, self.organization);
        Ok(Changed { order, run, organization, next, holdings: self.holdings })
    }

    /// Ends the order where it stands, as its stop was asked for: Cancelled where nothing was done, else aborted.
    pub(crate) async fn stop(&self, tx: &mut Tx, stop: &Stop, at: Timestamp) -> Result<Changed, StoreError> {
        let cancelled = stop.cancel && self.state.after(Event::Cancelled, self.life).is_ok();
        let (event, code, done) = if cancelled {
            (Event::Cancelled, "cancelled", "cancelled")
        } else {
            (Event::Aborted, "aborted", "stopped")
        };
        let reason = Reason { code: code.to_owned(), message: format!("{done} by {}", stop.by), repair: None };
        self.apply(tx, event, Cause { actor: &stop.by, at, reason: Some(&reason) }).await
    }
}

/// Lets the rest of the database follow changes of orders, in the same transaction: the inventory and the licence
/// counts, the orders that waited for these, and the ends of runs. `completed` are orders with their runs, `stopped`
/// those that don't go on by themselves.
pub(crate) async fn settle(
    tx: &mut Tx,
    completed: &[(OrderId, RunId)],
    mut stopped: Vec<Changed>,
    at: Timestamp,
) -> Result<Consequences, StoreError> {
    let mut consequences = Consequences::default();
    let mut moves = LicenceMoves::default();
    let mut left: BTreeSet<RunId> = completed.iter().map(|(_, run)| *run).collect();
    let completed: Vec<OrderId> = completed.iter().map(|(order, _)| *order).collect();
    let attached = Attached::to(tx, &completed).await?;
    holdings::take_effect(tx, &completed, attached.products, &mut moves).await?;
    let mut over: Vec<(OrderId, bool)> = Vec::new();
    if attached.successors {
        over.extend(completed.iter().map(|order| (*order, true)));
    }
    let mut ended = if attached.credentials { completed } else { Vec::new() };
    while !over.is_empty() || !stopped.is_empty() {
        left.extend(stopped.iter().map(|order| order.run));
        ended.extend(stopped.iter().filter(|order| order.next == State::Cancelled).map(|order| order.order));
        holdings::give_back(tx, &stopped, &mut moves).await?;
        over.extend(stopped.iter().filter(|order| ends_for_others(order.next)).map(|order| (order.order, false)));
        stopped = release_successors(tx, &over, at, &mut consequences.freed).await?;
        over.clear();
    }
    moves.apply(tx).await?;
    order_credentials::forget(tx, &ended).await?;
    for run in left {
        if end_run(tx, run, at).await? {
            consequences.finished.push(run);
        }
    }
    Ok(consequences)
}

/// What hangs on completed orders beside their extensions: nearly always nothing, so it is one question and not three.
#[derive(Clone, Copy, Debug, Default, sqlx::FromRow)]
struct Attached {
    /// They make products.
    products: bool,
    /// Orders wait for them.
    successors: bool,
    /// Their steps were given passwords or PINs.
    credentials: bool,
}

impl Attached {
    async fn to(tx: &mut Tx, completed: &[OrderId]) -> Result<Self, StoreError> {
        if completed.is_empty() {
            return Ok(Self::default());
        }
        let among = tx.among("$1");
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM inventory WHERE state = 'ordered' AND order_id {among}) AS products, \
             EXISTS (SELECT 1 FROM orders WHERE state = 'initial' AND blocked_by IS NOT NULL AND blocked_by {among}) \
             AS successors, \
             EXISTS (SELECT 1 FROM order_credentials WHERE order_id {among}) AS credentials"
        );
        let attached = row!(tx, AssertSqlSafe(sql), completed.iter().copied().collect::<Ids>())?;
        Ok(attached.unwrap_or_default())
    }
}

/// Whether an order that stopped like this never makes what others wait for.
fn ends_for_others(next: State) -> bool {
    matches!(next, State::Cancelled | State::Hold { why: HoldReason::Aborted, .. })
}

/// Lets go on, or stops, the orders that waited for these, each with whether it completed. Returns those that stopped.
async fn release_successors(
    tx: &mut Tx,
    over: &[(OrderId, bool)],
    at: Timestamp,
    freed: &mut Vec<Freed>,
) -> Result<Vec<Changed>, StoreError> {
    let ids: Vec<OrderId> = over.iter().map(|(order, _)| *order).collect();
    let over: BTreeMap<OrderId, bool> = over.iter().copied().collect();
    let mut stopped = Vec::new();
    let successors = load_successors(tx, &ids).await?;
    let lost = lost_needs(tx, &successors).await?;
    for order in successors {
        let completed = order.blocked_by.is_some_and(|blocker| over.get(&blocker) == Some(&true));
        let lost = if completed || !order.needs_blocker { lost.get(&order.id).copied() } else { order.blocker_number };
        let Some(need) = lost else {
            let cause = Cause { actor: "scheduler", at, reason: None };
            order.apply(tx, Event::Freed, cause).await?;
            if let Some(step) = order.steps.first() {
                freed.push(Freed { order: order.id, run: order.run, device: step.device, shard: order.shard });
            }
            continue;
        };
        let reason = Reason {
            code: "need-lost".to_owned(),
            message: format!("needs order {need}, which did not complete"),
            repair: Some(format!("Order what order {need} was to make, then release this one, or cancel it.")),
        };
        let cause = Cause { actor: "scheduler", at, reason: Some(&reason) };
        stopped.push(order.apply(tx, Event::NeedLost, cause).await?);
    }
    Ok(stopped)
}

/// The orders among these of which an earlier one that they need, beside the one that they wait for, was cancelled or
/// aborted; each with the number of that one.
async fn lost_needs(tx: &mut Tx, orders: &[LiveOrder]) -> Result<BTreeMap<OrderId, i64>, StoreError> {
    if orders.is_empty() {
        return Ok(BTreeMap::new());
    }
    let among = tx.among("$1");
    let sql = format!(
        "SELECT n.order_id, b.number FROM order_needs n JOIN orders b ON b.id = n.needs_id WHERE n.order_id {among} \
         AND (b.state = 'cancelled' OR (b.state = 'hold' AND b.extended = 'aborted')) ORDER BY b.number DESC"
    );
    let lost: Vec<(Uuid, i64)> = rows!(tx, AssertSqlSafe(sql), orders.iter().map(|order| order.id).collect::<Ids>())?;
    Ok(lost.into_iter().map(|(order, number)| (order.into(), number)).collect())
}

/// Ends the run when none of its orders is being worked on, and with it its template. Whether it is over.
pub(crate) async fn end_run(tx: &mut Tx, run: RunId, at: Timestamp) -> Result<bool, StoreError> {
    // Two groups that each record some of the last orders would each see the other's as still being worked on. Whoever
    // gets this lock later sees what the earlier one committed.
    let sql = format!("SELECT template_id, project_id FROM runs WHERE id = $1{}", tx.locking(" FOR UPDATE"));
    let of: Option<(Option<Uuid>, Option<Uuid>)> = row!(tx, AssertSqlSafe(sql), run.0)?;
    let (template, project) = of.unwrap_or_default();
    // The order is that of the index of such orders: without it PostgreSQL may search the table from its start, past
    // all the orders that are through.
    let sql = "SELECT 1 FROM orders WHERE run_id = $1 AND device_id IS NOT NULL \
               ORDER BY run_id, device_id, number LIMIT 1";
    let working = on_tx!(tx, |connection| sqlx::query(sql).bind(run.0).fetch_optional(connection).await?.is_some());
    if working {
        return Ok(false);
    }
    let sql = "UPDATE runs SET state = 'finished', ended_at = $2, version = version + 1 \
               WHERE id = $1 AND state IN ('running', 'paused')";
    execute!(tx, sql, run.0, Time(at))?;
    if let Some(template) = template {
        let sql = "UPDATE templates SET status = 'completed', version = version + 1 \
                   WHERE id = $1 AND status = 'in_progress'";
        execute!(tx, sql, template)?;
    }
    if let Some(project) = project {
        let sql = "UPDATE projects SET status = 'completed', version = version + 1 \
                   WHERE id = $1 AND status = 'in_progress'";
        execute!(tx, sql, project)?;
    }
    Ok(true)
}
