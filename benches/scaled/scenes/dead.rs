use std::net::TcpListener;
use std::time::Duration;

use futures_util::future::join_all;

use crate::installation::{Installation, NULL, Tenant};
use crate::services::Services;
use crate::{Size, now, verdict};

const OTHERS: [&str; 3] = ["one", "two", "three"];
const ROWS: u32 = 5_000;
const DEAD_ROWS: u32 = 2_000;

/// Organizations whose devices work, alone and beside one whose device takes connections and never says anything.
pub(crate) async fn measure(services: &Services, size: Size) {
    let (mut alone, mut beside) = (Duration::MAX, Duration::MAX);
    for _ in 0..size.rounds() {
        alone = alone.min(run(services, size, false).await);
        beside = beside.min(run(services, size, true).await);
    }
    let cost = 100.0 * (beside.as_secs_f64() / alone.as_secs_f64() - 1.0);
    let rate = |time: Duration| f64::from(OTHERS.len() as u32 * size.of(ROWS)) / time.as_secs_f64();
    let measured = format!("{cost:.1} % ({:.0} orders/s, {:.0} without it)", rate(beside), rate(alone));
    verdict("one dead device costs the others", measured, "5 %", cost <= 5.0);
}

/// The time until the others' orders are all recorded.
async fn run(services: &Services, size: Size, with_dead: bool) -> Duration {
    let mut installation = Installation::new(services).await;
    let others = OTHERS.map(|name| Tenant { name, rows: size.of(ROWS), device: NULL });
    for tenant in others {
        installation.import(tenant);
    }
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("its number");
    let device = format!("kind = \"phone_system\"\naddress = \"https://{address}\"\nconcurrency = 8\n");
    let dead = Tenant { name: "dead", rows: size.of(DEAD_ROWS), device: &device };
    if with_dead {
        installation.import(dead);
    }
    installation.start_roles(1).await;
    let waiting = with_dead.then(|| installation.submit(dead.name));
    if with_dead {
        // Its orders are in the worker's hands by then, and its first calls hang.
        installation.wait_for("SELECT count(*) FROM orders WHERE claim_epoch IS NOT NULL", 8).await;
    }
    let start = now();
    join_all(others.map(|tenant| installation.run(services, tenant))).await;
    let took = start.elapsed();
    if let Some(mut command) = waiting {
        command.kill().expect("a command that waits");
        command.wait().expect("its end");
    }
    installation.end().await;
    took
}
