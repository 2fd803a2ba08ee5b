/// The queue can't be used now. No order is harmed by it: the store has them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The URL isn't one of a broker. It isn't repeated here, because it has a password in it.
    #[error("the queue's URL can't be read: it is amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps:// for TLS")]
    Url,
    /// No broker answered in time.
    #[error("no RabbitMQ answers at {broker}: {reason}")]
    Unreachable {
        /// Where, without the login.
        broker: String,
        /// What was seen last.
        reason: String,
    },
    /// The broker doesn't let this login in, or has no such virtual host.
    #[error("RabbitMQ at {broker} refuses the connection: {reason}")]
    Refused {
        /// Where, without the login.
        broker: String,
        /// What it says.
        reason: String,
    },
    /// A queue or an exchange can't be made as it is needed.
    #[error("RabbitMQ at {broker} doesn't make {name}: {reason}")]
    Topology {
        /// Where, without the login.
        broker: String,
        /// Which.
        name: String,
        /// What it says.
        reason: String,
    },
}
