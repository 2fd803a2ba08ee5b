use dialtone_model::{Domain, OrganizationId, Processor, ServiceArea, Subscriber, SubscriberRole};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::QueryBuilder;
use sqlx::types::Json;

use crate::database::{Tx, on_db, on_tx, pieces};
use crate::{Store, StoreError};

/// How an organization is divided: what its batch projects are planned by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Structure {
    /// Its Domains, by name.
    pub domains: Vec<Domain>,
    /// Its Service Areas, by name.
    pub service_areas: Vec<ServiceArea>,
    /// The roles of its subscribers, by name.
    pub roles: Vec<SubscriberRole>,
    /// What is known of its devices beside how to reach them, by name.
    pub processors: Vec<Processor>,
}

impl Store {
    /// Adds what is new and sets what is there; in one transaction. What isn't named stays.
    pub async fn put_structure(&self, organization: OrganizationId, structure: &Structure) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        put(&mut tx, organization, "domain", &structure.domains, |domain| &domain.name).await?;
        put(&mut tx, organization, "service_area", &structure.service_areas, |area| &area.name).await?;
        put(&mut tx, organization, "subscriber_role", &structure.roles, |role| &role.name).await?;
        put(&mut tx, organization, "processor", &structure.processors, |processor| &processor.name).await?;
        tx.commit().await
    }

    /// How a tenant is divided.
    pub async fn structure(&self, organization: OrganizationId) -> Result<Structure, StoreError> {
        Ok(Structure {
            domains: self.records(organization, "domain").await?,
            service_areas: self.records(organization, "service_area").await?,
            roles: self.records(organization, "subscriber_role").await?,
            processors: self.records(organization, "processor").await?,
        })
    }

    /// Adds subscribers, and sets those whose logins are there already; in one transaction.
    pub async fn put_subscribers(
        &self,
        organization: OrganizationId,
        subscribers: &[Subscriber],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, organization, subscribers, "DO UPDATE SET document = excluded.document").await?;
        tx.commit().await
    }

    /// The subscribers of a tenant, by login.
    pub async fn subscribers(&self, organization: OrganizationId) -> Result<Vec<Subscriber>, StoreError> {
        let sql = "SELECT document FROM subscribers WHERE organization_id = $1 ORDER BY user_id";
        let documents: Vec<Json<Subscriber>> =
            on_db!(self, |db| sqlx::query_scalar(sql).bind(organization.0).fetch_all(db).await?);
        Ok(documents.into_iter().map(|document| document.0).collect())
    }

    async fn records<T>(&self, organization: OrganizationId, kind: &'static str) -> Result<Vec<T>, StoreError>
    where
        T: DeserializeOwned + Send + Unpin + 'static,
    {
        let sql = "SELECT document FROM organization_records WHERE organization_id = $1 AND kind = $2 ORDER BY name";
        let documents: Vec<Json<T>> =
            on_db!(self, |db| sqlx::query_scalar(sql).bind(organization.0).bind(kind).fetch_all(db).await?);
        Ok(documents.into_iter().map(|document| document.0).collect())
    }
}

/// Inserts subscribers; `conflict` says what happens to a login that is there already.
pub(crate) async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    subscribers: &[Subscriber],
    conflict: &'static str,
) -> Result<(), StoreError> {
    for piece in pieces(subscribers) {
        on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new("INSERT INTO subscribers (organization_id, user_id, document) ")
                .push_values(piece, |mut row, subscriber| {
                    row.push_bind(organization.0).push_bind(&subscriber.user_id).push_bind(Json(subscriber));
                })
                .push(" ON CONFLICT (organization_id, user_id) ")
                .push(conflict)
                .build()
                .execute(connection)
                .await
                .map(drop)
        })?;
    }
    Ok(())
}

async fn put<T: Serialize + Sync>(
    tx: &mut Tx,
    organization: OrganizationId,
    kind: &'static str,
    records: &[T],
    name: fn(&T) -> &String,
) -> Result<(), StoreError> {
    for piece in pieces(records) {
        on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new("INSERT INTO organization_records (organization_id, kind, name, document) ")
                .push_values(piece, |mut row, record| {
                    row.push_bind(organization.0).push_bind(kind).push_bind(name(record)).push_bind(Json(record));
                })
                .push(" ON CONFLICT (organization_id, kind, name) DO UPDATE SET document = excluded.document")
                .build()
                .execute(connection)
                .await
                .map(drop)
        })?;
    }
    Ok(())
}
