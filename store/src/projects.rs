use dialtone_model::{OrganizationId, ProjectId, RunId, RunState, UploadId};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::columns::{narrow, word};
use crate::database::{Tx, on_db, on_tx};
use crate::time::Time;
use crate::{Store, StoreError};

/// A project to be made.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRecord {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// How many files it has.
    pub files: u32,
    /// Its newest run, with the state of it.
    pub last_run: Option<(RunId, RunState)>,
    /// Raised by every change; a change names the version that was seen.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

const SELECT: &str = "SELECT p.id, p.organization_id, p.name, p.version, p.created_at, p.created_by, r.id AS run_id, \
                      r.state AS run_state, \
                      (SELECT count(*) FROM project_uploads u WHERE u.project_id = p.id) AS files \
                      FROM projects p LEFT JOIN runs r ON r.project_id = p.id AND NOT EXISTS \
                      (SELECT 1 FROM runs later WHERE later.project_id = p.id AND later.id > r.id) ";

#[derive(sqlx::FromRow)]
struct ProjectRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    version: i64,
    created_at: Time,
    created_by: String,
    run_id: Option<Uuid>,
    run_state: Option<String>,
    files: i64,
}

impl Store {
    /// Adds a project without files.
    pub async fn add_project(&self, new: &NewProject) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, new).await?;
        tx.commit().await
    }

    /// The projects of a tenant, the newest first.
    pub async fn projects(&self, organization: OrganizationId) -> Result<Vec<ProjectRecord>, StoreError> {
        let sql = format!("{SELECT} WHERE p.organization_id = $1 ORDER BY p.id DESC");
        let rows: Vec<ProjectRow> =
            on_db!(self, |db| sqlx::query_as(AssertSqlSafe(sql)).bind(organization.0).fetch_all(db).await?);
        rows.into_iter().map(ProjectRecord::try_from).collect()
    }

    /// One project.
    pub async fn project(&self, id: ProjectId) -> Result<ProjectRecord, StoreError> {
        let sql = format!("{SELECT} WHERE p.id = $1");
        let row: Option<ProjectRow> =
            on_db!(self, |db| sqlx::query_as(AssertSqlSafe(sql)).bind(id.0).fetch_optional(db).await?);
        row.ok_or_else(|| StoreError::not_found("project", id))?.try_into()
    }

    /// The files of a project, in the order of their upload.
    pub async fn project_uploads(&self, id: ProjectId) -> Result<Vec<UploadId>, StoreError> {
        let sql = "SELECT upload_id FROM project_uploads WHERE project_id = $1 ORDER BY position";
        let ids: Vec<Uuid> = on_db!(self, |db| sqlx::query_scalar(sql).bind(id.0).fetch_all(db).await?);
        Ok(ids.into_iter().map(UploadId).collect())
    }

    /// Adds files behind those that the project has.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when its version isn't `version` any more, [`StoreError::ProjectRunning`].
    pub async fn add_project_uploads(
        &self,
        id: ProjectId,
        version: i64,
        uploads: &[UploadId],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version).await?;
        append(&mut tx, id, uploads).await?;
        tx.commit().await
    }

    /// Takes a file out of a project; its bytes are kept.
    ///
    /// # Errors
    /// As [`Store::add_project_uploads`]; [`StoreError::NotFound`] when the project hasn't got the file.
    pub async fn remove_project_upload(&self, id: ProjectId, version: i64, upload: UploadId) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version).await?;
        let sql = "DELETE FROM project_uploads WHERE project_id = $1 AND upload_id = $2 RETURNING position";
        let gone: Option<i64> = on_tx!(&mut tx, |connection| {
            sqlx::query_scalar(sql).bind(id.0).bind(upload.0).fetch_optional(connection).await?
        });
        gone.ok_or_else(|| StoreError::not_found("file", upload))?;
        tx.commit().await
    }

    /// Makes a project with the files of another one and no runs.
    pub async fn duplicate_project(&self, from: ProjectId, new: &NewProject) -> Result<(), StoreError> {
        let uploads = self.project_uploads(from).await?;
        let mut tx = self.database.begin().await?;
        insert(&mut tx, new).await?;
        append(&mut tx, new.id, &uploads).await?;
        tx.commit().await
    }

    /// Removes a project. Its runs, their orders and the files stay, as the history needs them.
    ///
    /// # Errors
    /// As [`Store::add_project_uploads`].
    pub async fn delete_project(&self, id: ProjectId, version: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version).await?;
        for sql in ["DELETE FROM project_uploads WHERE project_id = $1", "DELETE FROM projects WHERE id = $1"] {
            on_tx!(&mut tx, |connection| sqlx::query(sql).bind(id.0).execute(connection).await.map(drop))?;
        }
        tx.commit().await
    }
}

/// Refuses a second run of a project while one isn't over. The lock on the project makes two starts wait for each other.
pub(crate) async fn start(tx: &mut Tx, id: ProjectId) -> Result<(), StoreError> {
    raise(tx, id).await?;
    refuse_running(tx, id).await
}

/// Raises the version of a project that isn't running, if it is still `version`.
async fn change(tx: &mut Tx, id: ProjectId, version: i64) -> Result<(), StoreError> {
    let now = raise(tx, id).await?;
    refuse_running(tx, id).await?;
    if now == version + 1 { Ok(()) } else { Err(StoreError::Changed { what: "project" }) }
}

async fn raise(tx: &mut Tx, id: ProjectId) -> Result<i64, StoreError> {
    let sql = "UPDATE projects SET version = version + 1 WHERE id = $1 RETURNING version";
    let now: Option<i64> =
        on_tx!(tx, |connection| sqlx::query_scalar(sql).bind(id.0).fetch_optional(connection).await?);
    now.ok_or_else(|| StoreError::not_found("project", id))
}

async fn refuse_running(tx: &mut Tx, id: ProjectId) -> Result<(), StoreError> {
    let sql = "SELECT id FROM runs WHERE project_id = $1 AND ended_at IS NULL";
    let open: Option<Uuid> =
        on_tx!(tx, |connection| sqlx::query_scalar(sql).bind(id.0).fetch_optional(connection).await?);
    open.map_or(Ok(()), |run| Err(StoreError::ProjectRunning { run: run.into() }))
}

async fn insert(tx: &mut Tx, new: &NewProject) -> Result<(), StoreError> {
    let sql = "INSERT INTO projects (id, organization_id, name, version, created_at, created_by) \
               VALUES ($1, $2, $3, 1, $4, $5)";
    on_tx!(tx, |connection| {
        sqlx::query(sql)
            .bind(new.id.0)
            .bind(new.organization.0)
            .bind(&new.name)
            .bind(Time(new.at))
            .bind(&new.by)
            .execute(connection)
            .await
            .map(drop)
    })?;
    Ok(())
}

async fn append(tx: &mut Tx, id: ProjectId, uploads: &[UploadId]) -> Result<(), StoreError> {
    for upload in uploads {
        let sql = "INSERT INTO project_uploads (project_id, position, upload_id) \
                   SELECT $1, coalesce(max(position), 0) + 1, $2 FROM project_uploads WHERE project_id = $1";
        on_tx!(tx, |connection| sqlx::query(sql).bind(id.0).bind(upload.0).execute(connection).await.map(drop))?;
    }
    Ok(())
}

impl TryFrom<ProjectRow> for ProjectRecord {
    type Error = StoreError;

    fn try_from(row: ProjectRow) -> Result<Self, StoreError> {
        let state =
            row.run_state.map(|state| word(&state, RunState::from_word, "runs", "state", row.id)).transpose()?;
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            name: row.name,
            files: narrow(row.files, "project_uploads", "position", row.id)?,
            last_run: row.run_id.map(RunId).zip(state),
            version: row.version,
            created_at: row.created_at.0,
            created_by: row.created_by,
        })
    }
}
