use jiff::Timestamp;

use crate::database::{Database, on_db};
use crate::time::Time;
use crate::{Store, StoreError};

/// The database under a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// What it calls itself, such as `PostgreSQL 15.18`.
    pub name: String,
    /// Its clock; `None` where it has none of its own. Nothing is decided by it.
    pub now: Option<Timestamp>,
}

impl Store {
    /// Asks for an answer and nothing else.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let _: i64 = on_db!(self, |db| sqlx::query_scalar("SELECT CAST(1 AS BIGINT)").fetch_one(db).await?);
        Ok(())
    }

    /// What the database says of itself.
    pub async fn server(&self) -> Result<Server, StoreError> {
        match &self.database {
            Database::Sqlite { readers, .. } => {
                let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(readers).await?;
                Ok(Server { name: format!("SQLite {version}"), now: None })
            }
            Database::Postgres(pool) => {
                let (version, now): (String, Time) =
                    sqlx::query_as("SELECT current_setting('server_version'), clock_timestamp()")
                        .fetch_one(pool)
                        .await?;
                Ok(Server { name: format!("PostgreSQL {version}"), now: Some(now.0) })
            }
        }
    }
}
