//! The suite's own view of the database, which shares no code with Dialtone's.

use std::collections::BTreeMap;

use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use tokio::runtime::Runtime;

/// Watches every change of an order from inside the database.
const AUDIT: &str = include_str!("audit.sql");

pub(crate) struct Database {
    runtime: Runtime,
    pool: PgPool,
}

impl Database {
    /// Makes an empty database on the server and gives its URL.
    pub(crate) fn create(server: &str, name: &str) -> String {
        Self::open(server).run(&format!("CREATE DATABASE \"{name}\""));
        let (prefix, _) = server.rsplit_once('/').unwrap();
        format!("{prefix}/{name}")
    }

    pub(crate) fn open(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        // It connects when it is first asked, and again after the server was away.
        let pool = runtime.block_on(async { PgPoolOptions::new().max_connections(1).connect_lazy(url).unwrap() });
        Self { runtime, pool }
    }

    /// Begins to watch the orders.
    pub(crate) fn audit(&self) {
        self.run(AUDIT);
    }

    pub(crate) fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        self.runtime.block_on(async { sqlx::raw_sql(sql).execute(&self.pool).await }).unwrap();
    }

    /// The rows of a query, each a list of texts.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.try_rows(sql).unwrap()
    }

    /// The same; `None` while the server is away.
    pub(crate) fn try_rows(&self, sql: &str) -> Option<Vec<Vec<String>>> {
        let query = AssertSqlSafe(sql.to_owned());
        let rows = self.runtime.block_on(async { sqlx::query(query).fetch_all(&self.pool).await });
        let text = |row: &sqlx::postgres::PgRow, column| row.get::<Option<String>, _>(column).unwrap_or_default();
        match rows {
            Ok(rows) => Some(rows.iter().map(|row| (0..row.len()).map(|column| text(row, column)).collect()).collect()),
            Err(sqlx::Error::Database(error)) if !error.code().is_some_and(|code| code.starts_with("57P")) => {
                panic!("{sql}: {error}")
            }
            Err(_) => None,
        }
    }

    /// One number.
    pub(crate) fn number(&self, sql: &str) -> usize {
        self.rows(sql)[0][0].parse().unwrap()
    }

    /// Who holds which shard, as often as the server answers.
    pub(crate) fn holders(&self) -> BTreeMap<String, String> {
        let sql = "SELECT shard::text, holder::text FROM shard_leases WHERE holder IS NOT NULL";
        let rows = self.try_rows(sql).unwrap_or_default();
        rows.into_iter().map(|mut row| (row.remove(0), row.remove(0))).collect()
    }
}
