use jiff::Timestamp;
use serde_json::Value;

use crate::installation::{Installation, Tenant, phone_system};
use crate::services::Services;
use crate::simulator::Simulator;
use crate::{Size, verdict};

const RATE: u32 = 200;
const UNKNOWN_RATE: u32 = 100;
/// So many seconds of work.
const CONFIGURED: u32 = 20;
const ADAPTIVE: u32 = 60;

/// On a device that refuses whatever is beyond its rate, a slot being free again one second after the answer.
pub(crate) async fn measure(services: &Services, size: Size) {
    for workers in [1, 2] {
        let used = run(services, RATE, RATE * size.of(CONFIGURED), &format!("rate = {RATE}"), workers).await;
        let what = format!("a configured rate, {workers} worker{}", if workers == 1 { "" } else { "s" });
        used.tell(&what, 97.0, 1.0);
    }
    let used = run(services, UNKNOWN_RATE, UNKNOWN_RATE * size.of(ADAPTIVE), "", 1).await;
    used.tell("an unknown rate", 85.0, 2.0);
}

/// How a device was used, in per cent.
struct Used {
    used: f64,
    refused: f64,
}

impl Used {
    fn tell(&self, what: &str, least: f64, most: f64) {
        let Self { used, refused } = self;
        let measured = format!("{used:.1} % of it used, {refused:.2} % refused");
        verdict(what, measured, &format!("{least} %, {most} %"), *used >= least && *refused <= most);
    }
}

async fn run(services: &Services, rate: u32, rows: u32, limits: &str, workers: usize) -> Used {
    let folder = tempfile::tempdir().expect("a folder");
    let simulator = Simulator::start(folder.path(), &[&format!("phone-system:rate={rate}")]);
    let device = phone_system(&simulator, &format!("concurrency = 64\n{limits}"));
    let tenant = Tenant { name: "bench", rows, device: &device };
    let installation = Installation::start(services, tenant, workers).await;
    installation.run(services, tenant).await;
    installation.end().await;
    simulator.assert_log(rows);
    used(&simulator.log(), rate)
}

/// How the device was used from its first request until its last slots were free again, by its own log.
fn used(log: &str, rate: u32) -> Used {
    let (mut taken, mut refused, mut times) = (0_u32, 0_u32, Vec::new());
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).expect("an entry");
        times.push(entry["at"].as_str().expect("a time").parse::<Timestamp>().expect("a time"));
        if entry["status"] == 503 { refused += 1 } else { taken += 1 }
    }
    let first = times.iter().min().expect("a request");
    let last = times.iter().max().expect("a request");
    let slots = (last.duration_since(*first).as_secs_f64() + 1.0) * f64::from(rate);
    Used { used: 100.0 * f64::from(taken) / slots, refused: 100.0 * f64::from(refused) / f64::from(taken + refused) }
}
