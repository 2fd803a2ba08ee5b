//! What the fault suite does to the program from inside, beside the [crash points](crate::crash). All of it compiles
//! to nothing without the feature `crash-points`.

/// A defect that can be planted into a build for the fault suite, so that the suite can show that it would find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A worker forgets an outcome before it knows that it is recorded.
    AcknowledgedBeforeCommit,
    /// Orders are claimed and recorded, and leases renewed, without looking whether the lease is still the holder's.
    EpochUnchecked,
    /// A step whose outcome is unknown is run again without a look at the device.
    BlindRun,
}

impl Defect {
    /// The defect by its name in `DIALTONE_FAULT_DEFECT`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AcknowledgedBeforeCommit => "acknowledged-before-commit",
            Self::EpochUnchecked => "epoch-unchecked",
            Self::BlindRun => "blind-run",
        }
    }
}

/// Whether this process has the defect: never, in a build that is used.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub const fn is_planted(_defect: Defect) -> bool {
    false
}

/// Whether this process has the defect.
#[cfg(feature = "crash-points")]
pub fn is_planted(defect: Defect) -> bool {
    asked("DIALTONE_FAULT_DEFECT").is_some_and(|word| word == defect.word())
}

/// What the suite asks by a variable: nothing, in a build that is used.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub const fn asked(_variable: &str) -> Option<String> {
    None
}

/// What the suite asks by a variable.
#[cfg(feature = "crash-points")]
pub fn asked(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}
