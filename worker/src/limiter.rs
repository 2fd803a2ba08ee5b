use std::collections::VecDeque;
use std::time::Duration;

use crate::pace::Pace;

/// What a rate counts its calls in.
pub(crate) const WINDOW: Duration = Duration::from_secs(1);
/// The longest wait that a device may ask for and still be taken to be only throttling.
const LONGEST_THROTTLE: Duration = Duration::from_secs(2);

/// When a call to a device was started, and when its answer was there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallTimes {
    pub(crate) started: Duration,
    pub(crate) answered: Duration,
}

impl CallTimes {
    pub(crate) fn took(self) -> Duration {
        self.answered.saturating_sub(self.started)
    }
}

/// Keeps calls to a device at its rate: of so many slots a call takes one, and the slot is free again one second after
/// the answer. However long a call is under way, no second of the device's sees more of them.
///
/// The rate is the configured one, and the pace that the device was found to bear where it refuses that much.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Option<usize>,
    pace: Option<Pace>,
    in_hand: usize,
    /// The first call after the last second in which there was none.
    busy_since: Duration,
    /// The answers of the last second, and whether the device took the call.
    answered: VecDeque<(Duration, bool)>,
    /// The device asked for no call before this.
    hold_until: Duration,
}

impl Limiter {
    /// A limiter whose window counts as full: what the holder before did in the last second isn't known.
    pub(crate) fn new(rate: Option<u32>, now: Duration) -> Self {
        let rate = slots(rate);
        let answered = std::iter::repeat_n((now, false), rate.unwrap_or(0)).collect();
        Self { rate, pace: None, in_hand: 0, busy_since: now, answered, hold_until: Duration::ZERO }
    }

    /// The rate was changed: what was found out by the old one counts no more.
    pub(crate) fn change(&mut self, rate: Option<u32>) {
        if self.rate != slots(rate) {
            self.rate = slots(rate);
            self.pace = None;
        }
    }

    /// Takes a slot if one is free.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        self.forget(now);
        if let Some(pace) = &mut self.pace {
            pace.raise(now);
            if self.rate.is_some_and(|rate| pace.limit() > rate) {
                self.pace = None;
            }
        }
        let free = now >= self.hold_until && self.slots().is_none_or(|slots| self.used() < slots);
        if free {
            if self.used() == 0 {
                self.busy_since = now;
            }
            self.in_hand += 1;
        } else if let Some(pace) = &mut self.pace {
            pace.hold_back();
        }
        free
    }

    /// Gives a slot back whose call was never made.
    pub(crate) fn put_back(&mut self) {
        self.in_hand = self.in_hand.saturating_sub(1);
    }

    /// Counts the answers of one taken slot; a step that looked and ran made two calls. `refused` says that the device
    /// didn't take the last of them.
    ///
    /// A slot is free again one second after its answer was there, not after it was dealt with: a device of 20 ms would
    /// lose a good part of its rate to the milliseconds between the two.
    pub(crate) fn answered(&mut self, calls: u32, refused: bool, times: CallTimes) {
        self.in_hand = self.in_hand.saturating_sub(1);
        // Answers may be dealt with in another order than that in which they came.
        let place = self.answered.partition_point(|(answered, _)| *answered <= times.answered);
        for call in 1..=calls {
            self.answered.insert(place, (times.answered, call > 1 || !refused));
        }
    }

    /// The device refused a call because it was asked too often. `false`: it took no other call lately, or asks for a
    /// long wait, so that it isn't the pace that it minds, and everybody must wait.
    pub(crate) fn throttle(&mut self, retry_after: Option<Duration>, times: CallTimes) -> bool {
        let now = times.answered;
        self.forget(now);
        let taken = self.answered.iter().filter(|(_, taken)| *taken).count();
        if taken == 0 || retry_after.is_some_and(|wait| wait > LONGEST_THROTTLE) {
            return false;
        }
        match &mut self.pace {
            Some(pace) => pace.refused(taken, times),
            None => self.pace = Some(Pace::new(taken, now >= self.busy_since + WINDOW, now)),
        }
        self.hold_until = self.hold_until.max(now + retry_after.unwrap_or_default());
        true
    }

    /// When the next slot is free by itself, if none is now.
    pub(crate) fn next_free(&self) -> Option<Duration> {
        let over = (self.used() + 1).saturating_sub(self.slots()?);
        // Where calls in hand have all the slots, an answer comes before any slot is free.
        let expired = over.checked_sub(1).and_then(|index| self.answered.get(index));
        let free = expired.map(|(answered, _)| *answered + WINDOW);
        free.into_iter().chain(Some(self.hold_until).filter(|_| over == 0)).max()
    }

    fn used(&self) -> usize {
        self.in_hand + self.answered.len()
    }

    fn slots(&self) -> Option<usize> {
        let pace = self.pace.as_ref().map(Pace::limit);
        self.rate.into_iter().chain(pace).min()
    }

    fn forget(&mut self, now: Duration) {
        while self.answered.front().is_some_and(|(answered, _)| *answered + WINDOW <= now) {
            self.answered.pop_front();
        }
    }
}

fn slots(rate: Option<u32>) -> Option<usize> {
    rate.map(|rate| usize::try_from(rate.max(1)).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_sees_more_calls_than_the_rate() {
        let mut now = Duration::ZERO;
        let mut limiter = Limiter::new(Some(3), now);
        let mut calls = Vec::new();
        for _ in 0..4_000 {
            if limiter.take(now) {
                limiter.answered(1, false, CallTimes { started: now, answered: now });
                calls.push(now);
            }
            now += Duration::from_millis(7);
        }
        for (first, call) in calls.iter().enumerate() {
            assert!(calls[first..].iter().take_while(|other| **other < *call + WINDOW).count() <= 3);
        }
        assert!(calls.len() >= 3 * 27, "{} calls in 28 seconds", calls.len());
    }

    #[test]
    fn a_new_holder_waits_out_the_window_that_it_did_not_see() {
        let mut limiter = Limiter::new(Some(2), Duration::from_secs(5));
        assert!(!limiter.take(Duration::from_millis(5_999)));
        assert_eq!(limiter.next_free(), Some(Duration::from_secs(6)));
        assert!(limiter.take(Duration::from_secs(6)));
    }

    #[test]
    fn a_refusal_without_a_call_that_was_taken_is_no_matter_of_pace() {
        let mut limiter = Limiter::new(None, Duration::ZERO);
        let times = CallTimes { started: Duration::ZERO, answered: Duration::ZERO };
        assert!(limiter.take(Duration::ZERO));
        limiter.answered(1, true, times);
        assert!(!limiter.throttle(None, times));
        limiter.answered(1, false, times);
        assert!(!limiter.throttle(Some(Duration::from_secs(30)), times));
        assert!(limiter.throttle(None, times));
    }

    /// A device that takes so many calls a second, each for some time, and refuses all others at once.
    struct Modelled {
        limit: fn(Duration) -> usize,
        meter: Meter,
        taken: VecDeque<Duration>,
        tokens: f64,
        filled: Duration,
    }

    /// How a device counts.
    #[derive(Clone, Copy, Debug)]
    enum Meter {
        /// Each second that slides.
        Sliding,
        /// A bucket of as many calls as it takes a second, full at first.
        Bucket,
        /// A backlog that it works off, as a Unified CM does its change notifications: there is room for so many calls
        /// at first, and for some thirty seconds' worth when it has nothing to do.
        Backlog(u16),
    }

    impl Modelled {
        fn new(limit: fn(Duration) -> usize, meter: Meter) -> Self {
            let tokens = match meter {
                Meter::Backlog(room) => f64::from(room),
                Meter::Sliding | Meter::Bucket => limit(Duration::ZERO) as f64,
            };
            Self { limit, meter, taken: VecDeque::new(), tokens, filled: Duration::ZERO }
        }

        fn takes(&mut self, now: Duration) -> bool {
            let limit = (self.limit)(now);
            let most = match self.meter {
                Meter::Sliding => {
                    while self.taken.front().is_some_and(|taken| *taken + WINDOW <= now) {
                        self.taken.pop_front();
                    }
                    let takes = self.taken.len() < limit;
                    if takes {
                        self.taken.push_back(now);
                    }
                    return takes;
                }
                Meter::Bucket => limit as f64,
                Meter::Backlog(_) => 30.0 * limit as f64,
            };
            let filled = (now - self.filled).as_secs_f64() * limit as f64;
            (self.tokens, self.filled) = ((self.tokens + filled).min(most), now);
            let takes = self.tokens >= 1.0;
            self.tokens -= if takes { 1.0 } else { 0.0 };
            takes
        }
    }

    struct Outcome {
        taken: usize,
        refused: usize,
    }

    /// Keeps a device busy for a time, with so many calls at once that take so long.
    fn drive(
        limiters: &mut [Limiter],
        device: &mut Modelled,
        latency: Duration,
        retry_after: Option<Duration>,
        times: std::ops::Range<u64>,
    ) -> Outcome {
        const CONCURRENCY: usize = 8;
        let mut outcome = Outcome { taken: 0, refused: 0 };
        let mut in_hand: Vec<Vec<(Duration, bool)>> = limiters.iter().map(|_| Vec::new()).collect();
        for milliseconds in times.start * 1_000..times.end * 1_000 {
            let now = Duration::from_millis(milliseconds);
            for (limiter, calls) in limiters.iter_mut().zip(&mut in_hand) {
                for (started, taken) in calls.extract_if(.., |(started, _)| *started + latency <= now) {
                    let times = CallTimes { started, answered: now };
                    limiter.answered(1, !taken, times);
                    if !taken {
                        assert!(limiter.throttle(retry_after, times), "the whole device stops at {now:?}");
                    }
                }
                while calls.len() < CONCURRENCY && limiter.take(now) {
                    let taken = device.takes(now + latency / 2);
                    outcome.taken += usize::from(taken);
                    outcome.refused += usize::from(!taken);
                    calls.push((now, taken));
                }
            }
        }
        outcome
    }

    const LATENCY: Duration = Duration::from_millis(20);

    #[test]
    fn a_configured_rate_is_used_to_97_percent_and_nothing_is_refused() {
        let mut device = Modelled::new(|_| 50, Meter::Sliding);
        let mut limiter = [Limiter::new(Some(50), Duration::ZERO)];
        let Outcome { taken, refused } = drive(&mut limiter, &mut device, LATENCY, None, 0..60);
        assert_eq!(refused, 0);
        // The first second is the one that the holder before may have used.
        assert!(taken as f64 >= 0.97 * 50.0 * 59.0, "{taken}");
    }

    #[test]
    fn a_second_holder_after_the_first_uses_it_as_well() {
        let mut device = Modelled::new(|_| 50, Meter::Sliding);
        let first = drive(&mut [Limiter::new(Some(50), Duration::ZERO)], &mut device, LATENCY, None, 0..30);
        let taken_over = Limiter::new(Some(50), Duration::from_secs(30));
        let second = drive(&mut [taken_over], &mut device, LATENCY, None, 30..60);
        assert_eq!(first.refused + second.refused, 0);
        assert!((first.taken + second.taken) as f64 >= 0.97 * 50.0 * 58.0, "{}", first.taken + second.taken);
    }

    #[test]
    fn an_unknown_limit_is_found_and_used_to_85_percent_within_a_minute() {
        let limits: [fn(Duration) -> usize; 6] = [|_| 2, |_| 5, |_| 10, |_| 50, |_| 200, |_| 350];
        for limit in limits {
            for meter in [Meter::Sliding, Meter::Bucket, Meter::Backlog(1), Meter::Backlog(20), Meter::Backlog(100)] {
                for retry_after in [None, Some(Duration::from_secs(1))] {
                    for latency in [5, 20] {
                        let mut device = Modelled::new(limit, meter);
                        let mut limiter = [Limiter::new(None, Duration::ZERO)];
                        let latency = Duration::from_millis(latency);
                        let Outcome { taken, refused } = drive(&mut limiter, &mut device, latency, retry_after, 0..60);
                        let limit = limit(Duration::ZERO);
                        let case =
                            format!("limit {limit}, {meter:?}, {retry_after:?}, {latency:?}: {taken}, {refused}");
                        assert!(taken as f64 >= 0.85 * (limit * 60) as f64, "{case}");
                        // What is refused at first comes from calls at once, whose number no limit is behind, and from
                        // room that was saved up and passes for a rate.
                        let saves_up = matches!(meter, Meter::Backlog(_));
                        let at_first = if saves_up { 26.0 } else { 8.0 };
                        assert!(refused as f64 <= at_first + 0.02 * (taken + refused) as f64, "{case}");
                        let Outcome { taken, refused } =
                            drive(&mut limiter, &mut device, latency, retry_after, 60..120);
                        let case = format!("the second minute of {case}: {taken}, {refused}");
                        assert!(taken as f64 >= 0.85 * (limit * 60) as f64, "{case}");
                        // Of the few calls that the slowest take in a minute, two per cent are less than a try costs
                        // where room is saved up.
                        let a_try = if saves_up { 1.0 } else { 0.0 };
                        assert!(refused as f64 <= a_try + 0.02 * (taken + refused) as f64, "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_limit_that_is_lowered_and_raised_again_is_followed() {
        let limit: fn(Duration) -> usize = |now| if (60..120).contains(&now.as_secs()) { 20 } else { 50 };
        let mut device = Modelled::new(limit, Meter::Sliding);
        let mut limiter = [Limiter::new(Some(50), Duration::ZERO)];
        let as_configured = drive(&mut limiter, &mut device, LATENCY, None, 0..60);
        assert_eq!(as_configured.refused, 0);
        let lowered = drive(&mut limiter, &mut device, LATENCY, None, 60..120);
        assert!(lowered.taken as f64 >= 0.85 * 20.0 * 60.0, "{}", lowered.taken);
        assert!(lowered.refused as f64 <= 8.0 + 0.02 * lowered.taken as f64, "{}", lowered.refused);
        drive(&mut limiter, &mut device, LATENCY, None, 120..180);
        let raised = drive(&mut limiter, &mut device, LATENCY, None, 180..240);
        assert!(raised.taken as f64 >= 0.97 * 50.0 * 60.0, "{}", raised.taken);
        assert_eq!(raised.refused, 0);
    }
}
