use dialtone_model::{Device, DeviceId, DeviceKind, DeviceLimits, OrganizationId};
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{execute, read_row, read_rows};
use crate::{Store, StoreError};

const COLUMNS: &str = "id, organization_id, name, kind, address, version, login, password, ca, limits";

#[derive(sqlx::FromRow)]
struct DeviceRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    kind: String,
    address: String,
    version: Option<String>,
    login: String,
    password: String,
    ca: Option<String>,
    limits: Json<DeviceLimits>,
}

impl Store {
    /// Adds a device, or replaces the one with that id.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when another device of the organization has the name.
    pub async fn put_device(&self, device: &Device) -> Result<(), StoreError> {
        let sql = "INSERT INTO devices \
                   (id, organization_id, name, kind, address, version, login, password, ca, limits) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
                   address = excluded.address, version = excluded.version, login = excluded.login, \
                   password = excluded.password, ca = excluded.ca, limits = excluded.limits";
        let mut tx = self.database.begin().await?;
        execute!(
            &mut tx,
            sql,
            device.id.0,
            device.organization.0,
            &device.name,
            device.kind.word(),
            &device.address,
            &device.version,
            &device.login,
            &device.password,
            &device.ca,
            Json(device.limits)
        )
        .map_err(|error| StoreError::or_name_taken(error, "device", &device.name))?;
        tx.commit().await
    }

    /// One device.
    pub async fn device(&self, id: DeviceId) -> Result<Device, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE id = $1");
        let row: Option<DeviceRow> = read_row!(self, sqlx::AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("device", id))?.try_into()
    }

    /// The devices of a tenant, by name.
    pub async fn devices(&self, organization: OrganizationId) -> Result<Vec<Device>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE organization_id = $1 ORDER BY name");
        let rows: Vec<DeviceRow> = read_rows!(self, sqlx::AssertSqlSafe(sql), organization.0)?;
        rows.into_iter().map(Device::try_from).collect()
    }

    /// All devices of all tenants, by id: what a worker's holder asks for.
    pub async fn all_devices(&self) -> Result<Vec<Device>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices ORDER BY id");
        let rows: Vec<DeviceRow> = read_rows!(self, sqlx::AssertSqlSafe(sql))?;
        rows.into_iter().map(Device::try_from).collect()
    }
}

impl TryFrom<DeviceRow> for Device {
    type Error = StoreError;

    fn try_from(row: DeviceRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            kind: word(&row.kind, DeviceKind::from_word, "devices", "kind", row.id)?,
            name: row.name,
            address: row.address,
            version: row.version,
            login: row.login,
            password: row.password,
            ca: row.ca,
            limits: row.limits.0,
        })
    }
}
