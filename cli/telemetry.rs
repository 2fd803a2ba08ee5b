//! Logs and metrics, as whoever operates Dialtone gets them.

use anyhow::Context as _;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::configuration::{Configuration, Settings};

const BUILD: &str = "dialtone_build_info";
const CONNECTIONS: &str = "dialtone_database_connections_in_use";

/// The edges of what is measured in seconds: from a device that answers at once to one that takes its whole time-out.
const SECONDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
/// The edges of what counts the orders of a group.
const ORDERS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 512.0];

/// Warnings go to standard error; the configuration asks for more, such as `info` or `dialtone_worker=debug`.
pub(crate) fn log(configuration: &Configuration) {
    let Settings { log, log_json, .. } = &configuration.settings;
    // What becomes of connections to the broker is told by the queue, once; its client library would tell it again.
    let filter = EnvFilter::new(format!("lapin=off,{log}"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    if *log_json {
        subscriber.json().init()
    } else {
        subscriber.init()
    }
    for warning in &configuration.warnings {
        tracing::warn!("{warning}");
    }
}

/// Collects metrics from now on.
pub(crate) fn collect_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_orders".to_owned()), &ORDERS))
        .and_then(PrometheusBuilder::install_recorder)
        .context("metrics can't be collected")?;
    describe_gauge!(BUILD, "1; the label says which version runs.");
    describe_gauge!(CONNECTIONS, "Connections to the database that serve somebody now.");
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Tells how many connections to the database serve somebody now.
pub(crate) fn connections(in_use: u32) {
    gauge!(CONNECTIONS).set(f64::from(in_use));
}
