use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dialtone_model::Clock;
use jiff::Timestamp;

use crate::fault::{FaultKind, Rights};

/// What a cluster is going through, beside what it holds.
#[derive(Debug)]
pub(super) struct Conditions {
    clock: Arc<dyn Clock>,
    /// The name of the queue of changes.
    queue: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many change notifications the nodes work off in a second; `None`: as many as come.
    throttle: Option<u32>,
    /// The change notifications that wait, as of a time.
    waiting: f64,
    as_of: Duration,
    /// The LDAP directory that all users come from.
    ldap: Option<String>,
    /// How long the synchronisation of a directory takes.
    synchronising: Duration,
    synchronised_from: Option<Duration>,
    rights: Rights,
    /// The most bytes that a list or a query gives at once; `None`: as many as usual.
    largest_reply: Option<usize>,
}

/// While more change notifications wait AXL refuses to write, as the AXL developer guide tells.
const MOST_WAITING: f64 = 1_500.0;

/// The most bytes that a list or a query gives at once, as the AXL developer guide tells.
const LARGEST_REPLY: usize = 8 * 1024 * 1024;

/// How far an LDAP synchronisation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LdapSync {
    Never,
    InProgress,
    Done,
}

impl Conditions {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        // Every start begins a new queue, whose name is unlike those of earlier ones.
        let queue = format!("{:x}", clock.now().as_microsecond());
        Self { clock, queue, state: Mutex::default() }
    }

    /// The time of day.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn queue(&self) -> &str {
        &self.queue
    }

    pub(super) fn set(&self, kind: FaultKind) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        match kind {
            FaultKind::Throttle(rate) => (state.throttle, state.as_of) = (Some(rate), now),
            FaultKind::Ldap(directory) => state.ldap = Some(directory),
            FaultKind::Synchronising(time) => state.synchronising = time,
            FaultKind::Rights(rights) => state.rights = rights,
            FaultKind::LargestReply(bytes) => state.largest_reply = Some(bytes),
            _ => {}
        }
    }

    /// Everything is as usual again.
    pub(super) fn heal(&self) {
        *self.state() = State::default();
    }

    /// Whether a write is refused for the change notifications that wait.
    pub(super) fn throttles(&self) -> bool {
        self.work_off().waiting > MOST_WAITING
    }

    /// Notes the notifications that a write causes.
    pub(super) fn note_changes(&self, count: usize) {
        let mut state = self.work_off();
        if state.throttle.is_some() {
            state.waiting += count as f64;
        }
    }

    pub(super) fn rights(&self) -> Rights {
        self.state().rights
    }

    /// The most bytes that a list or a query gives at once.
    pub(super) fn largest_reply(&self) -> usize {
        self.state().largest_reply.unwrap_or(LARGEST_REPLY)
    }

    /// The LDAP directory that all users come from.
    pub(super) fn ldap(&self) -> Option<String> {
        self.state().ldap.clone()
    }

    pub(super) fn synchronise(&self) {
        let now = self.clock.monotonic();
        self.state().synchronised_from = Some(now);
    }

    pub(super) fn ldap_sync(&self) -> LdapSync {
        let now = self.clock.monotonic();
        let state = self.state();
        match state.synchronised_from {
            None => LdapSync::Never,
            Some(from) if now < from + state.synchronising => LdapSync::InProgress,
            Some(_) => LdapSync::Done,
        }
    }

    fn work_off(&self) -> MutexGuard<'_, State> {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let seconds = now.saturating_sub(state.as_of).as_secs_f64();
        state.waiting = (state.waiting - seconds * f64::from(state.throttle.unwrap_or_default())).max(0.0);
        state.as_of = now;
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use dialtone_model::ManualClock;

    use super::*;

    #[test]
    fn writes_are_refused_while_too_many_change_notifications_wait() {
        let clock = ManualClock::new();
        let conditions = Conditions::new(Arc::new(clock.clone()));
        conditions.note_changes(10_000);
        assert!(!conditions.throttles(), "there is no limit");
        conditions.set(FaultKind::Throttle(100));
        conditions.note_changes(1_500);
        assert!(!conditions.throttles());
        conditions.note_changes(50);
        assert!(conditions.throttles());
        clock.advance(Duration::from_millis(500));
        assert!(!conditions.throttles());
    }

    #[test]
    fn an_ldap_synchronisation_takes_its_time() {
        let clock = ManualClock::new();
        let conditions = Conditions::new(Arc::new(clock.clone()));
        conditions.set(FaultKind::Synchronising(Duration::from_secs(30)));
        assert_eq!(conditions.ldap_sync(), LdapSync::Never);
        conditions.synchronise();
        assert_eq!(conditions.ldap_sync(), LdapSync::InProgress);
        clock.advance(Duration::from_secs(30));
        assert_eq!(conditions.ldap_sync(), LdapSync::Done);
    }
}
