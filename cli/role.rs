use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dialtone_model::{Clock, Pulse};
use metrics_exporter_prometheus::PrometheusHandle;
use sd_notify::NotifyState;
use tracing::debug;

use crate::context::Context;
use crate::endpoint::{Endpoint, Health};
use crate::interrupt::Interrupt;

/// How soon it is looked again whether a role that starts has tended its leases.
const START_PERIOD: Duration = Duration::from_millis(50);

/// What every role takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct RoleArgs {
    /// Where it answers /metrics, /livez and /readyz; DIALTONE_OPERATIONS_LISTEN, or nowhere otherwise
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
}

/// A role's ties to whoever runs it: the endpoint, and the service manager that is told how it is.
pub(crate) struct Role {
    /// The signs of life that the role's main loop is to give.
    pub(crate) pulse: Arc<Pulse>,
}

impl Role {
    /// Ties them.
    pub(crate) async fn start(context: &Context, args: &RoleArgs, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let pulse = Arc::<Pulse>::default();
        let health = Health {
            store: context.operations.store.clone(),
            queue: context.operations.queue.clone(),
            clock: context.clock,
            pulse: Arc::clone(&pulse),
            ttl: context.settings.lease_ttl,
        };
        pulse.turn(context.clock.monotonic());
        if let Some(address) = args.listen.or(context.settings.listen) {
            Endpoint::start(address, health.clone(), metrics).await?;
        }
        tokio::spawn(tell_service_manager(health));
        Ok(Self { pulse })
    }

    /// What a process is called that nobody gave a name.
    pub(crate) fn name(role: &str) -> String {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        match host.trim() {
            "" => format!("{role}:{}", std::process::id()),
            host => format!("{host}/{role}:{}", std::process::id()),
        }
    }

    /// Comes back when the role has been asked to end, and tells the service manager so.
    pub(crate) async fn asked_to_end(mut interrupt: Interrupt) {
        interrupt.asked().await;
        notify(NotifyState::Stopping);
    }
}

/// Tells systemd that the role is ready once its leases are tended, and from then on that it lives, while it does.
async fn tell_service_manager(health: Health) {
    while health.pulse.tended().is_none() {
        health.clock.sleep(START_PERIOD).await;
    }
    notify(NotifyState::Ready);
    let Some(watchdog) = sd_notify::watchdog_enabled() else { return };
    loop {
        if health.is_alive() {
            notify(NotifyState::Watchdog);
        }
        health.clock.sleep(watchdog / 3).await;
    }
}

fn notify(state: NotifyState<'_>) {
    if let Err(failure) = sd_notify::notify(&[state]) {
        debug!(%failure, "the service manager can't be told");
    }
}
