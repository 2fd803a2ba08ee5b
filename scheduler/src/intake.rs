use std::collections::BTreeMap;

use dialtone_files::Key;
use dialtone_model::{Actor, Finding, OrganizationId, RowRef, UploadId, crash_point};
use dialtone_store::{RefusedRow, TemplateUser, UploadRecord};
use dialtone_templates::{Problems, Reading, read};
use dialtone_validators::{Checked, Facts, Verdict, check};

use crate::{OperationError, Operations, blocking};

/// A file as a face hands it over.
#[derive(Clone, Debug)]
pub struct NamedBytes {
    /// Its name, for people.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What happens to a file with bad rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Any bad row refuses the upload.
    #[default]
    Strict,
    /// The good rows are used and the bad ones given back.
    ValidRowsOnly,
}

/// Files that were read and checked, with all that was said of them.
#[derive(Debug)]
pub struct Intake {
    /// The files, in the order of the upload.
    pub readings: Vec<Reading>,
    /// What the data is worth.
    pub verdict: Verdict,
    /// Rows without an error.
    pub accepted: usize,
    /// Rows with an error.
    pub refused: usize,
    /// What is wrong; beyond a limit the problems are counted only.
    pub problems: Problems,
}

impl Intake {
    /// What is wrong, in words.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        self.problems.iter().map(|problem| problem.finding(&self.readings))
    }

    /// Whether the mode lets the good rows be used.
    pub fn is_usable(&self, mode: Mode) -> bool {
        match self.verdict {
            Verdict::Accept => true,
            Verdict::RejectRows => mode == Mode::ValidRowsOnly && self.accepted > 0,
            Verdict::RejectFile => false,
        }
    }
}

/// A bulk assignment's files, read and checked, and what follows from them.
pub(crate) struct BulkIntake {
    pub(crate) intake: Intake,
    /// The users of each file's good rows.
    pub(crate) users: Vec<Vec<TemplateUser>>,
    /// The bad rows of each file.
    pub(crate) refused: Vec<Vec<RefusedRow>>,
    pub(crate) uploads: Vec<UploadId>,
}

/// Reads files, in their order.
pub(crate) async fn read_files(files: Vec<NamedBytes>) -> Vec<Reading> {
    blocking(move || files.into_iter().map(|file| read(&file.name, file.bytes)).collect()).await
}

impl Operations {
    /// Checks the files of one bulk assignment. It stores nothing.
    pub(crate) async fn check_bulk(&self, readings: Vec<Reading>, facts: Facts) -> BulkIntake {
        let ids: Vec<UploadId> = readings.iter().map(|_| self.ids.next()).collect();
        let work = move || {
            let checked = check(&readings, Some(&facts));
            let users = template_users(&checked, &ids, &facts);
            let refused = refused_rows(&checked.problems, checked.readings);
            let Checked { verdict, accepted, refused: refused_count, problems, .. } = checked;
            let intake = Intake { verdict, accepted, refused: refused_count, problems, readings };
            BulkIntake { intake, users, refused, uploads: ids }
        };
        blocking(work).await
    }

    /// Keeps the bytes of an upload and says so in the store.
    pub(crate) async fn keep_upload(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        id: UploadId,
        file: &NamedBytes,
        reading: &Reading,
        refused: &[RefusedRow],
    ) -> Result<(), OperationError> {
        let record = self.keep_bytes(actor, organization, id, file, reading).await?;
        Ok(self.store.add_upload(&record, refused).await?)
    }

    /// Keeps the bytes of an upload, of which the store is told by the record.
    pub(crate) async fn keep_bytes(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        id: UploadId,
        file: &NamedBytes,
        reading: &Reading,
    ) -> Result<UploadRecord, OperationError> {
        let key = Key::new(format!("uploads/{id}"))?;
        crash_point!("scheduler-before-put-upload");
        self.files.put(&key, file.bytes.clone()).await?;
        crash_point!("scheduler-after-put-upload");
        Ok(UploadRecord {
            id,
            organization,
            name: file.name.clone(),
            kind: reading.kind.map(|kind| kind.word().to_owned()).unwrap_or_default(),
            sha256: reading.sha256.clone().unwrap_or_default(),
            size: reading.size,
            storage_key: key.as_str().to_owned(),
            uploaded_at: self.clock.now(),
            uploaded_by: actor.name.clone(),
        })
    }

    /// The bytes of an upload, if they still are those that the store knows.
    pub(crate) async fn upload_bytes(&self, upload: &UploadRecord) -> Result<Vec<u8>, OperationError> {
        let key = Key::new(upload.storage_key.as_str())?;
        Ok(self.files.get_exactly(&key, &upload.sha256).await?)
    }
}

fn template_users(checked: &Checked<'_>, uploads: &[UploadId], facts: &Facts) -> Vec<Vec<TemplateUser>> {
    let mut users: Vec<Vec<TemplateUser>> = uploads.iter().map(|_| Vec::new()).collect();
    for row in &checked.assignments {
        let file = row.file as usize;
        // With facts at hand every accepted row has found its user.
        let Some((user, name)) = row.user.and_then(|id| facts.users.get_key_value(&id)) else { continue };
        users[file].push(TemplateUser {
            origin: Some(RowRef { upload: uploads[file], row: row.row }),
            ext_key: row.ext_key.to_owned(),
            user: *user,
            user_name: name.clone(),
            number: row.number.map(str::to_owned),
        });
    }
    users
}

/// The rows of each file that have an error, with all that was said of them. Of a row whose findings are only counted
/// the first one is told.
pub(crate) fn refused_rows(problems: &Problems, readings: &[Reading]) -> Vec<Vec<RefusedRow>> {
    let mut rows: Vec<BTreeMap<u32, Vec<Finding>>> = readings.iter().map(|_| BTreeMap::new()).collect();
    for problem in problems.errors_of_rows() {
        rows[problem.file as usize].extend(problem.row.map(|row| (row, Vec::new())));
    }
    for problem in problems {
        if let Some(findings) = problem.row.and_then(|row| rows[problem.file as usize].get_mut(&row)) {
            findings.push(problem.finding(readings));
        }
    }
    for problem in problems.errors_of_rows() {
        if let Some(findings) = problem.row.and_then(|row| rows[problem.file as usize].get_mut(&row))
            && findings.is_empty()
        {
            findings.push(problem.finding(readings));
        }
    }
    let refused = |(row, findings)| RefusedRow { row, findings };
    rows.into_iter().map(|rows| rows.into_iter().map(refused).collect()).collect()
}
