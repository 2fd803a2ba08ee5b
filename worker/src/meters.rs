//! What an operator sees of a worker.

use std::time::Duration;

use dialtone_model::{DeviceKind, Fault, HoldReason, State, WorkStatus};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::execution::Execution;

const ORDERS: &str = "dialtone_orders_total";
const STEPS: &str = "dialtone_steps_total";
const STEP_DURATION: &str = "dialtone_step_duration_seconds";
const CALLS: &str = "dialtone_calls_total";
const CLAIMS: &str = "dialtone_claims_total";
const RECORD_GROUP: &str = "dialtone_record_group_orders";
const FENCED: &str = "dialtone_fenced_total";
const HELD_SHARDS: &str = "dialtone_held_shards";
const TAKEOVERS: &str = "dialtone_lease_takeovers_total";
const LOST: &str = "dialtone_leases_lost_total";
const STORE_FAILURES: &str = "dialtone_store_failures_total";
const RUNS: &str = "dialtone_runs_finished_total";

/// What an order comes to that doesn't go on by itself any more.
const OUTCOMES: [&str; 5] = ["completed", "cancelled", "hold_recoverable", "hold", "waits_for_person"];

/// Tells the exporter what each metric means. It costs nothing to say so again.
///
/// Counters that alerts watch are there from the start: of one that appears with its first failure, the rise from
/// nothing is seen by nobody.
pub(crate) fn describe() {
    describe_counter!(ORDERS, "Orders that don't go on by themselves any more, by outcome.");
    describe_counter!(STEPS, "Steps that were tried, by kind of device and by what became of them.");
    describe_histogram!(STEP_DURATION, "How long a try of a step took, with its looks, by kind of device.");
    describe_counter!(CALLS, "Calls to devices, by kind of device.");
    describe_counter!(CLAIMS, "Orders that were claimed.");
    describe_histogram!(RECORD_GROUP, "How many outcomes were recorded in one transaction.");
    describe_counter!(FENCED, "Outcomes that came too late: another holder has the order.");
    describe_gauge!(HELD_SHARDS, "Shards that this worker holds.");
    describe_counter!(TAKEOVERS, "Leases that were taken from a holder who gave no sign of life.");
    describe_counter!(LOST, "Leases that were lost or given back while this worker ran.");
    describe_counter!(STORE_FAILURES, "Failures of the database, after each of which it is left alone for a moment.");
    describe_counter!(RUNS, "Runs that ended with an order of this worker.");
    for counted in [CLAIMS, FENCED, TAKEOVERS, LOST, STORE_FAILURES, RUNS] {
        counter!(counted).increment(0);
    }
    for outcome in OUTCOMES {
        counter!(ORDERS, "outcome" => outcome).increment(0);
    }
}

/// A step was tried.
pub(crate) fn tried(kind: DeviceKind, execution: &Execution, took: Duration) {
    let result = match &execution.result {
        Ok(_) => "done",
        Err(Fault::Rejected(_)) => "rejected",
        Err(Fault::NotSent { .. }) => "not_sent",
        Err(Fault::Busy { .. }) => "busy",
        Err(Fault::Unknown(_)) => "unknown",
    };
    counter!(STEPS, "device_kind" => kind.word(), "result" => result).increment(1);
    counter!(CALLS, "device_kind" => kind.word()).increment(u64::from(execution.calls));
    histogram!(STEP_DURATION, "device_kind" => kind.word()).record(took);
}

/// An outcome was recorded that led to `state`.
pub(crate) fn recorded(state: State) {
    let outcome = match state {
        State::Completed => "completed",
        State::Cancelled => "cancelled",
        State::Hold { why: HoldReason::RecoverableError, .. } => "hold_recoverable",
        State::Hold { .. } => "hold",
        State::Released(work) if work.status != WorkStatus::BeingProvisioned => "waits_for_person",
        State::Initial(_) | State::Released(_) => return,
    };
    counter!(ORDERS, "outcome" => outcome).increment(1);
}

pub(crate) fn group(outcomes: usize) {
    histogram!(RECORD_GROUP).record(outcomes as f64);
}

pub(crate) fn claimed(orders: usize) {
    counter!(CLAIMS).increment(orders as u64);
}

pub(crate) fn fenced() {
    counter!(FENCED).increment(1);
}

pub(crate) fn leases(held: usize, taken_over: usize, lost: usize) {
    gauge!(HELD_SHARDS).set(held as f64);
    counter!(TAKEOVERS).increment(taken_over as u64);
    counter!(LOST).increment(lost as u64);
}

pub(crate) fn store_failed() {
    counter!(STORE_FAILURES).increment(1);
}

pub(crate) fn run_finished() {
    counter!(RUNS).increment(1);
}
