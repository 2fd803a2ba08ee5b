use dialtone_model::OrganizationId;
use serde_json::Value;
use sqlx::types::Json;

use crate::database::{execute, read_rows};
use crate::{Store, StoreError};

/// What an administrator sets up once and orders are checked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InfrastructureKind {
    /// A group of subscribers with its own business rules.
    Domain,
    /// Devices, directory-number blocks and default attributes.
    ServiceArea,
    /// Which products may be ordered.
    Role,
    /// What is known of a device beside how to reach it.
    Processor,
}

/// A Domain, a Service Area, a role or a processor.
#[derive(Clone, Debug, PartialEq)]
pub struct Infrastructure {
    /// Its name, unique among those of its kind in the organization.
    pub name: String,
    /// Its settings, as the room that reads them writes them.
    pub settings: Value,
}

impl InfrastructureKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::ServiceArea => "service_area",
            Self::Role => "role",
            Self::Processor => "processor",
        }
    }
}

impl Store {
    /// Adds some, and sets the settings of those whose names are there already; in one transaction.
    pub async fn put_infrastructure(
        &self,
        organization: OrganizationId,
        kind: InfrastructureKind,
        all: &[Infrastructure],
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO infrastructure (organization_id, kind, name, settings) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (organization_id, kind, name) DO UPDATE SET settings = excluded.settings";
        let mut tx = self.database.begin().await?;
        for one in all {
            execute!(&mut tx, sql, organization.0, kind.word(), &one.name, Json(&one.settings))?;
        }
        tx.commit().await
    }

    /// All of a kind, by name.
    pub async fn infrastructure(
        &self,
        organization: OrganizationId,
        kind: InfrastructureKind,
    ) -> Result<Vec<Infrastructure>, StoreError> {
        let sql = "SELECT name, settings FROM infrastructure WHERE organization_id = $1 AND kind = $2 ORDER BY name";
        let rows: Vec<(String, Json<Value>)> = read_rows!(self, sql, organization.0, kind.word())?;
        Ok(rows.into_iter().map(|(name, settings)| Infrastructure { name, settings: settings.0 }).collect())
    }
}
