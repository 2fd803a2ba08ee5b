use std::sync::Arc;

use dialtone_model::{Complaint, Device, DeviceKind, Fault};

use crate::dial::{AddressRule, Dialler};
use crate::ios::{CmExpress, UnityExpress};
use crate::kamailio::Kamailio;
use crate::phone_system::PhoneSystem;
use crate::unified_cm::UnifiedCm;
use crate::unity::Unity;
use crate::unity_connection::UnityConnection;
use crate::{Driver, NullDriver};

/// The driver for a device, by the device's kind. It keeps connections open between calls, so it is made once for a
/// device and shared. It is reached wherever its address leads.
///
/// # Errors
/// [`DriverError`]: it is the row that must change, or this machine.
pub fn for_device(device: &Device) -> Result<Arc<dyn Driver>, DriverError> {
    made(device, &Dialler::default())
}

/// As [`for_device`], for a device that is called at no address that the rule doesn't allow, whatever its name leads to
/// by then.
///
/// # Errors
/// As [`for_device`].
pub fn for_device_within(device: &Device, rule: AddressRule) -> Result<Arc<dyn Driver>, DriverError> {
    made(device, &Dialler::new(Some(rule)))
}

fn made(device: &Device, dialler: &Dialler) -> Result<Arc<dyn Driver>, DriverError> {
    match device.kind {
        DeviceKind::PhoneSystem => Ok(Arc::new(PhoneSystem::new(device, dialler)?)),
        DeviceKind::Kamailio => Ok(Arc::new(Kamailio::new(device, dialler)?)),
        DeviceKind::Null => Ok(Arc::new(NullDriver)),
        DeviceKind::UnifiedCm | DeviceKind::ImPresence => Ok(Arc::new(UnifiedCm::new(device, dialler)?)),
        DeviceKind::UnityConnection => Ok(Arc::new(UnityConnection::new(device, dialler)?)),
        DeviceKind::CmExpress => Ok(Arc::new(CmExpress::new(device, dialler)?)),
        DeviceKind::UnityExpress => Ok(Arc::new(UnityExpress::new(device, dialler)?)),
        DeviceKind::Unity => Ok(Arc::new(Unity)),
    }
}

/// Why a device's row gives no driver. It is the row that must change, or this machine.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The address isn't `https://host:port`.
    #[error("{address:?} is no address of a device: it has the form https://host:port")]
    Address {
        /// What it is.
        address: String,
    },
    /// The address isn't `ssh://host:port`.
    #[error("{address:?} is no address of a device with a command line: it has the form ssh://host:port")]
    SshAddress {
        /// What it is.
        address: String,
    },
    /// The address isn't one of a database that a Kamailio reads.
    #[error("{address:?} is no address of a database: it has the form postgres://host:port/name or sqlite:///path")]
    DatabaseAddress {
        /// What it is.
        address: String,
    },
    /// A setting of the device is missing or wrong.
    #[error("the setting {name} of {kind} {problem}")]
    Setting {
        /// The device's kind.
        kind: DeviceKind,
        /// The setting.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The login has a colon, which Basic authentication can't carry.
    #[error("the login {login:?} has a colon, which no HTTPS device takes")]
    Login {
        /// What it is.
        login: String,
    },
    /// The certificates that shall vouch for the device can't be read.
    #[error("the certificates that vouch for the device can't be read: {reason}")]
    Certificates {
        /// Why.
        reason: String,
    },
    /// TLS can't be set up.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The device's schema differs between versions, and this one's isn't known.
    #[error("version {version:?} of {kind} is not known: it is one of {known}")]
    Version {
        /// The device's kind.
        kind: DeviceKind,
        /// What the row says; empty when it says nothing.
        version: String,
        /// The known ones.
        known: String,
    },
}

/// A step for another family of devices. Its plan is wrong, and no retry makes it right.
pub(crate) fn unsupported(kind: DeviceKind) -> Fault {
    Fault::Rejected(Complaint::new("unsupported-action", format!("{kind} can't do this")))
}

/// An action whose earlier values nobody knows.
pub(crate) fn no_undo() -> Fault {
    Fault::Rejected(Complaint::new("no-undo", "the values from before are not known, so it can't be undone"))
}
