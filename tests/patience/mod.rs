//! Waiting for real processes until something becomes true, with an end.
//! Whoever waits leaves the processor to whoever is waited for.

use std::time::{Duration, Instant};

/// What every wait is given at most: far longer than anything takes here on a busy machine, so that only what never
/// comes fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
const PERIOD: Duration = Duration::from_millis(10);

/// Waits until the condition holds; panics, saying what it waited for, when it doesn't come in time.
#[track_caller]
pub(crate) fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(comes_true(PATIENCE, condition), "waited {PATIENCE:?} in vain until {what}");
}

/// Whether the condition holds within that time.
#[expect(clippy::disallowed_methods, reason = "real processes are watched in real time")]
pub(crate) fn comes_true(within: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while !condition() {
        if start.elapsed() > within {
            return false;
        }
        std::thread::sleep(PERIOD);
    }
    true
}
