//! What Dialtone can be asked to do: upload, check, plan, assign, pause, retry, report.
//!
//! The command line and the console are two faces of these [`Operations`]. Every operation and every query is told who
//! asks, so that permissions are checked here and nowhere else. Scheduler and worker meet only in the store; the hints
//! that are sent after a commit may get lost.

mod address;
mod assignment;
mod blocking;
mod device;
mod error;
mod export;
mod extension;
mod intake;
mod kept_report;
mod leadership;
mod meters;
mod operations;
mod order;
mod organization;
mod origin;
mod passwords;
mod plan;
mod project;
mod report;
mod run;
mod structure;
mod submission;
mod unkept_reports;

use blocking::blocking;

pub use address::{AddressPolicy, SIMULATED};
pub use assignment::{Assigned, DraftEdit, HandAddedUser, NewDraft};
pub use device::{DeviceEdit, DeviceView, NewDevice};
pub use error::OperationError;
pub use extension::{ExtensionChange, ManualProvision};
pub use intake::{Intake, Mode, NamedBytes};
pub use kept_report::KeptReport;
pub use leadership::Scheduler;
pub use operations::Operations;
pub use order::{extended_status, what_to_do};
pub use organization::{DeviceImport, LicenceImport, OrganizationImport, OrganizationView};
pub use passwords::Passwords;
pub use plan::{
    Defaults, Outcome, PlanFile, PlanRequest, PlannedOrder, PlannedRow, ProjectFacts, ProjectPlan, plan_project,
};
pub use project::{DryRun, NewProjectName};
pub use report::ReportRows;
pub use run::{Retried, RunView};
pub use submission::{NewSubmission, Submitted};
