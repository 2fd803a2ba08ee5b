use dialtone_model::OrganizationId;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::database::{Tx, on_tx, pieces, read_row, read_rows};
use crate::{Store, StoreError};

/// A person who owns products.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Subscriber {
    /// The login, unique in the organization.
    pub user_id: String,
    /// First name, where there is one.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: String,
    /// Where mails go.
    pub email: Option<String>,
    /// The name of the role, which says what may be ordered.
    pub role: String,
    /// The name of the Domain.
    pub domain: String,
    /// The user of the Phone System that this person is.
    pub identity_id: Option<Uuid>,
}

const COLUMNS: &str = "user_id, first_name, last_name, email, role, domain, identity_id";

impl Store {
    /// Sets subscribers as they are given, by their logins; others stay. In one transaction, some hundreds of rows a
    /// statement.
    pub async fn put_subscribers(
        &self,
        organization: OrganizationId,
        subscribers: &[Subscriber],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, organization, subscribers, Known::IsSet).await?;
        tx.commit().await
    }

    /// One subscriber by the login.
    pub async fn subscriber(&self, organization: OrganizationId, user_id: &str) -> Result<Subscriber, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM subscribers WHERE organization_id = $1 AND user_id = $2");
        let row: Option<Subscriber> = read_row!(self, sqlx::AssertSqlSafe(sql), organization.0, user_id)?;
        row.ok_or_else(|| StoreError::not_found("subscriber", user_id))
    }

    /// All subscribers of a tenant, by login.
    pub async fn subscribers(&self, organization: OrganizationId) -> Result<Vec<Subscriber>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM subscribers WHERE organization_id = $1 ORDER BY user_id");
        Ok(read_rows!(self, sqlx::AssertSqlSafe(sql), organization.0)?)
    }
}

/// What becomes of a subscriber whose login is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known {
    /// It stays as it is.
    Stays,
    /// It gets the values that are given. Who it is in the Phone System is forgotten only for another user.
    IsSet,
}

/// Adds subscribers.
pub(crate) async fn insert(
    tx: &mut Tx,
    organization: OrganizationId,
    subscribers: &[Subscriber],
    known: Known,
) -> Result<(), StoreError> {
    let on_conflict = match known {
        Known::Stays => " ON CONFLICT (organization_id, user_id) DO NOTHING",
        Known::IsSet => {
            " ON CONFLICT (organization_id, user_id) DO UPDATE SET first_name = excluded.first_name, \
             last_name = excluded.last_name, email = excluded.email, role = excluded.role, \
             domain = excluded.domain, identity_id = coalesce(excluded.identity_id, subscribers.identity_id)"
        }
    };
    for piece in pieces(subscribers) {
        on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new(format!("INSERT INTO subscribers (organization_id, {COLUMNS}) "))
                .push_values(piece, |mut row, subscriber| {
                    row.push_bind(organization.0)
                        .push_bind(&subscriber.user_id)
                        .push_bind(&subscriber.first_name)
                        .push_bind(&subscriber.last_name)
                        .push_bind(&subscriber.email)
                        .push_bind(&subscriber.role)
                        .push_bind(&subscriber.domain)
                        .push_bind(subscriber.identity_id);
                })
                .push(on_conflict)
                .build()
                .execute(connection)
                .await
                .map(drop)
        })?;
    }
    Ok(())
}
