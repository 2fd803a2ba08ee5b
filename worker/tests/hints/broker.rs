use std::path::Path;
use std::process::Command;

use dialtone_queue::{Lane, Queue};
use lapin::options::{QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};

pub(crate) const SHARDS: u16 = 8;

/// A virtual host of its own on the tests' broker, with the topology in it; gives its URL.
pub(crate) async fn vhost(test: &str) -> String {
    let broker = std::env::var("DIALTONE_TEST_AMQP_URL")
        .expect("start RabbitMQ with `tests/services.sh up` and then run `eval \"$(tests/services.sh env)\"`");
    let name = format!("hints-{test}-{}", std::process::id());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services.sh");
    let done = Command::new(script).args(["vhost", &name]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let url = format!("{}/{name}", broker.rsplit_once('/').unwrap().0);
    Queue::declare(&url, SHARDS).await.unwrap();
    url
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
    Queue::connect(url, SHARDS, 1).await.unwrap()
}
