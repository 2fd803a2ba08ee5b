use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The signs of life of a process's main loop, for whoever watches over the process. Times are of the process's own
/// monotonic clock.
#[derive(Debug, Default)]
pub struct Pulse {
    turned: AtomicU64,
    tended: AtomicU64,
}

impl Pulse {
    /// The loop went round.
    pub fn turn(&self, now: Duration) {
        self.turned.store(micros(now), Ordering::Relaxed);
    }

    /// The leases were tended: the store answered.
    pub fn tend(&self, now: Duration) {
        self.tended.store(micros(now).max(1), Ordering::Relaxed);
    }

    /// When the loop last went round.
    pub fn turned(&self) -> Duration {
        Duration::from_micros(self.turned.load(Ordering::Relaxed))
    }

    /// When the leases were last tended; `None` before the first time.
    pub fn tended(&self) -> Option<Duration> {
        Some(self.tended.load(Ordering::Relaxed)).filter(|micros| *micros > 0).map(Duration::from_micros)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
