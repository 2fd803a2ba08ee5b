use std::path::Path;
use std::process::Command;

use dialtone_queue::Queue;

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

/// One more process's view of it.
pub(crate) async fn connect(url: &str) -> Queue {
    Queue::connect(url, SHARDS, 1).await.unwrap()
}
