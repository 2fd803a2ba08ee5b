//! The scaled-out mode beside the least durable program on the same servers, in one run:
//!
//! ```sh
//! cargo bench --bench scaled
//! ```
//!
//! It starts PostgreSQL, which waits for the disk, and RabbitMQ, and measures jobs a second of the reference program
//! (`reference.rs`) and orders a second of real `dialtone` processes on the `null` device: from the start of submitting,
//! the file being read already, to the last order recorded. The report is timed apart.

mod installation;
mod reference;
mod services;

use std::time::Instant;

use installation::Installation;
use services::Services;

const ROWS: u32 = 15_000;
const ROUNDS: usize = 3;
/// What of the reference's rate the orders are to reach.
const GOAL: f64 = 0.45;

#[tokio::main]
async fn main() {
    let services = Services::up();
    let mut best_reference: f64 = 0.0;
    let mut best_orders: f64 = 0.0;
    for _ in 0..ROUNDS {
        let took = reference::run(&services, i64::from(ROWS)).await;
        best_reference = best_reference.max(f64::from(ROWS) / took.as_secs_f64());
        let installation = Installation::start(&services, ROWS).await;
        let measured = installation.run().await;
        best_orders = best_orders.max(f64::from(ROWS) / measured.worked.as_secs_f64());
        println!(
            "round: reference {:.0} jobs/s, orders {:.0}/s (submit {:.0} ms, to the last record {:.0} ms, whole command \
             {:.0} ms), worker's peak {:.1} MiB",
            f64::from(ROWS) / took.as_secs_f64(),
            f64::from(ROWS) / measured.worked.as_secs_f64(),
            measured.submitted.as_secs_f64() * 1e3,
            measured.worked.as_secs_f64() * 1e3,
            measured.whole.as_secs_f64() * 1e3,
            measured.worker_peak_kib as f64 / 1024.0,
        );
        installation.end().await;
    }
    let ratio = best_orders / best_reference;
    let verdict = if ratio > GOAL { "holds" } else { "MISSED" };
    println!("reference {best_reference:.0}/s, orders {best_orders:.0}/s: {ratio:.2} of it (goal {GOAL}: {verdict})");
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}
