use dialtone_model::{Finding, OrganizationId, UploadId};
use jiff::Timestamp;

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

impl Store {
    /// Adds an upload with its refused rows, in one transaction.
    pub async fn add_upload(&self, _upload: &UploadRecord, _refused: &[RefusedRow]) -> Result<(), StoreError> {
        todo!()
    }

    /// One upload.
    pub async fn upload(&self, _id: UploadId) -> Result<UploadRecord, StoreError> {
        todo!()
    }

    /// The refused rows of an upload, by row.
    pub async fn refused_rows(&self, _id: UploadId) -> Result<Vec<RefusedRow>, StoreError> {
        todo!()
    }

    /// Earlier uploads with the same bytes, the newest first.
    pub async fn uploads_by_sha256(
        &self,
        _organization: OrganizationId,
        _sha256: &str,
    ) -> Result<Vec<UploadRecord>, StoreError> {
        todo!()
    }
}
