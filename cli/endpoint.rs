use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use dialtone_model::{Clock, Pulse};
use dialtone_queue::Queue;
use dialtone_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tracing::info;

use crate::clock::SystemClock;
use crate::telemetry;

/// How long the database may take to say that it is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// A main loop that stands still for so long doesn't come back by itself; it goes round several times in a lease's time
/// to live.
const STANDSTILL: Duration = Duration::from_secs(60);

/// Where a role answers whoever operates it: `/metrics`, `/livez` and `/readyz`.
#[derive(Clone)]
pub(crate) struct Endpoint {
    health: Health,
    metrics: PrometheusHandle,
}

/// What tells whether a role is well.
#[derive(Clone)]
pub(crate) struct Health {
    /// The truth.
    pub(crate) store: Store,
    /// The hints.
    pub(crate) queue: Queue,
    /// The time.
    pub(crate) clock: SystemClock,
    /// The role's own signs of life.
    pub(crate) pulse: Arc<Pulse>,
    /// How long its leases last without being tended.
    pub(crate) ttl: Duration,
}

impl Health {
    /// Whether the main loop goes round.
    pub(crate) fn is_alive(&self) -> bool {
        self.clock.monotonic().saturating_sub(self.pulse.turned()) < STANDSTILL.max(2 * self.ttl)
    }

    /// Whether work gets done here, and a line for each thing that it takes.
    async fn readiness(&self) -> (bool, String) {
        let mut said = String::new();
        let asked = self.clock.monotonic();
        let database = tokio::select! {
            answer = self.store.ping() => answer.map_err(|error| error.to_string()),
            () = self.clock.sleep(PATIENCE) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
        };
        let now = self.clock.monotonic();
        let _ = match &database {
            Ok(()) => writeln!(said, "database ok {:.1} ms", (now - asked).as_secs_f64() * 1e3),
            Err(why) => writeln!(said, "database failed: {why}"),
        };
        let tended = self.pulse.tended().is_some_and(|tended| now.saturating_sub(tended) < self.ttl);
        let _ = writeln!(said, "leases {}", if tended { "ok" } else { "failed: not tended for a time to live" });
        // Without the broker holders find their orders in the database, only later.
        let broker = if self.queue.is_connected() { "ok" } else { "degraded: not connected" };
        let _ = writeln!(said, "broker {broker}");
        (database.is_ok() && tended, said)
    }
}

impl Endpoint {
    /// Answers on `address` from now on, for as long as the process lives.
    pub(crate) async fn start(address: SocketAddr, health: Health, metrics: PrometheusHandle) -> anyhow::Result<()> {
        let failed = || format!("operations.listen: {address} can't be listened on");
        let listener = TcpListener::bind(address).await.with_context(failed)?;
        info!(address = %listener.local_addr().with_context(failed)?, "the operations endpoint listens");
        let routes = Router::new()
            .route("/metrics", get(show_metrics))
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .with_state(Self { health, metrics });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(())
    }
}

async fn show_metrics(State(endpoint): State<Endpoint>) -> impl IntoResponse {
    telemetry::connections(endpoint.health.store.connections_in_use());
    endpoint.metrics.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], endpoint.metrics.render())
}

async fn livez(State(endpoint): State<Endpoint>) -> impl IntoResponse {
    if endpoint.health.is_alive() {
        (StatusCode::OK, "alive\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the main loop stands still\n")
    }
}

async fn readyz(State(endpoint): State<Endpoint>) -> impl IntoResponse {
    let (ready, said) = endpoint.health.readiness().await;
    (if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, said)
}
