use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use dialtone_drivers::{AddressRule, Driver, for_device_within};
use dialtone_model::{Device, DeviceKind};
use dialtone_scheduler::SIMULATED;
use dialtone_worker::{DriverFactory, Tenure, Worker, WorkerSettings};
use tokio::sync::mpsc;
use tracing::info;

use crate::backends::Broker;
use crate::clock::SystemClock;
use crate::configuration::Settings;
use crate::context::{Context, Everywhere};
use crate::embedded::retry_policy;
use crate::interrupt::Interrupt;
use crate::role::{Role, RoleArgs};
use crate::telemetry;

/// Drive devices, beside any number of other workers
///
/// Takes its share of the devices, and those of a worker that dies. SIGTERM and Ctrl-C let the calls in hand finish,
/// record them and hand everything back; a second one ends it at once, which loses nothing either. Needs a PostgreSQL
/// database: without one, `dialtone run` drives the devices itself.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  DIALTONE_DATABASE_URL=postgres://dialtone@db/dialtone dialtone worker
  dialtone worker --config /etc/dialtone/dialtone.toml --name rack-7")]
pub(crate) struct Arguments {
    /// What histories and logs call it; DIALTONE_WORKER_NAME, or host and process id otherwise
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    role: RoleArgs,
}

/// Runs the command.
pub(crate) async fn run(
    everywhere: &Everywhere,
    settings: Settings,
    clock: SystemClock,
    arguments: Arguments,
) -> anyhow::Result<ExitCode> {
    if !settings.is_scaled_out() {
        bail!("dialtone worker needs database.url: with a data folder alone, `dialtone run` drives the devices itself");
    }
    let interrupt = Interrupt::listen()?;
    // Whatever is opened says what it measures as soon as it is.
    let metrics = telemetry::collect_metrics()?;
    let context = Context::open(everywhere, settings, clock, Broker::Awaited).await?;
    let role = Role::start(&context, &arguments.role, metrics).await?;
    let (operations, settings) = (&context.operations, &context.settings);
    let (tell, mut finished) = mpsc::unbounded_channel();
    let worker = Worker {
        settings: WorkerSettings {
            name: arguments.name.or_else(|| settings.worker_name.clone()).unwrap_or_else(|| Role::name("worker")),
            identity: operations.ids.next(),
            shards: operations.shards,
            tenure: Tenure::Heartbeat { ttl: settings.lease_ttl },
            orders: true,
            retry: retry_policy(settings.tries, settings.retry_after),
            pull_every: settings.pull_every,
            seed: rand::random(),
        },
        store: operations.store.clone(),
        queue: operations.queue.clone(),
        drivers: drivers(settings.address_rule()),
        clock: Arc::clone(&operations.clock),
        finished: tell,
        pulse: role.pulse,
    };
    let tell_of_runs = tokio::spawn(async move {
        while let Some(run) = finished.recv().await {
            info!(run.id = %run, "the run is over");
        }
    });
    worker.run(Role::asked_to_end(interrupt)).await;
    tell_of_runs.await?;
    operations.queue.close().await;
    Ok(ExitCode::SUCCESS)
}

/// The drivers of all devices, which are called at allowed addresses alone.
fn drivers(rule: AddressRule) -> DriverFactory {
    Arc::new(move |device: Device| {
        let rule = Arc::clone(&rule);
        Box::pin(async move { driver(&device, rule) })
    })
}

fn driver(device: &Device, rule: AddressRule) -> Result<Arc<dyn Driver>, String> {
    if device.address == SIMULATED && device.kind != DeviceKind::Null {
        let reason = "only a data folder's own process simulates devices: start `dialtone simulator`, and give the \
                      device the address and the certificate that it prints";
        return Err(reason.to_owned());
    }
    for_device_within(device, rule).map_err(|error| error.to_string())
}
