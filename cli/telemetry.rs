//! Logs, traces and metrics, as whoever operates Dialtone gets them.

use anyhow::Context as _;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::layer::{Layered, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::clock::SystemClock;
use crate::configuration::{Configuration, Settings};
#[cfg(feature = "otel")]
use crate::traces::Traces;

const BUILD: &str = "dialtone_build_info";
const CONNECTIONS: &str = "dialtone_database_connections_in_use";

/// The edges of what is measured in seconds: from a device that answers at once to one that takes its whole time-out.
const SECONDS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0];
/// The edges of what counts the orders of a group.
const ORDERS: [f64; 10] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 350.0, 512.0];

/// What a process tells of itself, until this is dropped.
pub(crate) struct Telemetry {
    #[cfg(feature = "otel")]
    traces: Option<Traces>,
}

#[cfg(feature = "otel")]
impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            traces.close();
        }
    }
}

/// Starts to log and, where the configuration says where to, to trace.
///
/// Warnings go to standard error; the configuration asks for more, such as `info` or `dialtone_worker=debug`. Traces
/// have the spans of every run, whatever is logged.
pub(crate) fn start(configuration: &Configuration, clock: SystemClock) -> anyhow::Result<Telemetry> {
    #[cfg(feature = "otel")]
    let traces = configuration.settings.traces_url.as_deref().map(|url| Traces::to(url, clock)).transpose()?;
    let filter = EnvFilter::new(filter(&configuration.settings));
    let layers = Registry::default().with(filter).with(lines(configuration.settings.log_json));
    #[cfg(feature = "otel")]
    let layers = layers.with(traces.clone());
    #[cfg(not(feature = "otel"))]
    let _ = clock;
    layers.init();
    Ok(Telemetry {
        #[cfg(feature = "otel")]
        traces,
    })
}

/// What is logged, and what is traced beside it. It is one filter for both: filters of single layers lose lines while a
/// library, such as the broker's, asks whether its own would be logged.
fn filter(settings: &Settings) -> String {
    // What becomes of connections to the broker is told by the queue, once; its client library would tell it again.
    let log = format!("lapin=off,{}", settings.log);
    match settings.traces_url {
        None => log,
        Some(_) => format!("{log},dialtone_scheduler[submit]=info,dialtone_worker[step]=info"),
    }
}

type Filtered = Layered<EnvFilter, Registry>;

/// Writes lines to standard error.
fn lines(as_json: bool) -> Box<dyn Layer<Filtered> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false);
    if as_json { lines.json().boxed() } else { lines.boxed() }
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
