use std::collections::BTreeMap;

use dialtone_model::{Device, DeviceId, DeviceKind, DeviceLimits, OrganizationId, Tls};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{Database, Tx, execute, on_tx, read_row, read_rows, row, rows, transaction};
use crate::{Store, StoreError, Vault};

const COLUMNS: &str = "id, organization_id, name, kind, address, version, login, credentials, ca, insecure, limits, settings, \
     revision";

#[derive(sqlx::FromRow)]
struct DeviceRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    kind: String,
    address: String,
    version: Option<String>,
    login: String,
    credentials: Option<Vec<u8>>,
    ca: Option<String>,
    insecure: bool,
    limits: Json<DeviceLimits>,
    settings: Json<BTreeMap<String, String>>,
    revision: i64,
}

/// What is sealed of a device.
#[derive(Serialize, Deserialize)]
struct Credentials {
    password: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    secrets: BTreeMap<String, String>,
}

impl Store {
    /// The same store with a vault, without which the credentials of devices can be neither kept nor read. What an
    /// older version left unsealed is sealed.
    ///
    /// # Errors
    /// [`StoreError::Vault`] when credentials were sealed with a key that the vault doesn't have.
    pub async fn with_vault(mut self, vault: Vault) -> Result<Self, StoreError> {
        self.vault = Some(vault.clone());
        let sealed: Vec<(Uuid, Vec<u8>)> =
            read_rows!(self, "SELECT id, credentials FROM devices WHERE credentials IS NOT NULL")?;
        for (id, sealed) in &sealed {
            vault.open(id.as_bytes(), sealed)?;
        }
        let plain: Vec<(Uuid,)> = read_rows!(self, "SELECT id FROM devices WHERE password <> ''")?;
        if !plain.is_empty() {
            self.seal_passwords(&vault).await?;
        }
        Ok(self)
    }

    /// Adds a device, or replaces the one with that id.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when another device of the organization has the name, [`StoreError::NoVault`] when
    /// there are credentials and no vault to seal them.
    pub async fn put_device(&self, device: &Device) -> Result<(), StoreError> {
        let sql = "INSERT INTO devices (id, organization_id, name, kind, address, version, login, password, \
                   credentials, ca, insecure, limits, settings, revision) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10, $11, $12, $13) \
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name, kind = excluded.kind, \
                   address = excluded.address, version = excluded.version, login = excluded.login, password = '', \
                   credentials = excluded.credentials, ca = excluded.ca, insecure = excluded.insecure, \
                   limits = excluded.limits, settings = excluded.settings, revision = excluded.revision";
        let credentials = self.seal_credentials(device)?;
        let ca = match &device.tls {
            Tls::Ca(pem) => Some(pem),
            Tls::System | Tls::Insecure => None,
        };
        let mut tx = self.database.begin().await?;
        let revision = next_revision(&mut tx).await?;
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
            credentials,
            ca,
            device.tls == Tls::Insecure,
            Json(device.limits),
            Json(&device.settings),
            revision
        )
        .map_err(|error| StoreError::or_name_taken(error, "device", &device.name))?;
        tx.commit().await
    }

    /// Removes a device with its work and what was read from it. Orders on Hold may name it still; released anew they
    /// fail, because it is gone.
    ///
    /// # Errors
    /// [`StoreError::Needed`] while extensions, products or open orders need it.
    pub async fn remove_device(&self, id: DeviceId) -> Result<(), StoreError> {
        transaction!(self, |tx| {
            let select = locked(tx, "SELECT organization_id FROM devices WHERE id = $1");
            let found: Option<(Uuid,)> = row!(tx, sqlx::AssertSqlSafe(select), id.0)?;
            let (organization,) = found.ok_or_else(|| StoreError::not_found("device", id))?;
            let orders = "SELECT count(*) FROM orders WHERE organization_id = $1 \
                          AND state IN ('initial', 'released') AND CAST(steps AS TEXT) LIKE $2";
            let named: Option<(i64,)> = row!(tx, orders, organization, format!("%{id}%"))?;
            let extensions = "SELECT count(*) FROM extensions WHERE organization_id = $1 AND device_id = $2";
            let extensions: Option<(i64,)> = row!(tx, extensions, organization, id.0)?;
            let products = "SELECT count(*) FROM inventory WHERE organization_id = $1 AND device_id = $2";
            let products: Option<(i64,)> = row!(tx, products, organization, id.0)?;
            let counts = [(named, "open orders"), (extensions, "extensions"), (products, "products")];
            let needs = |(count, what): (Option<(i64,)>, &str)| {
                let (count,) = count.filter(|(count,)| *count > 0)?;
                Some(format!("{count} {what}"))
            };
            let by: Vec<String> = counts.into_iter().filter_map(needs).collect();
            if !by.is_empty() {
                return Err(StoreError::Needed { what: "device", by: by.join(" and ") });
            }
            for table in ["device_objects", "device_work"] {
                let sql = format!("DELETE FROM {table} WHERE device_id = $1");
                execute!(tx, sqlx::AssertSqlSafe(sql), id.0)?;
            }
            execute!(tx, "DELETE FROM devices WHERE id = $1", id.0)?;
            Ok(())
        })
    }

    /// One device.
    pub async fn device(&self, id: DeviceId) -> Result<Device, StoreError> {
        self.device_with_revision(id).await.map(|(device, _)| device)
    }

    /// One device, and the number of its row's last change.
    pub async fn device_with_revision(&self, id: DeviceId) -> Result<(Device, i64), StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE id = $1");
        let row: Option<DeviceRow> = read_row!(self, sqlx::AssertSqlSafe(sql), id.0)?;
        let row = row.ok_or_else(|| StoreError::not_found("device", id))?;
        let revision = row.revision;
        Ok((self.opened(row)?, revision))
    }

    /// The devices of a tenant, by name.
    pub async fn devices(&self, organization: OrganizationId) -> Result<Vec<Device>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices WHERE organization_id = $1 ORDER BY name");
        let rows: Vec<DeviceRow> = read_rows!(self, sqlx::AssertSqlSafe(sql), organization.0)?;
        rows.into_iter().map(|row| self.opened(row)).collect()
    }

    /// All devices of all tenants, by id: what a worker's holder asks for.
    pub async fn all_devices(&self) -> Result<Vec<Device>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM devices ORDER BY id");
        let rows: Vec<DeviceRow> = read_rows!(self, sqlx::AssertSqlSafe(sql))?;
        rows.into_iter().map(|row| self.opened(row)).collect()
    }

    /// The ids of all devices of all tenants.
    pub async fn device_ids(&self) -> Result<Vec<DeviceId>, StoreError> {
        let rows: Vec<(Uuid,)> = read_rows!(self, "SELECT id FROM devices")?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }

    /// The devices that were added or changed after a revision, with their revisions, in the order of these. Revision
    /// 0 is before all.
    pub async fn devices_changed_since(&self, revision: i64) -> Result<Vec<(DeviceId, i64)>, StoreError> {
        let sql = "SELECT id, revision FROM devices WHERE revision > $1 ORDER BY revision";
        let rows: Vec<(Uuid, i64)> = read_rows!(self, sql, revision)?;
        Ok(rows.into_iter().map(|(id, revision)| (id.into(), revision)).collect())
    }

    async fn seal_passwords(&self, vault: &Vault) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        if let Tx::Sqlite(connection) = &mut tx {
            // The pages that held the password are overwritten.
            sqlx::query("PRAGMA secure_delete = on").execute(&mut **connection).await?;
        }
        let select = locked(&tx, "SELECT id, password FROM devices WHERE password <> '' ORDER BY id");
        let plain: Vec<(Uuid, String)> = rows!(&mut tx, sqlx::AssertSqlSafe(select))?;
        for (id, password) in plain {
            let credentials = seal(vault, id, &Credentials { password, secrets: BTreeMap::new() })?;
            execute!(&mut tx, "UPDATE devices SET password = '', credentials = $2 WHERE id = $1", id, credentials)?;
        }
        tx.commit().await?;
        if let Database::Sqlite { writer, .. } = &self.database {
            // So are the ones in the write-ahead log, unless another process reads from it just now.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(writer).await?;
            sqlx::query("PRAGMA secure_delete = off").execute(writer).await?;
        }
        Ok(())
    }

    fn seal_credentials(&self, device: &Device) -> Result<Option<Vec<u8>>, StoreError> {
        let Device { password, secrets, .. } = device;
        if password.is_empty() && secrets.is_empty() {
            return Ok(None);
        }
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        let credentials = Credentials { password: password.clone(), secrets: secrets.clone() };
        seal(vault, device.id.0, &credentials).map(Some)
    }

    /// The device of a row, with its credentials opened.
    fn opened(&self, row: DeviceRow) -> Result<Device, StoreError> {
        let Credentials { password, secrets } = match &row.credentials {
            None => Credentials { password: String::new(), secrets: BTreeMap::new() },
            Some(sealed) => {
                let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
                let opened = vault.open(row.id.as_bytes(), sealed)?;
                serde_json::from_slice(&opened)
                    .map_err(|_| StoreError::inconsistent("devices", "credentials", row.id, "no credentials"))?
            }
        };
        Ok(Device {
            id: row.id.into(),
            organization: row.organization_id.into(),
            kind: word(&row.kind, DeviceKind::from_word, "devices", "kind", row.id)?,
            name: row.name,
            address: row.address,
            version: row.version,
            login: row.login,
            password,
            secrets,
            tls: match (row.insecure, row.ca) {
                (true, _) => Tls::Insecure,
                (false, Some(pem)) => Tls::Ca(pem),
                (false, None) => Tls::System,
            },
            limits: row.limits.0,
            settings: row.settings.0,
        })
    }
}

fn seal(vault: &Vault, id: Uuid, credentials: &Credentials) -> Result<Vec<u8>, StoreError> {
    let plain = serde_json::to_vec(credentials).map_err(|error| sqlx::Error::Encode(error.into()))?;
    Ok(vault.seal(id.as_bytes(), &plain)?)
}

/// A SELECT of rows that the transaction is going to change.
pub(crate) fn locked(tx: &Tx, select: &str) -> String {
    format!("{select}{}", tx.locking(" FOR UPDATE"))
}

/// The number of this change among the changes of all devices. The counter's row stays locked to the end of the
/// transaction, so that nobody sees a later change before this one.
async fn next_revision(tx: &mut Tx) -> Result<i64, StoreError> {
    let sql = "UPDATE counters SET next = next + 1 WHERE name = 'device_revision' RETURNING next - 1";
    Ok(on_tx!(tx, |connection| sqlx::query_scalar(sql).fetch_one(connection).await?))
}
