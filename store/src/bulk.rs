use std::ops::Range;

use serde::Serialize;
use sqlx::query_builder::Separated;
use sqlx::{Postgres, QueryBuilder, Sqlite};
use uuid::Uuid;

use crate::StoreError;
use crate::database::{Tx, pieces};
use crate::time::Time;

/// A column of rows that are added together.
#[derive(Debug)]
pub(crate) enum Each<'a> {
    Ids(Vec<Option<Uuid>>),
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<&'a str>>),
    /// JSON, as text.
    Documents(Vec<String>),
    Times(Vec<Time>),
}

/// A value that all rows that are added together have in common.
#[derive(Debug)]
pub(crate) enum Same<'a> {
    Id(Option<Uuid>),
    Number(i64),
    Text(Option<&'a str>),
    /// JSON, as text.
    Document(String),
    Flag(bool),
}

/// How many rows one statement to PostgreSQL carries: enough that planning it counts for nothing, in a message of
/// moderate size. Whoever has large documents to add makes no more of them at a time, for the memory's sake.
pub(crate) const ROWS_A_MESSAGE: usize = 4_096;

/// Adds rows to a table, and returns how many; that is all of them unless `conflict` lets some go.
///
/// SQLite gets a list of values. PostgreSQL gets an array a column, so that one prepared statement with a handful of
/// parameters serves every number of rows; a list of values costs it several times as much to read.
pub(crate) async fn insert(
    tx: &mut Tx,
    table: &str,
    each: &[(&str, Each<'_>)],
    same: &[(&str, Same<'_>)],
    conflict: &str,
) -> Result<u64, StoreError> {
    let names: Vec<&str> = each.iter().map(|(name, _)| *name).chain(same.iter().map(|(name, _)| *name)).collect();
    let columns: Vec<String> = (1..=each.len()).map(|column| format!("column{column}")).collect();
    let beginning = format!("INSERT INTO {table} ({}) SELECT ", names.join(", "));
    // SQLite would take ON for that of a join.
    let end = if conflict.is_empty() { String::new() } else { format!(" WHERE TRUE {conflict}") };
    let rows: Vec<usize> = (0..each.first().map_or(0, |(_, column)| column.len())).collect();
    let mut inserted = 0;
    match tx {
        Tx::Sqlite(connection) => {
            for piece in pieces(&rows) {
                let mut query = QueryBuilder::<Sqlite>::new(&beginning);
                let mut values = query.separated(", ");
                values.push(columns.join(", "));
                same.iter().for_each(|(_, value)| value.push_to_sqlite(&mut values));
                query.push(" FROM (").push_values(piece, |mut values, row| {
                    each.iter().for_each(|(_, column)| column.push_to_sqlite(&mut values, *row));
                });
                query.push(") AS added").push(&end);
                inserted += query.build().execute(&mut **connection).await?.rows_affected();
            }
        }
        Tx::Postgres(connection) => {
            for piece in rows.chunks(ROWS_A_MESSAGE) {
                let mut query = QueryBuilder::<Postgres>::new(&beginning);
                let mut values = query.separated(", ");
                for (column, (_, kind)) in columns.iter().zip(each) {
                    values.push(column).push_unseparated(if kind.is_json() { "::jsonb" } else { "" });
                }
                same.iter().for_each(|(_, value)| value.push_to_postgres(&mut values));
                query.push(" FROM unnest(");
                let mut arrays = query.separated(", ");
                let range = piece.first().map_or(0..0, |first| *first..first + piece.len());
                each.iter().for_each(|(_, column)| column.push_to_postgres(&mut arrays, range.clone()));
                query.push(format_args!(") AS added ({})", columns.join(", "))).push(&end);
                inserted += query.build().execute(&mut **connection).await?.rows_affected();
            }
        }
    }
    Ok(inserted)
}

/// A value as the text of its JSON.
pub(crate) fn document(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Database(sqlx::Error::Encode(error.into())))
}

impl Each<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Ids(column) => column.len(),
            Self::Numbers(column) => column.len(),
            Self::Texts(column) => column.len(),
            Self::Documents(column) => column.len(),
            Self::Times(column) => column.len(),
        }
    }

    fn is_json(&self) -> bool {
        matches!(self, Self::Documents(_))
    }

    fn push_to_sqlite(&self, values: &mut Separated<'_, Sqlite, &str>, row: usize) {
        match self {
            Self::Ids(column) => values.push_bind(column[row]),
            Self::Numbers(column) => values.push_bind(column[row]),
            Self::Texts(column) => values.push_bind(column[row]),
            Self::Documents(column) => values.push_bind(&column[row]),
            Self::Times(column) => values.push_bind(column[row]),
        };
    }

    fn push_to_postgres(&self, arrays: &mut Separated<'_, Postgres, &str>, rows: Range<usize>) {
        match self {
            Self::Ids(column) => arrays.push_bind(&column[rows]),
            Self::Numbers(column) => arrays.push_bind(&column[rows]),
            Self::Texts(column) => arrays.push_bind(&column[rows]),
            Self::Documents(column) => arrays.push_bind(&column[rows]),
            Self::Times(column) => arrays.push_bind(&column[rows]),
        };
    }
}

impl Same<'_> {
    fn push_to_sqlite(&self, values: &mut Separated<'_, Sqlite, &str>) {
        match self {
            Self::Id(value) => values.push_bind(*value),
            Self::Number(value) => values.push_bind(*value),
            Self::Text(value) => values.push_bind(*value),
            Self::Document(value) => values.push_bind(value),
            Self::Flag(value) => values.push_bind(*value),
        };
    }

    fn push_to_postgres(&self, values: &mut Separated<'_, Postgres, &str>) {
        match self {
            Self::Id(value) => values.push_bind(*value),
            Self::Number(value) => values.push_bind(*value),
            Self::Text(value) => values.push_bind(*value),
            Self::Document(value) => values.push_bind(value).push_unseparated("::jsonb"),
            Self::Flag(value) => values.push_bind(*value),
        };
    }
}
