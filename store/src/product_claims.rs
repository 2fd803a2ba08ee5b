use std::collections::HashSet;

use dialtone_model::{Attributes, OrderId, OrganizationId};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::bulk::{self, Each, Same};
use crate::columns::narrow;
use crate::database::{Tx, execute, row, rows};
use crate::ids::Ids;
use crate::{NewProduct, StoreError};

/// Puts products that orders are to make into the inventory; all of them, or an error naming the first that is there
/// already.
pub(crate) async fn take(
    tx: &mut Tx,
    organization: OrganizationId,
    products: &[(OrderId, &NewProduct)],
) -> Result<(), StoreError> {
    let mut inserted = 0;
    for piece in products.chunks(bulk::ROWS_A_MESSAGE) {
        inserted += insert(tx, organization, piece).await?;
    }
    if inserted < products.len() as u64 {
        return Err(first_taken(tx, organization, products).await?);
    }
    Ok(())
}

/// How many of them weren't there.
async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    products: &[(OrderId, &NewProduct)],
) -> Result<u64, StoreError> {
    let made = || products.iter().map(|(_, product)| *product);
    let attributes: Result<Vec<String>, StoreError> =
        made().map(|product| bulk::document(&product.attributes)).collect();
    let each = [
        ("product", Each::Texts(made().map(|product| Some(&*product.product)).collect())),
        ("key", Each::Texts(made().map(|product| Some(&*product.key)).collect())),
        ("subscriber", Each::Texts(made().map(|product| Some(&*product.subscriber)).collect())),
        ("service_area", Each::Texts(made().map(|product| product.service_area.as_deref()).collect())),
        ("device_id", Each::Ids(made().map(|product| product.device.map(|device| device.0)).collect())),
        ("attributes", Each::Documents(attributes?)),
        ("order_id", Each::Ids(products.iter().map(|(order, _)| Some(order.0)).collect())),
        ("made_by_step", Each::Numbers(made().map(|product| Some(i64::from(product.made_by_step))).collect())),
    ];
    let same = [("organization_id", Same::Id(Some(organization.0))), ("state", Same::Text(Some("ordered")))];
    let conflict = "ON CONFLICT (organization_id, product, key) DO NOTHING";
    bulk::insert(tx, "inventory", &each, &same, conflict).await
}

/// The error that names the first of these products that another order made or is to make, one of these included.
async fn first_taken(
    tx: &mut Tx,
    organization: OrganizationId,
    products: &[(OrderId, &NewProduct)],
) -> Result<StoreError, StoreError> {
    let mut named = HashSet::new();
    for (order, product) in products {
        let sql = "SELECT i.order_id, o.number FROM inventory i LEFT JOIN orders o ON o.id = i.order_id \
                   WHERE i.organization_id = $1 AND i.product = $2 AND i.key = $3";
        let row: Option<(Option<Uuid>, Option<i64>)> = row!(tx, sql, organization.0, &product.product, &product.key)?;
        let by = row.and_then(|(_, number)| number).map(|number| format!("order {number}"));
        let value = format!("{} {}", product.product, product.key);
        let taken = StoreError::Taken { what: "product", value, by };
        let is_repeated = !named.insert((&product.product, &product.key));
        if is_repeated || row.is_some_and(|(owner, _)| owner != Some(order.0)) {
            return Ok(taken);
        }
    }
    Err(StoreError::inconsistent("inventory", "key", organization, "no product"))
}

/// The products of completed orders are there.
pub(crate) async fn take_effect(tx: &mut Tx, ids: &Ids) -> Result<(), StoreError> {
    let among = tx.among("$1");
    let sql = format!("UPDATE inventory SET state = 'active' WHERE state = 'ordered' AND order_id {among}");
    execute!(tx, AssertSqlSafe(sql), ids)?;
    Ok(())
}

/// Of an order that stopped before step `step`: what it has made is there, and what it hasn't is taken out of the
/// inventory and returned, as a retry puts it in again.
pub(crate) async fn give_back(tx: &mut Tx, order: OrderId, step: u16) -> Result<Vec<NewProduct>, StoreError> {
    let sql = "UPDATE inventory SET state = 'active' WHERE state = 'ordered' AND order_id = $1 AND made_by_step < $2";
    execute!(tx, sql, order.0, i64::from(step))?;
    let sql = "DELETE FROM inventory WHERE state = 'ordered' AND order_id = $1 \
               RETURNING product, key, subscriber, service_area, device_id, attributes, made_by_step";
    let rows: Vec<GivenBackRow> = rows!(tx, sql, order.0)?;
    rows.into_iter()
        .map(|row| {
            Ok(NewProduct {
                made_by_step: narrow(row.made_by_step, "inventory", "made_by_step", &row.key)?,
                product: row.product,
                key: row.key,
                subscriber: row.subscriber,
                service_area: row.service_area,
                device: row.device_id.map(Into::into),
                attributes: row.attributes.0,
            })
        })
        .collect()
}

#[derive(sqlx::FromRow)]
struct GivenBackRow {
    product: String,
    key: String,
    subscriber: String,
    service_area: Option<String>,
    device_id: Option<Uuid>,
    attributes: Json<Attributes>,
    made_by_step: i64,
}
