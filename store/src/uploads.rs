use dialtone_model::{Finding, OrganizationId, UploadId};
use jiff::Timestamp;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, QueryBuilder};
use uuid::Uuid;

use crate::columns::narrow;
use crate::database::{Tx, execute, on_tx, pieces, read_row, read_rows};
use crate::time::Time;
use crate::{Store, StoreError};

/// One uploaded file. Its bytes are kept by the room `files` under `storage_key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadRecord {
    /// Its id.
    pub id: UploadId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// The name it was given.
    pub name: String,
    /// `bulk-name`, `bulk-uuid` or `project`.
    pub kind: String,
    /// Of its bytes, in lower-case hexadecimal.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    /// Where its bytes are; never made from user text.
    pub storage_key: String,
    /// When.
    pub uploaded_at: Timestamp,
    /// By whom.
    pub uploaded_by: String,
}

/// A row that was refused, with all that was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// What was wrong.
    pub findings: Vec<Finding>,
}

const COLUMNS: &str = "id, organization_id, name, kind, sha256, size, storage_key, uploaded_at, uploaded_by";

#[derive(sqlx::FromRow)]
struct UploadRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    kind: String,
    sha256: String,
    size: i64,
    storage_key: String,
    uploaded_at: Time,
    uploaded_by: String,
}

impl Store {
    /// Adds an upload with its refused rows, in one transaction.
    pub async fn add_upload(&self, upload: &UploadRecord, refused: &[RefusedRow]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        insert(&mut tx, upload, refused).await?;
        tx.commit().await
    }

    /// Sets which rows of an upload are refused: a project's rows are judged anew when it is run.
    pub async fn set_refused_rows(&self, id: UploadId, refused: &[RefusedRow]) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = "DELETE FROM refused_rows WHERE upload_id = $1";
        execute!(&mut tx, sql, id.0)?;
        insert_refused(&mut tx, id, refused).await?;
        tx.commit().await
    }

    /// One upload.
    pub async fn upload(&self, id: UploadId) -> Result<UploadRecord, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM uploads WHERE id = $1");
        let row: Option<UploadRow> = read_row!(self, AssertSqlSafe(sql), id.0)?;
        row.ok_or_else(|| StoreError::not_found("upload", id))?.try_into()
    }

    /// The refused rows of an upload, by row.
    pub async fn refused_rows(&self, id: UploadId) -> Result<Vec<RefusedRow>, StoreError> {
        let sql = "SELECT row_number, findings FROM refused_rows WHERE upload_id = $1 ORDER BY row_number";
        let rows: Vec<(i64, Json<Vec<Finding>>)> = read_rows!(self, sql, id.0)?;
        rows.into_iter()
            .map(|(row, findings)| {
                Ok(RefusedRow { row: narrow(row, "refused_rows", "row_number", id)?, findings: findings.0 })
            })
            .collect()
    }

    /// Earlier uploads with the same bytes, the newest first.
    pub async fn uploads_by_sha256(
        &self,
        organization: OrganizationId,
        sha256: &str,
    ) -> Result<Vec<UploadRecord>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM uploads WHERE organization_id = $1 AND sha256 = $2 \
             ORDER BY uploaded_at DESC, id DESC"
        );
        let rows: Vec<UploadRow> = read_rows!(self, AssertSqlSafe(sql), organization.0, sha256)?;
        rows.into_iter().map(UploadRecord::try_from).collect()
    }
}

pub(crate) async fn insert(tx: &mut Tx, upload: &UploadRecord, refused: &[RefusedRow]) -> Result<(), StoreError> {
    let sql = format!("INSERT INTO uploads ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    execute!(
        tx,
        AssertSqlSafe(sql),
        upload.id.0,
        upload.organization.0,
        &upload.name,
        &upload.kind,
        &upload.sha256,
        i64::try_from(upload.size).unwrap_or(i64::MAX),
        &upload.storage_key,
        Time(upload.uploaded_at),
        &upload.uploaded_by
    )?;
    insert_refused(tx, upload.id, refused).await
}

async fn insert_refused(tx: &mut Tx, upload: UploadId, refused: &[RefusedRow]) -> Result<(), StoreError> {
    for piece in pieces(refused) {
        on_tx!(tx, |connection, Db| {
            QueryBuilder::<Db>::new("INSERT INTO refused_rows (upload_id, row_number, findings) ")
                .push_values(piece, |mut row, refused| {
                    row.push_bind(upload.0).push_bind(i64::from(refused.row)).push_bind(Json(&refused.findings));
                })
                .build()
                .execute(connection)
                .await
                .map(drop)
        })?;
    }
    Ok(())
}

impl TryFrom<UploadRow> for UploadRecord {
    type Error = StoreError;

    fn try_from(row: UploadRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            organization: row.organization_id.into(),
            name: row.name,
            kind: row.kind,
            sha256: row.sha256,
            size: narrow(row.size, "uploads", "size", row.id)?,
            storage_key: row.storage_key,
            uploaded_at: row.uploaded_at.0,
            uploaded_by: row.uploaded_by,
        })
    }
}
