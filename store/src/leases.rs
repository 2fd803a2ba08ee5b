use std::collections::HashMap;
use std::time::Duration;

use dialtone_model::sabotage::{self, Defect};
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use crate::database::{Tx, execute, on_tx, read_row, read_rows, repeated, row};
use crate::{Store, StoreError};

/// A shard's lease: the right to claim and record for its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The shard.
    pub shard: u16,
    /// Who holds it; nil when nobody does.
    pub holder: Uuid,
    /// Raised at every change of hands: what fences the holders before.
    pub epoch: i64,
    /// Raised by the holder to show that it lives.
    pub beat: i64,
}

impl Lease {
    /// The number under which the leadership of schedulers is leased: beyond every shard.
    pub const LEADERSHIP: u16 = u16::MAX;

    const fn never_held(shard: u16) -> Self {
        Self { shard, holder: Uuid::nil(), epoch: 0, beat: 0 }
    }

    /// Whether nobody holds it.
    pub fn is_free(&self) -> bool {
        self.holder.is_nil()
    }
}

/// When one process saw leases change, by its own monotonic clock. Wall clocks decide nothing: whoever wants a lease
/// must have seen the same beat for a whole time to live.
#[derive(Debug, Default)]
pub struct Sightings {
    seen: HashMap<u16, (Lease, Duration)>,
}

impl Sightings {
    /// Notes how a lease stands now.
    pub fn note(&mut self, lease: Lease, now: Duration) {
        let (seen, since) = self.seen.entry(lease.shard).or_insert((lease, now));
        if (seen.epoch, seen.beat) != (lease.epoch, lease.beat) {
            (*seen, *since) = (lease, now);
        }
    }

    /// Whether its holder has given no sign of life for a whole time to live.
    pub fn is_stale(&self, lease: &Lease, ttl: Duration, now: Duration) -> bool {
        self.seen.get(&lease.shard).is_some_and(|(seen, since)| {
            (seen.epoch, seen.beat) == (lease.epoch, lease.beat) && now.saturating_sub(*since) >= ttl
        })
    }
}

#[derive(sqlx::FromRow)]
struct LeaseRow {
    shard: i64,
    holder: Option<Uuid>,
    epoch: i64,
    beat: i64,
}

impl Store {
    /// All leases as they stand, by shard; a shard that was never held has epoch 0.
    pub async fn leases(&self, shards: u16) -> Result<Vec<Lease>, StoreError> {
        let sql = "SELECT shard, holder, epoch, beat FROM shard_leases WHERE shard < $1";
        let rows: Vec<LeaseRow> = read_rows!(self, sql, i64::from(shards))?;
        let mut leases: Vec<Lease> = (0..shards).map(Lease::never_held).collect();
        for row in rows {
            let shard: u16 = crate::columns::narrow(row.shard, "shard_leases", "shard", row.shard)?;
            leases[usize::from(shard)] =
                Lease { shard, holder: row.holder.unwrap_or_default(), epoch: row.epoch, beat: row.beat };
        }
        Ok(leases)
    }

    /// The lease of the schedulers' leadership as it stands.
    pub async fn leadership(&self) -> Result<Lease, StoreError> {
        let sql = "SELECT shard, holder, epoch, beat FROM shard_leases WHERE shard = $1";
        let row: Option<LeaseRow> = read_row!(self, sql, i64::from(Lease::LEADERSHIP))?;
        let never_held = Lease::never_held(Lease::LEADERSHIP);
        Ok(row.map_or(never_held, |row| Lease {
            holder: row.holder.unwrap_or_default(),
            epoch: row.epoch,
            beat: row.beat,
            ..never_held
        }))
    }

    /// Takes a lease over, if it is still as it was `seen`; raises the epoch. `None`: somebody was faster.
    pub async fn take_lease(&self, seen: Lease, holder: Uuid) -> Result<Option<Lease>, StoreError> {
        Ok(self.take_leases(&[seen], holder).await?.pop())
    }

    /// Takes many at once, as [`Store::take_lease`] does: the embedded process takes all shards in one transaction.
    pub async fn take_leases(&self, seen: &[Lease], holder: Uuid) -> Result<Vec<Lease>, StoreError> {
        let sql = "INSERT INTO shard_leases (shard, holder, epoch, beat) VALUES ($1, $2, $3 + 1, $4 + 1) \
                   ON CONFLICT (shard) DO UPDATE \
                   SET holder = excluded.holder, epoch = excluded.epoch, beat = excluded.beat \
                   WHERE shard_leases.epoch = $3 AND shard_leases.beat = $4";
        let mut tx = self.database.begin().await?;
        let mut taken = Vec::new();
        for lease in seen {
            if let Tx::Postgres(connection) = &mut tx {
                // It waits for transactions that rely on the lease as it is, see `holds`; renewing doesn't.
                sqlx::query("SELECT 1 FROM shard_leases WHERE shard = $1 FOR UPDATE")
                    .bind(i64::from(lease.shard))
                    .execute(&mut **connection)
                    .await?;
            }
            let changed = execute!(&mut tx, sql, i64::from(lease.shard), holder, lease.epoch, lease.beat)?;
            if changed == 1 {
                taken.push(Lease { shard: lease.shard, holder, epoch: lease.epoch + 1, beat: lease.beat + 1 });
            }
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// Raises the beat; `None` when the lease was lost.
    pub async fn renew_lease(&self, lease: Lease) -> Result<Option<Lease>, StoreError> {
        Ok(self.renew_leases(&[lease]).await?.pop())
    }

    /// Raises the beats of all leases that one holder has, in one statement; those that it gives are held still, the
    /// others were lost.
    pub async fn renew_leases(&self, held: &[Lease]) -> Result<Vec<Lease>, StoreError> {
        let rows = repeated!(self.change_held("UPDATE shard_leases SET beat = beat + 1 WHERE ", held))?;
        let beats: HashMap<i64, i64> = rows.into_iter().collect();
        // Without a look at the epoch, a holder doesn't learn that it lost a lease.
        let unchecked = sabotage::is_planted(Defect::EpochUnchecked);
        let renewed = held.iter().filter_map(|lease| match beats.get(&i64::from(lease.shard)) {
            Some(beat) => Some(Lease { beat: *beat, ..*lease }),
            None => unchecked.then_some(*lease),
        });
        Ok(renewed.collect())
    }

    /// Gives a lease up, if it is still held, so that the next holder needn't wait.
    pub async fn release_lease(&self, lease: Lease) -> Result<(), StoreError> {
        self.release_leases(&[lease]).await
    }

    /// Gives many up in one statement, as far as they are still held.
    pub async fn release_leases(&self, held: &[Lease]) -> Result<(), StoreError> {
        let sql = "UPDATE shard_leases SET holder = NULL, beat = beat + 1 WHERE ";
        repeated!(self.change_held(sql, held)).map(drop)
    }

    /// Changes the leases that are still held as they say; gives their shards and beats.
    async fn change_held(&self, change: &'static str, held: &[Lease]) -> Result<Vec<(i64, i64)>, StoreError> {
        let Some(Lease { holder, .. }) = held.first() else { return Ok(Vec::new()) };
        let mut tx = self.database.begin().await?;
        let changed = on_tx!(&mut tx, |connection, Db| {
            let mut query = QueryBuilder::<Db>::new(change);
            query.push("holder = ").push_bind(*holder).push(" AND (shard, epoch) IN (VALUES ");
            let mut leases = query.separated(", ");
            for lease in held {
                leases.push("(").push_bind_unseparated(i64::from(lease.shard));
                leases.push_unseparated(", ").push_bind_unseparated(lease.epoch).push_unseparated(")");
            }
            query.push(") RETURNING shard, beat").build_query_as().fetch_all(connection).await?
        });
        tx.commit().await?;
        Ok(changed)
    }
}

/// What else stands of a shard when a transaction begins that relies on its lease; asked for with the lease, because
/// every question costs a way to the database and back.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(crate) struct Standing {
    /// Orders are to stop that nobody has in hand any more.
    pub(crate) abandoned: bool,
    /// A device is being read.
    pub(crate) being_read: bool,
}

/// Whether the lease is held as it says, to the end of the transaction; `None` when it is lost.
pub(crate) async fn standing(tx: &mut Tx, lease: Lease) -> Result<Option<Standing>, StoreError> {
    if sabotage::is_planted(Defect::EpochUnchecked) {
        return Ok(Some(Standing { abandoned: true, being_read: true }));
    }
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM orders WHERE stop_requested IS NOT NULL AND shard = $1 \
         AND (claim_epoch IS NULL OR claim_epoch <> $2)) AS abandoned, \
         EXISTS (SELECT 1 FROM device_work WHERE shard = $1 AND ended_at IS NULL AND kind = 'read' \
         AND as_of IS NOT NULL) AS being_read \
         FROM shard_leases l WHERE shard = $1 AND epoch = $2 AND holder = $3{}",
        tx.locking(" FOR KEY SHARE OF l")
    );
    Ok(row!(tx, AssertSqlSafe(sql), i64::from(lease.shard), lease.epoch, lease.holder)?)
}

/// The same, where nothing else matters.
pub(crate) async fn holds(tx: &mut Tx, lease: Lease) -> Result<bool, StoreError> {
    Ok(standing(tx, lease).await?.is_some())
}
