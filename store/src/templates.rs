use dialtone_model::{AddOn, OrganizationId, RowRef, RunId, TemplateId, TemplateStatus, UploadId, UserId};
use jiff::Timestamp;

use crate::{Store, StoreError};

/// A bulk-assignment template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRecord {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// The add-on licences that every user gets, sorted.
    pub add_ons: Vec<AddOn>,
    /// Where it is in its life.
    pub status: TemplateStatus,
    /// How many users it has.
    pub total_users: u32,
    /// Its run, once it was assigned.
    pub run: Option<RunId>,
    /// Raised by every change; a change names the version it saw.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// What a new template starts with.
#[derive(Clone, Debug)]
pub struct NewTemplate {
    /// Its id.
    pub id: TemplateId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// The add-on licences that every user gets.
    pub add_ons: Vec<AddOn>,
    /// When it is made.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// One user of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateUser {
    /// The row it came from; `None` for one added by hand.
    pub origin: Option<RowRef>,
    /// The ext key.
    pub ext_key: String,
    /// The user.
    pub user: UserId,
    /// The user's name when added.
    pub user_name: String,
    /// The number, without the `+`.
    pub number: Option<String>,
}

impl Store {
    /// Adds a draft without users.
    pub async fn add_template(&self, _new: &NewTemplate) -> Result<(), StoreError> {
        todo!()
    }

    /// One template.
    pub async fn template(&self, _id: TemplateId) -> Result<TemplateRecord, StoreError> {
        todo!()
    }

    /// The templates of a tenant whose name contains `search` (case doesn't matter) or whose id starts with it, the
    /// newest first; all when it is empty.
    pub async fn templates(
        &self,
        _organization: OrganizationId,
        _search: &str,
    ) -> Result<Vec<TemplateRecord>, StoreError> {
        todo!()
    }

    /// Sets name and add-ons of a draft, if its version is still `version`.
    pub async fn edit_template(
        &self,
        _id: TemplateId,
        _version: i64,
        _name: &str,
        _add_ons: &[AddOn],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Adds users to the end of a draft's list and `uploads` to its files, in one transaction, if its version is still `version`.
    pub async fn add_template_users(
        &self,
        _id: TemplateId,
        _version: i64,
        _uploads: &[UploadId],
        _users: &[TemplateUser],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes the users with these ext keys from a draft, if its version is still `version`; returns how many.
    pub async fn remove_template_users(
        &self,
        _id: TemplateId,
        _version: i64,
        _ext_keys: &[String],
    ) -> Result<u64, StoreError> {
        todo!()
    }

    /// The users of a template, in order.
    pub async fn template_users(&self, _id: TemplateId) -> Result<Vec<TemplateUser>, StoreError> {
        todo!()
    }

    /// The files of a template, in upload order.
    pub async fn template_uploads(&self, _id: TemplateId) -> Result<Vec<UploadId>, StoreError> {
        todo!()
    }

    /// Makes `new` with the users and files of `from`, whatever the status of `from`; in one transaction.
    pub async fn duplicate_template(&self, _from: TemplateId, _new: &NewTemplate) -> Result<(), StoreError> {
        todo!()
    }

    /// Removes a draft, if its version is still `version`. Its uploads stay.
    pub async fn delete_template(&self, _id: TemplateId, _version: i64) -> Result<(), StoreError> {
        todo!()
    }
}
