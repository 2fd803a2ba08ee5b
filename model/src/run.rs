use crate::order::words;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// What a run works through.
    RunKind {
        /// A bulk-assignment template.
        Assignment = "assignment", "bulk assignment";
        /// A batch project.
        Project = "project", "batch project";
        /// A single act of a person, such as changing an extension.
        Single = "single", "single act";
    }
}

words! {
    /// Whether the orders of a run may be worked on. Its progress is derived from its orders.
    RunState {
        /// They may.
        Running = "running", "Running";
        /// Steps in hand finish and no further one starts.
        Paused = "paused", "Paused";
        /// No order is being worked on.
        Finished = "finished", "Finished";
        /// A person ended it; its orders are Cancelled, or in Hold where a step was done.
        Cancelled = "cancelled", "Cancelled";
    }
}

/// A run can't do that now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {state} can't be {act}: {}", reason(*state))]
pub struct RunTransitionRefused {
    /// The state that it is in.
    pub state: RunState,
    /// What was asked, as a participle: `paused`.
    pub act: &'static str,
}

const fn reason(state: RunState) -> &'static str {
    match state {
        RunState::Running => "it goes on already",
        RunState::Paused => "it is stopped already",
        RunState::Finished => "it is over; what of it failed can be retried or released",
        RunState::Cancelled => "it is over",
    }
}

impl RunState {
    /// Pausing lets the step in hand finish and starts nothing new.
    pub fn pause(self) -> Result<Self, RunTransitionRefused> {
        self.change(Self::Running, Self::Paused, "paused")
    }

    /// Resuming goes on where pausing stopped.
    pub fn resume(self) -> Result<Self, RunTransitionRefused> {
        self.change(Self::Paused, Self::Running, "resumed")
    }

    /// Cancelling ends it before its orders are through.
    pub fn cancel(self) -> Result<Self, RunTransitionRefused> {
        match self {
            Self::Running | Self::Paused => Ok(Self::Cancelled),
            Self::Finished | Self::Cancelled => Err(RunTransitionRefused { state: self, act: "cancelled" }),
        }
    }

    fn change(self, from: Self, to: Self, act: &'static str) -> Result<Self, RunTransitionRefused> {
        if self == from { Ok(to) } else { Err(RunTransitionRefused { state: self, act }) }
    }
}
