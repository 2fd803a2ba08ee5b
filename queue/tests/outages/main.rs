//! What becomes of hints when the broker stops, dies, runs short of memory or closes what is open. It has a broker of
//! its own, beside the one of the other tests.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use dialtone_model::{DeviceId, OrderId};
use dialtone_queue::{Hint, Lane, Queue, Subscription};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use uuid::Uuid;

const SHARDS: u16 = 4;
const SET: &str = "outages";

/// One test, because one broker can't be in two troubles at once.
#[tokio::test(flavor = "multi_thread")]
async fn hints_flow_again_after_whatever_happens_to_the_broker() {
    let metrics = PrometheusBuilder::new().install_recorder().unwrap();
    let broker = Broker::start();
    Queue::declare(&broker.url, SHARDS).await.unwrap();
    let mut stage = Stage::set(&broker.url, metrics).await;
    stage.flows("the start").await;

    broker.services(&["stop", "rabbitmq"]);
    stage.sends_in_vain();
    broker.services(&["start", "rabbitmq"]);
    stage.flows("a restart").await;

    broker.services(&["kill", "rabbitmq"]);
    stage.sends_in_vain();
    broker.services(&["start", "rabbitmq"]);
    stage.flows("a SIGKILL").await;

    broker.services(&["ctl", "close_all_connections", "the test closes them"]);
    stage.flows("closed connections").await;

    // A channel's process that dies takes its connection with it, by an internal error.
    broker.services(&["ctl", "eval", "[exit(P, kill) || P <- rabbit_channel:list_local()]."]);
    stage.flows("killed channels").await;

    broker.services(&["ctl", "set_vm_memory_high_watermark", "absolute", "1MB"]);
    stage.is_blocked_by_sending().await;
    // What is waiting comes all the same: the connection that consumes isn't blocked.
    broker.services(&["ctl", "set_vm_memory_high_watermark", "absolute", "1GB"]);
    stage.flows("a memory alarm").await;

    assert!(stage.counted("dialtone_queue_reconnects_total") >= 8, "two connections, each lost four times");
    stage.queue.close().await;
}

struct Stage {
    queue: Queue,
    holder: Subscription,
    metrics: PrometheusHandle,
    sent: u128,
}

impl Stage {
    async fn set(url: &str, metrics: PrometheusHandle) -> Self {
        let queue = Queue::connect(url, SHARDS, 1).await.unwrap();
        let mut holder = queue.subscribe();
        holder.hold(&[0, 1, 2, 3]);
        Self { queue, holder, metrics, sent: 0 }
    }

    /// A new hint to each shard.
    fn send(&mut self) {
        let hints = (0..SHARDS).map(|shard| {
            self.sent += 1;
            Hint::new(DeviceId(Uuid::nil()), shard, Lane::Batch, vec![OrderId(Uuid::from_u128(self.sent))])
        });
        self.queue.send(hints.collect());
    }

    /// Sending neither waits nor fails while there is no broker.
    fn sends_in_vain(&mut self) {
        (0..5_000).for_each(|_| self.send());
    }

    /// Hints are sent again and again until one of each shard has come that was sent after the trouble.
    #[expect(clippy::disallowed_methods, reason = "it tells how long it took; nothing is decided by it")]
    async fn flows(&mut self, trouble: &str) {
        let began = Instant::now();
        let first = self.sent + 1;
        let mut rounds = tokio::time::interval(Duration::from_millis(100));
        let mut awaited = [true; SHARDS as usize];
        while awaited.contains(&true) {
            tokio::select! {
                delivery = self.holder.next() => {
                    let is_old = delivery.hint.orders.iter().all(|order| order.0.as_u128() < first);
                    awaited[usize::from(delivery.hint.shard)] &= is_old;
                }
                _ = rounds.tick() => self.send(),
            }
        }
        println!("hints flow {:.1} s after {trouble}", began.elapsed().as_secs_f64());
    }

    /// A connection is blocked when it sends during the alarm.
    async fn is_blocked_by_sending(&mut self) {
        while self.counted("dialtone_queue_blocked") == 0 {
            self.send();
            tokio::task::yield_now().await;
        }
        self.sends_in_vain();
    }

    fn counted(&self, name: &str) -> u64 {
        let text = self.metrics.render();
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap() as u64).sum()
    }
}

/// The broker of this test, which ends with it.
struct Broker {
    url: String,
}

impl Broker {
    fn start() -> Self {
        let mut broker = Self { url: String::new() };
        broker.services(&["start", "rabbitmq"]);
        let environment = broker.services(&["env"]);
        let url = environment.lines().find_map(|line| line.split_once("DIALTONE_TEST_AMQP_URL=")).unwrap().1;
        broker.url = url.to_owned();
        broker
    }

    fn services(&self, arguments: &[&str]) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/services.sh");
        let mut command = Command::new(script);
        command.env("DIALTONE_TEST_SET", SET).env_remove("DIALTONE_TEST_AMQP_PORT").args(arguments);
        let done = command.output().unwrap();
        assert!(done.status.success(), "services.sh {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.services(&["down"]);
    }
}
