//! The exchanges and queues: their names, how they are made, and how they are looked after.

use std::time::Duration;

use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection, ErrorKind, ExchangeKind};
use tokio::time::timeout;

use super::broker::Broker;
use crate::{Lane, QueueError, Topology, wire};

/// The exchange that every hint is sent to. Its routing keys are the names of the queues.
pub(crate) const HINTS: &str = "dialtone.hints";
/// The exchange and the queue of messages that nobody could read or settle.
pub(crate) const DEAD: &str = "dialtone.dead";

/// Messages that a queue keeps at most. Beyond it the broker refuses more: they are only hints, and a queue that nobody
/// empties must not fill the broker.
const LONGEST_QUEUE: i64 = 10_000;
/// How often a message may come back unsettled before it is put aside. A hint that is lost so costs nothing; one that
/// kills each worker that reads it would cost everything.
const DELIVERY_LIMIT: i64 = 20;
/// How often declaring is tried. RabbitMQ 3.10 answers with an internal error when two clients declare a quorum queue
/// at once.
const TRIES: u32 = 5;
/// How long the confirms of probes may take.
const PROBE_PATIENCE: Duration = Duration::from_secs(5);

/// The name of a shard's queue for a lane.
pub(crate) fn queue_of(shard: u16, lane: Lane) -> String {
    format!("dialtone.shard.{shard}.{}", lane.word())
}

fn queues(shards: u16) -> impl Iterator<Item = String> {
    (0..shards).flat_map(|shard| Lane::ALL.map(|lane| queue_of(shard, lane)))
}

/// Makes what is missing.
pub(crate) async fn declare(broker: &Broker, shards: u16) -> Result<(), QueueError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let connection = broker.await_connection("migrate").await?;
        let declared = declare_all(broker, &connection, shards).await;
        // Nothing is lost when the broker is faster than this end's goodbye.
        let _ = connection.close(200, "done".into()).await;
        match declared {
            Err(QueueError::Unreachable { .. }) if tries < TRIES => {}
            declared => return declared,
        }
    }
}

async fn declare_all(broker: &Broker, connection: &Connection, shards: u16) -> Result<(), QueueError> {
    let channel = connection.create_channel().await.map_err(|error| broker.unreachable(error))?;
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    for (exchange, kind) in [(HINTS, ExchangeKind::Direct), (DEAD, ExchangeKind::Fanout)] {
        let declared = channel.exchange_declare(exchange.into(), kind, durable, FieldTable::default()).await;
        declared.map_err(|error| refused(broker, exchange, &error))?;
    }
    make_queue(&channel, DEAD, DEAD, "drop-head", None).await.map_err(|error| refused(broker, DEAD, &error))?;
    for queue in queues(shards) {
        let made = make_queue(&channel, &queue, HINTS, "reject-publish", Some(DEAD)).await;
        made.map_err(|error| refused(broker, &queue, &error))?;
    }
    Ok(())
}

async fn make_queue(
    channel: &Channel,
    queue: &str,
    exchange: &str,
    overflow: &str,
    dead_letters_to: Option<&str>,
) -> Result<(), lapin::Error> {
    let text = |text: &str| AMQPValue::LongString(text.into());
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(LONGEST_QUEUE));
    arguments.insert("x-overflow".into(), text(overflow));
    if let Some(exchange) = dead_letters_to {
        arguments.insert("x-dead-letter-exchange".into(), text(exchange));
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongLongInt(DELIVERY_LIMIT));
    }
    channel.queue_declare(queue.into(), QueueDeclareOptions::durable(), arguments).await?;
    let (exchange, key) = (exchange.into(), queue.into());
    channel.queue_bind(queue.into(), exchange, key, QueueBindOptions::default(), FieldTable::default()).await
}

/// What a failure to declare means: a channel that was closed says that this thing is refused, a connection that was
/// lost that it may be tried again.
fn refused(broker: &Broker, name: &str, error: &lapin::Error) -> QueueError {
    match error.kind() {
        ErrorKind::ProtocolError(told) if error.is_amqp_soft_error() => QueueError::Topology {
            broker: broker.name(),
            name: name.to_owned(),
            reason: told.get_message().to_string(),
        },
        _ => broker.unreachable(error),
    }
}

/// Looks at everything and changes nothing but to send a probe through each queue.
pub(crate) async fn check(broker: &Broker, shards: u16) -> Result<Topology, QueueError> {
    let connection = broker.await_connection("doctor").await?;
    let checked = check_all(&connection, shards).await.map_err(|error| broker.unreachable(error));
    // Nothing is lost when the broker is faster than this end's goodbye.
    let _ = connection.close(200, "done".into()).await;
    checked
}

async fn check_all(connection: &Connection, shards: u16) -> Result<Topology, lapin::Error> {
    let mut topology = Topology::default();
    for exchange in [HINTS, DEAD] {
        if !exchange_exists(connection, exchange).await? {
            topology.missing.push(format!("exchange {exchange}"));
        }
    }
    match dead_letters(connection).await? {
        Some(messages) => topology.dead_letters = messages,
        None => topology.missing.push(DEAD.to_owned()),
    }
    let mut channel = connection.create_channel().await?;
    let mut reachable = Vec::new();
    for queue in queues(shards) {
        topology.queues += 1;
        match messages_in(&channel, &queue).await? {
            Some(_) => reachable.push(queue),
            None => {
                topology.missing.push(queue);
                channel = connection.create_channel().await?;
            }
        }
    }
    if topology.missing.is_empty() {
        probe(&channel, reachable, &mut topology).await?;
    }
    Ok(topology)
}

/// Sends a probe to each queue and sees what comes back.
async fn probe(channel: &Channel, queues: Vec<String>, topology: &mut Topology) -> Result<(), lapin::Error> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let mut confirms = Vec::with_capacity(queues.len());
    for queue in queues {
        let (key, properties) = (queue.as_str().into(), BasicProperties::default());
        let confirm = channel.basic_publish(HINTS.into(), key, options, &wire::probe(), properties).await?;
        confirms.push((queue, confirm));
    }
    let mut patience = PROBE_PATIENCE;
    for (queue, confirm) in confirms {
        match timeout(patience, confirm).await.ok().transpose()? {
            Some(Confirmation::Ack(None) | Confirmation::NotRequested) => {}
            Some(Confirmation::Ack(Some(_)) | Confirmation::Nack(Some(_))) => topology.unbound.push(queue),
            Some(Confirmation::Nack(None)) => topology.refusing.push(queue),
            None => {
                // The others had as much time: only what is there already counts.
                patience = Duration::ZERO;
                topology.refusing.push(queue);
            }
        }
    }
    Ok(())
}

/// How many messages wait in the dead-letter queue; `None` where there is no such queue.
pub(crate) async fn dead_letters(connection: &Connection) -> Result<Option<u32>, lapin::Error> {
    messages_in(&connection.create_channel().await?, DEAD).await
}

/// Whether the exchange is there. Asking costs a channel when it isn't, so it has one of its own.
pub(crate) async fn exchange_exists(connection: &Connection, exchange: &str) -> Result<bool, lapin::Error> {
    let channel = connection.create_channel().await?;
    let passive = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
    let kind = if exchange == DEAD { ExchangeKind::Fanout } else { ExchangeKind::Direct };
    let found = channel.exchange_declare(exchange.into(), kind, passive, FieldTable::default()).await;
    Ok(unless_missing(found)?.is_some())
}

/// How many messages wait in a queue; `None` where there is no such queue, and then the channel is closed.
async fn messages_in(channel: &Channel, queue: &str) -> Result<Option<u32>, lapin::Error> {
    let passive = QueueDeclareOptions::default().passive();
    let found = channel.queue_declare(queue.into(), passive, FieldTable::default()).await;
    Ok(unless_missing(found)?.map(|queue| queue.message_count()))
}

fn unless_missing<T>(found: Result<T, lapin::Error>) -> Result<Option<T>, lapin::Error> {
    const NOT_FOUND: u16 = 404;
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) => match error.kind() {
            ErrorKind::ProtocolError(told) if told.get_id() == NOT_FOUND => Ok(None),
            _ => Err(error),
        },
    }
}
