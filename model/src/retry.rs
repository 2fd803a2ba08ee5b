use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{FailureClass, Fault};

/// How often and how late a step is tried again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPolicy {
    /// All tries of a step, the first included.
    pub tries: u16,
    /// The wait after the first failure; it doubles with each further one.
    pub first_delay: Duration,
    /// The longest wait.
    pub longest_delay: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { tries: 5, first_delay: Duration::from_secs(1), longest_delay: Duration::from_secs(60) }
    }
}

/// What follows a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The step is tried again after the wait.
    TryAgain {
        /// How long to wait.
        after: Duration,
        /// Whether to look first.
        unknown: bool,
    },
    /// The device gets no further calls for a while; the order goes back unharmed.
    PauseDevice {
        /// How long, as far as the device said.
        retry_after: Option<Duration>,
    },
    /// No further try follows by itself.
    GiveUp {
        /// Whether the step may succeed unchanged later.
        class: FailureClass,
        /// Whether the try may have had its effect.
        unknown: bool,
    },
}

impl RetryPolicy {
    /// No wait before a next try is longer, whatever a device asks for. A time that is further away was written by
    /// another clock than the one that reads it, and isn't waited for.
    pub const LONGEST_WAIT: Duration = Duration::from_secs(600);

    /// What follows `fault`, the step having failed `failed` times before. `jitter` is a random number from 0 up to
    /// but not including 1, so that orders which failed together don't come back together. `unknown` says that an
    /// earlier try may have had its effect and no look has told yet; a fault that sent nothing leaves that open.
    pub fn decide(&self, fault: &Fault, failed: u16, unknown: bool, jitter: f64) -> Decision {
        let (asked, unknown) = match fault {
            Fault::Rejected(_) => return Decision::GiveUp { class: FailureClass::Unrecoverable, unknown: false },
            Fault::Busy { retry_after, .. } => return Decision::PauseDevice { retry_after: *retry_after },
            Fault::NotSent { retry_after, .. } => (*retry_after, unknown),
            Fault::Unknown(_) => (None, true),
        };
        if failed + 1 >= self.tries {
            return Decision::GiveUp { class: FailureClass::Recoverable, unknown };
        }
        let doubled = self.first_delay.saturating_mul(1_u32.checked_shl(u32::from(failed)).unwrap_or(u32::MAX));
        let backoff = doubled.min(self.longest_delay).mul_f64(0.5 + jitter / 2.0);
        let after = backoff.max(asked.unwrap_or_default()).min(Self::LONGEST_WAIT);
        Decision::TryAgain { after, unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Complaint;

    #[test]
    fn waits_double_up_to_the_longest_and_end_after_the_last_try() {
        let policy = RetryPolicy { tries: 9, ..RetryPolicy::default() };
        let fault = Fault::Unknown(Complaint::new("timeout", "no answer"));
        let waits: Vec<_> = (0..9).map(|failed| policy.decide(&fault, failed, false, 1.0)).collect();
        let seconds = |after| Decision::TryAgain { after: Duration::from_secs(after), unknown: true };
        let end = Decision::GiveUp { class: FailureClass::Recoverable, unknown: true };
        let expected = [1, 2, 4, 8, 16, 32, 60, 60].map(seconds).into_iter().chain([end]);
        assert!(waits.into_iter().eq(expected));
    }

    #[test]
    fn a_refusal_ends_at_once_and_a_busy_device_costs_no_try() {
        let complaint = || Complaint::new("any", "any");
        let policy = RetryPolicy::default();
        assert_eq!(
            policy.decide(&Fault::Rejected(complaint()), 0, true, 0.0),
            Decision::GiveUp { class: FailureClass::Unrecoverable, unknown: false }
        );
        let busy = Fault::Busy { complaint: complaint(), retry_after: Some(Duration::from_secs(3)) };
        assert_eq!(
            policy.decide(&busy, 99, true, 0.0),
            Decision::PauseDevice { retry_after: Some(Duration::from_secs(3)) }
        );
    }

    #[test]
    fn a_device_may_ask_for_a_longer_wait_but_not_for_a_shorter_one() {
        let policy = RetryPolicy::default();
        let fault = |seconds| Fault::NotSent {
            complaint: Complaint::new("any", "any"),
            retry_after: Some(Duration::from_secs(seconds)),
        };
        let after = |seconds| match policy.decide(&fault(seconds), 3, false, 1.0) {
            Decision::TryAgain { after, unknown: false } => after.as_secs(),
            other => panic!("{other:?}"),
        };
        assert_eq!((after(2), after(30)), (8, 30));
    }
}
