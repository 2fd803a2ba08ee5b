use jiff::Timestamp;

use crate::columns::narrow;
use crate::database::read_row;
use crate::time::Time;
use crate::{Store, StoreError};

/// What there is to do, over all tenants: what whoever operates an installation watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    /// Runs that are running.
    pub running: u64,
    /// Runs that are paused.
    pub paused: u64,
    /// Orders that could be claimed now.
    pub ready: u64,
    /// Orders that somebody has in hand.
    pub in_hand: u64,
    /// Orders that wait for the time of their next try, or for their paused run.
    pub waiting: u64,
    /// Since when the order that has been ready longest has been so.
    pub oldest_ready: Option<Timestamp>,
    /// Ready orders of shards that nobody holds.
    pub stranded: u64,
    /// Shards that nobody holds. A shard whose holder died counts as held until somebody takes it.
    pub unheld_shards: u64,
}

#[derive(sqlx::FromRow)]
struct OrdersRow {
    ready: i64,
    in_hand: i64,
    waiting: i64,
    stranded: i64,
    oldest_ready: Option<Time>,
}

impl Store {
    /// Takes stock. It walks over the orders that go on by themselves, so nothing on the way of an order calls it.
    pub async fn stock(&self, shards: u16, now: Timestamp) -> Result<Stock, StoreError> {
        let sql = "SELECT count(CASE WHEN is_ready THEN 1 END) AS ready, count(CASE WHEN in_hand THEN 1 END) AS in_hand, \
                   count(CASE WHEN NOT is_ready AND NOT in_hand THEN 1 END) AS waiting, \
                   count(CASE WHEN is_ready AND holder IS NULL THEN 1 END) AS stranded, \
                   min(CASE WHEN is_ready THEN ready_since END) AS oldest_ready FROM ( \
                   SELECT coalesce(o.not_before, CASE WHEN o.version > 0 THEN (SELECT e.at FROM order_events e \
                   WHERE e.order_id = o.id AND e.version = o.version) END, r.created_at) AS ready_since, l.holder, o.claim_epoch IS NOT NULL AND o.claim_epoch = coalesce(l.epoch, 0) AS in_hand, \
                   r.state = 'running' AND (o.not_before IS NULL OR o.not_before <= $1) \
                   AND (o.claim_epoch IS NULL OR o.claim_epoch <> coalesce(l.epoch, 0)) AS is_ready \
                   FROM runs r CROSS JOIN orders o LEFT JOIN shard_leases l ON l.shard = o.shard \
                   WHERE o.run_id = r.id AND r.ended_at IS NULL AND o.device_id IS NOT NULL) AS working";
        let orders: Option<OrdersRow> = read_row!(self, sql, Time(now))?;
        let sql = "SELECT count(CASE WHEN state = 'running' THEN 1 END), count(CASE WHEN state = 'paused' THEN 1 END) \
                   FROM runs WHERE ended_at IS NULL";
        let runs: Option<(i64, i64)> = read_row!(self, sql)?;
        let leases = self.leases(shards).await?;
        let orders = orders.unwrap_or(OrdersRow { ready: 0, in_hand: 0, waiting: 0, stranded: 0, oldest_ready: None });
        let (running, paused) = runs.unwrap_or_default();
        let count = |number: i64, column| narrow(number, "orders", column, "count");
        Ok(Stock {
            running: count(running, "running")?,
            paused: count(paused, "paused")?,
            ready: count(orders.ready, "ready")?,
            in_hand: count(orders.in_hand, "in_hand")?,
            waiting: count(orders.waiting, "waiting")?,
            stranded: count(orders.stranded, "stranded")?,
            oldest_ready: orders.oldest_ready.map(|time| time.0),
            unheld_shards: leases.iter().filter(|lease| lease.is_free()).count() as u64,
        })
    }
}
