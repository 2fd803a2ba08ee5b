use dialtone_files::FilesError;
use dialtone_model::{Forbidden, RunTransitionRefused, TemplateActionRefused};
use dialtone_store::StoreError;
use dialtone_templates::WriteError;
use validator::ValidationErrors;

/// Why an operation wasn't done. Nothing of it is half done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The actor may not do it.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// What was asked is malformed.
    #[error("{0}")]
    Malformed(String),
    /// What was asked can't be, and why.
    #[error("{0}")]
    Refused(String),
    /// The template's status refuses it.
    #[error(transparent)]
    TemplateAction(#[from] TemplateActionRefused),
    /// The run's state refuses it.
    #[error(transparent)]
    Run(#[from] RunTransitionRefused),
    /// The store refused it or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A report or another file couldn't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A record says something that this version can't read.
    #[error("a record of the organization can't be read: {0}")]
    Record(#[from] serde_json::Error),
    /// Kept bytes couldn't be read or written.
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl From<ValidationErrors> for OperationError {
    fn from(errors: ValidationErrors) -> Self {
        let mut fields: Vec<_> = errors.field_errors().into_iter().collect();
        fields.sort_by(|(left, _), (right, _)| left.cmp(right));
        let said = fields.into_iter().flat_map(|(_, errors)| errors).map(ToString::to_string);
        Self::Malformed(said.collect::<Vec<_>>().join("; "))
    }
}
