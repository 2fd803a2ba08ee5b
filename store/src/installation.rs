use crate::columns::narrow;
use crate::database::{execute, read_row, row, transaction};
use crate::{Store, StoreError};

/// How many shards an installation has unless it was made with another number.
const SHARDS: u16 = 64;

impl Store {
    /// The number of shards that the installation was made with; `None` before that.
    pub async fn shards(&self) -> Result<Option<u16>, StoreError> {
        let found: Option<(i64,)> = read_row!(self, "SELECT shards FROM installation")?;
        found.map(|(shards,)| narrow(shards, "installation", "shards", 1)).transpose()
    }

    /// Fixes the number of shards, which is 64 where none is `wanted`; gives the number that is fixed.
    ///
    /// # Errors
    /// [`StoreError::Shards`] where another number was fixed before.
    pub async fn fix_shards(&self, wanted: Option<u16>) -> Result<u16, StoreError> {
        let sql = "INSERT INTO installation (id, shards) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        let fixed = transaction!(self, |tx| {
            execute!(tx, sql, i64::from(wanted.unwrap_or(SHARDS)))?;
            let fixed: Option<(i64,)> = row!(tx, "SELECT shards FROM installation")?;
            let (fixed,) = fixed.ok_or_else(|| StoreError::not_found("installation", 1))?;
            narrow(fixed, "installation", "shards", 1)
        })?;
        match wanted {
            Some(wanted) if wanted != fixed => Err(StoreError::Shards { fixed, wanted }),
            _ => Ok(fixed),
        }
    }
}
