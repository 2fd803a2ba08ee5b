use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// What [`Clock::sleep`] returns: done once the time has passed.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The time, handed to whoever needs it, so that a test can move it.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock's time, cut to microseconds because PostgreSQL keeps no more. It is shown to people and stored;
    /// no lease is ever decided by it.
    fn now(&self) -> Timestamp;

    /// The time since some moment in the past; it never goes back and doesn't follow the wall clock.
    fn monotonic(&self) -> Duration;

    /// Waits on the monotonic clock.
    fn sleep(&self, time: Duration) -> Sleep;
}

/// A clock that stands still until [`ManualClock::advance`] moves it, for tests.
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    shared: Arc<Mutex<Moment>>,
    /// What the wall clock of this process shows beyond the true time; processes of one story may differ.
    wall_offset: SignedDuration,
}

#[derive(Debug, Default)]
struct Moment {
    passed: Duration,
    next_sleeper: u64,
    sleepers: BTreeMap<(Duration, u64), Waker>,
}

impl ManualClock {
    /// A clock at 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same monotonic time with another wall clock, as on a machine whose clock is set wrong.
    pub fn with_wall_offset(&self, wall_offset: SignedDuration) -> Self {
        Self { shared: Arc::clone(&self.shared), wall_offset }
    }

    /// Moves the time on and wakes whoever slept until then.
    pub fn advance(&self, time: Duration) {
        let due = {
            let mut moment = self.moment();
            moment.passed += time;
            let still_asleep = (moment.passed + Duration::from_nanos(1), 0);
            let later = moment.sleepers.split_off(&still_asleep);
            std::mem::replace(&mut moment.sleepers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// How long until the first sleeper wakes; `None` when nobody sleeps.
    pub fn until_next_sleeper(&self) -> Option<Duration> {
        let moment = self.moment();
        moment.sleepers.keys().next().map(|(due, _)| due.saturating_sub(moment.passed))
    }

    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        const START: Timestamp = Timestamp::constant(1_767_225_600, 0);
        START + SignedDuration::try_from(self.moment().passed).unwrap_or(SignedDuration::MAX) + self.wall_offset
    }

    fn monotonic(&self) -> Duration {
        self.moment().passed
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let mut moment = self.moment();
        let id = moment.next_sleeper;
        moment.next_sleeper += 1;
        let due = moment.passed + time;
        drop(moment);
        Box::pin(ManualSleep { shared: Arc::clone(&self.shared), key: (due, id) })
    }
}

struct ManualSleep {
    shared: Arc<Mutex<Moment>>,
    key: (Duration, u64),
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut moment = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if moment.passed >= self.key.0 {
            return Poll::Ready(());
        }
        moment.sleepers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).sleepers.remove(&self.key);
    }
}
