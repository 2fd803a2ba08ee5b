//! The truth, in SQL: SQLite when embedded, PostgreSQL when scaled out, behind one [`Store`].
//!
//! The only room that knows `sqlx`. Every query is written once; every method behaves the same on both engines.

mod acts;
mod bulk;
mod claims;
mod columns;
mod database;
mod device_objects;
mod device_work;
mod devices;
mod error;
mod events;
mod extension_claims;
mod extension_secrets;
mod extensions;
mod holdings;
mod ids;
mod infrastructure;
mod installation;
mod intake;
mod inventory;
mod leases;
mod licences;
mod order_credentials;
mod orders;
mod organizations;
mod outcomes;
mod packed;
mod product_claims;
mod projects;
mod records;
mod reported;
mod resealing;
mod runs;
mod schema;
mod server;
mod stock;
mod subscribers;
mod templates;
mod time;
mod transitions;
mod uploads;
mod vault;
mod workers;

pub use claims::{Claim, ClaimRequest, Wanted};
pub use device_objects::{KnownObject, ReadPage};
pub use device_work::{DeviceWork, NewDeviceWork, ProbeResult, ReadProgress, WorkOutcome};
pub use error::StoreError;
pub use extension_secrets::{ExtensionPassword, HandedOut};
pub use extensions::{ExtensionRecord, ExtensionState};
pub use infrastructure::{Infrastructure, InfrastructureKind};
pub use inventory::{NewProduct, ProductRecord, ProductState};
pub use leases::{Lease, Sightings};
pub use orders::{EventRecord, OrderFilter, OrderRecord, PersonalAct};
pub use organizations::{Claimed, NewOrganization, Owned};
pub use projects::{NewProject, ProjectRecord};
pub use records::{Outcome, Recorded, RecordedBatch, Verdict};
pub use reported::ReportedOrder;
pub use resealing::Resealed;
pub use runs::{Brings, ExtensionClaim, NewOrder, NewRun, RunCounts, RunRecord};
pub use server::Server;
pub use stock::Stock;
pub use subscribers::Subscriber;
pub use templates::{NewTemplate, TemplateRecord, TemplateUser};
pub use transitions::Freed;
pub use uploads::{RefusedRow, UploadRecord};
pub use vault::{Randomness, Vault, VaultError};
pub use workers::Attendance;

use database::Database;

/// The database, on either engine. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    vault: Option<Vault>,
}

impl Store {
    /// How many of its connections serve somebody now: 0 when no statement is under way.
    pub fn connections_in_use(&self) -> u32 {
        let in_use = |size: u32, idle: usize| size.saturating_sub(u32::try_from(idle).unwrap_or(u32::MAX));
        match &self.database {
            Database::Sqlite { writer, readers } => {
                in_use(writer.size(), writer.num_idle()) + in_use(readers.size(), readers.num_idle())
            }
            Database::Postgres(pool) => in_use(pool.size(), pool.num_idle()),
        }
    }
}
