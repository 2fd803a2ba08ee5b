mod chain;
mod draft;
mod extension;
mod facts;
mod inventory;
mod ledger;
mod line;
mod messaging;
mod order;
mod phone;
mod profile;
mod rows;
mod subscriber;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeMap;
use std::ops::Range;

use dialtone_model::catalog::Field;
use dialtone_model::{Ids, RowRef, Subscriber};
use dialtone_store::NewOrder;
use dialtone_templates::Problems;
pub use facts::ProjectFacts;
pub(crate) use inventory::owned_product;
use ledger::Ledger;
use order::{Drafted, OrderPlanner, refused_row};
pub use rows::PlanFile;
pub(crate) use rows::advanced_cells;
use rows::{Columns, OrderRow};

/// Provisioning attributes and fields that rows without values of their own start from: by product, then by name.
pub type Defaults = BTreeMap<String, BTreeMap<String, String>>;

/// What is to be planned.
#[derive(Debug)]
pub struct PlanRequest<'a> {
    /// The files, in the order of their upload.
    pub files: &'a [PlanFile<'a>],
    /// What the organization has.
    pub facts: &'a ProjectFacts,
    /// What the run gives to rows that say nothing; it goes before the Service Area's own.
    pub defaults: &'a Defaults,
    /// Whether attributes may be set: the actor has the role Advanced Ordering.
    pub advanced: bool,
    /// New ids.
    pub ids: &'a Ids,
    /// The installation's number of shards.
    pub shards: u16,
}

/// What would happen if the project were run: what the dry run shows, and what a run adds to the store.
#[derive(Debug)]
pub struct ProjectPlan {
    /// The orders, in the order of their first rows.
    pub orders: Vec<PlannedOrder>,
    /// Every row, in the order of the files.
    pub rows: Vec<PlannedRow>,
    /// What is wrong, and warnings.
    pub problems: Problems,
    /// How many calls each device gets, by its name.
    pub calls: BTreeMap<String, u64>,
}

/// An order with what it makes.
#[derive(Debug)]
pub struct PlannedOrder {
    /// As the store takes it.
    pub order: NewOrder,
    /// Its rows.
    pub rows: Vec<RowRef>,
    /// The subscriber, if nobody knew of them before.
    pub subscriber: Option<Subscriber>,
}

/// What becomes of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedRow {
    /// Which of the files, counted from 0.
    pub file: u32,
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// The login of the subscriber.
    pub user_id: String,
    /// The product, as the row spells it.
    pub product: String,
    /// What would happen.
    pub outcome: Outcome,
    /// Its order, among [`ProjectPlan::orders`]; `None` when it is refused.
    pub order: Option<usize>,
    /// Its steps, among those of its order.
    pub steps: Range<usize>,
}

/// What would happen because of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// What it orders is there, as it says; the steps make sure of it.
    NoChange,
    /// Something that is there gets other values.
    Change,
    /// Something new is made.
    Create,
    /// It contradicts what is there.
    Conflict,
    /// It, or another row of its order, has an error.
    Refused,
}

impl Outcome {
    /// The word that JSON shows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoChange => "no_change",
            Self::Change => "change",
            Self::Create => "create",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NoChange => "no change",
            Self::Change => "change",
            Self::Create => "create",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
        }
    }
}

/// Plans the orders of a project. It asks nobody anything: the same request gives the same plan, but for the ids.
pub fn plan_project(request: &PlanRequest<'_>) -> ProjectPlan {
    let columns: Vec<Columns<'_>> = request.files.iter().map(|file| Columns::of(file.reading)).collect();
    let orders = rows::orders(request.files, &columns);
    let chosen = orders.iter().flatten().filter_map(|row| row.value(Field::DirectoryNumber)).collect();
    let mut planner = OrderPlanner {
        request,
        ledger: Ledger::new(request.facts, chosen),
        rows: Vec::new(),
        problems: Problems::default(),
    };
    planner.rows.extend(rows::refused(request.files, &columns).map(|row| refused_row(&row)));
    let mut drafted: Vec<Drafted<'_>> = Vec::with_capacity(orders.len());
    for rows in orders {
        if let Some(order) = planner.plan(rows, drafted.len()) {
            drafted.push(order);
        }
    }
    let OrderPlanner { ledger, rows, problems, .. } = planner;
    finish(request, drafted, ledger, rows, problems)
}

/// Gives the orders their ids and chains, and counts their calls.
fn finish(
    request: &PlanRequest<'_>,
    drafted: Vec<Drafted<'_>>,
    mut ledger: Ledger<'_>,
    mut rows: Vec<PlannedRow>,
    mut problems: Problems,
) -> ProjectPlan {
    let links = chain::links(drafted.iter().map(|order| (order.subscriber.user_id.as_str(), &order.draft.needs)));
    let mut calls_by_device = BTreeMap::new();
    let mut orders: Vec<PlannedOrder> = Vec::with_capacity(drafted.len());
    for (drafted, link) in drafted.into_iter().zip(links) {
        for step in &drafted.draft.steps {
            *calls_by_device.entry(step.device).or_insert(0) += 1;
        }
        let blocked_by = link.map(|after| orders[after].order.id);
        let needs = drafted.draft.needs.iter().map(|need| orders[*need].order.id).collect();
        orders.push(drafted.into_planned(request, &mut ledger, blocked_by, needs));
    }
    let name = |id| request.facts.devices.values().find(|device| device.id == id).map(|device| device.name.clone());
    let calls = calls_by_device.into_iter().filter_map(|(id, count)| Some((name(id)?, count))).collect();
    rows.sort_by_key(|row| (row.file, row.row));
    problems.sort();
    ProjectPlan { orders, rows, problems, calls }
}

/// Where a row came from.
fn origin(request: &PlanRequest<'_>, row: &OrderRow<'_>) -> RowRef {
    RowRef { upload: request.files[row.file as usize].upload, row: row.row.number }
}
