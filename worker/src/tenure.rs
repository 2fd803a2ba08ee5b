use std::collections::HashMap;
use std::time::Duration;

use dialtone_store::{Lease, Sightings, Store, StoreError};
use uuid::Uuid;

use crate::Tenure;

/// The shards that this worker holds, and what it has seen of the others.
///
/// No wall clock decides anything here: a lease is taken over only after its heartbeat stood still for a whole time to
/// live on this worker's own monotonic clock, and the new epoch fences whoever held it before.
#[derive(Debug)]
pub(crate) struct Shards {
    identity: Uuid,
    count: u16,
    tenure: Tenure,
    held: HashMap<u16, Held>,
    seen: Sightings,
    /// A shard that is to go to another worker: nothing is started for it any more, and it goes once it is idle.
    leaving: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    lease: Lease,
    /// When the last successful renewal was sent, before its answer: what is left of the lease counts from here.
    renewed: Duration,
    /// When it was taken from a holder that may have had calls under way.
    taken_over: Option<Duration>,
}

/// What changed hands.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// Shards that are this worker's now.
    pub(crate) gained: Vec<u16>,
    /// Shards that aren't any more: somebody else took them, or they were given back.
    pub(crate) lost: Vec<u16>,
}

impl Shards {
    pub(crate) fn new(identity: Uuid, count: u16, tenure: Tenure) -> Self {
        Self { identity, count, tenure, held: HashMap::new(), seen: Sightings::default(), leaving: None }
    }

    /// The lease under which the shard's orders may be claimed and recorded.
    pub(crate) fn lease(&self, shard: u16) -> Option<Lease> {
        self.held.get(&shard).map(|held| held.lease)
    }

    /// The shards that are held.
    pub(crate) fn held(&self) -> Vec<u16> {
        self.held.keys().copied().collect()
    }

    /// Whether calls that may take `time` together surely end before anybody else can hold the shard.
    pub(crate) fn may_call(&self, shard: u16, time: Duration, now: Duration) -> bool {
        let Some(held) = self.held.get(&shard) else { return false };
        let in_time = match self.tenure {
            Tenure::Lock => true,
            Tenure::Heartbeat { ttl } => now + time <= held.renewed + ttl,
        };
        in_time && self.leaving != Some(shard)
    }

    /// When a look at an unknown step of a device with this call time-out can trust what it sees: calls of the holder
    /// before may be under way until then.
    pub(crate) fn quiet_until(&self, shard: u16, call_timeout: Duration) -> Duration {
        let taken_over = self.held.get(&shard).and_then(|held| held.taken_over);
        taken_over.map_or(Duration::ZERO, |taken_over| taken_over + call_timeout)
    }

    /// How long until [`Shards::tend`] is called again.
    pub(crate) fn period(&self) -> Duration {
        match self.tenure {
            Tenure::Lock => Duration::from_secs(3_600),
            Tenure::Heartbeat { ttl } => ttl / 4,
        }
    }

    /// Takes, renews and gives back leases. `busy` tells whether anything of a shard is in hand.
    pub(crate) async fn tend(
        &mut self,
        store: &Store,
        busy: impl Fn(u16) -> bool + Send,
        now: Duration,
    ) -> Result<Change, StoreError> {
        match self.tenure {
            Tenure::Lock if self.held.is_empty() => self.take_all(store, now).await,
            Tenure::Lock => Ok(Change::default()),
            Tenure::Heartbeat { ttl } => {
                let mut change = self.tend_heartbeat(store, ttl, now).await?;
                self.give_back_excess(store, busy, &mut change).await?;
                Ok(change)
            }
        }
    }

    /// Gives every lease up, so that the next holder needn't wait out a time to live.
    pub(crate) async fn release(&mut self, store: &Store) -> Result<(), StoreError> {
        for (_, held) in self.held.drain() {
            store.release_lease(held.lease).await?;
        }
        Ok(())
    }

    async fn take_all(&mut self, store: &Store, now: Duration) -> Result<Change, StoreError> {
        let seen = store.leases(self.count).await?;
        let taken = store.take_leases(&seen, self.identity).await?;
        for lease in &taken {
            self.held.insert(lease.shard, Held { lease: *lease, renewed: now, taken_over: None });
        }
        Ok(Change { gained: taken.iter().map(|lease| lease.shard).collect(), lost: Vec::new() })
    }

    async fn tend_heartbeat(&mut self, store: &Store, ttl: Duration, now: Duration) -> Result<Change, StoreError> {
        let mut change = Change::default();
        let leases = store.leases(self.count).await?;
        let mut holders: Vec<Uuid> = leases
            .iter()
            .filter(|lease| !lease.is_free() && !self.seen.is_stale(lease, ttl, now))
            .map(|lease| lease.holder)
            .chain([self.identity])
            .collect();
        holders.sort_unstable();
        holders.dedup();
        let share = usize::from(self.count).div_ceil(holders.len());

        for lease in leases {
            let shard = lease.shard;
            if let Some(held) = self.held.get(&shard).copied() {
                let renewed = if lease.epoch == held.lease.epoch { store.renew_lease(held.lease).await? } else { None };
                match renewed {
                    Some(lease) => {
                        self.held.insert(shard, Held { lease, renewed: now, ..held });
                    }
                    None => {
                        self.held.remove(&shard);
                        change.lost.push(shard);
                    }
                }
                continue;
            }
            let free = lease.is_free();
            if (free || self.seen.is_stale(&lease, ttl, now))
                && self.held.len() < share
                && let Some(lease) = store.take_lease(lease, self.identity).await?
            {
                let taken_over = (!free).then_some(now);
                self.held.insert(shard, Held { lease, renewed: now, taken_over });
                change.gained.push(shard);
            }
            self.seen.note(lease, now);
        }
        // One at a time, so that shards don't swing to and fro while workers come and go.
        if self.leaving.is_none() && self.held.len() > share {
            self.leaving = self.held.keys().copied().max();
        }
        Ok(change)
    }

    async fn give_back_excess(
        &mut self,
        store: &Store,
        busy: impl Fn(u16) -> bool + Send,
        change: &mut Change,
    ) -> Result<(), StoreError> {
        if let Some(shard) = self.leaving.take_if(|shard| !busy(*shard))
            && let Some(held) = self.held.remove(&shard)
        {
            store.release_lease(held.lease).await?;
            change.lost.push(shard);
        }
        Ok(())
    }
}
