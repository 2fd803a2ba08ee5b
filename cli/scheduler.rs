use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use dialtone_scheduler::{Scheduler, Standing};
use tokio::sync::watch;

use crate::context::Context;
use crate::interrupt::Interrupt;
use crate::worker::name;

/// Watch over the installation: one scheduler leads, any number of others stand by
///
/// The leader takes stock of runs, of the orders that wait and of the workers, for /metrics, and warns when orders wait
/// that nobody works on. A standby leads within a time to live of its lease after the leader died. Needs a PostgreSQL
/// database.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  DIALTONE_DATABASE_URL=postgres://dialtone@db/dialtone dialtone scheduler
  dialtone scheduler --config /etc/dialtone/dialtone.toml")]
pub(crate) struct Arguments {}

/// Runs the command.
pub(crate) async fn run(context: &Context, _arguments: Arguments) -> anyhow::Result<ExitCode> {
    if !context.settings.is_scaled_out() {
        bail!("dialtone scheduler needs database.url: with a data folder alone there is nothing to watch over");
    }
    let mut interrupt = Interrupt::listen()?;
    let operations = &context.operations;
    let (standing, _) = watch::channel(Standing::default());
    let scheduler = Scheduler {
        name: name("scheduler"),
        identity: operations.ids.next(),
        ttl: context.settings.lease_ttl,
        shards: operations.shards,
        store: operations.store.clone(),
        clock: Arc::clone(&operations.clock),
        standing,
    };
    scheduler.run(async move { interrupt.asked().await }).await;
    Ok(ExitCode::SUCCESS)
}
