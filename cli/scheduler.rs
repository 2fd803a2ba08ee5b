use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use dialtone_scheduler::Scheduler;

use crate::backends::Broker;
use crate::clock::SystemClock;
use crate::configuration::Settings;
use crate::context::{Context, Everywhere};
use crate::interrupt::Interrupt;
use crate::role::{Role, RoleArgs};
use crate::telemetry;

/// Watch over the installation: one scheduler leads, any number of others stand by
///
/// The leader takes stock of runs, of the orders that wait and of the workers, for /metrics, and warns when orders wait
/// that nobody works on. It keeps the report of a run that ended while nobody followed it. A standby leads within a time to live of its lease after the leader died. Needs a PostgreSQL
/// database.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  DIALTONE_DATABASE_URL=postgres://dialtone@db/dialtone dialtone scheduler
  dialtone scheduler --config /etc/dialtone/dialtone.toml")]
pub(crate) struct Arguments {
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
        bail!("dialtone scheduler needs database.url: with a data folder alone there is nothing to watch over");
    }
    let interrupt = Interrupt::listen()?;
    let metrics = telemetry::collect_metrics()?;
    let context = Context::open(everywhere, settings, clock, Broker::Awaited).await?;
    let role = Role::start(&context, &arguments.role, metrics).await?;
    let operations = &context.operations;
    let scheduler = Scheduler {
        name: Role::name("scheduler"),
        identity: operations.ids.next(),
        ttl: context.settings.lease_ttl,
        operations: operations.clone(),
        pulse: role.pulse,
    };
    scheduler.run(Role::asked_to_end(interrupt)).await;
    operations.queue.close().await;
    Ok(ExitCode::SUCCESS)
}
