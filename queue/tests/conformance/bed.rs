use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use dialtone_model::{DeviceId, OrderId};
use dialtone_queue::{Delivery, Hint, Lane, Queue, Subscription};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use uuid::Uuid;

pub(crate) const SHARDS: u16 = 4;

/// An empty queue.
pub(crate) struct Bed {
    pub(crate) queue: Queue,
    /// Where the broker is; empty without one.
    pub(crate) url: String,
    pub(crate) vhost: String,
}

impl Bed {
    pub(crate) fn in_process() -> Self {
        Self { queue: Queue::in_process(), url: String::new(), vhost: String::new() }
    }

    /// A queue in a virtual host of its own.
    pub(crate) async fn rabbitmq(test: &str) -> Self {
        let (url, vhost) = vhost(test);
        Queue::declare(&url, SHARDS).await.unwrap();
        let queue = Queue::connect(&url, SHARDS, 1).await.unwrap();
        Self { queue, url, vhost }
    }

    /// A receiving end that holds these shards.
    pub(crate) fn holder(&self, shards: &[u16]) -> Subscription {
        let mut subscription = self.queue.subscribe();
        subscription.hold(shards);
        subscription
    }

    /// A hand on the broker itself.
    pub(crate) async fn channel(&self) -> (lapin::Connection, lapin::Channel) {
        let connection = lapin::Connection::connect(&self.url, lapin::ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }
}

/// A new virtual host on the tests' broker, and its URL.
pub(crate) fn vhost(test: &str) -> (String, String) {
    let broker = std::env::var("DIALTONE_TEST_AMQP_URL")
        .expect("start RabbitMQ with `tests/services.sh up` and then run `eval \"$(tests/services.sh env)\"`");
    let name = format!("{}-{}", test.replace('_', "-"), std::process::id());
    services(&["vhost", &name]);
    let (server, _) = broker.rsplit_once('/').unwrap();
    (format!("{server}/{name}"), name)
}

/// Runs `tests/services.sh`.
pub(crate) fn services(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services.sh");
    let done = Command::new(script).args(arguments).output().unwrap();
    assert!(done.status.success(), "services.sh {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

pub(crate) fn orders(range: std::ops::Range<u128>) -> Vec<OrderId> {
    range.map(|number| OrderId(Uuid::from_u128(number))).collect()
}

pub(crate) fn hint(shard: u16, lane: Lane, range: std::ops::Range<u128>) -> Hint {
    Hint::new(DeviceId(Uuid::from_u128(u128::from(shard))), shard, lane, orders(range))
}

/// Takes and settles messages until these orders have come, in whatever order and however often.
pub(crate) async fn await_orders(subscription: &mut Subscription, range: std::ops::Range<u128>) {
    let mut missing: BTreeSet<OrderId> = orders(range).into_iter().collect();
    while !missing.is_empty() {
        let Delivery { hint, receipt } = subscription.next().await;
        hint.orders.iter().for_each(|order| {
            missing.remove(order);
        });
        drop(receipt);
    }
}

/// The sum of a counter over its labels, as the exporter tells it.
pub(crate) fn counted(name: &str) -> u64 {
    let text = metrics().render();
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}

/// Starts counting; called before what is to be counted.
pub(crate) fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().unwrap())
}
