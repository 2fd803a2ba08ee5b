use dialtone_model::{
    OrderId, OrderType, OrganizationId, Origin, Position, Reason, Reservation, RowRef, RunId, RunState, State, Step,
};
use jiff::Timestamp;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use crate::columns::{StateColumns, narrow, row_ref, waits_for_device, word};
use crate::database::{on_db, read_row, read_rows};
use crate::time::Time;
use crate::{Store, StoreError};

/// A work order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its id.
    pub id: OrderId,
    /// The number that people use.
    pub number: i64,
    /// Its run.
    pub run: RunId,
    /// The state of its run: an order of a paused run that nobody works on is shown as Paused.
    pub run_state: RunState,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The row it came from.
    pub origin_row: Option<RowRef>,
    /// Whom it is for.
    pub subject: String,
    /// What it asks for.
    pub order_type: OrderType,
    /// The product.
    pub product: String,
    /// Where it came from.
    pub origin: Origin,
    /// What the devices are asked.
    pub steps: Vec<Step>,
    /// Where it is in its life.
    pub state: State,
    /// What it holds of the licences.
    pub reservation: Reservation,
    /// Raised by every change; a person's act names the version it saw.
    pub version: i64,
    /// Calls of its steps so far.
    pub tries: u32,
    /// Whether a worker has it in hand now.
    pub claimed: bool,
    /// Whether it waits until its device has been read, unless a worker has it in hand.
    pub waits_for_device: bool,
    /// The earlier order that it waits for.
    pub blocked_by: Option<OrderId>,
    /// When its next try is due.
    pub not_before: Option<Timestamp>,
    /// Why it is where it is.
    pub reason: Option<Reason>,
    /// When a worker first took it.
    pub started_at: Option<Timestamp>,
    /// When it ended or went to Hold.
    pub ended_at: Option<Timestamp>,
}

/// One row of an order's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// The version that it made.
    pub version: i64,
    /// When.
    pub at: Timestamp,
    /// What happened: `started`, `step_done`, `attempt_failed`, `step_failed`, `retried`, `aborted` …
    pub kind: String,
    /// Who: a worker's name, or a person's.
    pub actor: String,
    /// The step that it was about.
    pub step: u16,
    /// The word of the state that followed.
    pub state: String,
    /// The word of the extended status that followed.
    pub extended: Option<String>,
    /// The device's or rule's code.
    pub code: Option<String>,
    /// What was said.
    pub message: Option<String>,
}

/// Which orders to list.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Of this run.
    pub run: Option<RunId>,
    /// In this state, by its word.
    pub state: Option<String>,
    /// With this extended status, by its word.
    pub extended: Option<String>,
    /// Whose subject contains this; case doesn't matter.
    pub subject: Option<String>,
    /// After this one, for the next page.
    pub after: Option<OrderId>,
    /// At most so many.
    pub limit: u32,
}

/// What a person can do to one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalAct {
    /// Go on at the failed step.
    Retry,
    /// Stop it.
    Abort,
    /// Release it from Hold.
    Unhold,
    /// Cancel it before any step is done.
    Cancel,
}

const COLUMNS: &str = "SELECT o.id, o.number, o.run_id, r.state AS run_state, o.organization_id, o.upload_id, \
                      o.row_number, o.subject, o.order_type, o.product, o.origin, o.steps, o.state, o.extended, \
                      o.step, o.attempts, o.unknown, o.reservation, o.version, o.tries, o.claim_epoch, o.blocked_by, \
                      o.not_before, o.code, o.message, o.repair, o.started_at, o.ended_at";

fn select() -> String {
    format!("{COLUMNS}, {} FROM runs r JOIN orders o ON o.run_id = r.id ", waits_for_device())
}

/// How many orders are read at a time where not all that are read are wanted.
const PAGE: u32 = 1_000;

#[derive(sqlx::FromRow)]
struct OrderRow {
    id: Uuid,
    number: i64,
    run_id: Uuid,
    run_state: String,
    organization_id: Uuid,
    upload_id: Option<Uuid>,
    row_number: Option<i64>,
    subject: String,
    order_type: String,
    product: String,
    origin: String,
    steps: Json<Vec<Step>>,
    state: String,
    extended: Option<String>,
    step: i64,
    attempts: i64,
    unknown: bool,
    reservation: String,
    version: i64,
    tries: i64,
    claim_epoch: Option<i64>,
    waits_for_device: bool,
    blocked_by: Option<Uuid>,
    not_before: Option<Time>,
    code: Option<String>,
    message: Option<String>,
    repair: Option<String>,
    started_at: Option<Time>,
    ended_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    version: i64,
    at: Time,
    kind: String,
    actor: String,
    step: i64,
    state: String,
    extended: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

impl Store {
    /// One order of a tenant by its number.
    pub async fn order(&self, organization: OrganizationId, number: i64) -> Result<OrderRecord, StoreError> {
        let sql = format!("{} WHERE o.number = $1 AND o.organization_id = $2", select());
        let row: Option<OrderRow> = read_row!(self, AssertSqlSafe(sql), number, organization.0)?;
        row.ok_or_else(|| StoreError::not_found("order", number))?.try_into()
    }

    /// One order by its id.
    pub async fn order_by_id(&self, id: OrderId) -> Result<OrderRecord, StoreError> {
        let sql = format!("{} WHERE o.id = $1", select());
        let row: Option<OrderRow> = read_row!(self, AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("order", id))?.try_into()
    }

    /// Orders of a tenant, oldest first.
    pub async fn orders(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
    ) -> Result<Vec<OrderRecord>, StoreError> {
        // lower() of SQLite, and of PostgreSQL in some locales, knows ASCII alone, so the subjects are compared here.
        let wanted = filter.subject.as_ref().map(|subject| subject.to_lowercase());
        let limit = filter.limit as usize;
        let mut after = filter.after;
        let mut found = Vec::new();
        loop {
            let rows = self.matching(organization, filter, after).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            after = Some(last.id.into());
            for row in rows {
                if found.len() == limit {
                    return Ok(found);
                }
                if wanted.as_ref().is_none_or(|wanted| row.subject.to_lowercase().contains(wanted)) {
                    found.push(row.try_into()?);
                }
            }
        }
    }

    /// The next page of what the filter says, but for the subject.
    async fn matching(
        &self,
        organization: OrganizationId,
        filter: &OrderFilter,
        after: Option<OrderId>,
    ) -> Result<Vec<OrderRow>, StoreError> {
        let page = if filter.subject.is_some() { PAGE } else { filter.limit };
        Ok(on_db!(self, |db, Db| {
            let mut query = QueryBuilder::<Db>::new(select());
            query.push(" WHERE o.organization_id = ").push_bind(organization.0);
            if let Some(run) = filter.run {
                query.push(" AND o.run_id = ").push_bind(run.0);
                query.push(" AND o.id >= r.first_order AND o.id <= r.last_order");
            }
            if let Some(state) = &filter.state {
                query.push(" AND o.state = ").push_bind(state);
            }
            if let Some(extended) = &filter.extended {
                query.push(" AND o.extended = ").push_bind(extended);
            }
            if let Some(after) = after {
                query.push(" AND o.id > ").push_bind(after.0);
            }
            query.push(" ORDER BY o.id LIMIT ").push_bind(i64::from(page));
            query.build_query_as().fetch_all(db).await?
        }))
    }

    /// The orders of a run in the order of its rows, from after `after`, at most `limit`: a report reads page by page.
    pub async fn run_orders(
        &self,
        run: RunId,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderRecord>, StoreError> {
        let sql = format!(
            "{} WHERE r.id = $1 AND o.id >= r.first_order AND o.id <= r.last_order AND o.id > $2 \
             ORDER BY o.id LIMIT $3",
            select()
        );
        let rows: Vec<OrderRow> =
            read_rows!(self, AssertSqlSafe(sql), run.0, after.map_or(Uuid::nil(), |after| after.0), i64::from(limit))?;
        rows.into_iter().map(OrderRecord::try_from).collect()
    }

    /// The history of an order, oldest first.
    pub async fn order_events(&self, id: OrderId) -> Result<Vec<EventRecord>, StoreError> {
        let sql = "SELECT version, at, kind, actor, step, state, extended, code, message FROM order_events \
                   WHERE order_id = $1 ORDER BY version";
        let rows: Vec<EventRow> = read_rows!(self, sql, id.0)?;
        rows.into_iter()
            .map(|row| {
                Ok(EventRecord {
                    version: row.version,
                    at: row.at.0,
                    kind: row.kind,
                    actor: row.actor,
                    step: narrow(row.step, "order_events", "step", id)?,
                    state: row.state,
                    extended: row.extended,
                    code: row.code,
                    message: row.message,
                })
            })
            .collect()
    }
}

impl TryFrom<OrderRow> for OrderRecord {
    type Error = StoreError;

    fn try_from(row: OrderRow) -> Result<Self, StoreError> {
        let at = position(row.id, row.step, row.attempts, row.unknown)?;
        let columns = StateColumns { state: &row.state, extended: row.extended.as_deref(), at };
        Ok(Self {
            state: columns.state(row.id)?,
            id: row.id.into(),
            number: row.number,
            run: row.run_id.into(),
            run_state: word(&row.run_state, RunState::from_word, "runs", "state", row.run_id)?,
            organization: row.organization_id.into(),
            origin_row: row_ref(row.upload_id, row.row_number, "orders", row.id)?,
            subject: row.subject,
            order_type: word(&row.order_type, OrderType::from_word, "orders", "order_type", row.id)?,
            product: row.product,
            origin: word(&row.origin, Origin::from_word, "orders", "origin", row.id)?,
            steps: row.steps.0,
            reservation: word(&row.reservation, Reservation::from_word, "orders", "reservation", row.id)?,
            version: row.version,
            tries: narrow(row.tries, "orders", "tries", row.id)?,
            claimed: row.claim_epoch.is_some(),
            waits_for_device: row.waits_for_device,
            blocked_by: row.blocked_by.map(OrderId),
            not_before: row.not_before.map(|time| time.0),
            reason: reason(row.code, row.message, row.repair),
            started_at: row.started_at.map(|time| time.0),
            ended_at: row.ended_at.map(|time| time.0),
        })
    }
}

/// The three columns of a position.
pub(crate) fn position(id: Uuid, step: i64, attempts: i64, unknown: bool) -> Result<Position, StoreError> {
    Ok(Position {
        step: narrow(step, "orders", "step", id)?,
        attempts: narrow(attempts, "orders", "attempts", id)?,
        unknown,
    })
}

/// The three columns of a reason.
pub(crate) fn reason(code: Option<String>, message: Option<String>, repair: Option<String>) -> Option<Reason> {
    Some(Reason { code: code?, message: message.unwrap_or_default(), repair })
}
