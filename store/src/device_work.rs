use dialtone_model::{Complaint, DeviceId, SyncScope, WorkId, WorkKind, WorkState};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{Tx, execute, read_row, read_rows, repeated, row, rows, transaction};
use crate::time::Time;
use crate::{Lease, Store, StoreError, leases};

/// What is asked of a device's holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDeviceWork {
    /// Its id.
    pub id: WorkId,
    /// The device.
    pub device: DeviceId,
    /// The device's shard.
    pub shard: u16,
    /// The scope to read; `None`: a probe.
    pub scope: Option<SyncScope>,
    /// Whether everything is to be read, also where the device could tell what changed.
    pub whole: bool,
    /// The work that must be done before.
    pub needs: Option<WorkId>,
    /// Who asks.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Work that a device's holder does beside the orders.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceWork {
    /// Its id.
    pub id: WorkId,
    /// The device.
    pub device: DeviceId,
    /// What it is.
    pub kind: WorkKind,
    /// What is read; `None` for a probe.
    pub scope: Option<SyncScope>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
    /// How far it is.
    pub state: WorkState,
    /// When the first page was asked for: the time that everything read is of at least.
    pub as_of: Option<Timestamp>,
    /// The mark that changes are read since; `None`: everything is read.
    pub since: Option<String>,
    /// Where the next page begins.
    pub after: Option<String>,
    /// What was read so far.
    pub progress: ReadProgress,
    /// What came of it.
    pub outcome: Option<WorkOutcome>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// How much a read found, and how that differs from what was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadProgress {
    /// Pages.
    pub pages: u64,
    /// Objects on them.
    pub found: u64,
    /// Objects that weren't known.
    pub added: u64,
    /// Objects that had other attributes.
    pub changed: u64,
    /// Objects that are gone.
    pub removed: u64,
}

/// What came of a device's work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkOutcome {
    /// The device answered a probe.
    Probed(ProbeResult),
    /// It didn't go well.
    Failed(Complaint),
}

/// What a device said of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeResult {
    /// Its product and version in its own words, where it tells.
    pub version: Option<String>,
    /// What the account may not do; empty when it may do all that Dialtone needs.
    pub missing_rights: Vec<String>,
    /// How many seconds the device's clock is ahead, where it tells its time.
    pub clock_ahead: Option<i64>,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
}

/// Work that was begun so often without a page or an end presumably ends its worker each time.
const MOST_STARTS: i64 = 5;
/// How many ended pieces of work of one device are remembered, beside the last read of each scope.
const REMEMBERED: i64 = 100;

const COLUMNS: &str = "id, device_id, kind, scope, needs, requested_by, requested_at, state, starts, \
     as_of, since, page_cursor, pages, found, added, changed, removed, outcome, ended_at, whole";

#[derive(sqlx::FromRow)]
pub(crate) struct WorkRow {
    pub(crate) id: Uuid,
    device_id: Uuid,
    kind: String,
    scope: Option<String>,
    needs: Option<Uuid>,
    requested_by: String,
    requested_at: Time,
    state: String,
    starts: i64,
    as_of: Option<Time>,
    since: Option<String>,
    page_cursor: Option<String>,
    pages: i64,
    found: i64,
    added: i64,
    changed: i64,
    removed: i64,
    outcome: Option<Json<WorkOutcome>>,
    ended_at: Option<Time>,
    whole: bool,
}

impl Store {
    /// Asks for work. Where the same is asked for already and not ended, that is returned instead, so that two people
    /// who ask wait for one answer.
    pub async fn request_device_work(&self, work: &[NewDeviceWork]) -> Result<Vec<WorkId>, StoreError> {
        let open = "SELECT id FROM device_work WHERE device_id = $1 AND kind = $2 \
                    AND coalesce(scope, '') = $3 AND ended_at IS NULL AND kind = 'read'";
        let insert = "INSERT INTO device_work (id, device_id, shard, kind, scope, needs, whole, requested_by, \
                      requested_at, state, starts, pages, found, added, changed, removed) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, 0, 0, 0, 0, 0)";
        transaction!(self, |tx| {
            let mut ids: Vec<WorkId> = Vec::with_capacity(work.len());
            for new in work {
                forget_old(tx, new.device).await?;
                let kind = if new.scope.is_some() { WorkKind::Read } else { WorkKind::Probe };
                let scope = new.scope.map(SyncScope::word);
                let known: Option<(Uuid,)> = row!(tx, open, new.device.0, kind.word(), scope.unwrap_or_default())?;
                if let Some((known,)) = known {
                    ids.push(known.into());
                    continue;
                }
                // What it needs may be work that was asked for before.
                let needs = new.needs.map(|needs| work.iter().position(|other| other.id == needs));
                let needs = needs.map(|index| index.and_then(|index| ids.get(index).copied()));
                execute!(
                    tx,
                    insert,
                    new.id.0,
                    new.device.0,
                    i64::from(new.shard),
                    kind.word(),
                    scope,
                    needs.flatten().or(new.needs).map(|needs| needs.0),
                    new.whole,
                    &new.by,
                    Time(new.at)
                )?;
                ids.push(new.id);
            }
            Ok(ids)
        })
    }

    /// One piece of work.
    pub async fn device_work(&self, id: WorkId) -> Result<DeviceWork, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM device_work WHERE id = $1");
        let row: Option<WorkRow> = read_row!(self, sqlx::AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("device work", id))?.try_into()
    }

    /// The last pieces of work of a device, the newest first.
    pub async fn last_device_work(&self, device: DeviceId, limit: u32) -> Result<Vec<DeviceWork>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM device_work WHERE device_id = $1 ORDER BY requested_at DESC, id DESC LIMIT $2"
        );
        let rows: Vec<WorkRow> = read_rows!(self, sqlx::AssertSqlSafe(sql), device.0, i64::from(limit))?;
        rows.into_iter().map(DeviceWork::try_from).collect()
    }

    /// The last read of a scope that came to its end; `None`: the device was never read.
    pub async fn last_read(&self, device: DeviceId, scope: SyncScope) -> Result<Option<DeviceWork>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM device_work WHERE device_id = $1 AND scope = $2 AND state = 'done' \
             ORDER BY requested_at DESC, id DESC LIMIT 1"
        );
        let row: Option<WorkRow> = read_row!(self, sqlx::AssertSqlSafe(sql), device.0, scope.word())?;
        row.map(DeviceWork::try_from).transpose()
    }

    /// The devices of these shards that have work which no holder of the present epoch has in hand.
    pub async fn devices_with_device_work(&self, shards: &[u16]) -> Result<Vec<DeviceId>, StoreError> {
        let sql = "SELECT DISTINCT w.device_id, w.shard FROM device_work w \
                   LEFT JOIN shard_leases l ON l.shard = w.shard \
                   WHERE w.ended_at IS NULL AND (w.claim_epoch IS NULL OR w.claim_epoch <> l.epoch)";
        let rows: Vec<(Uuid, i64)> = read_rows!(self, sql)?;
        let wanted = |shard: &i64| shards.iter().any(|wanted| i64::from(*wanted) == *shard);
        Ok(rows.into_iter().filter(|(_, shard)| wanted(shard)).map(|(id, _)| id.into()).collect())
    }

    /// Claims a device's work for the holder of its shard: all probes, and the oldest read whose turn it is unless
    /// the holder is `reading` already. What an older epoch left is taken over where it stands. Nothing is claimed
    /// when the lease was lost.
    pub async fn claim_device_work(
        &self,
        device: DeviceId,
        lease: Lease,
        reading: bool,
        now: Timestamp,
    ) -> Result<Vec<DeviceWork>, StoreError> {
        repeated!(self.try_claim_device_work(device, lease, reading, now))
    }

    async fn try_claim_device_work(
        &self,
        device: DeviceId,
        lease: Lease,
        mut reading: bool,
        now: Timestamp,
    ) -> Result<Vec<DeviceWork>, StoreError> {
        let claim = format!(
            "UPDATE device_work SET state = 'running', claim_epoch = $2, starts = starts + 1, \
             as_of = coalesce(as_of, $3), since = $4 WHERE id = $1 RETURNING {COLUMNS}"
        );
        transaction!(self, |tx| {
            let mut claimed = Vec::new();
            if !leases::holds(tx, lease).await? {
                return Ok(claimed);
            }
            let open = format!(
                "SELECT {COLUMNS} FROM device_work WHERE shard = $2 AND device_id = $1 AND ended_at IS NULL \
                 AND (claim_epoch IS NULL OR claim_epoch <> $3) ORDER BY requested_at, id{}",
                tx.locking(" FOR UPDATE")
            );
            let rows: Vec<WorkRow> =
                rows!(tx, sqlx::AssertSqlSafe(open), device.0, i64::from(lease.shard), lease.epoch)?;
            for row in rows {
                if row.starts >= MOST_STARTS {
                    let complaint = format!("begun {MOST_STARTS} times, and nothing came of it");
                    end(tx, row.id, Some(&WorkOutcome::Failed(Complaint::new("internal-error", complaint))), now)
                        .await?;
                    continue;
                }
                let is_read = row.scope.is_some();
                if is_read && (reading || !is_next(tx, &row, now).await?) {
                    continue;
                }
                reading |= is_read;
                let since = match row.as_of {
                    Some(_) => row.since,
                    None if row.whole => None,
                    None => last_mark(tx, device, row.scope.as_deref()).await?,
                };
                let row: Option<WorkRow> =
                    row!(tx, sqlx::AssertSqlSafe(claim.clone()), row.id, lease.epoch, Time(now), since)?;
                claimed.extend(row.map(DeviceWork::try_from).transpose()?);
            }
            Ok(claimed)
        })
    }

    /// Gives work back that wasn't begun, or not gone on with.
    pub async fn give_back_device_work(&self, lease: Lease, ids: &[WorkId]) -> Result<(), StoreError> {
        let sql = "UPDATE device_work SET state = 'waiting', claim_epoch = NULL, starts = starts - 1 \
                   WHERE id = $1 AND claim_epoch = $2 AND state = 'running'";
        let mut tx = self.database.begin().await?;
        for id in ids {
            execute!(&mut tx, sql, id.0, lease.epoch)?;
        }
        tx.commit().await
    }

    /// Ends work with what came of it. `false`: somebody else has it, or the lease is lost, and nothing is recorded.
    pub async fn end_device_work(
        &self,
        lease: Lease,
        id: WorkId,
        outcome: &WorkOutcome,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        transaction!(self, |tx| {
            let held = held(tx, lease, id).await?.is_some();
            if held {
                end(tx, id.0, Some(outcome), at).await?;
            }
            Ok(held)
        })
    }
}

/// The work, if it is the lease's and the lease is held; locked to the end of the transaction.
pub(crate) async fn held(tx: &mut Tx, lease: Lease, id: WorkId) -> Result<Option<WorkRow>, StoreError> {
    if !leases::holds(tx, lease).await? {
        return Ok(None);
    }
    let sql =
        format!("SELECT {COLUMNS} FROM device_work WHERE id = $1 AND claim_epoch = $2{}", tx.locking(" FOR UPDATE"));
    Ok(row!(tx, sqlx::AssertSqlSafe(sql), id.0, lease.epoch)?)
}

/// Ends work; it failed if the outcome says so.
pub(crate) async fn end(tx: &mut Tx, id: Uuid, outcome: Option<&WorkOutcome>, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE device_work SET state = $2, claim_epoch = NULL, outcome = $3, ended_at = $4, page_cursor = NULL \
               WHERE id = $1";
    let state = match outcome {
        Some(WorkOutcome::Failed(_)) => WorkState::Failed,
        Some(WorkOutcome::Probed(_)) | None => WorkState::Done,
    };
    execute!(tx, sql, id, state.word(), outcome.map(Json), Time(at))?;
    Ok(())
}

/// Whether nothing that a read needs is still open; a read whose need failed fails with it.
async fn is_next(tx: &mut Tx, work: &WorkRow, now: Timestamp) -> Result<bool, StoreError> {
    let Some(needs) = work.needs else { return Ok(true) };
    let sql = "SELECT state FROM device_work WHERE id = $1";
    let state: Option<(String,)> = row!(tx, sql, needs)?;
    match state.as_ref().map(|(state,)| state.as_str()) {
        Some("waiting" | "running") => Ok(false),
        Some("failed") => {
            let complaint =
                Complaint::new("needs-infrastructure", "the infrastructure, which comes first, was not read")
                    .repair("see why by `dialtone device show`, and synchronise again");
            end(tx, work.id, Some(&WorkOutcome::Failed(complaint)), now).await?;
            Ok(false)
        }
        _ => Ok(true),
    }
}

/// The mark that the last whole chain of reads of a scope ended with.
async fn last_mark(tx: &mut Tx, device: DeviceId, scope: Option<&str>) -> Result<Option<String>, StoreError> {
    let sql = "SELECT mark FROM device_work WHERE device_id = $1 AND scope = $2 AND state = 'done' \
               ORDER BY requested_at DESC, id DESC LIMIT 1";
    let mark: Option<(Option<String>,)> = row!(tx, sql, device.0, scope)?;
    Ok(mark.and_then(|(mark,)| mark))
}

/// Forgets what ended long ago, but never the last read of a scope: the next one goes on from its mark.
async fn forget_old(tx: &mut Tx, device: DeviceId) -> Result<(), StoreError> {
    let sql = "SELECT id FROM device_work WHERE device_id = $1 AND ended_at IS NOT NULL \
               ORDER BY requested_at DESC, id DESC LIMIT 1 OFFSET $2";
    let oldest: Option<(Uuid,)> = row!(tx, sql, device.0, REMEMBERED)?;
    let Some((oldest,)) = oldest else { return Ok(()) };
    let mut kept: Vec<Uuid> = Vec::new();
    for scope in SyncScope::ALL {
        let sql = "SELECT id FROM device_work WHERE device_id = $1 AND scope = $2 AND state = 'done' \
                   ORDER BY requested_at DESC, id DESC LIMIT 1";
        let last: Option<(Uuid,)> = row!(tx, sql, device.0, scope.word())?;
        kept.extend(last.map(|(id,)| id));
    }
    let first = kept.first().copied().unwrap_or_default();
    let second = kept.get(1).copied().unwrap_or_default();
    let sql = "DELETE FROM device_work WHERE device_id = $1 AND ended_at IS NOT NULL AND id <> $3 AND id <> $4 \
               AND requested_at < (SELECT w.requested_at FROM device_work w WHERE w.id = $2)";
    execute!(tx, sql, device.0, oldest, first, second)?;
    Ok(())
}

/// The reads of a shard's devices that are under way: the device and the work.
pub(crate) async fn reads_under_way(tx: &mut Tx, shard: u16) -> Result<Vec<(DeviceId, WorkId)>, StoreError> {
    let sql = "SELECT device_id, id FROM device_work WHERE shard = $1 AND ended_at IS NULL AND kind = 'read' \
               AND as_of IS NOT NULL";
    let rows: Vec<(Uuid, Uuid)> = rows!(tx, sql, i64::from(shard))?;
    Ok(rows.into_iter().map(|(device, work)| (device.into(), work.into())).collect())
}

impl TryFrom<WorkRow> for DeviceWork {
    type Error = StoreError;

    fn try_from(row: WorkRow) -> Result<Self, StoreError> {
        let scope = row.scope.as_deref();
        let count = |value: i64| u64::try_from(value).unwrap_or_default();
        Ok(Self {
            id: row.id.into(),
            device: row.device_id.into(),
            kind: word(&row.kind, WorkKind::from_word, "device_work", "kind", row.id)?,
            scope: scope.map(|scope| word(scope, SyncScope::from_word, "device_work", "scope", row.id)).transpose()?,
            requested_by: row.requested_by,
            requested_at: row.requested_at.0,
            state: word(&row.state, WorkState::from_word, "device_work", "state", row.id)?,
            as_of: row.as_of.map(|time| time.0),
            since: row.since,
            after: row.page_cursor,
            progress: ReadProgress {
                pages: count(row.pages),
                found: count(row.found),
                added: count(row.added),
                changed: count(row.changed),
                removed: count(row.removed),
            },
            outcome: row.outcome.map(|outcome| outcome.0),
            ended_at: row.ended_at.map(|time| time.0),
        })
    }
}
