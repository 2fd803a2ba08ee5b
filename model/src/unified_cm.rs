use std::fmt;

use serde::{Deserialize, Serialize};

use crate::LineTarget;
use crate::order::words;

/// An object of Unified CM, by its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnifiedCmObject {
    /// An end user, by login.
    User(String),
    /// A phone, by device name.
    Phone(String),
    /// A directory number.
    DirectoryNumber {
        /// The number.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
    },
    /// A device profile, by name.
    DeviceProfile(String),
    /// A remote destination profile, by name.
    RemoteDestinationProfile(String),
    /// A remote destination, by the number that is dialled.
    RemoteDestination(String),
}

/// A line of a phone or profile, by its number, at a position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePlace {
    /// The number.
    pub pattern: String,
    /// Its partition.
    pub partition: Option<String>,
    /// The position, from 1.
    pub index: u16,
}

words! {
    /// How a device takes over what was changed.
    Activation {
        /// It takes over what it can without being disturbed.
        Apply = "apply", "apply";
        /// It starts anew without a new load; calls in progress are kept where the device can.
        Restart = "restart", "restart";
        /// It shuts down and starts again.
        Reset = "reset", "reset";
    }
}

words! {
    /// What an end user proves to be that user with.
    Credential {
        /// The digits typed on a phone.
        Pin = "pin", "PIN";
        /// The password of web pages and clients.
        Password = "password", "password";
    }
}

impl UnifiedCmObject {
    /// The name under which a holder keeps others away from it; see [`crate::Step::objects`].
    pub(crate) fn lock(&self) -> String {
        match self {
            Self::User(user_id) => format!("user/{user_id}"),
            Self::Phone(name) => LineTarget::Phone.object(name),
            Self::DirectoryNumber { pattern, partition } => {
                format!("number/{pattern}/{}", partition.as_deref().unwrap_or_default())
            }
            Self::DeviceProfile(name) => LineTarget::DeviceProfile.object(name),
            Self::RemoteDestinationProfile(name) => LineTarget::RemoteDestinationProfile.object(name),
            Self::RemoteDestination(destination) => format!("remote-destination/{destination}"),
        }
    }

    /// Its key alone, for people.
    pub fn key(&self) -> &str {
        match self {
            Self::DirectoryNumber { pattern: key, .. }
            | Self::User(key)
            | Self::Phone(key)
            | Self::DeviceProfile(key)
            | Self::RemoteDestinationProfile(key)
            | Self::RemoteDestination(key) => key,
        }
    }
}

impl fmt::Display for UnifiedCmObject {
    /// What people read, such as `phone SEP0011AABBCCDD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self::User(_) => "user",
            Self::Phone(_) => "phone",
            Self::DirectoryNumber { .. } => "directory number",
            Self::DeviceProfile(_) => "device profile",
            Self::RemoteDestinationProfile(_) => "remote destination profile",
            Self::RemoteDestination(_) => "remote destination",
        };
        write!(f, "{kind} {}", self.key())
    }
}
