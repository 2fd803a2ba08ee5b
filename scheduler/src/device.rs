use std::collections::BTreeMap;
use std::time::Duration;

use dialtone_model::{
    Actor, Device, DeviceId, DeviceKind, DeviceLimits, ObjectKind, OrganizationId, ServiceArea, SyncScope, Tls, WorkId,
};
use dialtone_queue::{Hint, Lane};
use dialtone_store::{DeviceWork, InfrastructureKind, KnownObject, NewDeviceWork, Resealed};

use crate::address::SIMULATED;
use crate::{AddressPolicy, OperationError, Operations};

/// How many pieces of work a view of a device shows.
const SHOWN_WORK: u32 = 5;
/// The longest name of a device.
const LONGEST_NAME: usize = 100;

/// A device to be added.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its name, unique in the organization.
    pub name: String,
    /// Its family.
    pub kind: DeviceKind,
    /// What else its row says.
    pub edit: DeviceEdit,
}

/// What is to be set of a device; what is `None` stays as it is.
#[derive(Clone, Default)]
pub struct DeviceEdit {
    /// Where it is.
    pub address: Option<String>,
    /// Its software version; an empty one unsets it.
    pub version: Option<String>,
    /// The account.
    pub login: Option<String>,
    /// The account's password.
    pub password: Option<String>,
    /// Further secrets by their names; an empty one unsets it.
    pub secrets: BTreeMap<String, String>,
    /// What vouches for it.
    pub tls: Option<Tls>,
    /// Calls at once.
    pub concurrency: Option<u16>,
    /// Calls in any second; `Some(None)`: as many as it answers.
    pub rate: Option<Option<u32>>,
    /// How long one call may take.
    pub call_timeout: Option<Duration>,
    /// Settings of its family; an empty one unsets it.
    pub settings: BTreeMap<String, String>,
}

/// A device with what was lately done with it.
#[derive(Clone, Debug)]
pub struct DeviceView {
    /// Its row.
    pub device: Device,
    /// The last work beside the orders, the newest first.
    pub work: Vec<DeviceWork>,
    /// The last read of each scope that came to its end.
    pub reads: Vec<DeviceWork>,
}

impl std::fmt::Debug for DeviceEdit {
    /// Everything but the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceEdit").field("address", &self.address).field("login", &self.login).finish_non_exhaustive()
    }
}

impl Operations {
    /// Adds a device.
    ///
    /// # Errors
    /// [`OperationError::Refused`] for a name or address that can't be or may not be.
    pub async fn add_device(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        new: NewDevice,
        policy: &AddressPolicy,
    ) -> Result<Device, OperationError> {
        actor.require(&[])?;
        let NewDevice { name, kind, edit } = new;
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            return Err(OperationError::Refused(format!("a device's name has 1 to {LONGEST_NAME} characters")));
        }
        let mut device = Device {
            id: self.ids.next(),
            organization,
            name,
            kind,
            address: String::new(),
            version: None,
            login: String::new(),
            password: String::new(),
            secrets: BTreeMap::new(),
            tls: Tls::System,
            limits: DeviceLimits::default(),
            settings: BTreeMap::new(),
        };
        edit.apply(&mut device);
        check(&device, policy).await?;
        self.store.put_device(&device).await?;
        Ok(device)
    }

    /// Sets what a device's row says. Whoever drives the device notices within seconds.
    ///
    /// # Errors
    /// As for [`Operations::add_device`].
    pub async fn set_device(
        &self,
        actor: &Actor,
        id: DeviceId,
        edit: DeviceEdit,
        policy: &AddressPolicy,
    ) -> Result<Device, OperationError> {
        actor.require(&[])?;
        let mut device = self.store.device(id).await?;
        edit.apply(&mut device);
        check(&device, policy).await?;
        self.store.put_device(&device).await?;
        Ok(device)
    }

    /// Removes a device with all that was read from it.
    ///
    /// # Errors
    /// [`OperationError::Refused`] while a Service Area names it, and the store's refusal while extensions, products
    /// or open orders need it.
    pub async fn remove_device(&self, actor: &Actor, id: DeviceId) -> Result<(), OperationError> {
        actor.require(&[])?;
        let device = self.store.device(id).await?;
        let areas: Vec<ServiceArea> = self.structure(device.organization, InfrastructureKind::ServiceArea).await?;
        let names = |area: &&ServiceArea| {
            let processors = [&area.call_processor, &area.message_processor, &area.presence_processor];
            processors.into_iter().flatten().any(|name| *name == device.name)
        };
        if let Some(area) = areas.iter().find(names) {
            let reason = format!("the device can't be removed: the Service Area \"{}\" names it", area.name);
            return Err(OperationError::Refused(reason));
        }
        Ok(self.store.remove_device(id).await?)
    }

    /// The devices of a tenant, by name.
    pub async fn devices(&self, actor: &Actor, organization: OrganizationId) -> Result<Vec<Device>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.devices(organization).await?)
    }

    /// One device with what was lately done with it.
    pub async fn device(&self, actor: &Actor, id: DeviceId) -> Result<DeviceView, OperationError> {
        actor.require(&[])?;
        let mut reads = Vec::new();
        for scope in SyncScope::ALL {
            reads.extend(self.store.last_read(id, *scope).await?);
        }
        let device = self.store.device(id).await?;
        Ok(DeviceView { device, work: self.store.last_device_work(id, SHOWN_WORK).await?, reads })
    }

    /// Asks a device's holder to probe it. What came of it is told by [`Operations::device_work`].
    pub async fn probe_device(&self, actor: &Actor, id: DeviceId) -> Result<WorkId, OperationError> {
        actor.require(&[])?;
        let work = self.request(actor, &[None], id, false).await?;
        work.first().copied().ok_or_else(|| OperationError::Refused("nothing was asked for".to_owned()))
    }

    /// Asks a device's holder to read these scopes, in their order: everything if `whole`, or else what changed since
    /// the last time where the device can tell. A read that is under way already is joined.
    pub async fn synchronise_device(
        &self,
        actor: &Actor,
        id: DeviceId,
        scopes: &[SyncScope],
        whole: bool,
    ) -> Result<Vec<WorkId>, OperationError> {
        actor.require(&[])?;
        let mut scopes: Vec<Option<SyncScope>> = scopes.iter().copied().map(Some).collect();
        scopes.sort_unstable();
        self.request(actor, &scopes, id, whole).await
    }

    /// How far a piece of work is.
    pub async fn device_work(&self, actor: &Actor, id: WorkId) -> Result<DeviceWork, OperationError> {
        actor.require(&[])?;
        Ok(self.store.device_work(id).await?)
    }

    /// What a read found other than it was known before, a page of it.
    pub async fn device_changes(
        &self,
        actor: &Actor,
        read: WorkId,
        after: Option<(ObjectKind, &str)>,
        limit: u32,
    ) -> Result<Vec<KnownObject>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.device_changes(read, after, limit).await?)
    }

    /// What a device holds, as it was last read, a page of it.
    pub async fn device_objects(
        &self,
        actor: &Actor,
        id: DeviceId,
        after: Option<(ObjectKind, &str)>,
        limit: u32,
    ) -> Result<Vec<KnownObject>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.device_objects(id, after, limit).await?)
    }

    /// Seals everything that is kept sealed with the present key: how much another one had sealed.
    pub async fn reseal(&self, actor: &Actor) -> Result<Resealed, OperationError> {
        actor.require(&[])?;
        Ok(self.store.reseal().await?)
    }

    /// Asks for work in this order, each piece needing the one before, and tells the holder.
    async fn request(
        &self,
        actor: &Actor,
        scopes: &[Option<SyncScope>],
        device: DeviceId,
        whole: bool,
    ) -> Result<Vec<WorkId>, OperationError> {
        let shard = device.shard(self.shards);
        let mut work: Vec<NewDeviceWork> = Vec::with_capacity(scopes.len());
        for scope in scopes {
            work.push(NewDeviceWork {
                id: self.ids.next(),
                device,
                shard,
                scope: *scope,
                whole,
                needs: work.last().map(|before| before.id),
                by: actor.name.clone(),
                at: self.clock.now(),
            });
        }
        let ids = self.store.request_device_work(&work).await?;
        self.queue.send(vec![Hint::new(device, shard, Lane::Interactive, Vec::new())]);
        Ok(ids)
    }
}

impl DeviceEdit {
    fn apply(self, device: &mut Device) {
        let Self { address, version, login, password, secrets, tls, concurrency, rate, call_timeout, settings } = self;
        let limits = &mut device.limits;
        limits.concurrency = concurrency.unwrap_or(limits.concurrency);
        limits.rate = rate.unwrap_or(limits.rate);
        limits.call_timeout = call_timeout.unwrap_or(limits.call_timeout);
        device.address = address.unwrap_or(std::mem::take(&mut device.address));
        device.version = version.or(device.version.take()).filter(|version| !version.is_empty());
        device.login = login.unwrap_or(std::mem::take(&mut device.login));
        device.password = password.unwrap_or(std::mem::take(&mut device.password));
        device.tls = tls.unwrap_or(std::mem::take(&mut device.tls));
        set(&mut device.secrets, secrets);
        set(&mut device.settings, settings);
    }
}

fn set(values: &mut BTreeMap<String, String>, new: BTreeMap<String, String>) {
    values.extend(new);
    values.retain(|_, value| !value.is_empty());
}

/// Whether the row's addresses have a form that a device's can have, and are allowed.
async fn check(device: &Device, policy: &AddressPolicy) -> Result<(), OperationError> {
    let address = &device.address;
    if address != SIMULATED {
        let (_, rest) = address.split_once("://").ok_or_else(|| {
            OperationError::Refused(format!("{address:?} is no address: it has the form https://host:port"))
        })?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':')) {
            let reason = "a password has no place in an address: it is given by itself, and kept sealed";
            return Err(OperationError::Refused(reason.to_owned()));
        }
        policy.check(address).await?;
    }
    for value in device.settings.values() {
        policy.check(value).await?;
    }
    Ok(())
}
