use dialtone_model::{DeviceId, Life, OrderId, Position, RunId, State, Step, Work, WorkStatus};
use jiff::Timestamp;

use crate::{Lease, Store, StoreError};

/// Which orders a holder wants.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Those that a hint named, as far as they are ready.
    These(Vec<OrderId>),
    /// The oldest that are ready.
    Any,
}

/// One ask for work for one device.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// For whom.
    pub device: DeviceId,
    /// The lease of the device's shard.
    pub lease: Lease,
    /// Which orders.
    pub wanted: Wanted,
    /// At most so many.
    pub limit: u32,
    /// The wall clock's time.
    pub now: Timestamp,
    /// The worker's name, for the history.
    pub actor: String,
}

/// An order that the holder won. Whoever has it is the only one to run its step, until a newer epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The order.
    pub order: OrderId,
    /// Its run.
    pub run: RunId,
    /// The device of the step that is due.
    pub device: DeviceId,
    /// Its version now.
    pub version: i64,
    /// The epoch that it was claimed under.
    pub epoch: i64,
    /// What decides its transitions.
    pub life: Life,
    /// The step that is due.
    pub at: Position,
    /// Its steps.
    pub steps: Vec<Step>,
}

impl Claim {
    /// The state of a claimed order.
    pub const fn state(&self) -> State {
        State::Released(Work { status: WorkStatus::BeingProvisioned, at: self.at })
    }
}

impl Store {
    /// Claims orders: one winner each. It takes an order only if it is ready, its next step's device is this one, its
    /// run is running, `not_before` has passed, nothing blocks it, nobody of this epoch has it, and the epoch is still
    /// the shard's; anything else is silently not taken. A first claim starts the order (event `started`); a claim
    /// left by an older epoch is taken over and its step is unknown from then on. An order claimed five times without
    /// a recorded outcome goes to Hold, `internal-error`, instead.
    pub async fn claim(&self, _request: &ClaimRequest) -> Result<Vec<Claim>, StoreError> {
        todo!()
    }

    /// Gives claims back unharmed, their steps not having been run: nothing happened and no attempt is counted.
    /// `not_before` is when they may be claimed next.
    pub async fn give_back(&self, _claims: &[Claim], _not_before: Option<Timestamp>) -> Result<(), StoreError> {
        todo!()
    }

    /// Gives back, unharmed, what this lease has claimed for a device apart from `held`: a claim whose COMMIT was
    /// answered by a lost connection is nobody's otherwise.
    pub async fn give_back_orphans(
        &self,
        _device: DeviceId,
        _lease: Lease,
        _held: &[OrderId],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// When the next order of a device becomes ready by itself; `None` when none waits for a time.
    pub async fn next_due(&self, _device: DeviceId) -> Result<Option<Timestamp>, StoreError> {
        todo!()
    }

    /// The devices of a shard that have ready orders now.
    pub async fn devices_with_work(&self, _shards: &[u16], _now: Timestamp) -> Result<Vec<DeviceId>, StoreError> {
        todo!()
    }
}
