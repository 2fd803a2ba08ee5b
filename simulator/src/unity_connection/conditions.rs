use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dialtone_model::Clock;

use crate::fault::{FaultKind, Rights};

/// What surrounds a device, beside what it holds.
#[derive(Debug)]
pub(super) struct Conditions {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rights: Rights,
    /// The aliases of the users that the LDAP directory has.
    directory: Vec<String>,
    /// For how many minutes every authentication rule locks out, 0: until an administrator unlocks; `None`: as each says.
    lockout: Option<u32>,
    /// When it has started.
    started: Duration,
}

impl Conditions {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    pub(super) fn set(&self, kind: FaultKind) {
        let mut state = self.state();
        match kind {
            FaultKind::Rights(rights) => state.rights = rights,
            FaultKind::Ldap(aliases) => state.directory = aliases.split(',').map(str::to_owned).collect(),
            FaultKind::Lockout(minutes) => state.lockout = Some(minutes),
            FaultKind::Starting(time) => state.started = self.clock.monotonic() + time,
            _ => {}
        }
    }

    /// Everything is as usual again.
    pub(super) fn heal(&self) {
        *self.state() = State::default();
    }

    /// The time as CUPI writes it, which is GMT.
    pub(super) fn now(&self) -> String {
        self.clock.now().strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
    }

    pub(super) fn rights(&self) -> Rights {
        self.state().rights
    }

    pub(super) fn directory(&self) -> Vec<String> {
        self.state().directory.clone()
    }

    pub(super) fn lockout(&self) -> Option<u32> {
        self.state().lockout
    }

    /// Whether CUPI isn't there yet.
    pub(super) fn is_starting(&self) -> bool {
        self.clock.monotonic() < self.state().started
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
