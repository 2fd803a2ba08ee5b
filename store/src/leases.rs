use uuid::Uuid;

use crate::{Store, StoreError};

/// A shard's lease: the right to claim and record for its devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The shard.
    pub shard: u16,
    /// Who holds it; nil when nobody does.
    pub holder: Uuid,
    /// Raised at every change of hands: what fences the holders before.
    pub epoch: i64,
    /// Raised by the holder to show that it lives.
    pub beat: i64,
}

impl Store {
    /// All leases as they stand, by shard; a shard that was never held has epoch 0.
    pub async fn leases(&self, _shards: u16) -> Result<Vec<Lease>, StoreError> {
        todo!()
    }

    /// Takes a lease over, if it is still as it was `seen`; raises the epoch. `None`: somebody was faster.
    pub async fn take_lease(&self, _seen: Lease, _holder: Uuid) -> Result<Option<Lease>, StoreError> {
        todo!()
    }

    /// Takes many at once, as [`Store::take_lease`] does: the embedded process takes all shards in one statement.
    pub async fn take_leases(&self, _seen: &[Lease], _holder: Uuid) -> Result<Vec<Lease>, StoreError> {
        todo!()
    }

    /// Raises the beat; `None` when the lease was lost.
    pub async fn renew_lease(&self, _lease: Lease) -> Result<Option<Lease>, StoreError> {
        todo!()
    }

    /// Gives a lease up, if it is still held, so that the next holder needn't wait.
    pub async fn release_lease(&self, _lease: Lease) -> Result<(), StoreError> {
        todo!()
    }
}
