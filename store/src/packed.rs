use serde::Deserialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::StoreError;
use crate::time::Time;

/// A row of which some hundreds are brought back at a time.
///
/// SQLite's driver copies every value of every row out of the database's thread by itself, which costs more than
/// finding the row. So there the rows of such a query come packed, as one JSON document. PostgreSQL sends rows whole,
/// and they are read as they come.
pub(crate) trait Packed: for<'a> Deserialize<'a> {
    /// The columns, in order, as the elements of a JSON array.
    fn told() -> String;
}

/// A value as JSON tells it.
pub(crate) trait Told {
    /// The SQL that tells `column`.
    fn told(column: &str) -> String {
        column.to_owned()
    }
}

impl Told for i64 {}
impl Told for String {}
impl Told for Time {}

impl Told for bool {
    fn told(column: &str) -> String {
        format!("json(iif({column}, 'true', 'false'))")
    }
}

impl Told for Uuid {
    fn told(column: &str) -> String {
        // hex() makes an empty text of NULL.
        format!("nullif(hex({column}), '')")
    }
}

impl<T> Told for Json<T> {
    fn told(column: &str) -> String {
        format!("json({column})")
    }
}

impl<T: Told> Told for Option<T> {
    fn told(column: &str) -> String {
        T::told(column)
    }
}

/// The query that brings the rows of `sql` back as one document.
pub(crate) fn packing<R: Packed>(sql: &str) -> String {
    format!("SELECT json_group_array(json_array({})) FROM ({sql})", R::told())
}

/// The rows of a document.
pub(crate) fn unpack<R: Packed>(document: &str) -> Result<Vec<R>, StoreError> {
    serde_json::from_str(document).map_err(|error| StoreError::Database(sqlx::Error::Decode(error.into())))
}

/// Makes a struct whose fields are the columns of a query, in order, a [`Packed`] row.
macro_rules! packed {
    ($(#[$attribute:meta])* struct $name:ident { $($field:ident: $type:ty,)+ }) => {
        $(#[$attribute])*
        #[derive(sqlx::FromRow, serde::Deserialize)]
        struct $name {
            $($field: $type,)+
        }

        impl $crate::packed::Packed for $name {
            fn told() -> String {
                [$(<$type as $crate::packed::Told>::told(stringify!($field)),)+].join(", ")
            }
        }
    };
}

/// Runs a query on a connection of the engine and returns its rows, which may be many.
macro_rules! fetch_packed {
    (Sqlite, $connection:expr, $row:ty, $sql:expr $(, $value:expr)*) => {{
        let sql = sqlx::AssertSqlSafe($crate::packed::packing::<$row>(&$sql));
        let document: String = sqlx::query_scalar(sql)$(.bind($value))*.fetch_one($connection).await?;
        $crate::packed::unpack::<$row>(&document)
    }};
    (Postgres, $connection:expr, $row:ty, $sql:expr $(, $value:expr)*) => {{
        let rows: Vec<$row> =
            sqlx::query_as(sqlx::AssertSqlSafe($sql))$(.bind($value))*.fetch_all($connection).await?;
        Ok(rows)
    }};
}

/// As `rows`, for [`Packed`] rows.
macro_rules! packed_rows {
    ($tx:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match $tx {
            $crate::database::Tx::Sqlite(transaction) => {
                $crate::packed::fetch_packed!(Sqlite, &mut **transaction, $row, $sql $(, $value)*)
            }
            $crate::database::Tx::Postgres(transaction) => {
                $crate::packed::fetch_packed!(Postgres, &mut **transaction, $row, $sql $(, $value)*)
            }
        }
    };
}

/// As `read_rows`, for [`Packed`] rows.
macro_rules! read_packed {
    ($store:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        match &$store.database {
            $crate::database::Database::Sqlite { readers, .. } => {
                $crate::packed::fetch_packed!(Sqlite, readers, $row, $sql $(, $value)*)
            }
            $crate::database::Database::Postgres(pool) => {
                $crate::packed::fetch_packed!(Postgres, pool, $row, $sql $(, $value)*)
            }
        }
    };
}

pub(crate) use {fetch_packed, packed, packed_rows, read_packed};
