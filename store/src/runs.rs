use std::collections::BTreeMap;

use dialtone_model::{
    ExtendedStatus, Extension, Licence, OrderId, OrderType, OrganizationId, Origin, Profile, ProjectId, RowRef, RunId,
    RunKind, RunState, SecretString, Step, TemplateId, UploadId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::columns::{narrow, word};
use crate::database::{execute, on_db, read_row, read_rows};
use crate::time::Time;
use crate::{
    NewProduct, NewProject, NewTemplate, RefusedRow, Store, StoreError, Subscriber, TemplateUser, UploadRecord,
    licences,
};

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
    /// The project and the version that was seen; running is a compare-and-set on it and makes it `in progress`.
    pub project: Option<(ProjectId, i64)>,
    /// What people read: the template's or project's name, or the act.
    pub name: String,
    /// The edition of the rules that it was planned with.
    pub profile: Profile,
    /// Its files, in order.
    pub uploads: Vec<UploadId>,
    /// Its orders; ids rise.
    pub orders: Vec<NewOrder>,
    /// What is stored with it.
    pub brings: Brings,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What a run needs and the store doesn't have yet. It is stored with the run or not at all, so that a submission that
/// is refused or cut short leaves nothing.
#[derive(Clone, Debug, Default)]
pub struct Brings {
    /// Files, each with its refused rows.
    pub uploads: Vec<(UploadRecord, Vec<RefusedRow>)>,
    /// The template with its users; the run names its version as 1.
    pub template: Option<(NewTemplate, Vec<TemplateUser>)>,
    /// The project; the run names its version as 1.
    pub project: Option<NewProject>,
    /// People whom nobody knew. One whose login is there by now stays as it is.
    pub subscribers: Vec<Subscriber>,
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
    /// The passwords and PINs that its steps set, by the index of the step; one for each step that
    /// [sets one](Step::sets_credential).
    pub credentials: BTreeMap<u16, SecretString>,
    /// The shard of the first step's device.
    pub shard: u16,
    /// An earlier order of the same run that must complete first.
    pub blocked_by: Option<OrderId>,
    /// The earlier orders of the same run whose products it needs. When its turn comes and one of them was cancelled or
    /// aborted, it goes to Hold; otherwise it goes on.
    pub needs: Vec<OrderId>,
    /// What it does to the inventory of extensions.
    pub claim: Option<ExtensionClaim>,
    /// The products that it makes.
    pub products: Vec<NewProduct>,
}

/// What an order does to an extension. The claim is made with the order, takes effect when the order completes, and is
/// taken back when it ends otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

const COLUMNS: &str = "id, organization_id, kind, template_id, project_id, name, profile, state, version, created_at, \
                       created_by, ended_at";

#[derive(sqlx::FromRow)]
struct RunRow {
    id: Uuid,
    organization_id: Uuid,
    kind: String,
    template_id: Option<Uuid>,
    project_id: Option<Uuid>,
    name: String,
    profile: String,
    state: String,
    version: i64,
    created_at: Time,
    created_by: String,
    ended_at: Option<Time>,
}

impl Store {
    /// One run.
    pub async fn run(&self, id: RunId) -> Result<RunRecord, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = $1");
        let row: Option<RunRow> = read_row!(self, AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("run", id))?.try_into()
    }

    /// The runs of a tenant, the newest first.
    pub async fn runs(&self, organization: OrganizationId, limit: u32) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE organization_id = $1 ORDER BY id DESC LIMIT $2");
        let rows: Vec<RunRow> = read_rows!(self, AssertSqlSafe(sql), organization.0, i64::from(limit))?;
        rows.into_iter().map(RunRecord::try_from).collect()
    }

    /// Runs that aren't over, of every tenant, oldest first: what a restarted process goes on with.
    pub async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE ended_at IS NULL ORDER BY id");
        let rows: Vec<RunRow> = read_rows!(self, AssertSqlSafe(sql))?;
        rows.into_iter().map(RunRecord::try_from).collect()
    }

    /// Runs of a tenant's files that whoever started them may not have seen the end of, oldest first: they aren't over, or
    /// they are finished and nobody has ever kept a report of them.
    pub async fn unfollowed_runs(&self, organization: OrganizationId) -> Result<Vec<RunRecord>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM runs WHERE ended_at IS NULL AND kind <> 'single' AND organization_id = $1 \
             UNION ALL SELECT {COLUMNS} FROM runs WHERE ended_at IS NOT NULL AND report_version IS DISTINCT FROM version \
             AND kind <> 'single' AND organization_id = $1 AND report_version IS NULL AND state = 'finished' ORDER BY id"
        );
        let rows: Vec<RunRow> = read_rows!(self, AssertSqlSafe(sql), organization.0)?;
        rows.into_iter().map(RunRecord::try_from).collect()
    }

    /// Runs of files that were over before that time and whose report, as they ended, nobody has kept; the oldest first.
    pub async fn unreported_runs(&self, ended_before: Timestamp, limit: u32) -> Result<Vec<RunId>, StoreError> {
        let sql = "SELECT id FROM runs WHERE ended_at IS NOT NULL AND report_version IS DISTINCT FROM version \
                   AND ended_at < $1 AND kind <> 'single' ORDER BY id LIMIT $2";
        let rows: Vec<(Uuid,)> = read_rows!(self, sql, Time(ended_before), i64::from(limit))?;
        Ok(rows.into_iter().map(|(id,)| id.into()).collect())
    }

    /// Notes that the report of a run, as it was at this version, is kept.
    pub async fn note_report(&self, id: RunId, version: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        execute!(&mut tx, "UPDATE runs SET report_version = $2 WHERE id = $1", id.0, version)?;
        tx.commit().await
    }

    /// The files of a run, in order.
    pub async fn run_uploads(&self, id: RunId) -> Result<Vec<UploadId>, StoreError> {
        let sql = "SELECT upload_id FROM run_uploads WHERE run_id = $1 ORDER BY position";
        let ids: Vec<Uuid> = on_db!(self, |db| sqlx::query_scalar(sql).bind(id.0).fetch_all(db).await?);
        Ok(ids.into_iter().map(UploadId).collect())
    }

    /// How many of its orders are in which state. It counts; nothing on the way of an order calls it.
    pub async fn run_counts(&self, id: RunId) -> Result<RunCounts, StoreError> {
        let sql = "SELECT o.state, o.extended, count(*) FROM runs r JOIN orders o \
                   ON o.id >= r.first_order AND o.id <= r.last_order AND o.run_id = r.id \
                   WHERE r.id = $1 GROUP BY o.state, o.extended";
        let rows: Vec<(String, Option<String>, i64)> = read_rows!(self, sql, id.0)?;
        let mut counts = RunCounts::default();
        for (state, extended, count) in rows {
            let extended = extended
                .map(|extended| word(&extended, ExtendedStatus::from_word, "orders", "extended", id))
                .transpose()?;
            counts.by_state.insert((state, extended), narrow(count, "orders", "state", id)?);
        }
        Ok(counts)
    }

    /// What a licence reservation of these orders comes to, by licence: what `add_run` will reserve. A change
    /// reserves only what the extension hasn't yet, which the store alone knows, so it isn't counted here.
    pub fn licences_needed(orders: &[NewOrder]) -> BTreeMap<Licence, i64> {
        let mut needed = BTreeMap::new();
        for order in orders {
            if let Some(ExtensionClaim::New(extension)) = &order.claim {
                for licence in licences::of_extension(&extension.add_ons) {
                    *needed.entry(licence).or_default() += 1;
                }
            }
        }
        needed
    }
}

impl TryFrom<RunRow> for RunRecord {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            kind: word(&row.kind, RunKind::from_word, "runs", "kind", row.id)?,
            template: row.template_id.map(TemplateId),
            project: row.project_id.map(ProjectId),
            name: row.name,
            profile: word(&row.profile, Profile::from_word, "runs", "profile", row.id)?,
            state: word(&row.state, RunState::from_word, "runs", "state", row.id)?,
            version: row.version,
            created_at: row.created_at.0,
            created_by: row.created_by,
            ended_at: row.ended_at.map(|time| time.0),
        })
    }
}
