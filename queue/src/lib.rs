//! Hints between those who make orders ready and those who claim them.
//!
//! A hint says "look at these orders of this device" and carries ids only. It may be late, doubled or lost without
//! harm: a holder that hears nothing asks the store by itself. The only room that knows a message broker.

mod amqp;
mod backlog;
mod error;
mod hint;
mod in_process;
mod meters;
mod queue;
mod topology;
mod wire;

pub use error::QueueError;
pub use hint::{Hint, Lane};
pub use queue::{Delivery, Queue, Receipt, Subscription};
pub use topology::Topology;
