//! Takes orders' next steps, runs them through the drivers and records what became of them.
//!
//! A [`Worker`] holds shards of devices by their leases. For each device it keeps a line: the orders claimed and
//! waiting, the calls in hand, the device's limits and troubles. Nothing is believed that isn't in the store: a step is
//! claimed before it is run, and an order goes on only after its outcome is recorded.

mod claiming;
mod devices;
mod dispatcher;
mod duties;
mod duty_calls;
mod execution;
mod hinted;
mod limiter;
mod line;
mod meters;
mod outcome;
mod pace;
mod recording;
mod tenure;
mod trouble;
mod undrivable;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::Driver;
use dialtone_model::{Clock, Device, Pulse, RetryPolicy, RunId};
use dialtone_queue::Queue;
use dialtone_store::Store;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::dispatcher::Dispatcher;

/// Finds the driver of a device; an error says why there is none. It is asked when the device's first work comes, and
/// again whenever the device's row was changed.
pub type DriverFactory = Arc<dyn Fn(Device) -> BoxFuture<'static, Result<Arc<dyn Driver>, String>> + Send + Sync>;

/// How a worker proves that it lives, so that nobody else drives its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenure {
    /// This process has the lock on the data folder, which dies with it: it takes every shard at once and for good.
    Lock,
    /// It raises a heartbeat in the store; who sees none for this long on its own clock takes over.
    Heartbeat {
        /// The time to live.
        ttl: Duration,
    },
}

impl Tenure {
    /// The most that one call may take, so that a run and a look fit into what is left of a lease that was renewed a
    /// quarter of its time ago; `None`: as long as it likes.
    pub fn longest_call(self) -> Option<Duration> {
        match self {
            Self::Lock => None,
            Self::Heartbeat { ttl } => Some(ttl / 3),
        }
    }
}

/// How a worker works.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Its name in histories and logs.
    pub name: String,
    /// Its identity as a holder of leases: new at each start.
    pub identity: Uuid,
    /// The installation's number of shards.
    pub shards: u16,
    /// How it proves that it lives.
    pub tenure: Tenure,
    /// Whether it works on orders; without them it does only what is asked of devices beside the orders.
    pub orders: bool,
    /// How steps are tried again.
    pub retry: RetryPolicy,
    /// How often it asks the store for work that no hint told of.
    pub pull_every: Duration,
    /// Seeds the jitter of its waits.
    pub seed: u64,
}

impl WorkerSettings {
    /// The installation's number of shards, unless it was set up with another.
    pub const SHARDS: u16 = 64;

    /// The settings of the one worker of an embedded process.
    pub fn embedded(name: impl Into<String>, identity: Uuid, seed: u64) -> Self {
        Self {
            name: name.into(),
            identity,
            shards: Self::SHARDS,
            tenure: Tenure::Lock,
            orders: true,
            retry: RetryPolicy::default(),
            pull_every: Duration::from_secs(2),
            seed,
        }
    }
}

/// A process's worker.
pub struct Worker {
    /// How it works.
    pub settings: WorkerSettings,
    /// The truth.
    pub store: Store,
    /// Where hints come from and go to.
    pub queue: Queue,
    /// The drivers.
    pub drivers: DriverFactory,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told of every run that this worker saw end.
    pub finished: mpsc::UnboundedSender<RunId>,
    /// Its signs of life.
    pub pulse: Arc<Pulse>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Worker {
    /// Works until `stop` is done, then finishes the calls in hand, records them, gives back the rest and returns.
    /// Dropping the future instead is like a crash: whoever takes over looks at what was in hand.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        Dispatcher::new(self).run(stop).await;
    }
}
