use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::order::words;
use crate::{DeviceId, OrganizationId};

words! {
    /// The families of systems that Dialtone drives.
    DeviceKind {
        /// The Phone System, over REST.
        PhoneSystem = "phone_system", "Phone System";
        /// Kamailio, an open-source SIP server, as a Phone System: over SQL and JSON-RPC.
        Kamailio = "kamailio", "Kamailio";
        /// Unified CM, over AXL.
        UnifiedCm = "unified_cm", "Unified CM";
        /// Unity Connection, over CUPI.
        UnityConnection = "unity_connection", "Unity Connection";
        /// Unified CM Express, over the IOS command line.
        CmExpress = "cm_express", "Unified CM Express";
        /// Unity.
        Unity = "unity", "Unity";
        /// Unity Express, over its command line.
        UnityExpress = "unity_express", "Unity Express";
        /// IM & Presence, over AXL.
        ImPresence = "im_presence", "IM & Presence";
        /// No device: every step is done at once. It serves measurements.
        Null = "null", "null";
    }
}

impl DeviceKind {
    /// Whether it holds extensions, as an organization's Phone System does.
    pub const fn is_phone_system(self) -> bool {
        matches!(self, Self::PhoneSystem | Self::Kamailio)
    }

    /// Whether its extensions have passwords, which Dialtone makes.
    pub const fn keeps_passwords(self) -> bool {
        matches!(self, Self::Kamailio)
    }
}

/// A system that Dialtone drives.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name, unique in the organization.
    pub name: String,
    /// Its family.
    pub kind: DeviceKind,
    /// `https://host:port`, `ssh://host:port`, or `simulated` for one that the embedded mode simulates itself.
    pub address: String,
    /// Its software version where the protocol depends on it, such as `12.5`.
    pub version: Option<String>,
    /// The account that Dialtone uses.
    pub login: String,
    /// The account's password. It is never shown.
    pub password: String,
    /// Further secrets of its family by their names, such as a password that raises rights. They are never shown.
    pub secrets: BTreeMap<String, String>,
    /// What vouches for it.
    pub tls: Tls,
    /// How much it may be asked at a time.
    pub limits: DeviceLimits,
    /// What its family needs to know of the site, by the names that the family's driver documents.
    pub settings: BTreeMap<String, String>,
}

/// What vouches that a device is the one that it says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// The certificates that this machine trusts.
    #[default]
    System,
    /// These certificates, in PEM, and no others.
    Ca(String),
    /// Nothing: whoever answers at the address gets the credentials. It is an exception that a person asks for.
    Insecure,
}

impl DeviceId {
    /// The shard that the device belongs to, out of `shards`. Every process of an installation computes the same.
    pub fn shard(self, shards: u16) -> u16 {
        // FNV-1a: the standard library's hashers differ from process to process or may change with its version.
        let hash = self
            .0
            .as_bytes()
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        u16::try_from(hash % u64::from(shards.max(1))).unwrap_or(0)
    }
}

impl fmt::Debug for Device {
    /// Everything but the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("address", &self.address)
            .field("login", &self.login)
            .field("limits", &self.limits)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// How much a device may be asked at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeviceLimits {
    /// Calls at once.
    pub concurrency: u16,
    /// Calls in any second; `None`: as many as it answers.
    pub rate: Option<u32>,
    /// How long one call may take.
    pub call_timeout: Duration,
    /// How long it may ask everybody to wait before its orders become Recoverable Error.
    pub patience: Duration,
}

impl Default for DeviceLimits {
    fn default() -> Self {
        Self {
            concurrency: 8,
            rate: None,
            call_timeout: Duration::from_secs(10),
            patience: Duration::from_secs(30 * 60),
        }
    }
}
