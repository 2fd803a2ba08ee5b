use dialtone_model::{OrderId, OrganizationId, OwnedProduct, RowRef, RunId, Subscriber};
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::{Tx, on_db, on_tx, pieces};
use crate::{NewRun, Store, StoreError, subscribers};

/// What a project's run has beside its orders.
#[derive(Clone, Debug, Default)]
pub struct ProjectRun {
    /// What its orders lead to.
    pub fulfilments: Vec<Fulfilment>,
    /// The subscribers whom it makes; one who is known already stays as they are.
    pub subscribers: Vec<Subscriber>,
}

/// What an order of a project leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfilment {
    /// The order.
    pub order: OrderId,
    /// Its rows.
    pub rows: Vec<RowRef>,
    /// What its subscriber has once it is completed.
    pub products: Vec<OwnedProduct>,
    /// Its subscriber's login.
    pub user_id: String,
    /// The call processors, by name, that know the login once it is completed.
    pub logins: Vec<String>,
}

impl Store {
    /// What the completed orders of a tenant have led to, oldest first: the inventory.
    pub async fn fulfilled(&self, organization: OrganizationId) -> Result<Vec<Fulfilment>, StoreError> {
        let sql = "SELECT f.document FROM fulfilments f JOIN orders o ON o.id = f.order_id \
                   WHERE f.organization_id = $1 AND o.state = 'completed' ORDER BY f.order_id";
        self.documents(sql, organization.0).await
    }

    /// What the orders of a run lead to, whatever became of them, in their order: it says which row is of which order.
    pub async fn run_fulfilments(&self, run: RunId) -> Result<Vec<Fulfilment>, StoreError> {
        self.documents("SELECT document FROM fulfilments WHERE run_id = $1 ORDER BY order_id", run.0).await
    }

    async fn documents(&self, sql: &'static str, key: Uuid) -> Result<Vec<Fulfilment>, StoreError> {
        let documents: Vec<Json<Fulfilment>> =
            on_db!(self, |db| sqlx::query_scalar(sql).bind(key).fetch_all(db).await?);
        Ok(documents.into_iter().map(|document| document.0).collect())
    }
}

/// Adds what a project's run has beside its orders.
pub(crate) async fn add(tx: &mut Tx, new: &NewRun, project: &ProjectRun) -> Result<(), StoreError> {
    for piece in pieces(&project.fulfilments) {
        on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new("INSERT INTO fulfilments (order_id, run_id, organization_id, document) ")
                .push_values(piece, |mut row, fulfilment| {
                    row.push_bind(fulfilment.order.0)
                        .push_bind(new.id.0)
                        .push_bind(new.organization.0)
                        .push_bind(Json(fulfilment));
                })
                .build()
                .execute(connection)
                .await
                .map(drop)
        })?;
    }
    subscribers::insert(tx, new.organization, &project.subscribers, "DO NOTHING").await
}
