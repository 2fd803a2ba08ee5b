use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a device step did not succeed, told by what is safe to do next. Only a driver builds one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The device understood and refused: asking again gives the same answer.
    #[error("{0}")]
    Rejected(Complaint),
    /// Nothing reached the device, or it refused before acting: asking again is safe.
    #[error("{complaint}")]
    NotSent {
        /// What happened.
        complaint: Complaint,
        /// The shortest wait that the device asked for.
        retry_after: Option<Duration>,
    },
    /// The device is alive and asks everybody to wait (throttling, a synchronisation). It is the device that pauses;
    /// the order is not to blame and uses up no attempt.
    #[error("{complaint}")]
    Busy {
        /// What happened.
        complaint: Complaint,
        /// The shortest wait that the device asked for.
        retry_after: Option<Duration>,
    },
    /// The request was sent and no answer came: it may have had its effect, so look before asking again.
    #[error("{0}")]
    Unknown(Complaint),
}

/// What a device, or the way to it, complained about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Complaint {
    /// A stable code such as `axl-5007` or `connection-refused`; the documentation of the device lists them.
    pub code: String,
    /// What happened, in one sentence, free of secrets.
    pub message: String,
    /// What a person can do about it.
    pub repair: Option<String>,
}

impl Complaint {
    /// A complaint without a repair.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), repair: None }
    }

    /// The same with what a person can do about it.
    #[must_use]
    pub fn repair(self, repair: impl Into<String>) -> Self {
        Self { repair: Some(repair.into()), ..self }
    }
}

impl Fault {
    /// What the device, or the way to it, complained about.
    pub fn complaint(&self) -> &Complaint {
        match self {
            Self::Rejected(complaint) | Self::Unknown(complaint) => complaint,
            Self::NotSent { complaint, .. } | Self::Busy { complaint, .. } => complaint,
        }
    }
}
