use std::fmt;
use std::sync::Arc;

use dialtone_model::sabotage;

use crate::amqp::{Broker, Consumer, Publisher, topology};
use crate::hint::pack;
use crate::in_process::{InProcess, Subscriber};
use crate::{Hint, QueueError, Topology, meters};

/// The queue: in memory when one process is the whole system, on RabbitMQ when there are several. Clones share it.
#[derive(Clone, Debug)]
pub struct Queue {
    backend: Backend,
}

#[derive(Clone, Debug)]
enum Backend {
    InProcess(Arc<InProcess>),
    Amqp(Arc<Amqp>),
}

#[derive(Debug)]
struct Amqp {
    broker: Broker,
    shards: u16,
    publisher: Publisher,
}

impl Queue {
    /// An empty queue in memory.
    pub fn in_process() -> Self {
        Self { backend: Backend::InProcess(Arc::default()) }
    }

    /// The queue on a RabbitMQ, whose topology [`Queue::declare`] has made. `url` is `amqp://user:password@host:port/vhost`,
    /// or `amqps://` for TLS with the certificates that the system trusts; `seed` spreads the reconnections of many
    /// processes.
    ///
    /// It waits up to half a minute for a broker that is still starting: for its answer, not only for an open port.
    /// Once connected it connects again by itself, however long the broker was away.
    ///
    /// # Errors
    /// [`QueueError`] when the URL can't be read, and when no broker answers in that time or it refuses the login.
    pub async fn connect(url: &str, shards: u16, seed: u64) -> Result<Self, QueueError> {
        meters::describe();
        let broker = Broker::new(url, seed)?;
        let publisher = Publisher::start(&broker).await?;
        Ok(Self { backend: Backend::Amqp(Arc::new(Amqp { broker, shards, publisher })) })
    }

    /// The same without waiting: it connects when the first hint is sent, and a broker that is away loses that hint.
    /// For whoever says little and must not depend on the broker for it.
    ///
    /// # Errors
    /// [`QueueError::Url`] when the URL can't be read.
    pub fn connect_lazy(url: &str, shards: u16, seed: u64) -> Result<Self, QueueError> {
        meters::describe();
        let broker = Broker::new(url, seed)?;
        let publisher = Publisher::start_lazy(&broker);
        Ok(Self { backend: Backend::Amqp(Arc::new(Amqp { broker, shards, publisher })) })
    }

    /// Makes the topology that [`Queue::connect`] needs, as far as it isn't there: see `docs/queue.md`.
    ///
    /// # Errors
    /// [`QueueError`] when the broker isn't reached, or has a queue or an exchange of that name and another kind.
    pub async fn declare(url: &str, shards: u16) -> Result<(), QueueError> {
        topology::declare(&Broker::new(url, 0)?, shards).await
    }

    /// Looks whether every queue is there and reached by what is sent to it. A message that nobody has to act on goes
    /// through each of them.
    ///
    /// # Errors
    /// [`QueueError`] when the broker isn't reached.
    pub async fn check(&self) -> Result<Topology, QueueError> {
        match &self.backend {
            Backend::InProcess(_) => Ok(Topology::default()),
            Backend::Amqp(amqp) => topology::check(&amqp.broker, amqp.shards).await,
        }
    }

    /// Sends hints; call it only after the transaction that made the orders ready has committed.
    ///
    /// It never waits and never fails: when the broker is away, blocked or slow, the newest hints are kept for a while
    /// and the others let go, because the holders find the orders in the store.
    pub fn send(&self, hints: Vec<Hint>) {
        if hints.is_empty() {
            return;
        }
        let messages = meddled_with(pack(hints));
        match &self.backend {
            Backend::InProcess(queue) => queue.send(messages),
            Backend::Amqp(amqp) => amqp.publisher.send(messages),
        }
    }

    /// A receiving end, which gets nothing until it says which shards it holds.
    pub fn subscribe(&self) -> Subscription {
        let inbox = match &self.backend {
            Backend::InProcess(queue) => Inbox::InProcess(Subscriber::new(Arc::clone(queue))),
            Backend::Amqp(amqp) => Inbox::Amqp(Consumer::start(&amqp.broker)),
        };
        Subscription { inbox }
    }

    /// Whether the broker can be reached now, as far as is known; always, in memory.
    pub fn is_connected(&self) -> bool {
        match &self.backend {
            Backend::InProcess(_) => true,
            Backend::Amqp(amqp) => amqp.publisher.is_connected(),
        }
    }

    /// Waits, for a few seconds at most, until what was sent has reached the broker, and disconnects. What is sent
    /// afterwards is let go.
    pub async fn close(&self) {
        if let Backend::Amqp(amqp) = &self.backend {
            amqp.publisher.close().await;
        }
    }
}

/// The receiving end, for the holder of shards. Its connection is closed when it is dropped, and what it hasn't given
/// out goes to whoever holds the shards next.
#[derive(Debug)]
pub struct Subscription {
    inbox: Inbox,
}

#[derive(Debug)]
enum Inbox {
    InProcess(Subscriber),
    Amqp(Consumer),
}

impl Subscription {
    /// From now on the messages of these shards come here, and of no others.
    pub fn hold(&mut self, shards: &[u16]) {
        match &mut self.inbox {
            Inbox::InProcess(subscriber) => subscriber.hold(shards),
            Inbox::Amqp(consumer) => consumer.hold(shards),
        }
    }

    /// The next message, interactive ones first; it waits while there is none. Dropping the future loses nothing.
    ///
    /// Of a shard only two batch messages are out at a time: the next comes when the receipt of one is dropped.
    pub async fn next(&mut self) -> Delivery {
        match &mut self.inbox {
            Inbox::InProcess(subscriber) => subscriber.next().await,
            Inbox::Amqp(consumer) => consumer.next().await,
        }
    }
}

/// What the fault suite makes of messages: all of them lost, or each sent twice, the last one first.
fn meddled_with(messages: Vec<Hint>) -> Vec<Hint> {
    match sabotage::asked("DIALTONE_FAULT_HINTS").as_deref() {
        Some("drop") => Vec::new(),
        Some("double") => messages.iter().rev().chain(&messages).cloned().collect(),
        _ => messages,
    }
}

/// A hint that came.
#[derive(Debug)]
pub struct Delivery {
    /// What it says.
    pub hint: Hint,
    /// To be dropped as soon as each of its orders was claimed, was refused by the claim, or is left to the store.
    pub receipt: Receipt,
}

/// Tells the broker, when it is dropped, that a message has done its work. Until then the broker gives it to another
/// holder if this one dies.
pub struct Receipt {
    settle: Option<Box<dyn FnOnce() + Send + Sync>>,
}

impl Receipt {
    pub(crate) fn new(settle: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self { settle: Some(Box::new(settle)) }
    }

    /// Leaves the message unsettled: nobody has seen it here.
    pub(crate) fn disown(mut self) {
        self.settle = None;
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle();
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt").finish_non_exhaustive()
    }
}
