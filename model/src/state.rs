use serde::{Deserialize, Serialize};

use crate::Origin;

/// The life of a work order. Each state carries what is true only in it.
///
/// [`State::after`] holds every transition there is; a pair of state and event that it doesn't list is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Accepted; its workflow hasn't started.
    Initial(Waiting),
    /// Its workflow has started.
    Released(Work),
    /// Stopped until a person releases it.
    Hold {
        /// Why.
        why: HoldReason,
        /// The step at which it goes on.
        at: Position,
    },
    /// Every step is done. Final.
    Completed,
    /// Ended before any step was done. Final.
    Cancelled,
}

/// What an order in [`State::Initial`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Waiting {
    /// Only its turn.
    Nothing,
    /// An earlier order of the same user in the same project.
    ForOrder,
}

/// An order whose workflow has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Whether it goes on by itself or waits for a person.
    pub status: WorkStatus,
    /// The step that is due.
    pub at: Position,
}

/// Whether a released order goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkStatus {
    /// It does.
    BeingProvisioned,
    /// The step failed and may succeed unchanged later; a person decides when.
    RecoverableError,
    /// The step failed and the order must change first. Only orders from the console wait so; others go to Hold.
    UnrecoverableError,
}

/// Where an order stands in its list of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The index of the step that is due; the steps before it are done.
    pub step: u16,
    /// Failed tries of that step since it became due or since a person last retried it.
    pub attempts: u16,
    /// Whether that step may have had its effect, so that the driver must look before it runs it.
    pub unknown: bool,
}

/// Why an order is in [`State::Hold`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldReason {
    /// The tries ran out; only orders from the order API stop so.
    RecoverableError,
    /// The row, or the device's configuration, must change.
    UnrecoverableError,
    /// A person stopped it.
    Aborted,
}

/// What can happen to an order. Each is one row of its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A worker claimed it for the first time.
    Started,
    /// The earlier order that it waited for is completed, or no longer matters.
    Freed,
    /// The step that was due is done.
    StepDone,
    /// A try failed and another follows by itself.
    AttemptFailed {
        /// Whether the try may have had its effect.
        unknown: bool,
    },
    /// The step failed and no further try follows by itself.
    StepFailed {
        /// Whether it may succeed unchanged later.
        class: FailureClass,
        /// Whether the last try may have had its effect.
        unknown: bool,
    },
    /// The earlier order of the same user ended without the product that this one needs.
    NeedLost,
    /// A person retries it: it goes on at the failed step.
    Retried,
    /// A person releases it from Hold.
    Unheld,
    /// A person stops it.
    Aborted,
    /// A person cancels it before any step is done.
    Cancelled,
}

/// Whether a failure may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureClass {
    /// It may succeed unchanged later.
    Recoverable,
    /// The row must change.
    Unrecoverable,
}

/// What of an order decides its transitions and never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Where it came from.
    pub origin: Origin,
    /// How many steps it has.
    pub steps: u16,
}

/// The event can't happen in that state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {} can't be {}: {}", state.label(), event.participle(), state.instead(*event))]
pub struct InvalidTransition {
    /// The state that the order is in.
    pub state: State,
    /// The event that was refused.
    pub event: Event,
}

impl Event {
    /// What it does to an order, as a participle.
    const fn participle(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Freed => "freed",
            Self::StepDone | Self::AttemptFailed { .. } | Self::StepFailed { .. } => "given another outcome of a step",
            Self::NeedLost => "put aside for a lost need",
            Self::Retried => "retried",
            Self::Unheld => "released from Hold",
            Self::Aborted => "aborted",
            Self::Cancelled => "cancelled",
        }
    }
}

impl State {
    /// The state of an order that was just accepted.
    pub const NEW: Self = Self::Initial(Waiting::Nothing);

    /// The state that follows `event`.
    ///
    /// # Errors
    /// [`InvalidTransition`] for every pair that isn't part of the life of an order.
    pub fn after(self, event: Event, life: Life) -> Result<Self, InvalidTransition> {
        use State::{Cancelled, Completed, Hold, Initial, Released};

        let next = match (self, event) {
            (Initial(Waiting::Nothing), Event::Started) => released(Position::default()),
            (Initial(Waiting::ForOrder), Event::Freed) => Initial(Waiting::Nothing),
            (Initial(Waiting::ForOrder), Event::NeedLost) => {
                Hold { why: HoldReason::UnrecoverableError, at: Position::default() }
            }
            (Initial(_), Event::Cancelled) => Cancelled,

            (Released(Work { status: WorkStatus::BeingProvisioned, at }), event) => match event {
                Event::StepDone if at.step + 1 == life.steps => Completed,
                Event::StepDone => released(Position { step: at.step + 1, ..Position::default() }),
                Event::AttemptFailed { unknown } => {
                    released(Position { attempts: at.attempts.saturating_add(1), unknown, ..at })
                }
                Event::StepFailed { class, unknown } => {
                    failed(life.origin, class, Position { attempts: at.attempts.saturating_add(1), unknown, ..at })
                }
                Event::Aborted => Hold { why: HoldReason::Aborted, at },
                Event::Cancelled if at.step == 0 && !at.unknown => Cancelled,
                _ => return Err(InvalidTransition { state: self, event }),
            },

            (Released(Work { at, .. }), Event::Retried) => released(Position { attempts: 0, ..at }),
            (Released(Work { at, .. }), Event::Aborted) => Hold { why: HoldReason::Aborted, at },
            (Released(Work { at, .. }), Event::Cancelled) if at.step == 0 && !at.unknown => Cancelled,

            (Hold { at, .. }, Event::Retried | Event::Unheld) => released(Position { attempts: 0, ..at }),
            (Hold { at, .. }, Event::Cancelled) if at.step == 0 && !at.unknown => Cancelled,
            (Hold { why: HoldReason::RecoverableError | HoldReason::UnrecoverableError, at }, Event::Aborted) => {
                Hold { why: HoldReason::Aborted, at }
            }

            _ => return Err(InvalidTransition { state: self, event }),
        };
        Ok(next)
    }

    /// Whether a worker may take it now or later without anybody's act, so that its run isn't over.
    pub const fn is_worked_on(self) -> bool {
        matches!(
            self,
            Self::Initial(Waiting::Nothing) | Self::Released(Work { status: WorkStatus::BeingProvisioned, .. })
        )
    }

    /// Whether it keeps its products from being ordered elsewhere.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Initial(_) | Self::Released(_))
    }

    /// The step that is due, or that it stopped at; `None` before the start and after the end.
    pub const fn position(self) -> Option<Position> {
        match self {
            Self::Released(Work { at, .. }) | Self::Hold { at, .. } => Some(at),
            Self::Initial(_) | Self::Completed | Self::Cancelled => None,
        }
    }

    /// What people read: the state, and the extended status beside it.
    pub fn label(self) -> String {
        let word = self.word();
        self.extended().map_or_else(|| word.to_owned(), |extended| format!("{word}, {extended}"))
    }

    /// What a person can do where the event can't happen.
    const fn instead(self, event: Event) -> &'static str {
        match (self, event) {
            (Self::Completed, _) => "every step of it is done",
            (Self::Cancelled, _) => "it is over; order it anew",
            (Self::Initial(_), Event::Aborted) => "nothing of it has started, so cancel it",
            (Self::Initial(Waiting::ForOrder), _) => "it goes on by itself once the order before it is over",
            (Self::Initial(Waiting::Nothing), _) => "it hasn't started and does so by itself",
            (Self::Hold { .. }, Event::Aborted) => "it is stopped already",
            (Self::Released(Work { at, .. }) | Self::Hold { at, .. }, Event::Cancelled) if at.step > 0 => {
                "some of its steps are done, so abort it; what is done stays"
            }
            (Self::Released(_) | Self::Hold { .. }, Event::Cancelled) => {
                "its step may have had its effect, so retry it, which looks first, or abort it"
            }
            (Self::Released(Work { status: WorkStatus::BeingProvisioned, .. }), _) => "it is being worked on",
            (Self::Released(_), Event::Unheld) => "it isn't in Hold, so retry it",
            (Self::Released(_) | Self::Hold { .. }, _) => "look at it again",
        }
    }

    /// The word that is stored and that JSON shows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initial(_) => "initial",
            Self::Released(_) => "released",
            Self::Hold { .. } => "hold",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

const fn released(at: Position) -> State {
    State::Released(Work { status: WorkStatus::BeingProvisioned, at })
}

/// What follows a failure that is not retried by itself: it depends on who is watching.
const fn failed(origin: Origin, class: FailureClass, at: Position) -> State {
    match (origin, class) {
        (Origin::Batch | Origin::Console, FailureClass::Recoverable) => {
            State::Released(Work { status: WorkStatus::RecoverableError, at })
        }
        (Origin::Console, FailureClass::Unrecoverable) => {
            State::Released(Work { status: WorkStatus::UnrecoverableError, at })
        }
        (Origin::Batch | Origin::Api, FailureClass::Unrecoverable) => {
            State::Hold { why: HoldReason::UnrecoverableError, at }
        }
        (Origin::Api, FailureClass::Recoverable) => State::Hold { why: HoldReason::RecoverableError, at },
    }
}
