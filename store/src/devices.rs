use dialtone_model::{Device, DeviceId, OrganizationId};

use crate::{Store, StoreError};

impl Store {
    /// Adds a device, or replaces the one with that id.
    pub async fn put_device(&self, _device: &Device) -> Result<(), StoreError> {
        todo!()
    }

    /// One device.
    pub async fn device(&self, _id: DeviceId) -> Result<Device, StoreError> {
        todo!()
    }

    /// The devices of a tenant, by name.
    pub async fn devices(&self, _organization: OrganizationId) -> Result<Vec<Device>, StoreError> {
        todo!()
    }

    /// All devices of all tenants, by id: what a worker's holder asks for.
    pub async fn all_devices(&self) -> Result<Vec<Device>, StoreError> {
        todo!()
    }
}
