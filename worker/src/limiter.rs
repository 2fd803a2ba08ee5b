use std::collections::VecDeque;
use std::time::Duration;

const WINDOW: Duration = Duration::from_secs(1);

/// Keeps calls to a device at its configured rate: of `rate` slots a call takes one, and the slot is free again one
/// second after the answer. However long a call is under way, no second of the device's sees more than `rate` of them.
#[derive(Debug)]
pub(crate) struct Limiter {
    rate: Option<usize>,
    in_hand: usize,
    answered: VecDeque<Duration>,
}

impl Limiter {
    /// A limiter whose window counts as full: what the holder before did in the last second isn't known.
    pub(crate) fn new(rate: Option<u32>, now: Duration) -> Self {
        let rate = rate.map(|rate| usize::try_from(rate.max(1)).unwrap_or(usize::MAX));
        Self { rate, in_hand: 0, answered: std::iter::repeat_n(now, rate.unwrap_or(0)).collect() }
    }

    /// The rate was changed. Where none was kept count of before, the window counts as full.
    pub(crate) fn change(&mut self, rate: Option<u32>, now: Duration) {
        if self.rate.is_none() {
            *self = Self { in_hand: self.in_hand, ..Self::new(rate, now) };
        } else {
            self.rate = rate.map(|rate| usize::try_from(rate.max(1)).unwrap_or(usize::MAX));
        }
    }

    /// Takes a slot if one is free.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let Some(rate) = self.rate else {
            self.in_hand += 1;
            return true;
        };
        while self.answered.front().is_some_and(|answered| *answered + WINDOW <= now) {
            self.answered.pop_front();
        }
        let free = self.in_hand + self.answered.len() < rate;
        if free {
            self.in_hand += 1;
        }
        free
    }

    /// Counts the answers of one taken slot; a step that looked and ran made two calls.
    pub(crate) fn answered(&mut self, calls: u32, now: Duration) {
        self.in_hand = self.in_hand.saturating_sub(1);
        if self.rate.is_some() {
            self.answered.extend((0..calls).map(|_| now));
        }
    }

    /// When the next slot is free, if none is now.
    pub(crate) fn next_free(&self) -> Option<Duration> {
        self.rate?;
        self.answered.front().map(|answered| *answered + WINDOW)
    }
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
                limiter.answered(1, now);
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
        assert!(limiter.take(Duration::from_secs(6)));
    }
}
