use std::time::Duration;

use dialtone_model::{Complaint, DeviceLimits};
use jiff::Timestamp;

/// Unreachable calls in a row after which the device, and not the order, is taken to be the trouble.
const BREAKER_AFTER: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a device's line knows of the device's health: it is fine, it asks everybody to wait, or it can't be reached.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    unreachable_in_a_row: u32,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Pause {
    since: Duration,
    since_wall: Timestamp,
    until: Duration,
    length: Duration,
    /// How often the trouble showed itself, calls that failed together counted once.
    times: u16,
    complaint: Complaint,
    /// One call is under way to see whether the trouble is over.
    probing: bool,
    /// The trouble outlasted the patience: orders are given to a person instead of the device.
    given_up: bool,
}

/// How many calls may be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// As many as the limits allow.
    Free,
    /// One, to see whether the trouble is over.
    Probe,
    /// None before that time; `None`: not before the probe that is under way has its answer.
    Wait(Option<Duration>),
    /// None: waiting orders become Recoverable Error.
    GiveUp,
}

impl Trouble {
    /// The device did what a device does; whatever it answered, it can be reached and takes calls.
    pub(crate) fn answered(&mut self) {
        *self = Self::default();
    }

    /// Nothing reached the device. After `tries` probes in vain its orders are given up, as one order alone would be
    /// after as many tries.
    pub(crate) fn unreachable(&mut self, tries: u16, complaint: &Complaint, now: Duration, wall: Timestamp) {
        self.unreachable_in_a_row += 1;
        if self.unreachable_in_a_row < BREAKER_AFTER {
            return;
        }
        let pause = self.pause_for(FIRST_PAUSE, complaint, now, wall);
        pause.given_up |= pause.times > tries;
    }

    /// The device asks everybody to wait.
    pub(crate) fn busy(
        &mut self,
        retry_after: Option<Duration>,
        complaint: &Complaint,
        now: Duration,
        wall: Timestamp,
    ) {
        self.pause_for(retry_after.unwrap_or(FIRST_PAUSE), complaint, now, wall);
    }

    /// No order waits any more: the next one that comes is tried afresh.
    pub(crate) fn drained(&mut self) {
        if self.pause.as_ref().is_some_and(|pause| pause.given_up) {
            *self = Self::default();
        }
    }

    /// How many calls may be started now.
    pub(crate) fn admission(&mut self, limits: &DeviceLimits, now: Duration) -> Admission {
        let Some(pause) = &mut self.pause else { return Admission::Free };
        if now.saturating_sub(pause.since) >= limits.patience {
            pause.given_up = true;
        }
        if pause.given_up {
            Admission::GiveUp
        } else if pause.probing {
            Admission::Wait(None)
        } else if now < pause.until {
            Admission::Wait(Some(pause.until))
        } else {
            Admission::Probe
        }
    }

    /// A probe was started.
    pub(crate) fn probing(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.probing = true;
        }
    }

    /// The probe was answered, or wasn't, or was never sent: another one may follow.
    pub(crate) fn probed(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.probing = false;
        }
    }

    /// What a person is told about orders that were given up.
    pub(crate) fn reason(&self) -> Option<Complaint> {
        let pause = self.pause.as_ref()?;
        let since = pause.since_wall.strftime("%Y-%m-%dT%H:%M:%SZ");
        Some(if self.unreachable_in_a_row >= BREAKER_AFTER {
            Complaint::new("device-unreachable", format!("device unreachable since {since}: {}", pause.complaint))
                .repair("retry the order when the device answers again")
        } else {
            Complaint::new("device-busy", format!("device busy since {since}: {}", pause.complaint))
                .repair("retry the order when the device takes orders again")
        })
    }

    fn pause_for(&mut self, shortest: Duration, complaint: &Complaint, now: Duration, wall: Timestamp) -> &mut Pause {
        let pause = self.pause.get_or_insert_with(|| Pause {
            since: now,
            since_wall: wall,
            until: now,
            length: Duration::ZERO,
            times: 0,
            complaint: complaint.clone(),
            probing: false,
            given_up: false,
        });
        // Calls that were under way together complain together; only a complaint after the pause makes it longer.
        if now >= pause.until {
            pause.length = (pause.length * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
            pause.until = now + pause.length.max(shortest);
            pause.times += 1;
        }
        pause.complaint = complaint.clone();
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn complaint() -> Complaint {
        Complaint::new("any", "any")
    }

    #[test]
    fn a_busy_device_pauses_longer_and_longer_and_is_given_up_when_patience_ends() {
        let limits = DeviceLimits { patience: 10 * SECOND, ..DeviceLimits::default() };
        let mut trouble = Trouble::default();
        assert_eq!(trouble.admission(&limits, SECOND), Admission::Free);
        trouble.busy(None, &complaint(), SECOND, Timestamp::UNIX_EPOCH);
        assert_eq!(trouble.admission(&limits, SECOND), Admission::Wait(Some(2 * SECOND)));
        assert_eq!(trouble.admission(&limits, 2 * SECOND), Admission::Probe);
        trouble.busy(None, &complaint(), 2 * SECOND, Timestamp::UNIX_EPOCH);
        assert_eq!(trouble.admission(&limits, 3 * SECOND), Admission::Wait(Some(4 * SECOND)));
        assert_eq!(trouble.admission(&limits, 11 * SECOND), Admission::GiveUp);
        assert_eq!(trouble.reason().unwrap().code, "device-busy");
    }

    #[test]
    fn a_device_that_asks_for_a_longer_wait_gets_it() {
        let mut trouble = Trouble::default();
        trouble.busy(Some(30 * SECOND), &complaint(), SECOND, Timestamp::UNIX_EPOCH);
        assert_eq!(trouble.admission(&DeviceLimits::default(), 2 * SECOND), Admission::Wait(Some(31 * SECOND)));
    }

    #[test]
    fn an_unreachable_device_is_probed_and_an_answer_ends_the_trouble() {
        let limits = DeviceLimits::default();
        let mut trouble = Trouble::default();
        for _ in 1..BREAKER_AFTER {
            trouble.unreachable(5, &complaint(), SECOND, Timestamp::UNIX_EPOCH);
            assert_eq!(trouble.admission(&limits, SECOND), Admission::Free);
        }
        trouble.unreachable(5, &complaint(), SECOND, Timestamp::UNIX_EPOCH);
        assert_eq!(trouble.admission(&limits, 2 * SECOND), Admission::Probe);
        trouble.probing();
        assert_eq!(trouble.admission(&limits, 2 * SECOND), Admission::Wait(None));
        trouble.probed();
        assert_eq!(trouble.admission(&limits, 2 * SECOND), Admission::Probe);
        trouble.answered();
        assert_eq!(trouble.admission(&limits, 2 * SECOND), Admission::Free);
    }

    #[test]
    fn after_as_many_probes_as_an_order_has_tries_the_orders_are_given_up() {
        let limits = DeviceLimits::default();
        let mut trouble = Trouble::default();
        let mut now = SECOND;
        (0..BREAKER_AFTER + 3).for_each(|_| trouble.unreachable(3, &complaint(), now, Timestamp::UNIX_EPOCH));
        for _ in 0..3 {
            let Admission::Wait(Some(until)) = trouble.admission(&limits, now) else { panic!("{trouble:?}") };
            now = until;
            assert_eq!(trouble.admission(&limits, now), Admission::Probe);
            trouble.unreachable(3, &complaint(), now, Timestamp::UNIX_EPOCH);
        }
        assert_eq!(trouble.admission(&limits, now), Admission::GiveUp);
        assert_eq!(trouble.reason().unwrap().code, "device-unreachable");
        trouble.drained();
        assert_eq!(trouble.admission(&limits, now), Admission::Free);
    }
}
