use std::collections::BTreeMap;

use dialtone_model::{ExposeSecret as _, OrderId, SecretString};
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use crate::database::{Tx, execute, on_tx, pieces, read_row};
use crate::ids::Ids;
use crate::{Claim, NewOrder, Store, StoreError};

impl Store {
    /// The password or PIN that the due step of a claim was given; `None` for one that was given none.
    ///
    /// # Errors
    /// [`StoreError::NoVault`] without a vault.
    pub async fn given_credential(&self, claim: &Claim) -> Result<Option<SecretString>, StoreError> {
        let sql = "SELECT sealed FROM order_credentials WHERE order_id = $1";
        let row: Option<(Vec<u8>,)> = read_row!(self, sql, claim.order.0)?;
        let Some((sealed,)) = row else { return Ok(None) };
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        let opened = vault.open(claim.order.0.as_bytes(), &sealed)?;
        let mut given: BTreeMap<u16, String> = serde_json::from_slice(&opened)
            .map_err(|_| StoreError::inconsistent("order_credentials", "sealed", claim.order, "no credentials"))?;
        Ok(given.remove(&claim.at.step).map(SecretString::from))
    }

    /// Keeps what the steps of new orders were given, sealed.
    pub(crate) async fn keep_credentials(&self, tx: &mut Tx, orders: &[NewOrder]) -> Result<(), StoreError> {
        let mut kept: Vec<(Uuid, Vec<u8>)> = Vec::new();
        for order in orders.iter().filter(|order| !order.credentials.is_empty()) {
            let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
            let given: BTreeMap<u16, &str> =
                order.credentials.iter().map(|(step, secret)| (*step, secret.expose_secret())).collect();
            let plain = serde_json::to_vec(&given).map_err(|error| sqlx::Error::Encode(error.into()))?;
            kept.push((order.id.0, vault.seal(order.id.0.as_bytes(), &plain)?));
        }
        for piece in pieces(&kept) {
            on_tx!(tx, |connection, Db| {
                let mut query = QueryBuilder::<Db>::new("INSERT INTO order_credentials (order_id, sealed) ");
                query.push_values(piece, |mut row, (order, sealed)| {
                    row.push_bind(*order).push_bind(sealed.as_slice());
                });
                query.build().execute(connection).await.map(drop)
            })?;
        }
        Ok(())
    }
}

/// Forgets what the steps of orders were given that no worker will run again.
pub(crate) async fn forget(tx: &mut Tx, orders: &[OrderId]) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    let sql = format!("DELETE FROM order_credentials WHERE order_id {}", tx.among("$1"));
    execute!(tx, AssertSqlSafe(sql), orders.iter().copied().collect::<Ids>())?;
    Ok(())
}
