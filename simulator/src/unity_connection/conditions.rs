use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fault::{FaultKind, Rights};

/// What surrounds a device, beside what it holds.
#[derive(Debug, Default)]
pub(super) struct Conditions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rights: Rights,
    /// The aliases of the users that the LDAP directory has.
    directory: Vec<String>,
}

impl Conditions {
    pub(super) fn set(&self, kind: FaultKind) {
        let mut state = self.state();
        match kind {
            FaultKind::Rights(rights) => state.rights = rights,
            FaultKind::Ldap(aliases) => state.directory = aliases.split(',').map(str::to_owned).collect(),
            _ => {}
        }
    }

    /// Everything is as usual again.
    pub(super) fn heal(&self) {
        *self.state() = State::default();
    }

    pub(super) fn rights(&self) -> Rights {
        self.state().rights
    }

    pub(super) fn directory(&self) -> Vec<String> {
        self.state().directory.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
