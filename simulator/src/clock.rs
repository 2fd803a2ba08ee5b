use std::sync::LazyLock;
use std::time::{Duration, Instant};

use dialtone_model::{Clock, Sleep};
use jiff::Timestamp;

/// A simulated device's own time, as long as no test moves it.
#[derive(Debug)]
pub(crate) struct DeviceClock;

static START: LazyLock<Instant> = LazyLock::new(now);

#[expect(clippy::disallowed_methods, reason = "a device has a clock of its own, and this is it")]
fn now() -> Instant {
    Instant::now()
}

impl Clock for DeviceClock {
    #[expect(clippy::disallowed_methods, reason = "a device has a clock of its own, and this is it")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn monotonic(&self) -> Duration {
        now().saturating_duration_since(*START)
    }

    #[expect(clippy::disallowed_methods, reason = "a device has a clock of its own, and this is it")]
    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}
