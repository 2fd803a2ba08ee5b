//! The least durable program: what a job costs when nothing is kept of it but an outcome and an event.
//!
//! It publishes one message a job, with confirms, to a quorum queue; its consumers record an outcome and an event a job
//! in PostgreSQL, up to a hundred jobs a commit, and acknowledge after the commit.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};

use crate::services::Services;

/// Messages that wait for their confirm, jobs that a consumer has in hand, and jobs a commit.
const WINDOW: usize = 100;
const CONSUMERS: usize = 4;
const QUEUE: &str = "reference";

/// How long so many jobs take, from the first that is published to the last that is recorded.
pub(crate) async fn run(services: &Services, jobs: i64) -> Duration {
    let database = services.database("reference").await;
    let pool = PgPoolOptions::new().max_connections(CONSUMERS as u32).connect(&database.url).await.expect("a database");
    for sql in [
        "CREATE TABLE outcomes (job bigint PRIMARY KEY, state text NOT NULL, at timestamptz NOT NULL)",
        "CREATE TABLE events (job bigint, version bigint, kind text NOT NULL, at timestamptz NOT NULL, \
         PRIMARY KEY (job, version))",
    ] {
        sqlx::query(sql).execute(&pool).await.expect("a table");
    }
    let broker = services.vhost("reference");
    let publishing = connect(&broker).await;
    let channel = publishing.create_channel().await.expect("a channel");
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    channel.queue_declare(QUEUE.into(), QueueDeclareOptions::durable(), arguments).await.expect("a queue");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");

    let (told, mut recorded) = tokio::sync::mpsc::unbounded_channel();
    let consuming = connect(&broker).await;
    for _ in 0..CONSUMERS {
        let channel = consuming.create_channel().await.expect("a channel");
        tokio::spawn(consume(channel, pool.clone(), told.clone()));
    }
    let start = crate::now();
    tokio::spawn(async move { publish(&channel, jobs).await });
    let mut done = 0;
    while done < jobs {
        done += recorded.recv().await.expect("consumers");
    }
    let took = start.elapsed();
    for table in ["outcomes", "events"] {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await.expect("a count");
        assert_eq!(rows, jobs, "{table}");
    }
    pool.close().await;
    took
}

async fn connect(url: &str) -> Connection {
    Connection::connect(url, ConnectionProperties::default()).await.expect("a broker")
}

async fn publish(channel: &Channel, jobs: i64) {
    let mut confirms = FuturesUnordered::new();
    for job in 0..jobs {
        if confirms.len() == WINDOW {
            let confirmed: Option<Result<_, lapin::Error>> = confirms.next().await;
            confirmed.expect("a confirm").expect("an acknowledged message");
        }
        let properties = BasicProperties::default().with_delivery_mode(2);
        let (body, options) = (job.to_be_bytes(), BasicPublishOptions::default());
        let confirm = channel.basic_publish("".into(), QUEUE.into(), options, &body, properties).await;
        confirms.push(confirm.expect("a message"));
    }
    while let Some(confirmed) = confirms.next().await {
        confirmed.expect("an acknowledged message");
    }
}

async fn consume(channel: Channel, pool: PgPool, told: tokio::sync::mpsc::UnboundedSender<i64>) {
    channel.basic_qos(WINDOW as u16, BasicQosOptions::default()).await.expect("a prefetch");
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    let consumer = channel.basic_consume(QUEUE.into(), "".into(), options, arguments).await.expect("a consumer");
    let mut groups = consumer.ready_chunks(WINDOW);
    while let Some(group) = groups.next().await {
        let group: Vec<Delivery> = group.into_iter().map(|delivery| delivery.expect("a delivery")).collect();
        let number = |delivery: &Delivery| i64::from_be_bytes(delivery.data.as_slice().try_into().expect("a number"));
        let jobs: Vec<i64> = group.iter().map(number).collect();
        let sql = "WITH done AS (INSERT INTO outcomes SELECT job, 'completed', now() FROM unnest($1) AS job) \
                   INSERT INTO events SELECT job, 1, 'done', now() FROM unnest($1) AS job";
        sqlx::query(sql).bind(&jobs).execute(&pool).await.expect("a commit");
        if let Some(last) = group.last() {
            last.ack(BasicAckOptions { multiple: true }).await.expect("an acknowledgement");
        }
        // The measurement may be over.
        let _ = told.send(jobs.len() as i64);
    }
}
