use std::fmt;
use std::sync::Arc;

use dialtone_files::Files;
use dialtone_model::{Clock, Device, DeviceKind, Ids, OrganizationId};
use dialtone_queue::{Hint, Lane, Queue};
use dialtone_store::{NewOrder, Store};
use tracing::debug;

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
    pub(crate) async fn hint(&self, orders: &[NewOrder], lane: Lane) {
        let mut hints: Vec<Hint> = Vec::new();
        for order in orders.iter().filter(|order| order.blocked_by.is_none()) {
            let Some(device) = order.steps.first().map(|step| step.device) else { continue };
            match hints.last_mut() {
                Some(hint) if hint.device == device && hint.orders.len() < Hint::MOST => hint.orders.push(order.id),
                _ => hints.push(Hint { device, shard: order.shard, lane, orders: vec![order.id] }),
            }
        }
        self.send(hints).await;
    }

    pub(crate) async fn send(&self, hints: Vec<Hint>) {
        if let Err(failure) = self.queue.send(hints).await {
            debug!(%failure, "hints were dropped; their orders are found by the next pull");
        }
    }
}
