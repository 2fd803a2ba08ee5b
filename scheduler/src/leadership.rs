use std::fmt;
use std::future::Future;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use dialtone_model::Pulse;
use dialtone_store::{Lease, Sightings, Store, StoreError};
use tokio::sync::watch;
use tracing::{info, warn};
use uuid::Uuid;

use crate::unkept_reports::UnkeptReports;
use crate::{Operations, meters};

/// How often the leader looks for reports that nobody keeps.
const REPORTS_PERIOD: Duration = Duration::from_secs(15);
/// How often the leader takes stock.
const STOCK_PERIOD: Duration = Duration::from_secs(15);
/// Taking stock counts what waits. It rests this many times as long as it took, so that an hour's backlog of millions
/// doesn't keep the database busy counting.
const STOCK_REST: u32 = 20;
/// How long giving the leadership up may take a scheduler that ends.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(5);

/// One scheduler among several: it leads, or stands by until the leader gives no sign of life.
///
/// Leadership is a lease like a shard's, with the same rules. It only saves work: whatever must happen once is decided
/// by the store, so two that believe they lead for a moment do no harm.
pub struct Scheduler {
    /// Its name in logs.
    pub name: String,
    /// Its identity as a holder of the lease: new at each start.
    pub identity: Uuid,
    /// How long a leader may give no sign of life.
    pub ttl: Duration,
    /// What it works with.
    pub operations: Operations,
    /// Its signs of life.
    pub pulse: Arc<Pulse>,
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").field("name", &self.name).field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

/// What a scheduler knows of its lease.
#[derive(Debug, Default)]
struct Leadership {
    held: Option<Lease>,
    /// When the last successful renewal was sent.
    renewed: Duration,
    sightings: Sightings,
}

impl Scheduler {
    /// Leads or stands by until `stop` is done, then gives the leadership up so that the next leader needn't wait.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Operations { store, clock, .. } = &self.operations;
        let mut leadership = Leadership::default();
        let leads = watch::Sender::new(false);
        meters::describe();
        info!(scheduler = %self.name, "scheduler started");
        // Neither a database that doesn't answer nor one that counts for long keeps it from ending. What this cuts off
        // is a lease that was taken and isn't known of: it runs out by itself.
        tokio::select! {
            () = stop => {}
            () = self.lead_or_stand_by(&mut leadership, &leads) => {}
            () = self.take_stock_while(leads.subscribe()) => {}
        }
        if let Some(lease) = leadership.held {
            tokio::select! {
                released = store.release_lease(lease) => if let Err(failure) = released {
                    warn!(%failure, "the leadership can't be given up; it runs out by itself");
                },
                () = clock.sleep(GOODBYE_PATIENCE) => {
                    warn!("the database doesn't answer; the leadership runs out by itself");
                }
            }
        }
        info!(scheduler = %self.name, "scheduler stopped");
    }

    /// Goes on for as long as it is let.
    async fn lead_or_stand_by(&self, leadership: &mut Leadership, leads: &watch::Sender<bool>) {
        let Operations { store, clock, .. } = &self.operations;
        let mut unkept = UnkeptReports::default();
        let mut next_reports = clock.monotonic();
        loop {
            let now = clock.monotonic();
            self.pulse.turn(now);
            match leadership.tend(store, self.identity, self.ttl, now).await {
                Ok(()) => self.pulse.tend(now),
                Err(failure) => {
                    warn!(%failure, "the lease of the leadership can't be tended");
                    leadership.forget_if_over(self.ttl, now);
                }
            }
            let is_leading = leadership.held.is_some();
            meters::leads(is_leading);
            let is_news = leads.send_if_modified(|was| mem::replace(was, is_leading) != is_leading);
            match leadership.held {
                Some(lease) if is_news => info!(scheduler = %self.name, lease.epoch, "this scheduler leads now"),
                None if is_news => warn!(scheduler = %self.name, "this scheduler doesn't lead any more"),
                _ => {}
            }
            if is_leading && now >= next_reports {
                next_reports = now + REPORTS_PERIOD;
                unkept.keep(&self.operations);
            }
            clock.sleep(self.ttl / 4).await;
        }
    }

    /// Counts what there is, again and again, for as long as this scheduler leads. That may take longer than a leader may
    /// be silent, so it is done beside the leading.
    async fn take_stock_while(&self, mut leads: watch::Receiver<bool>) {
        let clock = &self.operations.clock;
        let mut were_stranded = false;
        // It ends with the sender, which is there for as long as this is let go on.
        while leads.wait_for(|leads| *leads).await.is_ok() {
            let began = clock.monotonic();
            self.take_stock(&mut were_stranded).await;
            let took = clock.monotonic().saturating_sub(began);
            tokio::select! {
                () = clock.sleep(STOCK_PERIOD.max(took * STOCK_REST)) => {}
                _ = leads.changed() => {}
            }
        }
    }

    async fn take_stock(&self, were_stranded: &mut bool) {
        let Operations { store, clock, shards, .. } = &self.operations;
        let wall = clock.now();
        match store.stock(*shards, wall).await {
            Ok(stock) => {
                // Shards are nobody's for a moment whenever they change hands.
                let are_stranded = stock.stranded > 0;
                if are_stranded && *were_stranded {
                    let (orders, shards) = (stock.stranded, stock.unheld_shards);
                    warn!(orders, shards, "orders wait in shards that nobody holds: start `dialtone worker`");
                }
                *were_stranded = are_stranded;
                meters::stock(&stock, wall);
            }
            Err(failure) => warn!(%failure, "stock can't be taken"),
        }
    }
}

impl Leadership {
    /// Renews the lease, or takes it when it is free or its holder has given no sign of life for a time to live.
    async fn tend(&mut self, store: &Store, identity: Uuid, ttl: Duration, now: Duration) -> Result<(), StoreError> {
        if let Some(held) = self.held {
            self.held = store.renew_lease(held).await?;
            self.renewed = now;
        }
        if self.held.is_none() {
            let lease = store.leadership().await?;
            if lease.is_free() || self.sightings.is_stale(&lease, ttl, now) {
                self.held = store.take_lease(lease, identity).await?;
                self.renewed = now;
            }
            self.sightings.note(lease, now);
        }
        Ok(())
    }

    /// Who couldn't renew for a time to live leads no more: somebody else may.
    fn forget_if_over(&mut self, ttl: Duration, now: Duration) {
        if now.saturating_sub(self.renewed) >= ttl {
            self.held = None;
        }
    }
}
