//! The least durable program: what a job costs when nothing is kept of it but an outcome and an event.
//!
//! It publishes one message a job, with confirms, to a quorum queue; its consumers do the job, record an outcome and an
//! event a job in PostgreSQL, up to a hundred jobs a commit, and acknowledge after the commit. A job is nothing, or one
//! request to the device that Dialtone is measured with.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::mpsc;

use crate::caller::{Caller, Dialled};
use crate::processor::Processor;
use crate::services::Services;
use crate::simulator::Simulator;

/// Messages that wait for their confirm, jobs that a consumer has in hand, and jobs a commit.
const WINDOW: usize = 100;
const CONSUMERS: usize = 4;
const QUEUE: &str = "reference";

/// What so many jobs took.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) jobs: u32,
    /// From the first that is published to the last that is recorded.
    pub(crate) took: Duration,
    /// What all processes used up meanwhile.
    pub(crate) processor: Processor,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.jobs) / self.took.as_secs_f64()
    }
}

/// Does so many jobs: nothing, or one request to the device, on so many connections.
pub(crate) async fn run(services: &Services, jobs: u32, device: Option<(&Simulator, usize)>) -> Measured {
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

    let (told, mut recorded) = mpsc::unbounded_channel();
    let consuming = connect(&broker).await;
    for _ in 0..CONSUMERS {
        let consumer = consumer(&consuming).await;
        let recorder = Recorder { pool: pool.clone(), told: told.clone() };
        match device {
            None => drop(tokio::spawn(recorder.record_all(consumer))),
            Some((device, connections)) => {
                let device = Dialled::of(device);
                let (done, finished) = mpsc::channel(WINDOW);
                for _ in 0..connections / CONSUMERS {
                    tokio::spawn(call(device.connect().await, consumer.clone(), done.clone()));
                }
                tokio::spawn(recorder.record_finished(finished));
            }
        }
    }
    let before = services.processor();
    let start = crate::now();
    tokio::spawn(async move { publish(&channel, jobs).await });
    let mut done = 0;
    while done < jobs as usize {
        done += recorded.recv().await.expect("consumers");
    }
    let took = start.elapsed();
    let processor = services.processor() - before;
    for table in ["outcomes", "events"] {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await.expect("a count");
        assert_eq!(rows, i64::from(jobs), "{table}");
    }
    for connection in [publishing, consuming] {
        connection.close(200, "".into()).await.expect("a closed connection");
    }
    pool.close().await;
    database.drop().await;
    Measured { jobs, took, processor }
}

async fn connect(url: &str) -> Connection {
    Connection::connect(url, ConnectionProperties::default()).await.expect("a broker")
}

async fn consumer(connection: &Connection) -> Consumer {
    let channel = connection.create_channel().await.expect("a channel");
    channel.basic_qos(WINDOW as u16, BasicQosOptions::default()).await.expect("a prefetch");
    let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
    channel.basic_consume(QUEUE.into(), "".into(), options, arguments).await.expect("a consumer")
}

async fn publish(channel: &Channel, jobs: u32) {
    let mut confirms = FuturesUnordered::new();
    for job in 0..i64::from(jobs) {
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

fn job(delivery: &Delivery) -> i64 {
    i64::from_be_bytes(delivery.data.as_slice().try_into().expect("a number"))
}

/// Does one job after the other on one connection to the device.
async fn call(mut device: Caller, mut consumer: Consumer, done: mpsc::Sender<Delivery>) {
    // The last thing that a consumer hears is that its connection is closed.
    while let Some(Ok(delivery)) = consumer.next().await {
        device.provision(u32::try_from(job(&delivery)).expect("a row")).await;
        if done.send(delivery).await.is_err() {
            return;
        }
    }
}

struct Recorder {
    pool: PgPool,
    told: mpsc::UnboundedSender<usize>,
}

impl Recorder {
    /// Records jobs that are nothing, in the order in which they come.
    async fn record_all(self, consumer: Consumer) {
        let mut groups = consumer.ready_chunks(WINDOW);
        while let Some(group) = groups.next().await {
            let group: Vec<Delivery> = group.into_iter().flatten().collect();
            self.record(&group).await;
            if let Some(last) = group.last() {
                last.ack(BasicAckOptions { multiple: true }).await.expect("an acknowledgement");
            }
        }
    }

    /// Records jobs in the order in which the device has done them.
    async fn record_finished(self, mut finished: mpsc::Receiver<Delivery>) {
        let mut group = Vec::with_capacity(WINDOW);
        while finished.recv_many(&mut group, WINDOW).await > 0 {
            self.record(&group).await;
            for delivery in group.drain(..) {
                delivery.ack(BasicAckOptions::default()).await.expect("an acknowledgement");
            }
        }
    }

    async fn record(&self, group: &[Delivery]) {
        let jobs: Vec<i64> = group.iter().map(job).collect();
        let sql = "WITH done AS (INSERT INTO outcomes SELECT job, 'completed', now() FROM unnest($1) AS job) \
                   INSERT INTO events SELECT job, 1, 'done', now() FROM unnest($1) AS job";
        sqlx::query(sql).bind(&jobs).execute(&self.pool).await.expect("a commit");
        // The measurement may be over.
        let _ = self.told.send(jobs.len());
    }
}
