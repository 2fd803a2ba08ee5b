use dialtone_model::{DeviceId, OrderId};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo};
use sqlx::{Encode, Postgres, Sqlite, Type};
use uuid::Uuid;

use crate::Store;
use crate::database::{Database, Tx};

/// Any number of orders or devices as one parameter, so that one prepared statement serves every number: `uuid[]` in PostgreSQL, a
/// JSON array of hexadecimal texts in SQLite. [`Tx::among`] is how a query asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ids(Vec<Uuid>);

impl FromIterator<OrderId> for Ids {
    fn from_iter<T: IntoIterator<Item = OrderId>>(ids: T) -> Self {
        Self(ids.into_iter().map(|id| id.0).collect())
    }
}

impl FromIterator<DeviceId> for Ids {
    fn from_iter<T: IntoIterator<Item = DeviceId>>(ids: T) -> Self {
        Self(ids.into_iter().map(|id| id.0).collect())
    }
}

impl Tx {
    /// The words that compare what stands before them with the [`Ids`] of the parameter.
    pub(crate) fn among(&self, parameter: &str) -> String {
        among(matches!(self, Self::Sqlite(_)), parameter)
    }
}

impl Store {
    /// The same for a query outside a transaction.
    pub(crate) fn among(&self, parameter: &str) -> String {
        among(matches!(self.database, Database::Sqlite { .. }), parameter)
    }
}

fn among(is_sqlite: bool, parameter: &str) -> String {
    if is_sqlite {
        format!("IN (SELECT unhex(value) FROM json_each({parameter}))")
    } else {
        format!("= ANY({parameter})")
    }
}

impl Type<Sqlite> for Ids {
    fn type_info() -> SqliteTypeInfo {
        <str as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Ids {
    fn encode_by_ref(&self, buffer: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        let mut text = String::with_capacity(2 + self.0.len() * (uuid::fmt::Simple::LENGTH + 3));
        text.push('[');
        for (index, id) in self.0.iter().enumerate() {
            text.push_str(if index == 0 { "\"" } else { ",\"" });
            text.push_str(id.as_simple().encode_lower(&mut Uuid::encode_buffer()));
            text.push('"');
        }
        text.push(']');
        Encode::<Sqlite>::encode(text, buffer)
    }
}

impl Type<Postgres> for Ids {
    fn type_info() -> PgTypeInfo {
        <Vec<Uuid> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Ids {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode_by_ref(&self.0, buffer)
    }
}
