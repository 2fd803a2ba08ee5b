use serde::Serialize;
use uuid::Uuid;

use crate::database::{execute, rows, transaction};
use crate::devices::locked;
use crate::{Store, StoreError};

/// How much was sealed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// Devices.
    pub devices: usize,
    /// Extensions whose passwords are kept.
    pub extensions: usize,
    /// Orders that set passwords or PINs and aren't through.
    pub orders: usize,
}

/// How many are sealed in one transaction, so that no long one keeps orders waiting.
const AT_ONCE: i64 = 500;

impl Store {
    /// Seals everything again that another key than the vault's present one sealed. It may be broken off and repeated:
    /// what an older key sealed opens as long as that key is in the file.
    ///
    /// # Errors
    /// [`StoreError::NoVault`] without a vault.
    pub async fn reseal(&self) -> Result<Resealed, StoreError> {
        let devices = self
            .reseal_all(
                "SELECT id, credentials FROM devices WHERE credentials IS NOT NULL AND id > $1 ORDER BY id LIMIT $2",
                "UPDATE devices SET credentials = $2 WHERE id = $1",
            )
            .await?;
        let extensions = self
            .reseal_all(
                "SELECT order_id, sealed FROM extension_secrets WHERE sealed IS NOT NULL AND order_id > $1 \
                 ORDER BY order_id LIMIT $2",
                "UPDATE extension_secrets SET sealed = $2 WHERE order_id = $1",
            )
            .await?;
        let orders = self
            .reseal_all(
                "SELECT order_id, sealed FROM order_credentials WHERE order_id > $1 ORDER BY order_id LIMIT $2",
                "UPDATE order_credentials SET sealed = $2 WHERE order_id = $1",
            )
            .await?;
        Ok(Resealed { devices, extensions, orders })
    }

    /// Seals the values that a SELECT gives with their owners, in the order of these, from after one on.
    async fn reseal_all(&self, select: &str, update: &'static str) -> Result<usize, StoreError> {
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        let (mut after, mut count) = (Uuid::nil(), 0);
        loop {
            let last: Option<Uuid> = transaction!(self, |tx| {
                let select = locked(tx, select);
                let sealed: Vec<(Uuid, Vec<u8>)> = rows!(tx, sqlx::AssertSqlSafe(select), after, AT_ONCE)?;
                let last = sealed.last().map(|(owner, _)| *owner);
                for (owner, sealed) in sealed.into_iter().filter(|(_, sealed)| !vault.is_current(sealed)) {
                    let anew = vault.seal(owner.as_bytes(), &vault.open(owner.as_bytes(), &sealed)?)?;
                    execute!(tx, update, owner, anew)?;
                    count += 1;
                }
                Ok(last)
            })?;
            match last {
                Some(last) => after = last,
                None => return Ok(count),
            }
        }
    }
}
