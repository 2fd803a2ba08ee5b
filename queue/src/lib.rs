//! Hints between those who make orders ready and those who claim them.
//!
//! A hint says "look at these orders of this shard" and carries ids only. It may be late, doubled or lost without harm:
//! a holder that hears nothing asks the store by itself. The only room that knows a message broker.

mod in_process;

use dialtone_model::{DeviceId, OrderId};

pub use in_process::{Queue, Subscription};

/// Which of a shard's two lanes a hint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A person waits for it: taken first at every free slot.
    Interactive,
    /// Everything else.
    Batch,
}

/// "These orders of this device may be ready."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The device of the orders' next steps.
    pub device: DeviceId,
    /// The device's shard.
    pub shard: u16,
    /// How urgent they are.
    pub lane: Lane,
    /// The orders, at most [`Hint::MOST`]; empty: "ask the store".
    pub orders: Vec<OrderId>,
}

impl Hint {
    /// The most ids in one hint, so that a message stays small however large a run is.
    pub const MOST: usize = 50;
}

/// The queue can't take hints now. Nothing is lost by it: the store has the orders.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue doesn't take hints now: {reason}")]
pub struct QueueError {
    /// Why.
    pub reason: String,
}
