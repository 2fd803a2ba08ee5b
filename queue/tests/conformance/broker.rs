//! What only a broker can do.

use dialtone_queue::{Lane, Queue, QueueError};
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueBindOptions, QueueDeleteOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use tokio::net::TcpListener;

use crate::bed::{Bed, SHARDS, await_orders, counted, hint, metrics, services, vhost};

const HINTS: &str = "dialtone.hints";
const QUEUE: &str = "dialtone.shard.0.batch";

#[tokio::test]
async fn the_topology_is_declared_once_however_often_and_by_however_many() {
    let (url, _) = vhost("declared_at_once");
    let declared =
        tokio::join!(Queue::declare(&url, SHARDS), Queue::declare(&url, SHARDS), Queue::declare(&url, SHARDS));
    assert_eq!(declared, (Ok(()), Ok(()), Ok(())));
    Queue::declare(&url, SHARDS).await.unwrap();
    let topology = Queue::connect(&url, SHARDS, 1).await.unwrap().check().await.unwrap();
    assert!(topology.is_sound() && topology.queues == 8, "{topology}");
    assert_eq!(topology.to_string(), "8 queues, each reached");
}

#[tokio::test]
async fn what_is_missing_is_told_by_its_name() {
    let bed = Bed::rabbitmq("missing").await;
    let (_connection, channel) = bed.channel().await;
    channel.queue_unbind(QUEUE.into(), HINTS.into(), QUEUE.into(), FieldTable::default()).await.unwrap();
    let topology = bed.queue.check().await.unwrap();
    assert_eq!(topology.unbound, [QUEUE]);
    assert_eq!(topology.to_string(), "not bound: dialtone.shard.0.batch");

    channel.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await.unwrap();
    let topology = bed.queue.check().await.unwrap();
    assert_eq!(topology.missing, [QUEUE]);
    assert!(!topology.is_sound());

    Queue::declare(&bed.url, SHARDS).await.unwrap();
    assert!(bed.queue.check().await.unwrap().is_sound());
}

#[tokio::test]
async fn a_queue_of_another_kind_is_refused_by_its_name() {
    let bed = Bed::rabbitmq("other_kind").await;
    let (_connection, channel) = bed.channel().await;
    channel.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await.unwrap();
    let options = lapin::options::QueueDeclareOptions::durable();
    channel.queue_declare(QUEUE.into(), options, FieldTable::default()).await.unwrap();
    let refused = Queue::declare(&bed.url, SHARDS).await.unwrap_err();
    assert!(matches!(&refused, QueueError::Topology { name, .. } if name == QUEUE), "{refused}");
}

#[tokio::test]
async fn hints_that_reach_no_queue_come_back_and_the_others_go_on() {
    metrics();
    let bed = Bed::rabbitmq("returned").await;
    let (_connection, channel) = bed.channel().await;
    channel.queue_unbind(QUEUE.into(), HINTS.into(), QUEUE.into(), FieldTable::default()).await.unwrap();
    let mut holder = bed.holder(&[0, 1]);
    bed.queue.send(vec![hint(0, Lane::Batch, 0..1), hint(1, Lane::Batch, 1..2)]);
    await_orders(&mut holder, 1..2).await;
    while counted("dialtone_queue_returned_total") == 0 {
        tokio::task::yield_now().await;
    }
    let (to, key) = (HINTS.into(), QUEUE.into());
    channel.queue_bind(QUEUE.into(), to, key, QueueBindOptions::default(), FieldTable::default()).await.unwrap();
    bed.queue.send(vec![hint(0, Lane::Batch, 2..3)]);
    await_orders(&mut holder, 2..3).await;
}

#[tokio::test]
async fn a_message_that_nobody_can_read_is_put_aside_and_counted_and_the_next_one_comes() {
    metrics();
    let bed = Bed::rabbitmq("unreadable").await;
    let mut holder = bed.holder(&[0]);
    let (_connection, channel) = bed.channel().await;
    let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
    for body in [b"\xffwhat?".as_slice(), b"", b"\x01\x01\x01cut"] {
        channel.basic_publish(HINTS.into(), QUEUE.into(), options, body, properties.clone()).await.unwrap();
    }
    bed.queue.send(vec![hint(0, Lane::Batch, 0..1)]);
    await_orders(&mut holder, 0..1).await;
    while counted("dialtone_queue_dead_lettered_total") < 3 {
        tokio::task::yield_now().await;
    }
    // The broker puts them there when it has heard the refusals, which are on their way.
    while bed.queue.check().await.unwrap().dead_letters < 3 {}
    let topology = bed.queue.check().await.unwrap();
    assert!(topology.is_sound());
    assert_eq!(topology.to_string(), "8 queues, each reached; 3 dead letters");
    channel.queue_purge("dialtone.dead".into(), QueuePurgeOptions::default()).await.unwrap();
}

#[tokio::test]
async fn a_queue_that_was_deleted_is_heard_again_when_it_is_there_again() {
    let bed = Bed::rabbitmq("deleted").await;
    let mut holder = bed.holder(&[0]);
    bed.queue.send(vec![hint(0, Lane::Batch, 0..1)]);
    await_orders(&mut holder, 0..1).await;
    let (_connection, channel) = bed.channel().await;
    // The broker ends the consumer, and closes the channel of the next one that asks for the queue.
    channel.queue_delete(QUEUE.into(), QueueDeleteOptions::default()).await.unwrap();
    Queue::declare(&bed.url, SHARDS).await.unwrap();
    bed.queue.send(vec![hint(0, Lane::Batch, 1..2)]);
    await_orders(&mut holder, 1..2).await;
}

#[tokio::test]
async fn connections_that_the_broker_closes_are_made_again() {
    metrics();
    let bed = Bed::rabbitmq("closed").await;
    let mut holder = bed.holder(&[0]);
    bed.queue.send(vec![hint(0, Lane::Batch, 0..1)]);
    await_orders(&mut holder, 0..1).await;
    services(&["ctl", "close_all_connections", "--vhost", &bed.vhost, "a test closes them"]);
    while counted("dialtone_queue_reconnects_total") < 2 {
        tokio::task::yield_now().await;
    }
    bed.queue.send(vec![hint(0, Lane::Batch, 1..2)]);
    await_orders(&mut holder, 1..2).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_at_once_and_shown_to_nobody() {
    let url = std::env::var("DIALTONE_TEST_AMQP_URL").unwrap().replacen("guest:guest", "guest:guessed", 1);
    let refused = Queue::connect(&url, SHARDS, 1).await.unwrap_err();
    assert!(matches!(refused, QueueError::Refused { .. }), "{refused}");
    assert!(!refused.to_string().contains("guessed"));
}

#[tokio::test]
async fn who_connects_lazily_needs_no_broker_until_something_is_sent_and_loses_nothing_by_leaving() {
    let nowhere = Queue::connect_lazy("amqp://ana:secret@127.0.0.1:1/nowhere", SHARDS, 1).unwrap();
    nowhere.close().await;
    let nowhere = Queue::connect_lazy("amqp://ana:secret@127.0.0.1:1/nowhere", SHARDS, 1).unwrap();
    nowhere.send(vec![hint(0, Lane::Batch, 0..1)]);
    nowhere.close().await;
    assert!(!nowhere.is_connected());

    let bed = Bed::rabbitmq("lazy").await;
    let lazy = Queue::connect_lazy(&bed.url, SHARDS, 1).unwrap();
    lazy.send(vec![hint(0, Lane::Batch, 0..1)]);
    lazy.close().await;
    await_orders(&mut bed.holder(&[0]), 0..1).await;
}

#[tokio::test]
async fn a_broker_is_awaited_until_it_answers() {
    let (url, _) = vhost("awaited");
    Queue::declare(&url, SHARDS).await.unwrap();
    let broker = url.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned();
    // A port that is open and from which nothing comes, until a way to the broker is made behind it.
    let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url.replacen(&broker, &door.local_addr().unwrap().to_string(), 1);
    let opened = tokio::spawn(async move {
        let (silent, _) = door.accept().await.unwrap();
        drop(silent);
        loop {
            let (mut client, _) = door.accept().await.unwrap();
            let mut server = tokio::net::TcpStream::connect(&broker).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let queue = Queue::connect(&url, SHARDS, 1).await.unwrap();
    assert!(queue.is_connected());
    opened.abort();
}
