use dialtone_model::{Attributes, DeviceId, OrderId, OrganizationId};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::read_rows;
use crate::{Store, StoreError};

/// A product that an order makes. It is in the inventory from the moment the order is added, so that no second order
/// makes it; it is active once the order completes, or once its step is done if the order ends otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewProduct {
    /// The product, by its catalogue name.
    pub product: String,
    /// What names it among those of its kind, such as a device name, or `number/partition`.
    pub key: String,
    /// The login of the subscriber who owns it.
    pub subscriber: String,
    /// The name of its Service Area.
    pub service_area: Option<String>,
    /// The device that it is on.
    pub device: Option<DeviceId>,
    /// What it was ordered with.
    pub attributes: Attributes,
    /// The index of the step of its order that makes it; the last one, if several do.
    pub made_by_step: u16,
}

/// A product in the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductRecord {
    /// The product, by its catalogue name.
    pub product: String,
    /// What names it among those of its kind.
    pub key: String,
    /// The login of the subscriber who owns it.
    pub subscriber: String,
    /// The name of its Service Area.
    pub service_area: Option<String>,
    /// The device that it is on.
    pub device: Option<DeviceId>,
    /// What it was ordered with.
    pub attributes: Attributes,
    /// Whether it is there.
    pub state: ProductState,
    /// The order that made it, or is to make it.
    pub order: Option<OrderId>,
}

/// Whether a product is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductState {
    /// An order is to make it.
    Ordered,
    /// It is there.
    Active,
}

impl ProductState {
    /// The word that is stored and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Active => "active",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Ordered, Self::Active].into_iter().find(|state| state.word() == word)
    }
}

const SELECT: &str = "SELECT product, key, subscriber, service_area, device_id, attributes, state, order_id \
                      FROM inventory WHERE organization_id = $1";

#[derive(sqlx::FromRow)]
struct ProductRow {
    product: String,
    key: String,
    subscriber: String,
    service_area: Option<String>,
    device_id: Option<Uuid>,
    attributes: Json<Attributes>,
    state: String,
    order_id: Option<Uuid>,
}

impl Store {
    /// The products of a tenant by product and key, from after that pair, at most `limit`.
    pub async fn inventory(
        &self,
        organization: OrganizationId,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ProductRecord>, StoreError> {
        let sql = format!("{SELECT} AND (product, key) > ($2, $3) ORDER BY product, key LIMIT $4");
        let (product, key) = after.unwrap_or_default();
        let rows: Vec<ProductRow> =
            read_rows!(self, AssertSqlSafe(sql), organization.0, product, key, i64::from(limit))?;
        rows.into_iter().map(ProductRecord::try_from).collect()
    }

    /// The products of one subscriber, by product and key.
    pub async fn products_of(
        &self,
        organization: OrganizationId,
        subscriber: &str,
    ) -> Result<Vec<ProductRecord>, StoreError> {
        let sql = format!("{SELECT} AND subscriber = $2 ORDER BY product, key");
        let rows: Vec<ProductRow> = read_rows!(self, AssertSqlSafe(sql), organization.0, subscriber)?;
        rows.into_iter().map(ProductRecord::try_from).collect()
    }
}

impl TryFrom<ProductRow> for ProductRecord {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        Ok(Self {
            state: word(&row.state, ProductState::from_word, "inventory", "state", &row.key)?,
            product: row.product,
            key: row.key,
            subscriber: row.subscriber,
            service_area: row.service_area,
            device: row.device_id.map(DeviceId),
            attributes: row.attributes.0,
            order: row.order_id.map(OrderId),
        })
    }
}
