//! The truth, in SQL: SQLite when embedded, PostgreSQL when scaled out, behind one [`Store`].
//!
//! The only room that knows `sqlx`. Every query is written once; every method behaves the same on both engines.

mod claims;
mod devices;
mod error;
mod extensions;
mod leases;
mod orders;
mod organizations;
mod records;
mod runs;
mod templates;
mod uploads;

pub use claims::{Claim, ClaimRequest, Wanted};
pub use error::StoreError;
pub use extensions::{ExtensionRecord, ExtensionState};
pub use leases::Lease;
pub use orders::{EventRecord, OrderFilter, OrderRecord, PersonalAct};
pub use organizations::{Claimed, NewOrganization};
pub use records::{Outcome, Recorded, RecordedBatch, Verdict};
pub use runs::{ExtensionClaim, NewOrder, NewRun, RunCounts, RunRecord};
pub use templates::{NewTemplate, TemplateRecord, TemplateUser};
pub use uploads::{RefusedRow, UploadRecord};

/// The database, on either engine.
#[derive(Clone, Debug)]
pub struct Store;

impl Store {
    /// Opens the SQLite file at `path`, making it if it isn't there, and brings its schema up to date.
    pub async fn open_embedded(_path: &std::path::Path) -> Result<Self, StoreError> {
        todo!()
    }

    /// Connects to PostgreSQL; the schema must be up to date already.
    pub async fn connect(_url: &str) -> Result<Self, StoreError> {
        todo!()
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        todo!()
    }
}
