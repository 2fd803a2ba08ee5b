use std::fmt;

use dialtone_model::{AddOn, DeviceId, Extension, OrganizationId};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{read_row, read_rows};
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

impl ExtensionState {
    /// The word that is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Provisioned => "provisioned",
            Self::Changing => "changing",
            Self::Deleting => "deleting",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Claimed, Self::Provisioned, Self::Changing, Self::Deleting]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

impl fmt::Display for ExtensionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

const SELECT: &str = "SELECT e.organization_id, e.key, e.directory_name, e.user_id, e.number, e.add_ons, e.state, \
                      e.device_id, u.name AS user_name FROM extensions e \
                      LEFT JOIN users u ON u.organization_id = e.organization_id AND u.id = e.user_id \
                      WHERE e.organization_id = $1 AND ";

#[derive(sqlx::FromRow)]
struct ExtensionRow {
    organization_id: Uuid,
    key: String,
    directory_name: String,
    user_id: Option<Uuid>,
    number: Option<String>,
    add_ons: Json<Vec<AddOn>>,
    state: String,
    device_id: Uuid,
    user_name: Option<String>,
}

impl Store {
    /// The extensions of a tenant by key, from after `after`, at most `limit`; those only claimed are left out.
    pub async fn extensions(
        &self,
        organization: OrganizationId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ExtensionRecord>, StoreError> {
        let sql = format!("{SELECT} e.key > $2 AND e.state <> 'claimed' ORDER BY e.key LIMIT $3");
        let rows: Vec<ExtensionRow> =
            read_rows!(self, AssertSqlSafe(sql), organization.0, after.unwrap_or_default(), i64::from(limit))?;
        rows.into_iter().map(ExtensionRecord::try_from).collect()
    }

    /// One extension by its key; one that is only claimed isn't there yet.
    pub async fn extension(&self, organization: OrganizationId, key: &str) -> Result<ExtensionRecord, StoreError> {
        let sql = format!("{SELECT} e.key = $2 AND e.state <> 'claimed'");
        let row: Option<ExtensionRow> = read_row!(self, AssertSqlSafe(sql), organization.0, key)?;
        row.ok_or_else(|| StoreError::not_found("extension", key))?.try_into()
    }
}

impl TryFrom<ExtensionRow> for ExtensionRecord {
    type Error = StoreError;

    fn try_from(row: ExtensionRow) -> Result<Self, StoreError> {
        let id = format!("{} {}", row.organization_id, row.key);
        Ok(Self {
            state: word(&row.state, ExtensionState::from_word, "extensions", "state", id)?,
            device: row.device_id.into(),
            user_name: row.user_name,
            extension: Extension {
                key: row.key,
                directory_name: row.directory_name,
                user: row.user_id.map(Into::into),
                number: row.number,
                add_ons: row.add_ons.0,
            },
        })
    }
}
