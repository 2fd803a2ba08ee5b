use std::fmt;

use serde::{Deserialize, Serialize};

use crate::order::words;

words! {
    /// The life of a bulk-assignment template.
    TemplateStatus {
        /// It can be edited and started.
        Draft = "draft", "draft";
        /// Some of its orders are being worked on.
        InProgress = "in_progress", "in progress";
        /// None of its orders is being worked on, whatever their outcomes.
        Completed = "completed", "completed";
    }
}

words! {
    /// What can be done with a bulk-assignment template.
    TemplateAction {
        /// See its name and add-on licences.
        ViewLicences = "view_licences", "view the licences of";
        /// Change its name or add-on licences.
        Edit = "edit", "edit";
        /// See its users.
        ViewUsers = "view_users", "view the users of";
        /// Add or remove users.
        EditUsers = "edit_users", "change the users of";
        /// Start it.
        Assign = "assign", "assign";
        /// Get its report.
        Report = "report", "get the report of";
        /// Make a new draft from it.
        Duplicate = "duplicate", "duplicate";
        /// Remove it.
        Delete = "delete", "delete";
    }
}

/// The template's status doesn't allow the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't {action} a template that is {status}: {}", reason(*status, *action))]
pub struct TemplateActionRefused {
    /// What was asked.
    pub action: TemplateAction,
    /// The status that refuses it.
    pub status: TemplateStatus,
}

impl TemplateStatus {
    /// Whether the status allows `action`, wherever it is asked.
    pub fn allow(self, action: TemplateAction) -> Result<(), TemplateActionRefused> {
        use TemplateAction::{Duplicate, Report, ViewLicences, ViewUsers};
        let allowed = match self {
            Self::Draft => action != Report,
            Self::InProgress => matches!(action, ViewLicences | ViewUsers | Report | Duplicate),
            Self::Completed => matches!(action, ViewLicences | Report | Duplicate),
        };
        if allowed { Ok(()) } else { Err(TemplateActionRefused { action, status: self }) }
    }
}

fn reason(status: TemplateStatus, action: TemplateAction) -> &'static str {
    match (status, action) {
        (TemplateStatus::Draft, _) => "it has no results before it is assigned",
        (TemplateStatus::Completed, TemplateAction::ViewUsers) => "its users are in the report",
        (TemplateStatus::InProgress, TemplateAction::Assign) => "it was started already",
        (_, TemplateAction::Assign) => "duplicate it to assign the same users again",
        (_, TemplateAction::Delete) => "its results must stay; duplicate it for a new draft",
        _ => "only a draft can change; duplicate it for a new draft",
    }
}
