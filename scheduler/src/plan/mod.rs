pub(crate) mod assignment;
mod project;

pub use project::{
    Defaults, Outcome, PlanFile, PlanRequest, PlannedOrder, PlannedRow, ProjectFacts, ProjectPlan, plan_project,
};
