use std::time::Duration;

use crate::limiter::{CallTimes, WINDOW};

/// How much is given up when a device refuses: a little below what it took leaves it room.
const DECREASE: f64 = 0.95;
/// How much is given up when it refuses again within a second, at a pace that came from what it had taken shortly before:
/// it had room saved up, and how much it takes is far from known.
const STEEP_DECREASE: f64 = 0.5;
/// By how much the pace rises towards what the device is known to take, each second.
const INCREASE: f64 = 0.05;
/// How long the pace stays at what the device is known to take before it is tried whether it takes more.
const HOLD: Duration = Duration::from_secs(10);
/// The calls that such a try is paid for with: it costs one that is refused, or a few where the device saves up room.
const CALLS_A_TRY: f64 = 200.0;
/// How long each step beyond what the device is known to take is watched.
const WATCH: Duration = Duration::from_secs(2);

/// The pace that a device was found to bear, in calls that a second may see, where its limit isn't known or is lower
/// than was configured: up in small steps while it takes them, down at once when it refuses.
///
/// A device that refuses has just shown how much it takes: what it answered in the second before. So the pace comes
/// close at once, stays there, and tries now and then whether there is more, in steps that double, because a first
/// guess may have been far too low.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// The calls that a second may see.
    limit: f64,
    /// What the device is known to take. `None`: it refused so soon that nothing is known yet.
    ceiling: Option<f64>,
    /// When the pace was last changed.
    changed: Duration,
    lowered: Duration,
    /// Steps beyond the ceiling since it was known.
    beyond: i32,
    /// Whether a call had to wait for the pace since it was last changed: only then does a higher one tell anything.
    held_back: bool,
}

impl Pace {
    /// The device refused for the first time, having taken so many calls in the second before.
    ///
    /// `is_measured` says that it was called all that second. Otherwise the number says too little: a device whose
    /// backlog is full before it is called at all takes one call and refuses the next.
    pub(crate) fn new(taken: usize, is_measured: bool, now: Duration) -> Self {
        let taken = taken.max(1) as f64;
        let ceiling = is_measured.then_some(taken);
        Self { limit: lowered(taken), ceiling, changed: now, lowered: now, beyond: 0, held_back: false }
    }

    /// The calls that a second may see now.
    pub(crate) fn limit(&self) -> usize {
        // At least one call a second: what is slower than that is a device that asks everybody to wait.
        self.limit.round().max(1.0) as usize
    }

    /// A call had to wait.
    pub(crate) fn hold_back(&mut self) {
        self.held_back = true;
    }

    /// The device refused again, having taken so many calls in the second before. A call that was under way when the
    /// pace was lowered says nothing of the lower one.
    pub(crate) fn refused(&mut self, taken: usize, times: CallTimes) {
        let now = times.answered;
        if times.started <= self.lowered {
            return;
        }
        if now < self.lowered + WINDOW {
            self.limit = (self.limit * STEEP_DECREASE).max(1.0);
            (self.changed, self.lowered) = (now, now);
            return;
        }
        let was_known = self.beyond == 0 && self.ceiling.is_some();
        let again = if was_known { self.limit - 1.0 } else { self.limit };
        let ceiling = again.min(taken as f64).max(1.0);
        self.ceiling = Some(ceiling);
        self.limit = lowered(ceiling);
        (self.changed, self.lowered) = (now, now);
        (self.beyond, self.held_back) = (0, false);
    }

    /// Raises the pace when it is time.
    pub(crate) fn raise(&mut self, now: Duration) {
        if now < self.changed + self.patience() || !self.held_back {
            return;
        }
        match self.ceiling {
            None => self.limit *= 2.0,
            Some(ceiling) if self.limit < ceiling => {
                self.limit = (self.limit + (self.limit * INCREASE).max(1.0)).min(ceiling);
            }
            Some(ceiling) => {
                self.limit += (ceiling * 0.02).max(1.0) * 2_f64.powi(self.beyond);
                self.beyond += 1;
            }
        }
        self.changed = now;
        self.held_back = false;
    }

    /// How long the pace stays as it is.
    fn patience(&self) -> Duration {
        match self.ceiling {
            None => WINDOW,
            Some(ceiling) if self.limit < ceiling => WINDOW,
            Some(_) if self.beyond > 0 => WATCH,
            Some(ceiling) => HOLD.max(Duration::from_secs_f64(CALLS_A_TRY / ceiling)),
        }
    }
}

fn lowered(ceiling: f64) -> f64 {
    (ceiling * DECREASE).round().max(1.0)
}
