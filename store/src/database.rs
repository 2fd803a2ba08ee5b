use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::StoreError;

/// The engine under a [`crate::Store`].
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// SQLite lets one connection write at a time. A pool of one makes the writers queue here, in order, and keeps
    /// their prepared statements in one place; readers have their own connections and never wait for a writer.
    Sqlite {
        /// One connection.
        writer: SqlitePool,
        /// A few connections.
        readers: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

/// A transaction that writes. Dropped without [`Tx::commit`] it is rolled back.
pub(crate) enum Tx {
    /// On SQLite's one writer.
    Sqlite(Transaction<'static, Sqlite>),
    /// On any connection.
    Postgres(Transaction<'static, Postgres>),
}

/// Runs a query outside any transaction; its text is compiled once for each engine.
macro_rules! on_db {
    ($store:expr, |$db:ident| $body:expr) => {
        match &$store.database {
            $crate::database::Database::Sqlite { readers: $db, .. } => $body,
            $crate::database::Database::Postgres($db) => $body,
        }
    };
    ($store:expr, |$db:ident, $engine:ident| $body:expr) => {
        match &$store.database {
            $crate::database::Database::Sqlite { readers: $db, .. } => {
                type $engine = sqlx::Sqlite;
                $body
            }
            $crate::database::Database::Postgres($db) => {
                type $engine = sqlx::Postgres;
                $body
            }
        }
    };
}

/// Runs a query in a transaction; its text is compiled once for each engine. `Db` names the engine's type where the
/// query is built piece by piece.
macro_rules! on_tx {
    ($tx:expr, |$connection:ident| $body:expr) => {
        match $tx {
            $crate::database::Tx::Sqlite(transaction) => {
                let $connection: &mut sqlx::SqliteConnection = &mut *transaction;
                $body
            }
            $crate::database::Tx::Postgres(transaction) => {
                let $connection: &mut sqlx::PgConnection = &mut *transaction;
                $body
            }
        }
    };
    ($tx:expr, |$connection:ident, $db:ident| $body:expr) => {
        match $tx {
            $crate::database::Tx::Sqlite(transaction) => {
                type $db = sqlx::Sqlite;
                let $connection: &mut sqlx::SqliteConnection = &mut *transaction;
                $body
            }
            $crate::database::Tx::Postgres(transaction) => {
                type $db = sqlx::Postgres;
                let $connection: &mut sqlx::PgConnection = &mut *transaction;
                $body
            }
        }
    };
}

/// Runs a statement with its values in a transaction: how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::database::on_tx!($tx, |connection| {
            let query = sqlx::query($sql)$(.bind($value))*;
            query.execute(connection).await.map(|done| done.rows_affected())
        })
    };
}

/// Runs a query with its values in a transaction and returns its row, if there is one.
macro_rules! row {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::database::on_tx!($tx, |connection| {
            sqlx::query_as($sql)$(.bind($value))*.fetch_optional(connection).await
        })
    };
}

/// Runs a query with its values in a transaction and returns its rows.
macro_rules! rows {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::database::on_tx!($tx, |connection| {
            sqlx::query_as($sql)$(.bind($value))*.fetch_all(connection).await
        })
    };
}

/// As `row`, outside any transaction.
macro_rules! read_row {
    ($store:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::database::on_db!($store, |db| sqlx::query_as($sql)$(.bind($value))*.fetch_optional(db).await)
    };
}

/// As `rows`, outside any transaction.
macro_rules! read_rows {
    ($store:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::database::on_db!($store, |db| sqlx::query_as($sql)$(.bind($value))*.fetch_all(db).await)
    };
}

pub(crate) use {execute, on_db, on_tx, read_row, read_rows, row, rows};

/// Runs a block in a transaction, which ends with it: see [`Tx::end`].
macro_rules! transaction {
    ($store:expr, |$tx:ident| $block:block) => {{
        let mut transaction = $store.database.begin().await?;
        let $tx = &mut transaction;
        let result: Result<_, $crate::StoreError> = async { $block }.await;
        transaction.end(result).await
    }};
}

/// How often a transaction is repeated that failed only because of others.
pub(crate) const REPEATS: u32 = 20;

/// Does it, and does it again while it fails only because of others. (A function that takes an async closure would
/// make futures that the compiler can't prove to be `Send`.)
macro_rules! repeated {
    ($attempt:expr) => {{
        let mut left = $crate::database::REPEATS;
        loop {
            match $attempt.await {
                Err(error) if $crate::database::is_transient(&error) && left > 0 => left -= 1,
                result => break result,
            }
        }
    }};
}
pub(crate) use {repeated, transaction};

impl Database {
    /// Begins a transaction that writes. On SQLite it takes the write lock at once, because a lock that is asked for
    /// after a read is refused when another process wrote in between.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }
}

impl Tx {
    /// Makes it last. An error leaves open whether it does.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Commits what went well and takes back what didn't. A transaction that is only dropped may hold its locks a
    /// little longer, and whoever passes over locked rows would miss them.
    pub(crate) async fn end<T>(self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        match result {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Takes it back. When that fails the connection is lost, and the database takes it back by itself.
    pub(crate) async fn roll_back(self) {
        let done = match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        };
        if let Err(error) = done {
            tracing::debug!(%error, "a transaction ended with its connection");
        }
    }

    /// Marks the place that [`Tx::roll_back_to_saved`] goes back to. SQLite takes a statement that fails back by
    /// itself, and goes on.
    pub(crate) async fn save(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(transaction) = self {
            sqlx::query("SAVEPOINT saved").execute(&mut **transaction).await?;
        }
        Ok(())
    }

    /// Takes back a statement that failed, so that the transaction can go on.
    pub(crate) async fn roll_back_to_saved(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(transaction) = self {
            sqlx::query("ROLLBACK TO SAVEPOINT saved").execute(&mut **transaction).await?;
        }
        Ok(())
    }

    /// The words that lock what a SELECT returns, where the engine locks rows; SQLite's one writer needs none.
    pub(crate) fn locking(&self, words: &'static str) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => words,
        }
    }
}

/// Whether the transaction failed only because of others and can be repeated as it is.
pub(crate) fn is_transient(error: &StoreError) -> bool {
    // Serialization failure and deadlock of PostgreSQL; busy and locked of SQLite.
    is_any_of(error, &["40001", "40P01"], &[5, 6])
}

/// Whether a unique key has a value already.
pub(crate) fn is_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
}

/// Whether the database understood and refused what it was given, so that asking the same again is of no use. A full
/// disk or a server that shuts down isn't that.
pub(crate) fn is_refusal(error: &StoreError) -> bool {
    // Data exceptions, violated constraints and raised exceptions of PostgreSQL; too big, constraint and mismatch of
    // SQLite.
    is_any_of(error, &["22", "23", "P0"], &[18, 19, 20])
        || matches!(error, StoreError::Database(sqlx::Error::Encode(_)))
}

/// Whether the code of the error starts with one of PostgreSQL's, or is one of SQLite's or an extension of it.
fn is_any_of(error: &StoreError, postgres: &[&str], sqlite: &[u32]) -> bool {
    let StoreError::Database(sqlx::Error::Database(error)) = error else { return false };
    let Some(code) = error.code() else { return false };
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return code.parse::<u32>().is_ok_and(|code| sqlite.contains(&(code & 0xff)));
    }
    postgres.iter().any(|start| code.starts_with(start))
}

/// How many rows one statement carries at most: beyond some hundreds nothing is gained, and SQLite takes no more than
/// 32,766 parameters.
const ROWS_A_STATEMENT: usize = 512;

/// Cuts rows into pieces whose lengths are powers of two, so that a handful of prepared statements serves every
/// length.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = ROWS_A_STATEMENT.min(1 << rows.len().checked_ilog2()?);
        let (piece, rest) = rows.split_at(length);
        rows = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_powers_of_two_and_lose_nothing() {
        for length in [0, 1, 2, 3, 255, 256, 511, 512, 513, 1_700] {
            let rows: Vec<usize> = (0..length).collect();
            let cut: Vec<&[usize]> = pieces(&rows).collect();
            assert!(cut.iter().all(|piece| piece.len().is_power_of_two() && piece.len() <= ROWS_A_STATEMENT));
            assert_eq!(cut.concat(), rows);
        }
    }
}
