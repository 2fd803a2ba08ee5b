//! The queue on RabbitMQ.
//!
//! A process publishes over one connection and consumes over another, because a broker that is short of memory stops
//! reading from those who publish, and must still hear what is settled. Neither trusts the client library to recover:
//! after any error the whole connection is dropped and made again.

mod backoff;
mod broker;
mod consumer;
mod publisher;
pub(crate) mod topology;

pub(crate) use broker::Broker;
pub(crate) use consumer::Consumer;
pub(crate) use publisher::Publisher;
