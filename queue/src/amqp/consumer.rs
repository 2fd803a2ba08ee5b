use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, Event};
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{debug, error, info, warn};

use super::broker::Broker;
use super::topology::queue_of;
use crate::wire::{self, TRACEPARENT};
use crate::{Delivery, Lane, Receipt, meters};

const PURPOSE: &str = "consumer";
/// How long a shard's queues are left alone after they couldn't be heard.
const TRY_EVERY: Duration = Duration::from_secs(2);
/// How long the goodbye may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);

/// The receiving end: a task of its own keeps connected and consumes the queues of the shards that are held.
#[derive(Debug)]
pub(crate) struct Consumer {
    held: watch::Sender<BTreeSet<u16>>,
    interactive: mpsc::UnboundedReceiver<Delivery>,
    batch: mpsc::UnboundedReceiver<Delivery>,
}

/// Where deliveries go. What waits there is bounded by the prefetch of each shard.
#[derive(Clone, Debug)]
struct Outlet {
    interactive: mpsc::UnboundedSender<Delivery>,
    batch: mpsc::UnboundedSender<Delivery>,
}

impl Consumer {
    pub(crate) fn start(broker: &Broker) -> Self {
        let (interactive_outlet, interactive) = mpsc::unbounded_channel();
        let (batch_outlet, batch) = mpsc::unbounded_channel();
        let (held, changes) = watch::channel(BTreeSet::new());
        let outlet = Outlet { interactive: interactive_outlet, batch: batch_outlet };
        tokio::spawn(keep_consuming(broker.clone(), changes, outlet));
        Self { held, interactive, batch }
    }

    pub(crate) fn hold(&mut self, shards: &[u16]) {
        let shards: BTreeSet<u16> = shards.iter().copied().collect();
        self.held.send_if_modified(|held| {
            let is_new = *held != shards;
            *held = shards;
            is_new
        });
    }

    pub(crate) async fn next(&mut self) -> Delivery {
        let delivery = tokio::select! {
            biased;
            delivery = self.interactive.recv() => delivery,
            delivery = self.batch.recv() => delivery,
        };
        match delivery {
            Some(delivery) => delivery,
            // The task ends only with this end of it.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        for lane in [&mut self.interactive, &mut self.batch] {
            // What comes from now on is refused; what has come and was not given out isn't settled by being dropped.
            lane.close();
            while let Ok(delivery) = lane.try_recv() {
                delivery.receipt.disown();
            }
        }
    }
}

impl Outlet {
    fn give(&self, delivery: Delivery) {
        let lane = match delivery.hint.lane {
            Lane::Interactive => &self.interactive,
            Lane::Batch => &self.batch,
        };
        // Nobody listens any more: the message goes back to the broker with the connection.
        if let Err(mpsc::error::SendError(delivery)) = lane.send(delivery) {
            delivery.receipt.disown();
        }
    }
}

/// Consumes over one connection after the other until nobody listens any more.
async fn keep_consuming(broker: Broker, mut held: watch::Receiver<BTreeSet<u16>>, outlet: Outlet) {
    let mut backoff = broker.backoff(PURPOSE);
    let mut is_away = false;
    loop {
        let failure = match broker.connect(PURPOSE).await {
            Ok(connection) => {
                if is_away {
                    info!(broker = broker.name(), "hints come again");
                    meters::reconnected(PURPOSE);
                }
                is_away = false;
                backoff.reset();
                let connection = Arc::new(connection);
                let Some(failure) = consume(&connection, &mut held, &outlet).await else {
                    // The broker gives what is unsettled to the next holder, whether it hears this or not.
                    let _ = timeout(CLOSE_PATIENCE, connection.close(200, "done".into())).await;
                    return;
                };
                failure
            }
            Err(failure) => failure.to_string(),
        };
        if !is_away {
            warn!(broker = broker.name(), failure, "no hints come; orders are found in the store");
        }
        is_away = true;
        let gone = async { while held.changed().await.is_ok() {} };
        if timeout(backoff.wait(), gone).await.is_ok() {
            return;
        }
    }
}

/// Consumes the queues of whatever shards are held, until the connection fails or, with `None`, nobody listens.
async fn consume(
    connection: &Arc<Connection>,
    held: &mut watch::Receiver<BTreeSet<u16>>,
    outlet: &Outlet,
) -> Option<String> {
    let mut events = pin!(connection.events_listener());
    // Dropping the set ends every task in it, and each closes its channel.
    let mut tasks = JoinSet::new();
    let mut shards: HashMap<u16, AbortHandle> = HashMap::new();
    held.mark_changed();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::Error(error)) => return Some(error.to_string()),
                Some(_) => {}
                None => return Some("the connection ended".to_owned()),
            },
            changed = held.changed() => {
                changed.ok()?;
                let wanted = held.borrow_and_update().clone();
                shards.retain(|shard, task| {
                    let stays = wanted.contains(shard);
                    if !stays {
                        task.abort();
                    }
                    stays
                });
                for shard in wanted {
                    shards.entry(shard).or_insert_with(|| {
                        tasks.spawn(keep_consuming_shard(Arc::clone(connection), shard, outlet.clone()))
                    });
                }
            }
            Some(_) = tasks.join_next() => {}
        }
    }
}

/// Consumes a shard's two queues over one channel, and over another one when the broker closed that. A queue that is
/// missing keeps its own shard from hearing anything, and no other.
async fn keep_consuming_shard(connection: Arc<Connection>, shard: u16, outlet: Outlet) {
    let mut tries = interval(TRY_EVERY);
    tries.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_away = false;
    while connection.status().connected() {
        tries.tick().await;
        let failure = match consume_shard(&connection, shard, &outlet, &mut is_away).await {
            Ok(()) => "the broker ended a consumer: its queue is gone".to_owned(),
            Err(error) => error.to_string(),
        };
        if !is_away {
            warn!(shard, failure, "the shard's queues aren't heard; its orders are found in the store");
        }
        is_away = true;
    }
}

/// Consumes until the channel fails or one of the queues is deleted.
async fn consume_shard(
    connection: &Connection,
    shard: u16,
    outlet: &Outlet,
    was_away: &mut bool,
) -> Result<(), lapin::Error> {
    let channel = connection.create_channel().await?;
    let mut consumers = Vec::new();
    for lane in Lane::ALL {
        // It holds for the consumers that are started after it.
        channel.basic_qos(lane.prefetch(), BasicQosOptions::default()).await?;
        let (queue, tag) = (queue_of(shard, lane), lane.word());
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(queue.into(), tag.into(), options, FieldTable::default()).await?;
        let end = stream::once(std::future::ready(None));
        consumers.push(consumer.map(move |message| Some((lane, message))).chain(end));
    }
    if *was_away {
        info!(shard, "the shard's queues are heard again");
    }
    *was_away = false;
    let mut messages = stream::select_all(consumers);
    let (settled, mut to_settle) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            Some(tag) = to_settle.recv() => channel.basic_ack(tag, BasicAckOptions::default()).await?,
            message = messages.next() => match message.flatten() {
                Some((lane, message)) => take(&channel, lane, message?, &settled, outlet).await?,
                None => return Ok(()),
            },
        }
    }
}

/// Gives a message on, or sends it where nobody has to read it.
async fn take(
    channel: &Channel,
    lane: Lane,
    message: Message,
    settled: &mpsc::UnboundedSender<u64>,
    outlet: &Outlet,
) -> Result<(), lapin::Error> {
    meters::consumed(lane);
    let tag = message.delivery_tag;
    match wire::decode(&message.data, traceparent(&message)) {
        Ok(wire::Message::Hint(hint)) => {
            let settled = settled.clone();
            // After the channel was closed the broker has taken the message back, and there is nothing to settle.
            let receipt = Receipt::new(move || {
                let _ = settled.send(tag);
            });
            outlet.give(Delivery { hint, receipt });
            Ok(())
        }
        Ok(wire::Message::Probe) => {
            debug!("a probe came");
            channel.basic_ack(tag, BasicAckOptions::default()).await
        }
        Err(unreadable) => {
            error!(%unreadable, lane = lane.word(), "a message can't be read and goes to the dead-letter queue");
            meters::dead_lettered(lane);
            channel.basic_reject(tag, BasicRejectOptions { requeue: false }).await
        }
    }
}

fn traceparent(message: &Message) -> Option<&[u8]> {
    match message.properties.headers().as_ref()?.inner().get(TRACEPARENT)? {
        AMQPValue::LongString(text) => Some(text.as_bytes()),
        _ => None,
    }
}
