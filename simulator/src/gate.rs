use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dialtone_model::Clock;

/// How much a simulated device takes at a time.
#[derive(Debug)]
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    state: Mutex<GateState>,
}

#[derive(Debug, Default)]
struct GateState {
    latency: Duration,
    /// Requests in any second.
    rate: Option<u32>,
    /// Requests at once.
    concurrency: Option<u32>,
    inside: u32,
    /// When the requests of the last second were answered. Kept only while there is a rate.
    answered: VecDeque<Duration>,
}

/// A request that the gate let in. Its place is free again when it is dropped, and for the rate one second later.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    gate: &'a Gate,
    /// How long the device takes for it.
    pub(crate) latency: Duration,
}

const WINDOW: Duration = Duration::from_secs(1);

impl Gate {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Lets a request in, or tells it to come again.
    pub(crate) fn enter(&self) -> Option<Place<'_>> {
        let mut state = self.state();
        if state.concurrency.is_some_and(|most| state.inside >= most) {
            return None;
        }
        if let Some(rate) = state.rate {
            let now = self.clock.monotonic();
            while state.answered.front().is_some_and(|&answered| answered + WINDOW <= now) {
                state.answered.pop_front();
            }
            if state.inside as usize + state.answered.len() >= rate as usize {
                return None;
            }
        }
        state.inside += 1;
        Some(Place { gate: self, latency: state.latency })
    }

    /// Takes a line for as long as somebody holds it; none is free when there are as many as may be inside at once.
    pub(crate) fn take_line(self: &Arc<Self>) -> Option<HeldLine> {
        let mut state = self.state();
        if state.concurrency.is_some_and(|most| state.inside >= most) {
            return None;
        }
        state.inside += 1;
        Some(HeldLine { gate: Arc::clone(self) })
    }

    /// How long the device takes for a request.
    pub(crate) fn latency(&self) -> Duration {
        self.state().latency
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    pub(crate) fn set_rate(&self, rate: u32) {
        self.state().rate = Some(rate);
    }

    pub(crate) fn set_concurrency(&self, concurrency: u32) {
        self.state().concurrency = Some(concurrency);
    }

    /// No latency and no limits.
    pub(crate) fn open(&self) {
        let mut state = self.state();
        state.latency = Duration::ZERO;
        state.rate = None;
        state.concurrency = None;
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the lines of a device that people log in to.
#[derive(Debug)]
pub(crate) struct HeldLine {
    gate: Arc<Gate>,
}

impl Drop for HeldLine {
    fn drop(&mut self) {
        self.gate.state().inside -= 1;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        state.inside -= 1;
        if state.rate.is_some() {
            state.answered.push_back(self.gate.clock.monotonic());
        }
    }
}

#[cfg(test)]
mod tests {
    use dialtone_model::ManualClock;

    use super::*;

    #[test]
    fn a_slot_of_the_rate_is_free_one_second_after_its_answer() {
        let clock = ManualClock::new();
        let gate = Gate::new(Arc::new(clock.clone()));
        gate.set_rate(2);
        let first = gate.enter().unwrap();
        let second = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        clock.advance(Duration::from_millis(100));
        drop(first);
        clock.advance(Duration::from_millis(100));
        drop(second);
        clock.advance(Duration::from_millis(899));
        assert!(gate.enter().is_none());
        clock.advance(Duration::from_millis(1));
        assert!(gate.enter().is_some());
    }

    #[test]
    fn no_more_requests_than_allowed_are_inside_at_once() {
        let gate = Gate::new(Arc::new(ManualClock::new()));
        gate.set_concurrency(1);
        let only = gate.enter().unwrap();
        assert!(gate.enter().is_none());
        drop(only);
        assert!(gate.enter().is_some());
    }
}
