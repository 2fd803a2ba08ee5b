use std::collections::HashSet;

use dialtone_model::sabotage::{self, Defect};
use dialtone_model::{
    DeviceId, Event, FailureClass, Life, OrderId, Origin, Position, RetryPolicy, RunId, State, Step, Work, WorkStatus,
};
use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::{StateColumns, narrow, word};
use crate::database::{Tx, execute, on_db, on_tx, read_rows, repeated, rows};
use crate::events;
use crate::ids::Ids;
use crate::orders::position;
use crate::packed::{packed, packed_rows};
use crate::records::internal_error;
use crate::time::Time;
use crate::transitions::{self, Cause, settle};
use crate::{Lease, Store, StoreError, leases};

/// Which orders a holder wants.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Those that a hint named, as far as they are ready.
    These(Vec<OrderId>),
    /// The oldest that are ready.
    Any,
}

/// One ask for work for one device.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// For whom.
    pub device: DeviceId,
    /// The lease of the device's shard.
    pub lease: Lease,
    /// Which orders.
    pub wanted: Wanted,
    /// At most so many.
    pub limit: u32,
    /// The wall clock's time.
    pub now: Timestamp,
    /// The worker's name, for the history.
    pub actor: String,
}

/// An order that the holder won. Whoever has it is the only one to run its step, until a newer epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The order.
    pub order: OrderId,
    /// Its run.
    pub run: RunId,
    /// The device of the step that is due.
    pub device: DeviceId,
    /// Its version now.
    pub version: i64,
    /// The epoch that it was claimed under.
    pub epoch: i64,
    /// What decides its transitions.
    pub life: Life,
    /// The step that is due.
    pub at: Position,
    /// Its steps.
    pub steps: Vec<Step>,
    /// How many holders took it over, began its step and recorded nothing.
    pub starts: i64,
}

impl Claim {
    /// The state of a claimed order.
    pub const fn state(&self) -> State {
        State::Released(Work { status: WorkStatus::BeingProvisioned, at: self.at })
    }
}

/// An order whose step was begun so often without a recorded outcome presumably ends its worker each time. The first
/// holder isn't counted: that a step may have been begun is known only when it is taken over.
const MOST_STARTS: i64 = 4;

packed! {
    /// A ready order as the claim needs it.
    struct ReadyRow {
        id: Uuid,
        run_id: Uuid,
        origin: String,
        steps: Json<Vec<Step>>,
        state: String,
        step: i64,
        attempts: i64,
        unknown: bool,
        starts: i64,
        version: i64,
        claim_epoch: Option<i64>,
    }
}

impl Store {
    /// Claims orders: one winner each. It takes an order only if it is ready, its next step's device is this one, its
    /// run is running, `not_before` has passed, nothing blocks it, nobody of this epoch has it, and the epoch is still
    /// the shard's; anything else is silently not taken. A first claim starts the order (event `started`); a claim
    /// left by an older epoch is taken over and its step is unknown from then on. An order that four holders took over
    /// and began ([`Store::begin`]) without a recorded outcome goes to Hold, `internal-error`, instead; one that was to
    /// stop with the step in hand of an older epoch stops.
    pub async fn claim(&self, request: &ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        repeated!(self.try_claim(request))
    }

    async fn try_claim(&self, request: &ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        let mut tx = self.database.begin().await?;
        let Some(standing) = leases::standing(&mut tx, request.lease).await? else { return Ok(Vec::new()) };
        if standing.abandoned {
            stop_abandoned(&mut tx, request).await?;
        }
        let mut ready = ready(&mut tx, request).await?;
        let worn_out: Vec<OrderId> =
            ready.extract_if(.., |row| row.starts >= MOST_STARTS).map(|row| row.id.into()).collect();
        give_up(&mut tx, request, &worn_out).await?;

        let claims: Vec<Claim> = ready.into_iter().map(|row| row.claim(request)).collect::<Result<_, _>>()?;
        let ids: Ids = claims.iter().map(|claim| claim.order).collect();
        tell_of_first_claims(&mut tx, request, &ids).await?;
        mark(&mut tx, request, &ids).await?;
        tx.commit().await?;
        Ok(claims)
    }

    /// Notes that the first call for an order that was taken over is about to be made; without that call the order is
    /// blamed for nothing when its holder ends. Repeating it changes nothing. Whether the claim still holds: a step
    /// isn't begun otherwise.
    pub async fn begin(&self, claim: &Claim) -> Result<bool, StoreError> {
        let sql = "UPDATE orders SET starts = $4 WHERE id = $1 AND version = $2 AND claim_epoch = $3";
        let begun = repeated!(async {
            let mut tx = self.database.begin().await?;
            let rows = execute!(&mut tx, sql, claim.order.0, claim.version, claim.epoch, claim.starts + 1)?;
            tx.commit().await?;
            Ok(rows)
        })?;
        Ok(begun > 0 || sabotage::is_planted(Defect::EpochUnchecked))
    }

    /// Gives claims back unharmed, their steps not having been run: nothing happened and no attempt is counted.
    /// `not_before` is when they may be claimed next. Whoever gives them back lives, so they end no worker.
    pub async fn give_back(&self, claims: &[Claim], not_before: Option<Timestamp>) -> Result<(), StoreError> {
        let sql = "UPDATE orders SET claim_epoch = NULL, starts = 0, not_before = $4 \
                   WHERE id = $1 AND version = $2 AND claim_epoch = $3";
        let mut tx = self.database.begin().await?;
        for claim in claims {
            execute!(&mut tx, sql, claim.order.0, claim.version, claim.epoch, not_before.map(Time))?;
        }
        tx.commit().await
    }

    /// Gives back, unharmed, what this lease has claimed for a device apart from `held`: a claim whose COMMIT was
    /// answered by a lost connection is nobody's otherwise.
    pub async fn give_back_orphans(&self, device: DeviceId, lease: Lease, held: &[OrderId]) -> Result<(), StoreError> {
        let sql = "SELECT o.id FROM runs r CROSS JOIN orders o WHERE o.run_id = r.id AND r.ended_at IS NULL \
                   AND o.device_id = $1 AND o.claim_epoch = $2 \
                   UNION SELECT o.id FROM orders o WHERE o.stop_requested IS NOT NULL AND o.shard = $3 \
                   AND o.device_id = $1 AND o.claim_epoch = $2";
        let mut tx = self.database.begin().await?;
        let claimed: Vec<(Uuid,)> = rows!(&mut tx, sql, device.0, lease.epoch, i64::from(lease.shard))?;
        let held: HashSet<Uuid> = held.iter().map(|order| order.0).collect();
        let sql = "UPDATE orders SET claim_epoch = NULL WHERE id = $1 AND claim_epoch = $2";
        for (orphan,) in claimed.into_iter().filter(|(id,)| !held.contains(id)) {
            execute!(&mut tx, sql, orphan, lease.epoch)?;
        }
        tx.commit().await
    }

    /// When the next order of a device becomes ready by itself; `None` when none waits for a time.
    pub async fn next_due(&self, device: DeviceId) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(o.not_before) FROM runs r CROSS JOIN orders o \
                   WHERE o.run_id = r.id AND r.ended_at IS NULL AND r.state = 'running' \
                   AND o.device_id = $1 AND o.not_before IS NOT NULL";
        let due: Option<Time> = on_db!(self, |db| sqlx::query_scalar(sql).bind(device.0).fetch_one(db).await?);
        Ok(due.map(|time| time.0))
    }

    /// Those of these devices that have ready orders now.
    pub async fn devices_with_work(&self, among: &[DeviceId], now: Timestamp) -> Result<Vec<DeviceId>, StoreError> {
        // The few orders that are to stop are looked for once. Asked for device by device, PostgreSQL takes an index in
        // which the device isn't the first column, as long as it has no statistics: all open orders for each device.
        let sql = format!(
            "SELECT d.id FROM devices d WHERE d.id {} AND (EXISTS ( \
             SELECT 1 FROM runs r CROSS JOIN orders o LEFT JOIN shard_leases l ON l.shard = o.shard \
             WHERE o.run_id = r.id AND r.ended_at IS NULL AND r.state = 'running' AND o.device_id = d.id \
             AND (o.not_before IS NULL OR o.not_before <= $2 OR o.not_before > $3) \
             AND (o.claim_epoch IS NULL OR o.claim_epoch <> l.epoch)) OR d.id IN ( \
             SELECT o.device_id FROM orders o LEFT JOIN shard_leases l ON l.shard = o.shard \
             WHERE o.stop_requested IS NOT NULL \
             AND (o.claim_epoch IS NULL OR o.claim_epoch <> l.epoch))) ORDER BY d.id",
            self.among("$1")
        );
        let among: Ids = among.iter().copied().collect();
        let rows: Vec<(Uuid,)> = read_rows!(self, AssertSqlSafe(sql), &among, Time(now), Time(beyond_waiting(now)))?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }
}

/// The state that a first claim leads to.
const STARTED: State = State::Released(Work {
    status: WorkStatus::BeingProvisioned,
    at: Position { step: 0, attempts: 0, unknown: false },
});

/// The latest time that an order can have to wait for. A later one was written by a clock that is ahead of this one.
fn beyond_waiting(now: Timestamp) -> Timestamp {
    now.saturating_add(SignedDuration::try_from(RetryPolicy::LONGEST_WAIT).unwrap_or_default()).unwrap_or(now)
}

/// The orders that may be claimed now, the oldest first.
async fn ready(tx: &mut Tx, request: &ClaimRequest) -> Result<Vec<ReadyRow>, StoreError> {
    if let Wanted::These(ids) = &request.wanted {
        return ready_among(tx, request, Among::These(ids), request.limit).await;
    }
    // Run by run: so each engine reads the orders from its index in their order and stops at the limit, however many
    // more are waiting. A person waits for a single order, so it comes before every file's.
    let sql = "SELECT r.id FROM runs r WHERE r.ended_at IS NULL AND r.state = 'running' AND EXISTS ( \
               SELECT 1 FROM orders o WHERE o.run_id = r.id AND o.device_id = $1) \
               ORDER BY CASE r.kind WHEN 'single' THEN 0 ELSE 1 END, r.id";
    let runs: Vec<(Uuid,)> = rows!(tx, sql, request.device.0)?;
    let mut ready = Vec::new();
    for (run,) in runs {
        let left = request.limit.saturating_sub(ready.len() as u32);
        if left == 0 {
            break;
        }
        ready.extend(ready_among(tx, request, Among::Run(run), left).await?);
    }
    Ok(ready)
}

/// Where ready orders are looked for.
#[derive(Clone, Copy)]
enum Among<'a> {
    Run(Uuid),
    These(&'a [OrderId]),
}

async fn ready_among(
    tx: &mut Tx,
    request: &ClaimRequest,
    among: Among<'_>,
    limit: u32,
) -> Result<Vec<ReadyRow>, StoreError> {
    let (device, now, epoch) = (request.device.0, Time(request.now), request.lease.epoch);
    let beyond = Time(beyond_waiting(request.now));
    let wanted = match among {
        Among::Run(_) => {
            "o.run_id = $5 AND EXISTS (SELECT 1 FROM runs r WHERE r.id = $5 AND r.state = 'running')".into()
        }
        Among::These(_) => format!(
            "o.id {} AND EXISTS (SELECT 1 FROM runs r WHERE r.id = o.run_id AND r.state = 'running')",
            tx.among("$5")
        ),
    };
    let sql: String = format!(
        "SELECT o.id, o.run_id, o.origin, o.steps, o.state, o.step, o.attempts, o.unknown, o.starts, o.version, \
         o.claim_epoch FROM orders o WHERE o.device_id = $1 \
         AND (o.not_before IS NULL OR o.not_before <= $2 OR o.not_before > $6) \
         AND (o.claim_epoch IS NULL OR o.claim_epoch <> $3) AND o.stop_requested IS NULL AND {wanted} \
         ORDER BY o.number LIMIT $4{}",
        tx.locking(" FOR UPDATE OF o SKIP LOCKED")
    );
    let limit = i64::from(limit);
    match among {
        Among::Run(run) => packed_rows!(tx, ReadyRow, sql, device, now, epoch, limit, run, beyond),
        Among::These(orders) => {
            let ids: Ids = orders.iter().copied().collect();
            packed_rows!(tx, ReadyRow, sql, device, now, epoch, limit, &ids, beyond)
        }
    }
}

impl ReadyRow {
    /// The claim that it becomes.
    fn claim(self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let mut at = position(self.id, self.step, self.attempts, self.unknown)?;
        at.unknown |= self.claim_epoch.is_some();
        let steps = self.steps.0;
        Ok(Claim {
            order: self.id.into(),
            run: self.run_id.into(),
            device: request.device,
            version: self.version + i64::from(self.state == "initial"),
            epoch: request.lease.epoch,
            life: Life {
                origin: word(&self.origin, Origin::from_word, "orders", "origin", self.id)?,
                steps: narrow(steps.len() as i64, "orders", "steps", self.id)?,
            },
            at,
            steps,
            starts: self.starts,
        })
    }
}

/// Writes the event of those orders that nobody has claimed before.
async fn tell_of_first_claims(tx: &mut Tx, request: &ClaimRequest, ids: &Ids) -> Result<(), StoreError> {
    let columns = StateColumns::of(STARTED, 0);
    let sql = format!(
        "INSERT INTO order_events (order_id, version, at, kind, actor, step, state, extended) \
         SELECT id, version + 1, $1, $2, $3, 0, $4, $5 FROM orders WHERE state = 'initial' AND id {}",
        tx.among("$6")
    );
    let kind = events::kind(Event::Started);
    execute!(tx, AssertSqlSafe(sql), Time(request.now), kind, &request.actor, columns.state, columns.extended, ids)?;
    Ok(())
}

/// Makes them the holder's.
async fn mark(tx: &mut Tx, request: &ClaimRequest, ids: &Ids) -> Result<(), StoreError> {
    let columns = StateColumns::of(STARTED, 0);
    let sql = format!(
        "UPDATE orders SET state = $1, extended = $2, \
         version = version + CASE WHEN state = 'initial' THEN 1 ELSE 0 END, \
         unknown = (unknown OR claim_epoch IS NOT NULL), not_before = NULL, claim_epoch = $3, \
         started_at = coalesce(started_at, $4) WHERE id {}",
        tx.among("$5")
    );
    execute!(tx, AssertSqlSafe(sql), columns.state, columns.extended, request.lease.epoch, Time(request.now), ids)?;
    Ok(())
}

/// Stops the orders of the shard that were to stop with a step that nobody has in hand any more.
async fn stop_abandoned(tx: &mut Tx, request: &ClaimRequest) -> Result<(), StoreError> {
    let sql = "SELECT id FROM orders WHERE stop_requested IS NOT NULL AND shard = $1 \
               AND (claim_epoch IS NULL OR claim_epoch <> $2)";
    let ids: Vec<Uuid> = on_tx!(tx, |connection| {
        sqlx::query_scalar(sql)
            .bind(i64::from(request.lease.shard))
            .bind(request.lease.epoch)
            .fetch_all(connection)
            .await?
    });
    let ids: Vec<OrderId> = ids.into_iter().map(OrderId).collect();
    let mut changed = Vec::with_capacity(ids.len());
    for order in transitions::load(tx, &ids).await? {
        if let Some(stop) = &order.stop {
            changed.push(order.stop(tx, stop, request.now).await?);
        }
    }
    settle(tx, &[], changed, request.now).await?;
    Ok(())
}

/// Puts orders aside that were claimed too often.
async fn give_up(tx: &mut Tx, request: &ClaimRequest, ids: &[OrderId]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut changed = Vec::with_capacity(ids.len());
    for order in transitions::load(tx, ids).await? {
        let reason = internal_error(format!("taken over and begun {MOST_STARTS} times, and no outcome was recorded"));
        let unknown = order.state.position().unwrap_or_default().unknown;
        let event = Event::StepFailed { class: FailureClass::Unrecoverable, unknown };
        let cause = Cause { actor: &request.actor, at: request.now, reason: Some(&reason) };
        changed.push(order.apply(tx, event, cause).await?);
    }
    settle(tx, &[], changed, request.now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_claim_writes_the_state_that_follows_the_start() {
        let life = Life { origin: Origin::Batch, steps: 1 };
        assert_eq!(State::NEW.after(Event::Started, life), Ok(STARTED));
    }
}
