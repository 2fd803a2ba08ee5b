use std::str::FromStr as _;
use std::time::Duration;

use dialtone_model::{Complaint, Device, Fault, Tls};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions as _, PgPool, Postgres, Sqlite, SqlitePool, Transaction};
use tokio::sync::OnceCell;

use super::fault::sql_fault;
use crate::DriverError;
use crate::dial::{DialError, Dialler};

/// The database that a Kamailio reads its accounts from.
#[derive(Debug)]
pub(super) struct Database {
    engine: Engine,
    dialler: Dialler,
    /// Whether its tables have been found to be those that the driver knows.
    checked: OnceCell<()>,
}

#[derive(Debug)]
enum Engine {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// Runs a statement, whose text is compiled once for each engine: how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $tx {
            $crate::kamailio::database::Tx::Sqlite(tx) => {
                sqlx::query($sql)$(.bind($value))*.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
            $crate::kamailio::database::Tx::Postgres(tx) => {
                sqlx::query($sql)$(.bind($value))*.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        }
    };
}

/// Runs a query: its rows as tuples.
macro_rules! rows {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        match $tx {
            $crate::kamailio::database::Tx::Sqlite(tx) => {
                sqlx::query_as($sql)$(.bind($value))*.fetch_all(&mut **tx).await
            }
            $crate::kamailio::database::Tx::Postgres(tx) => {
                sqlx::query_as($sql)$(.bind($value))*.fetch_all(&mut **tx).await
            }
        }
    };
}
pub(super) use {execute, rows};

/// The tables that the driver writes, with the versions of their shapes that it knows.
const TABLES: [(&str, i32); 3] = [("subscriber", 7), ("dbaliases", 1), ("usr_preferences", 2)];

impl Database {
    pub(super) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        let wrong = || DriverError::DatabaseAddress { address: device.address.clone() };
        let patience = device.limits.call_timeout;
        let engine = if device.address.starts_with("sqlite://") {
            let options = SqliteConnectOptions::from_str(&device.address).map_err(|_| wrong())?;
            // The file has one writer at a time anyway; one connection makes its users queue here.
            let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(patience);
            Engine::Sqlite(pool.connect_lazy_with(options.busy_timeout(patience).disable_statement_logging()))
        } else if device.address.starts_with("postgres://") {
            let pool = PgPoolOptions::new().max_connections(device.limits.concurrency.into()).acquire_timeout(patience);
            Engine::Postgres(pool.connect_lazy_with(postgres(device, patience).ok_or_else(wrong)?))
        } else {
            return Err(wrong());
        };
        Ok(Self { engine, dialler: dialler.clone(), checked: OnceCell::new() })
    }

    /// Begins a transaction that writes; the tables have been found to be the known ones. On SQLite it takes the write
    /// lock at once, because one that is asked for after a read is refused when Kamailio wrote in between.
    pub(super) async fn begin(&self) -> Result<Tx, Fault> {
        self.checked.get_or_try_init(async || self.check().await).await?;
        self.open().await
    }

    /// What the account may not do, each in a sentence.
    pub(super) async fn missing_rights(&self) -> Result<Vec<String>, Fault> {
        let Engine::Postgres(_) = &self.engine else {
            // A file can be written or it can't.
            return Ok(match self.open().await {
                Ok(tx) => {
                    tx.roll_back().await;
                    Vec::new()
                }
                Err(Fault::NotSent { complaint, .. }) => vec![format!("may not write the file: {complaint}")],
                Err(fault) => return Err(fault),
            });
        };
        let tx = &mut self.read().await?;
        let mut missing = Vec::new();
        for (table, _) in TABLES {
            for right in ["SELECT", "INSERT", "UPDATE", "DELETE"] {
                let sql = "SELECT has_table_privilege($1, $2)";
                let found: Vec<(bool,)> = rows!(tx, sql, table, right).map_err(|error| sql_fault(&error))?;
                if found != [(true,)] {
                    missing.push(format!("may not {right} in {table}"));
                }
            }
        }
        Ok(missing)
    }

    /// The database's clock, in seconds since 1970.
    pub(super) async fn clock(&self) -> Result<Option<i64>, Fault> {
        let sql = match &self.engine {
            Engine::Sqlite(_) => "SELECT CAST(strftime('%s', 'now') AS BIGINT)",
            Engine::Postgres(_) => "SELECT CAST(extract(epoch FROM now()) AS BIGINT)",
        };
        let found: Vec<(i64,)> = rows!(&mut self.read().await?, sql).map_err(|error| sql_fault(&error))?;
        Ok(found.first().map(|(seconds,)| *seconds))
    }

    async fn open(&self) -> Result<Tx, Fault> {
        self.may_be_called().await?;
        let tx = match &self.engine {
            Engine::Sqlite(pool) => pool.begin_with("BEGIN IMMEDIATE").await.map(Tx::Sqlite),
            Engine::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        };
        tx.map_err(|error| sql_fault(&error))
    }

    /// Whether the host's addresses are allowed, asked whenever a connection may be opened. The library looks the name
    /// up once more; its certificate holds whoever answers then.
    async fn may_be_called(&self) -> Result<(), Fault> {
        let Engine::Postgres(pool) = &self.engine else { return Ok(()) };
        if pool.num_idle() > 0 {
            return Ok(());
        }
        let options = pool.connect_options();
        match self.dialler.allowed(options.get_host(), options.get_port()).await {
            // Whatever else is wrong with the host, connecting to it says so better.
            Ok(_) | Err(DialError::Io(_)) => Ok(()),
            Err(DialError::NotAllowed(complaint)) => Err(Fault::NotSent { complaint, retry_after: None }),
        }
    }

    /// Begins a transaction that only reads.
    pub(super) async fn read(&self) -> Result<Tx, Fault> {
        self.may_be_called().await?;
        let tx = match &self.engine {
            Engine::Sqlite(pool) => pool.begin().await.map(Tx::Sqlite),
            Engine::Postgres(pool) => pool.begin_with("BEGIN READ ONLY").await.map(Tx::Postgres),
        };
        tx.map_err(|error| sql_fault(&error))
    }

    /// Whether the tables are those that the driver knows.
    ///
    /// # Errors
    /// A fault of the device, which no order is to blame for, when they aren't.
    pub(super) async fn check(&self) -> Result<(), Fault> {
        let tx = &mut self.read().await?;
        let found = versions(tx).await?;
        match TABLES.into_iter().find(|(table, version)| found.iter().all(|(name, at)| name != table || at != version))
        {
            None => Ok(()),
            Some((table, wanted)) => {
                let has = found.iter().find(|(name, _)| name == table);
                let has = has.map_or_else(|| "not there".to_owned(), |(_, at)| format!("of version {at}"));
                let message = format!("the device's table {table} is {has}, Dialtone knows version {wanted}");
                let repair = "Use a Kamailio whose tables have these versions; those of 5.x do.";
                let complaint = Complaint::new("kamailio-table-version", message).repair(repair);
                Err(Fault::NotSent { complaint, retry_after: None })
            }
        }
    }
}

/// The tables of the device with the versions of their shapes.
async fn versions(tx: &mut Tx) -> Result<Vec<(String, i32)>, Fault> {
    rows!(tx, "SELECT table_name, table_version FROM version").map_err(|error| sql_fault(&error))
}

/// A name from the address gives way to the device's login. TLS is asked for, with a certificate that is vouched for,
/// unless the address says otherwise.
fn postgres(device: &Device, patience: Duration) -> Option<PgConnectOptions> {
    let mut options = PgConnectOptions::from_str(&device.address).ok()?;
    if !device.address.contains("sslmode=") {
        let insecure = device.tls == Tls::Insecure;
        options = options.ssl_mode(if insecure { PgSslMode::Require } else { PgSslMode::VerifyFull });
    }
    if let Tls::Ca(pem) = &device.tls {
        options = options.ssl_root_cert_from_pem(pem.clone().into_bytes());
    }
    if !device.login.is_empty() {
        options = options.username(&device.login);
    }
    if !device.password.is_empty() {
        options = options.password(&device.password);
    }
    let patience = patience.as_millis().to_string();
    let options = options.application_name("dialtone").options([("lock_timeout", patience)]);
    Some(options.disable_statement_logging())
}

impl Tx {
    /// Makes it last. Without an answer nobody knows whether it does.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }

    /// Takes it back, which it is as well when this fails.
    pub(super) async fn roll_back(self) {
        let done = match self {
            Self::Sqlite(tx) => tx.rollback().await,
            Self::Postgres(tx) => tx.rollback().await,
        };
        if let Err(error) = done {
            tracing::debug!(%error, "a transaction ended with its connection");
        }
    }

    /// Lets nobody else decide about an alias until this transaction ends: `dbaliases` has no unique key of its own.
    /// On SQLite the transaction is the only one that writes.
    pub(super) async fn lock(&mut self, alias: &str, domain: &str) -> Result<(), sqlx::Error> {
        let Self::Postgres(tx) = self else { return Ok(()) };
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
        sqlx::query(sql).bind(format!("dialtone {alias}@{domain}")).execute(&mut **tx).await.map(drop)
    }
}
