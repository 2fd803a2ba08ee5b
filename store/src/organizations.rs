use std::collections::HashMap;

use dialtone_model::{LicenceCount, Organization, OrganizationId, User, UserId};
use jiff::Timestamp;

use crate::{Store, StoreError};

/// A tenant with its directory, as an import brings it.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// The tenant.
    pub organization: Organization,
    /// When it is made.
    pub at: Timestamp,
}

/// What is taken in an organization: by extensions, and by orders that are being worked on.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// Extension keys, with the name of the template in progress that claims each, if it isn't an extension yet.
    pub ext_keys: HashMap<String, Option<String>>,
    /// Users likewise.
    pub users: HashMap<UserId, Option<String>>,
    /// Numbers likewise.
    pub numbers: HashMap<String, Option<String>>,
}

impl Store {
    /// Adds a tenant without users, numbers and licences.
    pub async fn add_organization(&self, _new: &NewOrganization) -> Result<(), StoreError> {
        todo!()
    }

    /// All tenants, by name.
    pub async fn organizations(&self) -> Result<Vec<Organization>, StoreError> {
        todo!()
    }

    /// One tenant by its id.
    pub async fn organization(&self, _id: OrganizationId) -> Result<Organization, StoreError> {
        todo!()
    }

    /// Adds users, and sets the names of those whose ids are there already; in one transaction, 500 rows a statement.
    pub async fn put_users(&self, _organization: OrganizationId, _users: &[User]) -> Result<(), StoreError> {
        todo!()
    }

    /// Adds numbers that the organization owns; those it has already stay.
    pub async fn put_numbers(&self, _organization: OrganizationId, _numbers: &[String]) -> Result<(), StoreError> {
        todo!()
    }

    /// Sets how many of each licence are owned; refused with [`StoreError::LicencesShort`] where that is less than
    /// what is reserved and used. `free`, `reserved` and `used` of the argument don't matter.
    pub async fn put_licences(
        &self,
        _organization: OrganizationId,
        _licences: &[LicenceCount],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// All users of a tenant, by id.
    pub async fn users(&self, _organization: OrganizationId) -> Result<Vec<User>, StoreError> {
        todo!()
    }

    /// All numbers that a tenant owns, sorted.
    pub async fn numbers(&self, _organization: OrganizationId) -> Result<Vec<String>, StoreError> {
        todo!()
    }

    /// The numbers that no extension has or claims, sorted.
    pub async fn available_numbers(&self, _organization: OrganizationId) -> Result<Vec<String>, StoreError> {
        todo!()
    }

    /// The licences of a tenant, the base licence first, then by code.
    pub async fn licences(&self, _organization: OrganizationId) -> Result<Vec<LicenceCount>, StoreError> {
        todo!()
    }

    /// What is taken.
    pub async fn claimed(&self, _organization: OrganizationId) -> Result<Claimed, StoreError> {
        todo!()
    }
}
