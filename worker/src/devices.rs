use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::Driver;
use dialtone_model::{Device, DeviceId, DeviceKind, DeviceLimits, OrganizationId, Tls};
use dialtone_store::{Store, StoreError};
use jiff::Timestamp;
use tracing::{error, info};

use crate::DriverFactory;
use crate::dispatcher::{Dispatcher, Message};
use crate::line::Line;
use crate::undrivable::Undrivable;

/// What the store tells of devices beside their orders.
pub(crate) struct Survey {
    /// Devices that have work beside the orders.
    with_work: Vec<DeviceId>,
    /// Devices whose rows were changed, with the number of the change.
    changed: Vec<(DeviceId, i64)>,
}

/// A device's row with what drives it.
pub(crate) struct Drivable {
    device: Device,
    /// The number of the row's last change.
    revision: i64,
    driver: Arc<dyn Driver>,
}

impl Dispatcher {
    /// Asks the store what is to be done beside the orders, and which devices were changed.
    pub(crate) fn survey(&mut self, shards: Vec<u16>) {
        let (store, revision) = (self.worker.store.clone(), self.revision);
        self.tasks.spawn(async move { Message::Surveyed(survey(&store, &shards, revision).await) });
    }

    /// Takes what the survey told.
    pub(crate) fn surveyed(&mut self, survey: Survey) {
        for (device, revision) in survey.changed {
            self.revision = self.revision.max(revision);
            // Whoever has no line yet reads the row when it gets one.
            if self.lines.get(&device).is_some_and(|line| line.revision < revision) {
                self.find_device(device);
            }
        }
        for device in survey.with_work {
            if let Some(line) = self.lines.get_mut(&device) {
                line.duties.ask();
                self.stirred.insert(device);
            } else {
                self.with_duties.insert(device);
                self.find_device(device);
            }
        }
    }

    /// Reads a device's row and finds its driver.
    pub(crate) fn find_device(&mut self, id: DeviceId) {
        if self.unknown_devices.contains_key(&id) {
            return;
        }
        self.unknown_devices.insert(id, Vec::new());
        let (store, drivers) = (self.worker.store.clone(), Arc::clone(&self.worker.drivers));
        let turns = Arc::clone(&self.turns);
        self.tasks.spawn(async move {
            let Ok(_turn) = turns.acquire().await else { return Message::GaveBack };
            Message::Device { id, result: find(&store, &drivers, id).await.map(Box::new) }
        });
    }

    /// A row is read: the device gets a line, or its line is told.
    pub(crate) fn device_found(&mut self, id: DeviceId, result: Result<Box<Drivable>, StoreError>, now: Duration) {
        let hints = self.unknown_devices.remove(&id).unwrap_or_default();
        let Drivable { mut device, revision, driver } = match result {
            Ok(found) => *found,
            Err(failure) => {
                // The change that is missed by this is told once more.
                self.revision = 0;
                return self.store_failed(&failure);
            }
        };
        if let Some(most) = self.worker.settings.tenure.longest_call()
            && device.limits.call_timeout > most
        {
            info!(device.id = %id, device.name = device.name, ?most, "calls are cut short to fit into the lease");
            device.limits.call_timeout = most;
        }
        let shard = id.shard(self.worker.settings.shards);
        let line = match self.lines.remove(&id) {
            Some(mut line) => {
                info!(device.id = %id, device.name = device.name, "the device's row was changed");
                line.changed(device, driver);
                line
            }
            None => {
                // Whoever has the shard by now finds the device's work by itself.
                let Some(lease) = self.shards.lease(shard) else { return };
                let mut line = Line::new(device, lease, driver, now);
                line.takes_orders = self.worker.settings.orders;
                line
            }
        };
        let line = self.lines.entry(id).or_insert(line);
        line.revision = revision;
        hints.into_iter().for_each(|delivery| line.hint(delivery, now));
        if self.with_duties.remove(&id) {
            line.duties.ask();
        }
        self.stirred.insert(id);
    }
}

/// The devices of the held shards that have ready orders. Which shard a device is in follows from its id, which the
/// store can't compute; so it is asked for these devices alone.
pub(crate) async fn devices_with_work(
    store: &Store,
    shards: u16,
    held: &[u16],
    now: Timestamp,
) -> Result<Vec<DeviceId>, StoreError> {
    let mut devices = store.device_ids().await?;
    devices.retain(|device| held.contains(&device.shard(shards)));
    if devices.is_empty() { Ok(devices) } else { store.devices_with_work(&devices, now).await }
}

async fn survey(store: &Store, shards: &[u16], revision: i64) -> Result<Survey, StoreError> {
    let with_work = store.devices_with_device_work(shards).await?;
    Ok(Survey { with_work, changed: store.devices_changed_since(revision).await? })
}

async fn find(store: &Store, drivers: &DriverFactory, id: DeviceId) -> Result<Drivable, StoreError> {
    let (device, revision) = match store.device_with_revision(id).await {
        Ok(found) => found,
        // Its orders fail like those of a device that can't be reached, and end with a person.
        Err(StoreError::NotFound { .. }) => {
            let driver = Arc::new(Undrivable::new("the device was removed".to_owned()));
            return Ok(Drivable { device: removed(id), revision: 0, driver });
        }
        Err(failure) => return Err(failure),
    };
    let driver = drivers(device.clone()).await.unwrap_or_else(|reason| {
        error!(device.id = %id, device.name = device.name, reason, "the device can't be driven");
        Arc::new(Undrivable::new(reason))
    });
    Ok(Drivable { device, revision, driver })
}

/// What stands in for the row of a device that isn't there any more.
fn removed(id: DeviceId) -> Device {
    Device {
        id,
        organization: OrganizationId(id.0),
        name: "removed".to_owned(),
        kind: DeviceKind::Null,
        address: String::new(),
        version: None,
        login: String::new(),
        password: String::new(),
        secrets: Default::default(),
        tls: Tls::System,
        limits: DeviceLimits::default(),
        settings: Default::default(),
    }
}
