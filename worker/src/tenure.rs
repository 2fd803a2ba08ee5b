use std::collections::HashMap;
use std::time::Duration;

use dialtone_model::crash_point;
use dialtone_store::{Lease, Sightings, Store, StoreError};
use uuid::Uuid;

use crate::Tenure;

/// After how many times to live without a sign a worker is struck off the list.
const STRUCK_OFF_AFTER: u32 = 10;

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
    /// The workers that were seen: their beats, and since when these haven't changed.
    workers: HashMap<Uuid, (i64, Duration)>,
    /// How many shards this worker may hold.
    share: usize,
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
    /// How many of those gained were a holder's who gave no sign of life.
    pub(crate) taken_over: usize,
    /// How many of those lost somebody else took, because this worker gave no sign of life.
    pub(crate) overtaken: usize,
}

impl Shards {
    pub(crate) fn new(identity: Uuid, count: u16, tenure: Tenure) -> Self {
        let share = usize::from(count);
        let (held, seen, workers) = (HashMap::new(), Sightings::default(), HashMap::new());
        Self { identity, count, tenure, held, seen, workers, share, leaving: None }
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
        in_time && !self.is_leaving(shard)
    }

    /// When a look at an unknown step of a device with this call time-out can trust what it sees: calls of the holder
    /// before may be under way until then.
    pub(crate) fn quiet_until(&self, shard: u16, call_timeout: Duration) -> Duration {
        let taken_over = self.held.get(&shard).and_then(|held| held.taken_over);
        taken_over.map_or(Duration::ZERO, |taken_over| taken_over + call_timeout)
    }

    /// Whether the shard is to go to another worker as soon as nothing of it is in hand.
    pub(crate) fn is_leaving(&self, shard: u16) -> bool {
        self.leaving == Some(shard)
    }

    /// How long until [`Shards::tend`] is called again: sooner while shards are changing hands, because nobody works
    /// on one in between.
    pub(crate) fn period(&self) -> Duration {
        match self.tenure {
            Tenure::Lock => Duration::from_secs(3_600),
            Tenure::Heartbeat { ttl } if self.held.len() == self.share => ttl / 4,
            Tenure::Heartbeat { ttl } => ttl / 16,
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
        let held: Vec<Lease> = self.held.drain().map(|(_, held)| held.lease).collect();
        crash_point!("worker-before-release");
        store.release_leases(&held).await?;
        crash_point!("worker-after-release");
        match self.tenure {
            Tenure::Lock => Ok(()),
            Tenure::Heartbeat { .. } => store.sign_off(self.identity).await,
        }
    }

    async fn take_all(&mut self, store: &Store, now: Duration) -> Result<Change, StoreError> {
        let seen = store.leases(self.count).await?;
        let taken = self.take(store, &seen).await?;
        for lease in &taken {
            self.held.insert(lease.shard, Held { lease: *lease, renewed: now, taken_over: None });
        }
        Ok(Change { gained: taken.iter().map(|lease| lease.shard).collect(), ..Change::default() })
    }

    async fn take(&self, store: &Store, wanted: &[Lease]) -> Result<Vec<Lease>, StoreError> {
        let taken = store.take_leases(wanted, self.identity).await?;
        if !taken.is_empty() {
            crash_point!("worker-after-take");
        }
        Ok(taken)
    }

    async fn tend_heartbeat(&mut self, store: &Store, ttl: Duration, now: Duration) -> Result<Change, StoreError> {
        let mut change = Change::default();
        self.renew(store, now, &mut change).await?;
        self.share = self.fair_share(store, ttl, now).await?;

        let leases = store.leases(self.count).await?;
        let others = leases.into_iter().filter(|lease| !self.held.contains_key(&lease.shard));
        let (wanted, taken_by_others): (Vec<Lease>, Vec<Lease>) =
            others.partition(|lease| lease.is_free() || self.seen.is_stale(lease, ttl, now));
        taken_by_others.into_iter().for_each(|lease| self.seen.note(lease, now));
        let room = self.share.saturating_sub(self.held.len());
        // Workers that look at the same free shards start at different ones.
        let first = self.identity.as_u128() as usize % wanted.len().max(1);
        let mut wanted: Vec<Lease> = wanted.iter().cycle().skip(first).take(room.min(wanted.len())).copied().collect();
        // Whoever takes several takes them in one order, so that nobody waits for each other.
        wanted.sort_unstable_by_key(|lease| lease.shard);
        for lease in self.take(store, &wanted).await? {
            let was_free = wanted.iter().any(|seen| seen.shard == lease.shard && seen.is_free());
            self.held.insert(lease.shard, Held { lease, renewed: now, taken_over: (!was_free).then_some(now) });
            change.gained.push(lease.shard);
            change.taken_over += usize::from(!was_free);
        }
        Ok(change)
    }

    async fn renew(&mut self, store: &Store, now: Duration, change: &mut Change) -> Result<(), StoreError> {
        let held: Vec<Lease> = self.held.values().map(|held| held.lease).collect();
        let renewed = store.renew_leases(&held).await?;
        let before = std::mem::take(&mut self.held);
        self.held.extend(renewed.into_iter().filter_map(|lease| {
            let held = before.get(&lease.shard)?;
            Some((lease.shard, Held { lease, renewed: now, ..*held }))
        }));
        change.lost.extend(before.into_keys().filter(|shard| !self.held.contains_key(shard)));
        change.overtaken = change.lost.len();
        if self.leaving.is_some_and(|shard| !self.held.contains_key(&shard)) {
            self.leaving = None;
        }
        Ok(())
    }

    /// How many shards this worker may hold, by the number of workers that live.
    async fn fair_share(&mut self, store: &Store, ttl: Duration, now: Duration) -> Result<usize, StoreError> {
        let present = store.attend(self.identity).await?;
        let mut living = 0;
        for worker in &present {
            let (beat, since) = self.workers.entry(worker.worker).or_insert((worker.beat, now));
            if *beat != worker.beat {
                (*beat, *since) = (worker.beat, now);
            }
            let silent = now.saturating_sub(*since);
            living += usize::from(silent < ttl);
            if silent >= ttl * STRUCK_OFF_AFTER {
                store.strike_off(*worker).await?;
            }
        }
        self.workers.retain(|worker, _| present.iter().any(|present| present.worker == *worker));
        Ok(usize::from(self.count).div_ceil(living.max(1)))
    }

    /// Gives away what is beyond the share: at once what nothing is in hand of, and of the rest one at a time, so that
    /// shards don't swing to and fro while workers come and go.
    async fn give_back_excess(
        &mut self,
        store: &Store,
        busy: impl Fn(u16) -> bool + Send,
        change: &mut Change,
    ) -> Result<(), StoreError> {
        let mut excess = self.held.len().saturating_sub(self.share);
        if excess == 0 {
            self.leaving = None;
        }
        let mut given: Vec<Lease> = Vec::new();
        for (shard, held) in &self.held {
            if excess > 0 && !busy(*shard) {
                given.push(held.lease);
                excess -= 1;
            }
        }
        store.release_leases(&given).await?;
        for lease in given {
            self.held.remove(&lease.shard);
            self.leaving.take_if(|shard| *shard == lease.shard);
            change.lost.push(lease.shard);
        }
        if excess > 0 && self.leaving.is_none() {
            self.leaving = self.held.keys().copied().max();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u16 = 8;
    const TTL: Duration = Duration::from_secs(30);

    /// Workers on one store, and the time.
    struct Crew {
        store: Store,
        workers: Vec<Shards>,
        now: Duration,
        _folder: tempfile::TempDir,
    }

    impl Crew {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open_embedded(&folder.path().join("dialtone.db")).await.unwrap();
            Self { store, workers: Vec::new(), now: Duration::from_secs(1_000), _folder: folder }
        }

        fn enter(&mut self) {
            let identity = Uuid::from_u128(self.workers.len() as u128 + 1);
            self.workers.push(Shards::new(identity, COUNT, Tenure::Heartbeat { ttl: TTL }));
        }

        /// Lets time pass in small steps; `busy` tells of which shards something is in hand.
        async fn pass(&mut self, time: Duration, busy: impl Fn(u16) -> bool + Copy + Send) {
            let end = self.now + time;
            while self.now < end {
                self.now += TTL / 16;
                for worker in &mut self.workers {
                    worker.tend(&self.store, busy, self.now).await.unwrap();
                }
            }
        }

        fn shares(&self) -> Vec<usize> {
            self.workers.iter().map(|worker| worker.held.len()).collect()
        }
    }

    #[tokio::test]
    async fn shards_are_shared_out_among_the_workers_that_live() {
        let mut crew = Crew::new().await;
        crew.enter();
        crew.pass(TTL / 16, |_| false).await;
        assert_eq!(crew.shares(), [8]);
        crew.enter();
        crew.pass(TTL / 4, |_| false).await;
        assert_eq!(crew.shares(), [4, 4]);
        crew.enter();
        crew.pass(TTL / 4, |_| false).await;
        assert_eq!(crew.shares(), [3, 3, 2]);
    }

    #[tokio::test]
    async fn the_shards_of_a_worker_that_died_go_to_the_others_after_a_time_to_live() {
        let mut crew = Crew::new().await;
        crew.enter();
        crew.enter();
        crew.pass(TTL / 4, |_| false).await;
        let dead = crew.workers.pop().unwrap();
        crew.pass(TTL / 2, |_| false).await;
        assert_eq!(crew.shares(), [4]);
        crew.pass(TTL, |_| false).await;
        assert_eq!(crew.shares(), [8]);
        let taken = dead.held().into_iter().all(|shard| crew.workers[0].quiet_until(shard, TTL) > crew.now);
        assert!(taken, "its calls may be under way for as long as a call may take");
        crew.pass(TTL * STRUCK_OFF_AFTER, |_| false).await;
        assert_eq!(crew.store.attend(Uuid::from_u128(1)).await.unwrap().len(), 1, "it is struck off");
    }

    #[tokio::test]
    async fn a_worker_that_stops_leaves_its_shards_at_once() {
        let mut crew = Crew::new().await;
        crew.enter();
        crew.enter();
        crew.pass(TTL / 4, |_| false).await;
        crew.workers.pop().unwrap().release(&crew.store).await.unwrap();
        crew.pass(TTL / 16, |_| false).await;
        assert_eq!(crew.shares(), [8]);
    }

    #[tokio::test]
    async fn a_shard_that_is_worked_on_goes_one_at_a_time_and_only_when_it_is_idle() {
        let mut crew = Crew::new().await;
        crew.enter();
        crew.pass(TTL / 16, |_| true).await;
        crew.enter();
        crew.pass(TTL / 4, |_| true).await;
        assert_eq!(crew.shares(), [8, 0]);
        let leaving: Vec<u16> = (0..COUNT).filter(|shard| crew.workers[0].is_leaving(*shard)).collect();
        assert_eq!(leaving.len(), 1, "nothing new is started for one of them");
        assert!(!crew.workers[0].may_call(leaving[0], Duration::ZERO, crew.now));
        crew.pass(TTL / 16, |shard| shard != leaving[0]).await;
        assert_eq!(crew.shares(), [7, 1]);
        crew.pass(TTL / 4, |_| false).await;
        assert_eq!(crew.shares(), [4, 4]);
    }

    #[tokio::test]
    async fn a_lease_that_was_lost_is_noticed_and_nothing_is_started_under_it() {
        let mut crew = Crew::new().await;
        crew.enter();
        crew.pass(TTL / 16, |_| false).await;
        let lost = crew.workers[0].lease(3).unwrap();
        crew.store.take_lease(lost, Uuid::from_u128(9)).await.unwrap().unwrap();
        assert!(crew.workers[0].may_call(3, Duration::from_secs(1), crew.now));
        crew.now += TTL / 16;
        let change = crew.workers[0].tend(&crew.store, |_| false, crew.now).await.unwrap();
        assert_eq!((change.lost.as_slice(), change.overtaken), ([3].as_slice(), 1));
        assert!(!crew.workers[0].may_call(3, Duration::ZERO, crew.now));
        assert_eq!(crew.shares(), [7]);
    }
}
