use uuid::Uuid;

use crate::database::{execute, rows, transaction};
use crate::{Store, StoreError};

/// A worker's last sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Attendance {
    /// Who.
    #[sqlx(rename = "id")]
    pub worker: Uuid,
    /// Raised by the worker to show that it lives.
    pub beat: i64,
}

impl Store {
    /// Raises a worker's beat and tells of every worker that hasn't signed off.
    pub async fn attend(&self, worker: Uuid) -> Result<Vec<Attendance>, StoreError> {
        let sql = "INSERT INTO workers (id, beat) VALUES ($1, 1) \
                   ON CONFLICT (id) DO UPDATE SET beat = workers.beat + 1";
        transaction!(self, |tx| {
            execute!(tx, sql, worker)?;
            Ok(rows!(tx, "SELECT id, beat FROM workers ORDER BY id")?)
        })
    }

    /// Signs a worker off.
    pub async fn sign_off(&self, worker: Uuid) -> Result<(), StoreError> {
        transaction!(self, |tx| {
            execute!(tx, "DELETE FROM workers WHERE id = $1", worker)?;
            Ok(())
        })
    }

    /// Strikes a worker off that died without signing off; one that lives after all attends again.
    pub async fn strike_off(&self, seen: Attendance) -> Result<(), StoreError> {
        transaction!(self, |tx| {
            execute!(tx, "DELETE FROM workers WHERE id = $1 AND beat = $2", seen.worker, seen.beat)?;
            Ok(())
        })
    }
}
