use dialtone_model::{Actor, AddOn, Device, Extension, OrganizationId, Origin, RunKind, UserId};
use dialtone_queue::Lane;
use dialtone_store::{Brings, ExtensionRecord, NewOrder, NewRun};
use dialtone_validators::shape;
use validator::Validate;

use crate::{Assigned, OperationError, Operations, plan};

const LAST_KEY: u32 = 99_999;

/// Consecutive extensions without users.
#[derive(Clone, Debug, Validate)]
pub struct ManualProvision {
    /// How many.
    #[validate(range(min = 1, max = 15_000, message = "1 to 15,000 extensions can be provisioned at once"))]
    pub users: u32,
    /// The first key: 3 to 5 digits.
    #[validate(custom(function = "shape::ext_key"))]
    pub start: String,
}

/// What becomes of an extension; `None` leaves it.
#[derive(Clone, Debug, Default, Validate)]
pub struct ExtensionChange {
    /// Another ext key.
    #[validate(custom(function = "shape::ext_key"))]
    pub key: Option<String>,
    /// Another directory name.
    #[validate(
        length(min = 1, message = "a directory name has at least one character"),
        custom(function = "shape::directory_name")
    )]
    pub directory_name: Option<String>,
    /// Another user; `Some(None)`: nobody.
    pub user: Option<Option<UserId>>,
    /// Other add-ons.
    pub add_ons: Option<Vec<AddOn>>,
    /// Another number, digits without the `+`; `Some(None)`: none.
    pub number: Option<Option<String>>,
}

impl ManualProvision {
    /// The keys: counted up as numbers and padded to the start's width, so 098, 099, 100 and 999, 1000.
    fn keys(&self) -> Result<Vec<String>, OperationError> {
        let refused = || {
            let (users, start) = (self.users, &self.start);
            OperationError::Refused(format!("{users} extensions from {start} would pass {LAST_KEY}"))
        };
        let start: u32 = self.start.parse().map_err(|_| refused())?;
        let end = start.checked_add(self.users - 1).filter(|end| *end <= LAST_KEY).ok_or_else(refused)?;
        let width = self.start.len();
        Ok((start..=end).map(|key| format!("{key:0width$}")).collect())
    }
}

impl Operations {
    /// The provisioned extensions by key, from after `after`.
    pub async fn extensions(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ExtensionRecord>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.extensions(organization, after, limit).await?)
    }

    /// Provisions consecutive extensions without users; refused before anything happens if one of the keys exists, the
    /// block passes 99999, or base licences are short.
    pub async fn provision_extensions(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        request: &ManualProvision,
    ) -> Result<Assigned, OperationError> {
        actor.require(&[])?;
        request.validate()?;
        let keys = request.keys()?;
        let device = self.phone_system(organization).await?;
        let extensions = if request.users == 1 { "extension" } else { "extensions" };
        let name = format!("provision {} {extensions} from {}", request.users, request.start);
        let order = |key: String| {
            let extension =
                Extension { directory_name: key.clone(), key, user: None, number: None, add_ons: Vec::new() };
            let subject = extension.key.clone();
            plan::assignment::provision(extension, subject, Origin::Console, &device, self.shards, &self.ids)
        };
        let orders = keys.into_iter().map(order).collect();
        self.start_single(actor, organization, name, orders).await
    }

    /// Changes an extension's key, directory name, user, add-ons or number.
    pub async fn change_extension(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        key: &str,
        change: &ExtensionChange,
    ) -> Result<Assigned, OperationError> {
        actor.require(&[])?;
        change.validate()?;
        let (record, device) = self.extension_on_device(organization, key).await?;
        let from = record.extension;
        let user = change.user.unwrap_or(from.user);
        let user_name = self.user_name(organization, user).await?;
        let add_ons = match &change.add_ons {
            Some(add_ons) => self.known_add_ons(organization, add_ons).await?,
            None => from.add_ons.clone(),
        };
        let number = change.number.clone().unwrap_or_else(|| from.number.clone());
        self.require_own_number(organization, number.as_ref()).await?;
        let to = Extension {
            key: change.key.clone().unwrap_or_else(|| from.key.clone()),
            directory_name: change.directory_name.clone().unwrap_or_else(|| from.directory_name.clone()),
            user,
            number,
            add_ons,
        };
        if to == from {
            return Err(OperationError::Refused(format!("extension {key} is that already: nothing to change")));
        }
        let subject = user_name.unwrap_or_else(|| to.key.clone());
        let order = plan::assignment::change(&from, to, subject, &device, self.shards, &self.ids);
        self.start_single(actor, organization, format!("change extension {key}"), vec![order]).await
    }

    /// Deletes an extension; its licences are free again once the device has done it.
    pub async fn delete_extension(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        key: &str,
    ) -> Result<Assigned, OperationError> {
        actor.require(&[])?;
        let (record, device) = self.extension_on_device(organization, key).await?;
        let subject = record.user_name.unwrap_or_else(|| key.to_owned());
        let order = plan::assignment::delete(key, subject, &device, self.shards, &self.ids);
        self.start_single(actor, organization, format!("delete extension {key}"), vec![order]).await
    }

    /// Starts a run of orders that nobody has rows for.
    pub(crate) async fn start_single(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        name: String,
        orders: Vec<NewOrder>,
    ) -> Result<Assigned, OperationError> {
        let profile = self.store.organization(organization).await?.profile;
        let run = NewRun {
            id: self.ids.next(),
            organization,
            kind: RunKind::Single,
            template: None,
            project: None,
            name,
            profile,
            uploads: Vec::new(),
            orders,
            brings: Brings::default(),
            at: self.clock.now(),
            by: actor.name.clone(),
        };
        self.start(run, Lane::Interactive).await
    }

    async fn extension_on_device(
        &self,
        organization: OrganizationId,
        key: &str,
    ) -> Result<(ExtensionRecord, Device), OperationError> {
        let record = self.store.extension(organization, key).await?;
        let device = self.store.device(record.device).await?;
        Ok((record, device))
    }

    async fn user_name(
        &self,
        organization: OrganizationId,
        user: Option<UserId>,
    ) -> Result<Option<String>, OperationError> {
        let Some(id) = user else { return Ok(None) };
        let user = self.store.users(organization).await?.into_iter().find(|user| user.id == id);
        match user {
            Some(user) => Ok(Some(user.name)),
            None => Err(OperationError::Refused(format!("the organization has no user {id}"))),
        }
    }

    async fn require_own_number(
        &self,
        organization: OrganizationId,
        number: Option<&String>,
    ) -> Result<(), OperationError> {
        let Some(number) = number else { return Ok(()) };
        if self.store.numbers(organization).await?.binary_search(number).is_ok() {
            return Ok(());
        }
        Err(OperationError::Refused(format!("the organization doesn't own the number {number}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_count_up_as_numbers_at_the_width_of_the_first() {
        let keys = |users, start: &str| {
            let request = ManualProvision { users, start: start.to_owned() };
            request.validate().unwrap();
            request.keys().map_err(|refused| refused.to_string())
        };
        assert_eq!(keys(3, "098").unwrap(), ["098", "099", "100"]);
        assert_eq!(keys(2, "999").unwrap(), ["999", "1000"]);
        assert_eq!(keys(1, "99999").unwrap(), ["99999"]);
        assert_eq!(keys(2, "99999").unwrap_err(), "2 extensions from 99999 would pass 99999");
    }

    #[test]
    fn a_key_of_other_than_three_to_five_digits_is_malformed() {
        for start in ["", "12", "123456", "1a3", "１２３"] {
            assert!(ManualProvision { users: 1, start: start.to_owned() }.validate().is_err(), "{start}");
        }
    }
}
