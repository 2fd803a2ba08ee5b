use std::process::ExitCode;

use clap::Args;
use dialtone_model::{RunId, RunState};

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::follow::follow;
use crate::report::Ending;

/// Go on with every run that was interrupted
///
/// Works through the runs of the data folder that aren't over, whatever stopped them: Ctrl-C, a kill, a power cut. No
/// step that is done is done again. Paused runs stay paused.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone resume
  dialtone resume --data /var/lib/dialtone --json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    work: WorkArgs,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let open = context.operations.store.open_runs().await?;
    let (running, paused): (Vec<_>, Vec<_>) = open.into_iter().partition(|run| run.state == RunState::Running);
    for run in &paused {
        eprintln!("run {} \"{}\" is paused: go on with it by `dialtone runs resume {}`", run.id, run.name, run.id);
    }
    if running.is_empty() {
        eprintln!("no run was interrupted");
        return Ok(ExitCode::SUCCESS);
    }
    let runs: Vec<RunId> = running.iter().map(|run| run.id).collect();
    let exit = follow(context, &arguments.work, &runs).await?;
    Ending::new(None)?.tell_all(context, &runs, exit).await
}
