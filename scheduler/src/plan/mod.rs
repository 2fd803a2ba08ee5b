pub(crate) mod assignment;
mod project;

pub(crate) use project::advanced_cells;
pub use project::{
    Defaults, Outcome, PlanFile, PlanRequest, PlannedOrder, PlannedRow, ProjectFacts, ProjectPlan, plan_project,
};
