use std::collections::HashSet;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, Stream, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, Event};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{debug, error, info, warn};

use super::broker::Broker;
use super::topology::{self, HINTS, queue_of};
use crate::backlog::Backlog;
use crate::{Hint, Lane, QueueError, meters, wire};

/// Messages sent and not yet confirmed. Beyond a hundred a RabbitMQ gains nothing.
const WINDOW: usize = 128;
/// How long a confirm may take before the connection is taken to be dead.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(30);
/// How often the state of the connection and the dead-letter queue are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long closing waits for confirms.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

const PURPOSE: &str = "publisher";

/// The sending end: what is sent is kept for a moment and published by a task of its own.
#[derive(Debug)]
pub(crate) struct Publisher {
    outbox: Arc<Outbox>,
    task: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Outbox {
    backlog: Mutex<Backlog>,
    /// Something was sent, or the publisher is to close.
    stirred: Notify,
    closing: AtomicBool,
    connected: AtomicBool,
}

/// Why a session with the broker ended.
enum End {
    Closed,
    Failed(String),
}

impl From<lapin::Error> for End {
    fn from(error: lapin::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

type Confirmed = (u16, Lane, Result<Confirmation, lapin::Error>);

impl Publisher {
    /// Connects, and keeps connected from then on.
    pub(crate) async fn start(broker: &Broker) -> Result<Self, QueueError> {
        let first = broker.await_connection(PURPOSE).await?;
        Ok(Self::spawn(broker, Some(first)))
    }

    /// Connects when there is something to send, and keeps connected from then on.
    pub(crate) fn start_lazy(broker: &Broker) -> Self {
        Self::spawn(broker, None)
    }

    fn spawn(broker: &Broker, first: Option<Connection>) -> Self {
        let outbox = Arc::new(Outbox::default());
        outbox.connected.store(first.is_some(), Ordering::Relaxed);
        let task = tokio::spawn(keep_publishing(broker.clone(), Arc::clone(&outbox), first));
        Self { outbox, task: Mutex::new(Some(task)) }
    }

    pub(crate) fn send(&self, messages: Vec<Hint>) {
        self.outbox.backlog().push(messages);
        self.outbox.stirred.notify_one();
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.outbox.connected.load(Ordering::Relaxed)
    }

    /// Waits for what was sent and disconnects.
    pub(crate) async fn close(&self) {
        self.outbox.close();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut task) = task
            && timeout(CLOSE_PATIENCE, &mut task).await.is_err()
        {
            debug!("hints were left unconfirmed");
            task.abort();
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.outbox.close();
    }
}

impl Outbox {
    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.stirred.notify_one();
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Waits until there is something to send, or nothing will be any more.
    async fn stirs(&self) {
        while self.backlog().is_empty() && !self.is_closing() {
            self.stirred.notified().await;
        }
    }

    /// The next message; `None` when there is none any more and the publisher is to close.
    async fn next(&self) -> Option<Hint> {
        loop {
            if let Some(hint) = self.backlog().pop(|_| true) {
                return Some(hint);
            }
            if self.is_closing() {
                return None;
            }
            self.stirred.notified().await;
        }
    }
}

/// Publishes over one connection after the other until it is closed.
async fn keep_publishing(broker: Broker, outbox: Arc<Outbox>, first: Option<Connection>) {
    let mut backoff = broker.backoff(PURPOSE);
    let mut connection = first;
    let mut is_away = false;
    if connection.is_none() {
        outbox.stirs().await;
        if outbox.backlog().is_empty() {
            return;
        }
    }
    loop {
        let connected = match connection.take() {
            Some(connection) => Ok(connection),
            None => broker.connect(PURPOSE).await,
        };
        let failure = match connected {
            Ok(connection) => {
                if is_away {
                    info!(broker = broker.name(), "hints are published again");
                    meters::reconnected(PURPOSE);
                }
                is_away = false;
                outbox.connected.store(true, Ordering::Relaxed);
                let mut session = Session::new(&outbox);
                let End::Failed(failure) = session.run(&connection).await else { return };
                if session.was_useful {
                    backoff.reset();
                }
                failure
            }
            Err(failure) => failure.to_string(),
        };
        outbox.connected.store(false, Ordering::Relaxed);
        meters::blocked(false);
        if !is_away {
            warn!(broker = broker.name(), failure, "hints aren't published; the workers find the orders in the store");
        }
        is_away = true;
        if outbox.is_closing() {
            return;
        }
        // Closing ends the wait; what is sent meanwhile doesn't.
        let closing = async {
            while !outbox.is_closing() {
                outbox.stirred.notified().await;
            }
        };
        let _ = timeout(backoff.wait(), closing).await;
    }
}

/// One connection's life.
struct Session<'a> {
    outbox: &'a Outbox,
    blocked: bool,
    /// Queues that couldn't be reached when they were last sent to.
    unreached: HashSet<(u16, Lane)>,
    was_useful: bool,
    dead_letters: u32,
}

impl<'a> Session<'a> {
    fn new(outbox: &'a Outbox) -> Self {
        Self { outbox, blocked: false, unreached: HashSet::new(), was_useful: false, dead_letters: 0 }
    }

    async fn run(&mut self, connection: &Connection) -> End {
        match self.publish(connection).await {
            Ok(()) => {
                // The broker has everything; it needn't hear this end's goodbye.
                let _ = timeout(CLOSE_PATIENCE, connection.close(200, "done".into())).await;
                End::Closed
            }
            Err(end) => end,
        }
    }

    async fn publish(&mut self, connection: &Connection) -> Result<(), End> {
        let mut events = pin!(connection.events_listener());
        if !topology::exchange_exists(connection, HINTS).await? {
            return Err(End::Failed(format!("the exchange {HINTS} is missing: run `dialtone migrate`")));
        }
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        // The message that is being handed over. A connection that the broker blocks doesn't take it, and says that it is
        // blocked only to who listens meanwhile.
        let mut sending = FuturesUnordered::new();
        let mut confirms = FuturesUnordered::new();
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stalled = Duration::ZERO;
        loop {
            let may_publish = !self.blocked && sending.is_empty() && confirms.len() < WINDOW;
            tokio::select! {
                biased;
                event = events.next() => self.heard(event)?,
                Some(sent) = sending.next(), if !sending.is_empty() => confirms.push(sent?),
                Some(confirmed) = confirms.next(), if !confirms.is_empty() => {
                    stalled = Duration::ZERO;
                    self.confirmed(confirmed)?;
                }
                hint = self.outbox.next(), if may_publish => match hint {
                    Some(hint) => sending.push(send(&channel, hint)),
                    None => return drain(self, &mut confirms).await,
                },
                _ = looks.tick() => {
                    // A broker that takes nothing confirms nothing.
                    stalled = if self.blocked || confirms.is_empty() { Duration::ZERO } else { stalled + LOOK_EVERY };
                    if stalled > CONFIRM_PATIENCE {
                        meters::dropped(Lane::Batch, confirms.len());
                        return Err(End::Failed("it confirms nothing".to_owned()));
                    }
                    if !self.blocked {
                        self.look_at_dead_letters(connection).await?;
                    }
                }
            }
        }
    }

    /// What the broker says of the connection itself.
    fn heard(&mut self, event: Option<Event>) -> Result<(), End> {
        match event {
            Some(Event::ConnectionBlocked(reason)) => {
                warn!(reason, "the broker takes no hints; the workers find the orders in the store");
                self.blocked = true;
            }
            Some(Event::ConnectionUnblocked) => {
                info!("the broker takes hints again");
                self.blocked = false;
            }
            Some(Event::Error(error)) => return Err(error.into()),
            Some(_) => {}
            None => return Err(End::Failed("the connection ended".to_owned())),
        }
        meters::blocked(self.blocked);
        Ok(())
    }

    fn confirmed(&mut self, (shard, lane, confirmation): Confirmed) -> Result<(), End> {
        match confirmation {
            Ok(Confirmation::Ack(None) | Confirmation::NotRequested) => {
                self.was_useful = true;
                meters::published(lane);
                if self.unreached.remove(&(shard, lane)) {
                    info!(queue = queue_of(shard, lane), "hints reach the queue again");
                }
            }
            Ok(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => {
                meters::returned(lane);
                if self.unreached.insert((shard, lane)) {
                    let queue = queue_of(shard, lane);
                    warn!(queue, "hints come back: the queue or its binding is missing; `dialtone migrate` makes it");
                }
            }
            Ok(Confirmation::Nack(None)) => {
                meters::nacked(lane);
                if self.unreached.insert((shard, lane)) {
                    warn!(
                        queue = queue_of(shard, lane),
                        "the broker refuses hints: the queue is full or has no majority"
                    );
                }
            }
            Err(error) => {
                meters::dropped(lane, 1);
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn look_at_dead_letters(&mut self, connection: &Connection) -> Result<(), End> {
        let Some(messages) = topology::dead_letters(connection).await? else {
            return Err(End::Failed(format!("the queue {} is missing: run `dialtone migrate`", topology::DEAD)));
        };
        meters::dead_letters(messages);
        if messages > self.dead_letters {
            error!(messages, queue = topology::DEAD, "messages are in the dead-letter queue: look what they are");
        }
        self.dead_letters = messages;
        Ok(())
    }
}

/// Waits for the last confirms.
async fn drain(session: &mut Session<'_>, confirms: &mut (impl Stream<Item = Confirmed> + Unpin)) -> Result<(), End> {
    while let Some(confirmed) = confirms.next().await {
        session.confirmed(confirmed)?;
    }
    Ok(())
}

/// Hands a message to the connection; the future it gives is done when the broker has said what became of it.
async fn send(channel: &Channel, hint: Hint) -> Result<impl Future<Output = Confirmed> + use<>, lapin::Error> {
    const PERSISTENT: u8 = 2;
    let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    if let Some(trace) = hint.trace {
        let mut headers = FieldTable::default();
        headers.insert(wire::TRACEPARENT.into(), AMQPValue::LongString(trace.to_string().into()));
        properties = properties.with_headers(headers);
    }
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let (shard, lane) = (hint.shard, hint.lane);
    let key = queue_of(shard, lane).into();
    let confirm = channel.basic_publish(HINTS.into(), key, options, &wire::encode(&hint), properties).await?;
    Ok(confirm.map(move |confirmed| (shard, lane, confirmed)))
}
