use dialtone_model::sabotage::{self, Defect};
use uuid::Uuid;

use crate::database::{Tx, execute, on_tx, read_rows};
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
        let mut leases: Vec<Lease> =
            (0..shards).map(|shard| Lease { shard, holder: Uuid::nil(), epoch: 0, beat: 0 }).collect();
        for row in rows {
            let shard: u16 = crate::columns::narrow(row.shard, "shard_leases", "shard", row.shard)?;
            leases[usize::from(shard)] =
                Lease { shard, holder: row.holder.unwrap_or_default(), epoch: row.epoch, beat: row.beat };
        }
        Ok(leases)
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
        let sql = "UPDATE shard_leases SET beat = beat + 1 WHERE shard = $1 AND epoch = $2 AND holder = $3 \
                   RETURNING beat";
        let mut tx = self.database.begin().await?;
        let beat: Option<i64> = on_tx!(&mut tx, |connection| {
            sqlx::query_scalar(sql)
                .bind(i64::from(lease.shard))
                .bind(lease.epoch)
                .bind(lease.holder)
                .fetch_optional(connection)
                .await?
        });
        tx.commit().await?;
        Ok(beat.map(|beat| Lease { beat, ..lease }))
    }

    /// Gives a lease up, if it is still held, so that the next holder needn't wait.
    pub async fn release_lease(&self, lease: Lease) -> Result<(), StoreError> {
        let sql = "UPDATE shard_leases SET holder = NULL, beat = beat + 1 \
                   WHERE shard = $1 AND epoch = $2 AND holder = $3";
        let mut tx = self.database.begin().await?;
        execute!(&mut tx, sql, i64::from(lease.shard), lease.epoch, lease.holder)?;
        tx.commit().await
    }
}

/// Whether the lease is held as it says, to the end of the transaction.
pub(crate) async fn holds(tx: &mut Tx, lease: Lease) -> Result<bool, StoreError> {
    if sabotage::is_planted(Defect::EpochUnchecked) {
        return Ok(true);
    }
    let sql = match tx {
        Tx::Sqlite(_) => "SELECT 1 FROM shard_leases WHERE shard = $1 AND epoch = $2 AND holder = $3",
        Tx::Postgres(_) => {
            "SELECT 1::bigint FROM shard_leases WHERE shard = $1 AND epoch = $2 AND holder = $3 FOR KEY SHARE"
        }
    };
    let held: Option<i64> = on_tx!(tx, |connection| {
        sqlx::query_scalar(sql)
            .bind(i64::from(lease.shard))
            .bind(lease.epoch)
            .bind(lease.holder)
            .fetch_optional(connection)
            .await?
    });
    Ok(held.is_some())
}
