//! The words of Dialtone: work orders, their states and events, steps, findings, faults, ids and time.
//!
//! Everything here is pure. The crate does no I/O, starts no task and reads no clock; whoever needs the time or a new
//! id is handed a [`Clock`] or an [`Ids`]. All other rooms speak in these words, and this room knows none of them.

mod actor;
/// Everything that can be ordered, as data.
pub mod catalog;
mod clock;
/// The points at which the crash test kills the process.
pub mod crash;
mod device;
mod domain;
mod express;
mod fault;
mod finding;
mod ids;
mod mailbox;
mod order;
mod organization;
mod project;
mod pulse;
mod retry;
mod run;
/// Defects and limits that the fault suite plants.
pub mod sabotage;
mod state;
mod step;
mod subscriber;
mod synchronisation;
mod template;
mod trace;
mod unified_cm;

pub use actor::{Actor, Forbidden, Role};
pub use clock::{Clock, ManualClock, Sleep};
pub use device::{Device, DeviceKind, DeviceLimits, Tls};
pub use domain::{Domain, NumberBlock, Processor, ServiceArea};
pub use express::{ExpressAction, ExpressMailbox, ExpressNumber, ExpressPhone, PhoneProtocol};
pub use fault::{Complaint, Fault};
pub use finding::{Finding, Severity};
pub use ids::{DeviceId, Ids, OrderId, OrganizationId, ProjectId, RunId, TemplateId, UploadId, UserId, WorkId};
pub use mailbox::MailboxAction;
pub use order::{ExtendedStatus, OrderType, Origin, Reason, Reservation, RowRef};
pub use organization::{AddOn, Extension, Licence, LicenceCount, Organization, Profile, User};
pub use project::{ProjectAction, ProjectActionRefused, ProjectStatus};
pub use pulse::Pulse;
pub use retry::{Decision, RetryPolicy};
pub use run::{RunKind, RunState, RunTransitionRefused};
/// A text that nothing prints and that is overwritten when it goes.
pub use secrecy::{ExposeSecret, SecretString};
pub use state::{Event, FailureClass, HoldReason, InvalidTransition, Life, Position, State, Waiting, Work, WorkStatus};
pub use step::{Action, Attributes, LineTarget, Step};
pub use subscriber::{OwnedProduct, Subscriber, SubscriberRole};
pub use synchronisation::{DeviceObject, ObjectChange, ObjectKind, SyncScope, WorkKind, WorkState};
pub use template::{TemplateAction, TemplateActionRefused, TemplateStatus};
pub use trace::{NoTrace, Trace};
pub use unified_cm::{Activation, Credential, LinePlace, UnifiedCmObject};
