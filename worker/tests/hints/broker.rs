use std::path::Path;
use std::process::Command;

use dialtone_queue::{Lane, Queue};
use lapin::options::{QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};

pub(crate) const SHARDS: u16 = 8;

/// A virtual host of its own on the tests' broker, with the topology in it; gives its URL.
pub(crate) async fn vhost(test: &str) -> String {
    vhost_with(SHARDS, test).await
}

/// The same with the topology of so many shards.
pub(crate) async fn vhost_with(shards: u16, test: &str) -> String {
    let broker = std::env::var("DIALTONE_TEST_AMQP_URL")
        .expect("start RabbitMQ with `tests/services.sh up` and then run `eval \"$(tests/services.sh env)\"`");
    let name = format!("hints-{test}-{}", std::process::id());
    services(None, &["vhost", &name]);
    let url = format!("{}/{name}", broker.rsplit_once('/').unwrap().0);
    Queue::declare(&url, shards).await.unwrap();
    url
}

/// What `tests/services.sh` answers, of the usual services or of another set of them.
fn services(set: Option<&str>, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services.sh");
    let mut command = Command::new(script);
    if let Some(set) = set {
        command.env("DIALTONE_TEST_SET", set).env_remove("DIALTONE_TEST_AMQP_PORT");
    }
    let done = command.args(arguments).output().unwrap();
    assert!(done.status.success(), "services.sh {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A broker of one test's own, because it restarts it. It ends with the test.
pub(crate) struct OwnBroker {
    pub(crate) url: String,
}

impl OwnBroker {
    const SET: Option<&str> = Some("size");

    /// Starts it, with the topology of so many shards.
    pub(crate) async fn start(shards: u16) -> Self {
        services(Self::SET, &["start", "rabbitmq"]);
        let environment = services(Self::SET, &["env"]);
        let url = environment.lines().find_map(|line| line.split_once("DIALTONE_TEST_AMQP_URL=")).unwrap().1;
        let broker = Self { url: url.to_owned() };
        Queue::declare(&broker.url, shards).await.unwrap();
        broker
    }

    /// Stops it and starts it; it answers again when this returns.
    pub(crate) fn restart(&self) {
        services(Self::SET, &["stop", "rabbitmq"]);
        services(Self::SET, &["start", "rabbitmq"]);
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        services(Self::SET, &["down"]);
    }
}

/// Gets every message as well, so that they can be counted.
pub(crate) struct Listener {
    _connection: Connection,
    channel: Channel,
}

impl Listener {
    const QUEUE: &str = "listener";

    pub(crate) async fn start(url: &str) -> Self {
        let connection = Connection::connect(url, ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(Self::QUEUE.into(), options, FieldTable::default()).await.unwrap();
        for shard in 0..SHARDS {
            for lane in Lane::ALL {
                let key = format!("dialtone.shard.{shard}.{}", lane.word());
                let (to, options) = ("dialtone.hints".into(), QueueBindOptions::default());
                let (queue, key) = (Self::QUEUE.into(), key.as_str().into());
                channel.queue_bind(queue, to, key, options, FieldTable::default()).await.unwrap();
            }
        }
        Self { _connection: connection, channel }
    }

    /// How many have come.
    pub(crate) async fn messages(&self) -> u32 {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = self.channel.queue_declare(Self::QUEUE.into(), options, FieldTable::default()).await.unwrap();
        queue.message_count()
    }
}

/// One more process's view of it.
pub(crate) async fn connect(url: &str) -> Queue {
    connect_with(SHARDS, url).await
}

/// The same, where there are so many shards.
pub(crate) async fn connect_with(shards: u16, url: &str) -> Queue {
    Queue::connect(url, shards, 1).await.unwrap()
}
