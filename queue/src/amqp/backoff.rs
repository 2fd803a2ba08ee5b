use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait before the next try: twice as long each time, up to five seconds, and a random part of it, so that
/// the processes that lost a broker together don't come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    jitter: SmallRng,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Self {
        Self { next: FIRST, jitter: SmallRng::seed_from_u64(seed) }
    }

    /// The wait before the next try.
    pub(crate) fn wait(&mut self) -> Duration {
        let wait = self.next.mul_f64(self.jitter.random_range(0.5..1.0));
        self.next = (self.next * 2).min(LONGEST);
        wait
    }

    /// It worked: the next wait is a short one again.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_five_seconds_and_start_again_after_a_success() {
        let mut backoff = Backoff::new(1);
        let waits: Vec<Duration> = (0..20).map(|_| backoff.wait()).collect();
        assert!(waits[0] < FIRST && waits[19] > LONGEST / 2 && waits.iter().all(|wait| *wait < LONGEST), "{waits:?}");
        backoff.reset();
        assert!(backoff.wait() < FIRST);
    }

    #[test]
    fn two_seeds_wait_differently() {
        assert_ne!(Backoff::new(1).wait(), Backoff::new(2).wait());
    }
}
