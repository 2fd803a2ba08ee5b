use dialtone_model::{OrganizationId, ProjectAction, ProjectId, ProjectStatus, RunId, UploadId};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{Tx, execute, read_row, read_rows, row};
use crate::time::Time;
use crate::{Store, StoreError};

/// A batch project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectRecord {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// Where it is in its life.
    pub status: ProjectStatus,
    /// Its run, once it was started.
    pub run: Option<RunId>,
    /// Raised by every change; a change names the version it saw.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// What a new project starts with.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its id.
    pub id: ProjectId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// When it is made.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

const COLUMNS: &str = "id, organization_id, name, status, run_id, version, created_at, created_by";

#[derive(sqlx::FromRow)]
struct ProjectRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    status: String,
    run_id: Option<Uuid>,
    version: i64,
    created_at: Time,
    created_by: String,
}

impl Store {
    /// Adds a draft without files.
    pub async fn add_project(&self, new: &NewProject) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, new).await?;
        tx.commit().await
    }

    /// One project.
    pub async fn project(&self, id: ProjectId) -> Result<ProjectRecord, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM projects WHERE id = $1");
        let row: Option<ProjectRow> = read_row!(self, AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("project", id))?.try_into()
    }

    /// The projects of a tenant, the newest first.
    pub async fn projects(&self, organization: OrganizationId) -> Result<Vec<ProjectRecord>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM projects WHERE organization_id = $1 ORDER BY created_at DESC, id DESC");
        let rows: Vec<ProjectRow> = read_rows!(self, AssertSqlSafe(sql), organization.0)?;
        rows.into_iter().map(ProjectRecord::try_from).collect()
    }

    /// Sets the name of a draft, if its version is still `version`.
    pub async fn rename_project(&self, id: ProjectId, version: i64, name: &str) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, ProjectAction::Edit).await?;
        execute!(&mut tx, "UPDATE projects SET name = $2 WHERE id = $1", id.0, name)?;
        tx.commit().await
    }

    /// Adds files to the end of a draft's list, if its version is still `version`.
    pub async fn add_project_uploads(
        &self,
        id: ProjectId,
        version: i64,
        uploads: &[UploadId],
    ) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, ProjectAction::Edit).await?;
        add_uploads(&mut tx, id, uploads).await?;
        tx.commit().await
    }

    /// Removes a file from a draft, if its version is still `version`. The upload itself stays.
    pub async fn remove_project_upload(&self, id: ProjectId, version: i64, upload: UploadId) -> Result<(), StoreError> {
        let sql = "DELETE FROM project_uploads WHERE project_id = $1 AND upload_id = $2";
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, ProjectAction::Edit).await?;
        if execute!(&mut tx, sql, id.0, upload.0)? == 0 {
            return Err(StoreError::not_found("file of the project", upload));
        }
        tx.commit().await
    }

    /// The files of a project, in upload order.
    pub async fn project_uploads(&self, id: ProjectId) -> Result<Vec<UploadId>, StoreError> {
        let sql = "SELECT upload_id FROM project_uploads WHERE project_id = $1 ORDER BY position";
        let ids: Vec<(Uuid,)> = read_rows!(self, sql, id.0)?;
        Ok(ids.into_iter().map(|(id,)| id.into()).collect())
    }

    /// Makes `new` with the files of `from`, whatever the status of `from`; in one transaction.
    pub async fn duplicate_project(&self, from: ProjectId, new: &NewProject) -> Result<(), StoreError> {
        let sql = "INSERT INTO project_uploads (project_id, position, upload_id) \
                   SELECT $1, position, upload_id FROM project_uploads WHERE project_id = $2";
        let mut tx = self.database.begin().await?;
        insert(&mut tx, new).await?;
        execute!(&mut tx, sql, new.id.0, from.0)?;
        tx.commit().await
    }

    /// Removes a project that isn't being worked on, if its version is still `version`. Its uploads and its run, with
    /// their report, stay.
    pub async fn delete_project(&self, id: ProjectId, version: i64) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        change(&mut tx, id, version, ProjectAction::Delete).await?;
        execute!(&mut tx, "DELETE FROM project_uploads WHERE project_id = $1", id.0)?;
        execute!(&mut tx, "DELETE FROM projects WHERE id = $1", id.0)?;
        tx.commit().await
    }
}

/// Raises the version of a project, if its status allows `action` and its version is still `version`.
pub(crate) async fn change(tx: &mut Tx, id: ProjectId, version: i64, action: ProjectAction) -> Result<(), StoreError> {
    let sql = "UPDATE projects SET version = version + 1 WHERE id = $1 RETURNING status, version";
    let row: Option<(String, i64)> = row!(tx, sql, id.0)?;
    let (status, now) = row.ok_or_else(|| StoreError::not_found("project", id))?;
    word(&status, ProjectStatus::from_word, "projects", "status", id)?.allow(action)?;
    if now == version + 1 { Ok(()) } else { Err(StoreError::Changed { what: "project" }) }
}

/// Adds files to the end of a project's list.
pub(crate) async fn add_uploads(tx: &mut Tx, id: ProjectId, uploads: &[UploadId]) -> Result<(), StoreError> {
    let sql = "INSERT INTO project_uploads (project_id, position, upload_id) \
               SELECT $1, coalesce(max(position), 0) + 1, $2 FROM project_uploads WHERE project_id = $1";
    for upload in uploads {
        execute!(tx, sql, id.0, upload.0)?;
    }
    Ok(())
}

pub(crate) async fn insert(tx: &mut Tx, new: &NewProject) -> Result<(), StoreError> {
    let sql = "INSERT INTO projects (id, organization_id, name, status, version, created_at, created_by) \
               VALUES ($1, $2, $3, 'draft', 1, $4, $5)";
    execute!(tx, sql, new.id.0, new.organization.0, &new.name, Time(new.at), &new.by)?;
    Ok(())
}

impl TryFrom<ProjectRow> for ProjectRecord {
    type Error = StoreError;

    fn try_from(row: ProjectRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            name: row.name,
            status: word(&row.status, ProjectStatus::from_word, "projects", "status", row.id)?,
            run: row.run_id.map(RunId),
            version: row.version,
            created_at: row.created_at.0,
            created_by: row.created_by,
        })
    }
}
