use std::time::Duration;

use dialtone_files::{Key, sha256};
use dialtone_model::{Actor, RunId, crash_point};
use dialtone_templates::Format;

use crate::{OperationError, Operations, ReportRows};

/// A report of a run that is kept beside the uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptReport {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their SHA-256 in lower-case hexadecimal. It is the last part of the key, so whoever has the one can check the
    /// other, and a report that is made again and says the same replaces itself.
    pub sha256: String,
    /// Where it lies: a path or an `s3://` address.
    pub location: String,
    key: Key,
}

impl Operations {
    /// Makes the whole report of a run and keeps it.
    pub async fn keep_report(&self, actor: &Actor, run: RunId, format: Format) -> Result<KeptReport, OperationError> {
        let told = self.store.run(run).await?;
        let bytes = self.report(actor, run, format, ReportRows::All).await?;
        let sha256 = sha256(&bytes);
        let key = Key::new(format!("reports/{run}/{sha256}.{}", format.extension()))?;
        crash_point!("scheduler-before-put-report");
        self.files.put(&key, bytes.clone()).await?;
        crash_point!("scheduler-after-put-report");
        if told.ended_at.is_some() {
            self.store.note_report(run, told.version).await?;
            crash_point!("scheduler-after-note-report");
        }
        Ok(KeptReport { bytes, sha256, location: self.files.location(&key), key })
    }

    /// Keeps the report of a run, and makes a link by which whoever has it can download it for `ttl`; none where files
    /// are kept in a folder.
    pub async fn report_link(
        &self,
        actor: &Actor,
        run: RunId,
        format: Format,
        ttl: Duration,
    ) -> Result<Option<String>, OperationError> {
        let kept = self.keep_report(actor, run, format).await?;
        let file_name = format!("{run}.{}", format.extension());
        Ok(self.files.presigned(&kept.key, ttl, &file_name).await?)
    }
}
