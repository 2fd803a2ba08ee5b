use std::fmt;
use std::sync::Arc;

use dialtone_files::Files;
use dialtone_model::{Clock, Device, DeviceKind, Ids, OrganizationId, RunId, Trace};
use dialtone_queue::{Hint, Lane, Queue};
use dialtone_store::{NewOrder, Store};

use crate::OperationError;

/// Everything that can be asked of Dialtone, over one store, queue and set of kept files.
#[derive(Clone)]
pub struct Operations {
    /// The truth.
    pub store: Store,
    /// Where hints go.
    pub queue: Queue,
    /// Where uploads and reports lie.
    pub files: Files,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Ids,
    /// The installation's number of shards.
    pub shards: u16,
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("shards", &self.shards).finish_non_exhaustive()
    }
}

impl Operations {
    /// The organization's Phone System: its only one, or the `null` device that stands in for it in measurements.
    pub(crate) async fn phone_system(&self, organization: OrganizationId) -> Result<Device, OperationError> {
        let devices = self.store.devices(organization).await?;
        let phone_system =
            devices.into_iter().find(|device| device.kind.is_phone_system() || device.kind == DeviceKind::Null);
        phone_system.ok_or_else(|| {
            OperationError::Refused("the organization has no Phone System: add one to its devices".to_owned())
        })
    }

    /// Tells the holders of the devices that orders are ready. Called after the commit that made them so.
    pub(crate) fn hint(&self, run: RunId, orders: &[NewOrder], lane: Lane) {
        let ready = orders.iter().filter(|order| order.blocked_by.is_none());
        let hints = ready.filter_map(|order| {
            let device = order.steps.first()?.device;
            Some(Hint::new(device, order.shard, lane, vec![order.id]).in_trace(Trace::of(run)))
        });
        self.queue.send(hints.collect());
    }
}
