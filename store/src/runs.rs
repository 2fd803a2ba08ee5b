use std::collections::BTreeMap;

use dialtone_model::{
    ExtendedStatus, Extension, Licence, OrderId, OrderType, OrganizationId, Origin, Profile, ProjectId, RowRef, RunId,
    RunKind, RunState, Step, TemplateId, UploadId,
};
use jiff::Timestamp;

use crate::{Store, StoreError};

/// A run with its orders, to be added in one transaction.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What it works through.
    pub kind: RunKind,
    /// The template and the version that was seen; assigning is a compare-and-set on it and makes it `in progress`.
    pub template: Option<(TemplateId, i64)>,
    /// The project.
    pub project: Option<ProjectId>,
    /// What people read: the template's or project's name, or the act.
    pub name: String,
    /// The edition of the rules that it was planned with.
    pub profile: Profile,
    /// Its files, in order.
    pub uploads: Vec<UploadId>,
    /// Its orders; ids rise.
    pub orders: Vec<NewOrder>,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// A planned order.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Its id.
    pub id: OrderId,
    /// The row it came from.
    pub origin_row: Option<RowRef>,
    /// Whom it is for, as people read it.
    pub subject: String,
    /// What it asks for.
    pub order_type: OrderType,
    /// The product, by its catalogue name.
    pub product: String,
    /// Where it came from.
    pub origin: Origin,
    /// What no second open order may name; `None` where the claimed extension says it already.
    pub object: Option<String>,
    /// What the devices are asked, in order; at least one.
    pub steps: Vec<Step>,
    /// The shard of the first step's device.
    pub shard: u16,
    /// An earlier order of the same run that must complete first.
    pub blocked_by: Option<OrderId>,
    /// What it does to the inventory of extensions.
    pub claim: Option<ExtensionClaim>,
}

/// What an order does to an extension. The claim is made with the order, takes effect when the order completes, and is
/// taken back when it ends otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExtensionClaim {
    /// A new extension: it needs a base licence and one of each add-on.
    New(Extension),
    /// Other values; licences of added and removed add-ons follow.
    Change {
        /// Its present key.
        from: String,
        /// What it becomes.
        to: Extension,
    },
    /// It goes, and its licences are free again.
    Delete {
        /// Its key.
        key: String,
    },
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What it works through.
    pub kind: RunKind,
    /// The template.
    pub template: Option<TemplateId>,
    /// The project.
    pub project: Option<ProjectId>,
    /// What people read.
    pub name: String,
    /// The edition of the rules that it was planned with.
    pub profile: Profile,
    /// Whether its orders may be worked on.
    pub state: RunState,
    /// Raised by every change of state.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
}

/// How many orders of a run are in which state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// By the word of the state and the extended status.
    pub by_state: BTreeMap<(String, Option<ExtendedStatus>), u64>,
}

impl Store {
    /// Adds a run with its orders, their claims on extensions and their licence reservations, and makes its template
    /// `in progress`; all in one transaction, or nothing.
    ///
    /// # Errors
    /// [`StoreError::LicencesShort`] with the first licence that is short, [`StoreError::Taken`] for a value that an
    /// extension or another run has, [`StoreError::OpenOrder`], [`StoreError::Changed`] and
    /// [`StoreError::TemplateAction`] for the template.
    pub async fn add_run(&self, _new: &NewRun) -> Result<(), StoreError> {
        todo!()
    }

    /// One run.
    pub async fn run(&self, _id: RunId) -> Result<RunRecord, StoreError> {
        todo!()
    }

    /// The runs of a tenant, the newest first.
    pub async fn runs(&self, _organization: OrganizationId, _limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        todo!()
    }

    /// Runs that aren't over, of every tenant, oldest first: what a restarted process goes on with.
    pub async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        todo!()
    }

    /// The files of a run, in order.
    pub async fn run_uploads(&self, _id: RunId) -> Result<Vec<UploadId>, StoreError> {
        todo!()
    }

    /// How many of its orders are in which state. It counts; nothing on the way of an order calls it.
    pub async fn run_counts(&self, _id: RunId) -> Result<RunCounts, StoreError> {
        todo!()
    }

    /// Pauses or resumes, by compare-and-set on `version`.
    pub async fn set_run_state(&self, _id: RunId, _version: i64, _to: RunState) -> Result<(), StoreError> {
        todo!()
    }

    /// Ends a run: its orders without a done step become Cancelled, the others go to Hold (aborted), each with its
    /// event; claimed orders follow when their step in hand is recorded. By compare-and-set on `version`.
    pub async fn cancel_run(&self, _id: RunId, _version: i64, _by: &str, _at: Timestamp) -> Result<(), StoreError> {
        todo!()
    }

    /// What a licence reservation of these orders comes to, by licence: what `add_run` will reserve.
    pub fn licences_needed(orders: &[NewOrder]) -> BTreeMap<Licence, i64> {
        let _ = orders;
        todo!()
    }
}
