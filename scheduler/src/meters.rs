//! What an operator sees of a scheduler.

use dialtone_store::Stock;
use jiff::Timestamp;
use metrics::{describe_gauge, gauge};

const LEADER: &str = "dialtone_leader";
const RUNS: &str = "dialtone_runs";
const BACKLOG: &str = "dialtone_backlog_orders";
const OLDEST: &str = "dialtone_oldest_ready_order_seconds";
const STRANDED: &str = "dialtone_stranded_orders";
const UNHELD: &str = "dialtone_unheld_shards";

/// Tells the exporter what each metric means.
pub(crate) fn describe() {
    describe_gauge!(LEADER, "1 while this scheduler leads.");
    describe_gauge!(RUNS, "Runs that aren't over, by state. The leader tells, as it does of all below.");
    describe_gauge!(BACKLOG, "Orders that go on by themselves: ready, in hand, or waiting for a time or a paused run.");
    describe_gauge!(OLDEST, "How long the order that has been ready longest has been so.");
    describe_gauge!(STRANDED, "Ready orders of shards that nobody holds.");
    describe_gauge!(UNHELD, "Shards that nobody holds.");
}

pub(crate) fn leads(leads: bool) {
    gauge!(LEADER).set(if leads { 1.0 } else { 0.0 });
}

/// Tells what there is; of nothing, when this scheduler doesn't lead.
pub(crate) fn stock(stock: &Stock, now: Timestamp) {
    let age = stock.oldest_ready.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0));
    gauge!(RUNS, "state" => "running").set(stock.running as f64);
    gauge!(RUNS, "state" => "paused").set(stock.paused as f64);
    gauge!(BACKLOG, "state" => "ready").set(stock.ready as f64);
    gauge!(BACKLOG, "state" => "in_hand").set(stock.in_hand as f64);
    gauge!(BACKLOG, "state" => "waiting").set(stock.waiting as f64);
    gauge!(OLDEST).set(age);
    gauge!(STRANDED).set(stock.stranded as f64);
    gauge!(UNHELD).set(stock.unheld_shards as f64);
}
