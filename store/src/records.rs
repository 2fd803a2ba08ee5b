use dialtone_model::{DeviceId, Event, OrderId, Reason, RunId, State};
use jiff::Timestamp;

use crate::{Lease, Store, StoreError};

/// What became of a claimed step, to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The order.
    pub order: OrderId,
    /// Its run.
    pub run: RunId,
    /// The version that the claim, or the last record, left.
    pub version: i64,
    /// The epoch of the claim.
    pub epoch: i64,
    /// The index of the step that was run.
    pub step: u16,
    /// What happened.
    pub event: Event,
    /// The state that follows it.
    pub next: State,
    /// Why, for a failure; a done step clears it.
    pub reason: Option<Reason>,
    /// When the next try is due.
    pub not_before: Option<Timestamp>,
    /// The device of the step that is due next and its shard; the present one when the order stays there.
    pub next_device: (DeviceId, u16),
    /// When it happened.
    pub at: Timestamp,
}

/// What the holder does next with an order that it recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Run the next step: the order is still claimed, at this version.
    Go {
        /// Its version now.
        version: i64,
    },
    /// Leave it: it is over, waits, or its run was paused or cancelled.
    Stop,
    /// Leave it and hint its next device's holder.
    Hop,
    /// Somebody else has it, or the lease is lost: the outcome was not recorded.
    Fenced,
}

/// The verdict on one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The order.
    pub order: OrderId,
    /// What to do next with it.
    pub verdict: Verdict,
}

/// What a group of outcomes led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedBatch {
    /// One for each outcome, in the same order.
    pub orders: Vec<Recorded>,
    /// Orders of other rows that became ready, with the device and shard of their next step.
    pub freed: Vec<(OrderId, DeviceId, u16)>,
    /// Runs that are over now.
    pub finished: Vec<RunId>,
}

impl Store {
    /// Records a group of outcomes of one shard in one transaction: the states by compare-and-set on version and epoch
    /// (and the shard's epoch must still be the lease's), an event each, the claims on extensions, the licence counts,
    /// the successors in the users' chains, the ends of runs and of their templates.
    ///
    /// After a lost COMMIT answer the same call may be repeated: an outcome that is recorded already is recognised by
    /// its event and gets its verdict again.
    pub async fn record(
        &self,
        _lease: Lease,
        _actor: &str,
        _outcomes: &[Outcome],
    ) -> Result<RecordedBatch, StoreError> {
        todo!()
    }
}
