use dialtone_model::{
    OrderId, OrderType, OrganizationId, Origin, Reason, Reservation, RowRef, RunId, RunState, State, Step,
};
use jiff::Timestamp;

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

impl Store {
    /// One order of a tenant by its number.
    pub async fn order(&self, _organization: OrganizationId, _number: i64) -> Result<OrderRecord, StoreError> {
        todo!()
    }

    /// Orders of a tenant, oldest first.
    pub async fn orders(
        &self,
        _organization: OrganizationId,
        _filter: &OrderFilter,
    ) -> Result<Vec<OrderRecord>, StoreError> {
        todo!()
    }

    /// The orders of a run in the order of its rows, from after `after`, at most `limit`: a report reads page by page.
    pub async fn run_orders(
        &self,
        _run: RunId,
        _after: Option<OrderId>,
        _limit: u32,
    ) -> Result<Vec<OrderRecord>, StoreError> {
        todo!()
    }

    /// The history of an order, oldest first.
    pub async fn order_events(&self, _id: OrderId) -> Result<Vec<EventRecord>, StoreError> {
        todo!()
    }

    /// Does what a person asks of one order, if its version is still `version`. A retry reserves the licences and
    /// claims the extension's values again where they were given back; when none are left the order stays in
    /// Recoverable Error with the reason `licence-short` or `value-taken`, and the same is returned as the error.
    /// An order that a worker has in hand can only be aborted, and stops when its step is recorded. The run is set
    /// running again (and its template `in progress`) when the order is being worked on again.
    /// Returns the order after the act.
    pub async fn act(
        &self,
        _id: OrderId,
        _version: i64,
        _act: PersonalAct,
        _by: &str,
        _at: Timestamp,
    ) -> Result<OrderRecord, StoreError> {
        todo!()
    }
}
