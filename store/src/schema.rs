use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use dialtone_model::sabotage;
use sqlx::Connection as _;
use sqlx::SqlStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::database::{Database, on_db, repeated};
use crate::{Store, StoreError};

/// One change of the schema, for each engine.
struct Change {
    number: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

/// All changes, the oldest first. One that was ever released stays as it is.
const CHANGES: &[Change] = &[
    Change {
        number: 1,
        name: "init",
        sqlite: include_str!("../../migrations/sqlite/0001_init.sql"),
        postgres: include_str!("../../migrations/postgres/0001_init.sql"),
    },
    Change {
        number: 2,
        name: "devices",
        sqlite: include_str!("../../migrations/sqlite/0002_devices.sql"),
        postgres: include_str!("../../migrations/postgres/0002_devices.sql"),
    },
    Change {
        number: 3,
        name: "extension_secrets",
        sqlite: include_str!("../../migrations/sqlite/0003_extension_secrets.sql"),
        postgres: include_str!("../../migrations/postgres/0003_extension_secrets.sql"),
    },
    Change {
        number: 5,
        name: "installation",
        sqlite: include_str!("../../migrations/sqlite/0005_installation.sql"),
        postgres: include_str!("../../migrations/postgres/0005_installation.sql"),
    },
    Change {
        number: 6,
        name: "workers",
        sqlite: include_str!("../../migrations/sqlite/0006_workers.sql"),
        postgres: include_str!("../../migrations/postgres/0006_workers.sql"),
    },
    Change {
        number: 7,
        name: "room_for_versions",
        sqlite: include_str!("../../migrations/sqlite/0007_room_for_versions.sql"),
        postgres: include_str!("../../migrations/postgres/0007_room_for_versions.sql"),
    },
    Change {
        number: 8,
        name: "kept_reports",
        sqlite: include_str!("../../migrations/sqlite/0008_kept_reports.sql"),
        postgres: include_str!("../../migrations/postgres/0008_kept_reports.sql"),
    },
    Change {
        number: 9,
        name: "order_credentials",
        sqlite: include_str!("../../migrations/sqlite/0009_order_credentials.sql"),
        postgres: include_str!("../../migrations/postgres/0009_order_credentials.sql"),
    },
    Change {
        number: 10,
        name: "order_needs",
        sqlite: include_str!("../../migrations/sqlite/0010_order_needs.sql"),
        postgres: include_str!("../../migrations/postgres/0010_order_needs.sql"),
    },
];

/// The version that this program reads and writes: the number of the last change.
const NEEDED: i64 = CHANGES[CHANGES.len() - 1].number;

/// A connection to PostgreSQL that was used so recently is used again without asking first whether it still lives: that
/// would be one more way to the database and back for each transaction.
const TRUSTED_IDLE: Duration = Duration::from_millis(250);

/// How long a process waits for another one that writes to the same SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

impl Store {
    /// Opens the SQLite file at `path`, making it if it isn't there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a file that a newer version wrote.
    pub async fn open_embedded(path: &Path) -> Result<Self, StoreError> {
        // Of several processes that open a new file at once, one makes the schema; SQLite refuses the others without
        // letting them wait.
        repeated!(Self::try_open_embedded(path))
    }

    async fn try_open_embedded(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // With NORMAL a loss of power could take back the last commits: accepted rows, and claims whose steps
            // have run. FULL costs one sync a group of orders.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(512)
            .row_buffer_size(1_024)
            .pragma("cache_size", "-8192")
            // SQLite has no statistics to plan by. Left to itself it takes a list of some hundreds of given rows for
            // large and reads the whole table for it, with an index made on the spot.
            .pragma("automatic_index", "off")
            .pragma("temp_store", "memory")
            // The pages that a run changes several times are copied once, and the file stays below 40 MB.
            .pragma("wal_autocheckpoint", "10000");
        let options = match sabotage::asked("DIALTONE_FAULT_SQLITE_PAGES") {
            Some(pages) => options.pragma("max_page_count", pages),
            None => options,
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await?;
        let readers = SqlitePoolOptions::new()
            .min_connections(0)
            .max_connections(4)
            .test_before_acquire(false)
            // What a reader reads, it reads once.
            .connect_lazy_with(options.pragma("cache_size", "-4096"));
        let store = Self { database: Database::Sqlite { writer, readers }, vault: None };
        store.bring_up_to_date().await?;
        Ok(store)
    }

    /// Connects to PostgreSQL; the schema must be up to date already.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a schema of another version.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect_unchecked(url).await?;
        let found = store.schema_version().await?;
        if found == NEEDED { Ok(store) } else { Err(StoreError::Schema { found, needed: NEEDED }) }
    }

    /// Connects to PostgreSQL and brings the schema up to date; several at once do it once.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a schema that a newer version made.
    pub async fn migrate(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect_unchecked(url).await?;
        store.bring_up_to_date().await?;
        Ok(store)
    }

    /// Waits for what is being written and closes the connections.
    pub async fn close(&self) {
        match &self.database {
            Database::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Database::Postgres(pool) => pool.close().await,
        }
    }

    async fn connect_unchecked(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)?.options([
            // The groups name some hundreds of rows. By its default, which is for turning disks, PostgreSQL takes reading
            // a whole table for cheaper than finding these by an index.
            ("random_page_cost", "1.1"),
            // Every statement on the way of an order finds its rows by an index. A plan, though, may be from before a
            // run filled the tables, when reading the whole of one was cheap, and it is kept. Compiling a plan pays
            // for none of these statements.
            ("enable_seqscan", "off"),
            ("jit", "off"),
            // A process that is stopped, or whose machine is gone, in the middle of a transaction would keep its locks,
            // and nobody could take its leases over. No transaction waits for anything but the database.
            ("idle_in_transaction_session_timeout", "5s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .test_before_acquire(false)
            .before_acquire(|connection, met| {
                Box::pin(async move {
                    if met.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { database: Database::Postgres(pool), vault: None })
    }

    async fn bring_up_to_date(&self) -> Result<(), StoreError> {
        let mut found = self.schema_version().await?;
        if found > NEEDED {
            return Err(StoreError::Schema { found, needed: NEEDED });
        }
        while found < NEEDED {
            let migrated = match &self.database {
                Database::Sqlite { writer, .. } => migrator(|change| change.sqlite).run(writer).await,
                Database::Postgres(pool) => migrator(|change| change.postgres).run(pool).await,
            };
            let before = found;
            found = self.schema_version().await?;
            // Another process may have made a change that this one was about to make; then the rest is left to do.
            if let Err(error) = migrated
                && found == before
            {
                return Err(match error {
                    MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
                    other => other.into(),
                });
            }
        }
        Ok(())
    }

    /// The number of the last change that the database has with all before it, or of one that this program doesn't
    /// know; 0 for an empty database.
    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        let tables: i64 = match &self.database {
            Database::Sqlite { writer, .. } => {
                sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
                    .fetch_one(writer)
                    .await?
            }
            Database::Postgres(pool) => {
                sqlx::query_scalar(
                    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = '_sqlx_migrations'",
                )
                .fetch_one(pool)
                .await?
            }
        };
        if tables == 0 {
            return Ok(0);
        }
        let done = "SELECT version FROM _sqlx_migrations WHERE success";
        let done: Vec<i64> = on_db!(self, |db| sqlx::query_scalar(done).fetch_all(db).await?);
        let newest = done.iter().max().copied().unwrap_or_default();
        let whole = CHANGES.iter().map(|change| change.number).take_while(|number| done.contains(number)).last();
        Ok(if newest > NEEDED { newest } else { whole.unwrap_or_default() })
    }
}

/// The changes as `text` chooses them.
fn migrator(text: fn(&Change) -> &'static str) -> Migrator {
    let migration = |change: &Change| {
        let text = SqlStr::from_static(text(change));
        Migration::new(change.number, change.name.into(), MigrationType::Simple, text, false)
    };
    Migrator::with_migrations(CHANGES.iter().map(migration).collect())
}
