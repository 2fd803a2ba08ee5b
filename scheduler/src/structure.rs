use dialtone_model::{OrganizationId, Processor, Subscriber};
use dialtone_store::{Infrastructure, InfrastructureKind};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{DeviceImport, OperationError, Operations, OrganizationImport};

impl Operations {
    /// Adds the Domains, Service Areas and roles of an import, and what it says of its devices; sets those that are there.
    pub(crate) async fn put_structure(
        &self,
        organization: OrganizationId,
        import: &OrganizationImport,
    ) -> Result<(), OperationError> {
        let processors: Vec<Processor> = import.devices.iter().map(DeviceImport::processor).collect();
        self.put(organization, InfrastructureKind::Domain, &import.domains, |one| &one.name).await?;
        self.put(organization, InfrastructureKind::ServiceArea, &import.service_areas, |one| &one.name).await?;
        self.put(organization, InfrastructureKind::Role, &import.roles, |one| &one.name).await?;
        self.put(organization, InfrastructureKind::Processor, &processors, |one| &one.name).await
    }

    async fn put<T: Serialize>(
        &self,
        organization: OrganizationId,
        kind: InfrastructureKind,
        all: &[T],
        name: fn(&T) -> &String,
    ) -> Result<(), OperationError> {
        let record = |one: &T| Ok(Infrastructure { name: name(one).clone(), settings: serde_json::to_value(one)? });
        let records = all.iter().map(record).collect::<Result<Vec<_>, serde_json::Error>>()?;
        Ok(self.store.put_infrastructure(organization, kind, &records).await?)
    }

    /// All records of a kind, by name.
    pub(crate) async fn structure<T: DeserializeOwned>(
        &self,
        organization: OrganizationId,
        kind: InfrastructureKind,
    ) -> Result<Vec<T>, OperationError> {
        let records = self.store.infrastructure(organization, kind).await?;
        Ok(records.into_iter().map(|one| serde_json::from_value(one.settings)).collect::<Result<_, _>>()?)
    }
}

/// A subscriber as the store keeps it. On which call processors the login is known follows from the inventory.
pub(crate) fn subscriber_row(subscriber: &Subscriber) -> dialtone_store::Subscriber {
    let Subscriber { user_id, first_name, last_name, email, role, domain, identity, present_on: _ } =
        subscriber.clone();
    let first_name = Some(first_name).filter(|name| !name.is_empty());
    let identity_id = identity.map(|id| id.0);
    dialtone_store::Subscriber { user_id, first_name, last_name, email, role, domain, identity_id }
}

/// A subscriber as the planner reads it.
pub(crate) fn subscriber_of_row(row: dialtone_store::Subscriber) -> Subscriber {
    Subscriber {
        user_id: row.user_id,
        first_name: row.first_name.unwrap_or_default(),
        last_name: row.last_name,
        email: row.email,
        role: row.role,
        domain: row.domain,
        identity: row.identity_id.map(Into::into),
        present_on: [].into(),
    }
}
