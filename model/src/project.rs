use std::fmt;

use serde::{Deserialize, Serialize};

use crate::order::words;

words! {
    /// The life of a batch project.
    ProjectStatus {
        /// It can be edited and run.
        Draft = "draft", "draft";
        /// Some of its orders are being worked on.
        InProgress = "in_progress", "in progress";
        /// None of its orders is being worked on, whatever their outcomes.
        Completed = "completed", "completed";
    }
}

words! {
    /// What can be done with a batch project.
    ProjectAction {
        /// Change its name or its files.
        Edit = "edit", "edit";
        /// Start it.
        Run = "run", "run";
        /// Remove it.
        Delete = "delete", "delete";
    }
}

/// The project's status doesn't allow the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't {action} a project that is {status}: {}", reason(*status))]
pub struct ProjectActionRefused {
    /// What was asked.
    pub action: ProjectAction,
    /// The status that refuses it.
    pub status: ProjectStatus,
}

impl ProjectStatus {
    /// Whether the status allows `action`, wherever it is asked. A project that ran keeps its files, because its
    /// report shows them; a duplicate of it can be edited and run.
    pub fn allow(self, action: ProjectAction) -> Result<(), ProjectActionRefused> {
        let allowed = match action {
            ProjectAction::Edit | ProjectAction::Run => self == Self::Draft,
            ProjectAction::Delete => self != Self::InProgress,
        };
        if allowed { Ok(()) } else { Err(ProjectActionRefused { action, status: self }) }
    }
}

const fn reason(status: ProjectStatus) -> &'static str {
    match status {
        ProjectStatus::InProgress => "wait until its run is over, or cancel that",
        ProjectStatus::Draft | ProjectStatus::Completed => "its report shows its files; duplicate it for a new draft",
    }
}
