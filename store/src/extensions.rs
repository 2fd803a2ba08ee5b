use std::fmt;

use dialtone_model::{DeviceId, Extension, OrganizationId};

use crate::{Store, StoreError};

/// An extension of the Phone System as the inventory knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionRecord {
    /// The extension; while a change is open, as it will be.
    pub extension: Extension,
    /// The name of its user.
    pub user_name: Option<String>,
    /// Whether an order is open on it.
    pub state: ExtensionState,
    /// The device that it is on.
    pub device: DeviceId,
}

/// Whether an order is open on an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtensionState {
    /// An order is to make it.
    Claimed,
    /// It is there and no order is open on it.
    Provisioned,
    /// An order is to change it.
    Changing,
    /// An order is to delete it.
    Deleting,
}

impl fmt::Display for ExtensionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claimed => "claimed",
            Self::Provisioned => "provisioned",
            Self::Changing => "changing",
            Self::Deleting => "deleting",
        })
    }
}

impl Store {
    /// The extensions of a tenant by key, from after `after`, at most `limit`; those only claimed are left out.
    pub async fn extensions(
        &self,
        _organization: OrganizationId,
        _after: Option<&str>,
        _limit: u32,
    ) -> Result<Vec<ExtensionRecord>, StoreError> {
        todo!()
    }

    /// One extension by its key.
    pub async fn extension(&self, _organization: OrganizationId, _key: &str) -> Result<ExtensionRecord, StoreError> {
        todo!()
    }
}
