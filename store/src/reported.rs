use dialtone_model::{OrderId, Reason, RowRef, RunId, RunState, State, Step};
use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::{StateColumns, narrow, row_ref, waits_for_device, word};
use crate::orders::{position, reason};
use crate::packed::{packed, read_packed};
use crate::time::Time;
use crate::{Store, StoreError};

/// An order as a report tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedOrder {
    /// Its id.
    pub id: OrderId,
    /// The number that people use.
    pub number: i64,
    /// The row it came from.
    pub origin_row: Option<RowRef>,
    /// Whom it is for.
    pub subject: String,
    /// What the devices are asked; empty where a row tells of the order and the steps weren't asked for.
    pub steps: Vec<Step>,
    /// Where it is in its life.
    pub state: State,
    /// The state of its run.
    pub run_state: RunState,
    /// Whether a worker has it in hand now.
    pub claimed: bool,
    /// Whether it waits until its device has been read, unless a worker has it in hand.
    pub waits_for_device: bool,
    /// Calls of its steps so far.
    pub tries: u32,
    /// The earlier order that it waits for.
    pub blocked_by: Option<OrderId>,
    /// Why it is where it is.
    pub reason: Option<Reason>,
    /// When a worker first took it.
    pub started_at: Option<Timestamp>,
    /// When it ended or went to Hold.
    pub ended_at: Option<Timestamp>,
}

packed! {
    /// An order's columns that a report needs.
    struct ReportedRow {
        id: Uuid,
        number: i64,
        upload_id: Option<Uuid>,
        row_number: Option<i64>,
        subject: String,
        steps: Json<Vec<Step>>,
        state: String,
        extended: Option<String>,
        step: i64,
        attempts: i64,
        unknown: bool,
        run_state: String,
        claimed: bool,
        waits_for_device: bool,
        tries: i64,
        blocked_by: Option<Uuid>,
        code: Option<String>,
        message: Option<String>,
        repair: Option<String>,
        started_at: Option<Time>,
        ended_at: Option<Time>,
    }
}

impl Store {
    /// The orders of a run in the order of its rows, from after `after`, at most `limit`: a report reads page by page.
    pub async fn reported_orders(
        &self,
        run: RunId,
        after: Option<OrderId>,
        limit: u32,
        with_steps: bool,
    ) -> Result<Vec<ReportedOrder>, StoreError> {
        let sql = format!(
            "SELECT o.id, o.number, o.upload_id, o.row_number, o.subject, \
                   CASE WHEN $4 OR o.row_number IS NULL THEN o.steps ELSE '[]' END AS steps, o.state, o.extended, \
                   o.step, o.attempts, o.unknown, r.state AS run_state, o.claim_epoch IS NOT NULL AS claimed, \
                   {}, o.tries, \
                   o.blocked_by, o.code, o.message, o.repair, o.started_at, o.ended_at \
                   FROM runs r JOIN orders o ON o.run_id = r.id \
                   WHERE r.id = $1 AND o.id >= r.first_order AND o.id <= r.last_order AND o.id > $2 \
                   ORDER BY o.id LIMIT $3",
            waits_for_device()
        );
        let after = after.map_or(Uuid::nil(), |after| after.0);
        let rows = read_packed!(self, ReportedRow, sql, run.0, after, i64::from(limit), with_steps)?;
        rows.into_iter().map(ReportedOrder::try_from).collect()
    }
}

impl TryFrom<ReportedRow> for ReportedOrder {
    type Error = StoreError;

    fn try_from(row: ReportedRow) -> Result<Self, StoreError> {
        let at = position(row.id, row.step, row.attempts, row.unknown)?;
        let columns = StateColumns { state: &row.state, extended: row.extended.as_deref(), at };
        Ok(Self {
            id: row.id.into(),
            number: row.number,
            origin_row: row_ref(row.upload_id, row.row_number, "orders", row.id)?,
            subject: row.subject,
            steps: row.steps.0,
            state: columns.state(row.id)?,
            run_state: word(&row.run_state, RunState::from_word, "runs", "state", row.id)?,
            claimed: row.claimed,
            waits_for_device: row.waits_for_device,
            tries: narrow(row.tries, "orders", "tries", row.id)?,
            blocked_by: row.blocked_by.map(OrderId),
            reason: reason(row.code, row.message, row.repair),
            started_at: row.started_at.map(|time| time.0),
            ended_at: row.ended_at.map(|time| time.0),
        })
    }
}
