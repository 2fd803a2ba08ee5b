use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use dialtone_model::RunId;
use dialtone_scheduler::{Retried, RunView};
use serde_json::{Value, json};

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::follow::{follow, orders_by_state, summary};
use crate::output::{counted, print, print_json, print_json_lines, print_table, time};
use crate::pick;
use crate::report::{Ending, refused_rows};

/// Runs: what was started, and how far it is
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone runs list
  dialtone runs show 0192f0c1
  dialtone runs follow 0192f0c1
  dialtone runs pause 0192f0c1
  dialtone runs resume 0192f0c1
  dialtone runs retry 0192f0c1
  dialtone runs cancel 0192f0c1")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the newest runs
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
    },
    /// Show a run and how far it is
    Show {
        #[command(flatten)]
        run: Chosen,
    },
    /// Work through a run, or watch the process that does, until it is over
    Follow {
        #[command(flatten)]
        run: Chosen,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Let the steps in hand finish and start nothing new
    Pause {
        #[command(flatten)]
        run: Chosen,
    },
    /// Go on with a paused run, until it is over
    Resume {
        #[command(flatten)]
        run: Chosen,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Try again every order that failed in a way that may pass, until the run is over
    Retry {
        #[command(flatten)]
        run: Chosen,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// End a run: orders without a done step become Cancelled, others go to Hold
    Cancel {
        #[command(flatten)]
        run: Chosen,
    },
}

#[derive(Args, Debug)]
struct Chosen {
    /// The run: its UUID, or the beginning of it
    #[arg(value_name = "RUN")]
    run: String,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let operations = &context.operations;
    match arguments.act {
        Act::List { limit } => list(context, limit).await?,
        Act::Show { run } => show(context, &pick::run(context, &run.run).await?)?,
        Act::Follow { run, work } => return go_on(context, pick::run(context, &run.run).await?.run.id, &work).await,
        Act::Pause { run } => {
            let run = pick::run(context, &run.run).await?.run.id;
            operations.pause_run(&context.actor, run).await?;
            show(context, &operations.run(&context.actor, run).await?)?;
        }
        Act::Resume { run, work } => {
            let run = pick::run(context, &run.run).await?.run.id;
            operations.resume_run(&context.actor, run).await?;
            return go_on(context, run, &work).await;
        }
        Act::Retry { run, work } => {
            let run = pick::run(context, &run.run).await?.run.id;
            return retry(context, run, &work).await;
        }
        Act::Cancel { run } => {
            let run = pick::run(context, &run.run).await?.run.id;
            operations.cancel_run(&context.actor, run).await?;
            show(context, &operations.run(&context.actor, run).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Retries what of a run may succeed unchanged, and works through it.
pub(crate) async fn retry(context: &Context, run: RunId, work: &WorkArgs) -> anyhow::Result<ExitCode> {
    let Retried { orders, refused } = context.operations.retry_run(&context.actor, run).await?;
    for (number, why) in &refused {
        eprintln!("dialtone: order {number}: {why}");
    }
    if orders == 0 && refused.is_empty() {
        bail!("no order of run {run} waits for a retry: `dialtone order list --run {run}` shows how they stand");
    }
    eprintln!("{} retried", counted(orders, "order"));
    if orders == 0 {
        return Ok(Exit::Incomplete.into());
    }
    go_on(context, run, work).await
}

/// Works through a run, or watches the process that does, and tells how it ended.
pub(crate) async fn go_on(context: &Context, run: RunId, work: &WorkArgs) -> anyhow::Result<ExitCode> {
    let exit = follow(context, work, &[run]).await?;
    Ending::new(None)?.tell(context, run, refused_rows(context, run).await?, exit).await
}

async fn list(context: &Context, limit: u32) -> anyhow::Result<()> {
    let organization = context.organization().await?.id;
    let mut views = Vec::new();
    for run in context.operations.runs(&context.actor, organization, limit).await? {
        views.push(context.operations.run(&context.actor, run.id).await?);
    }
    if context.json {
        return print_json_lines(views.iter().map(view_json));
    }
    let rows = views
        .iter()
        .map(|view| {
            let orders = orders_by_state(&view.counts);
            [
                view.run.id.to_string(),
                view.run.name.clone(),
                view.run.state.to_string(),
                orders.values().sum::<u64>().to_string(),
                orders.get("completed").copied().unwrap_or_default().to_string(),
                time(view.run.created_at),
                view.run.created_by.clone(),
            ]
        })
        .collect();
    print_table(["UUID", "Name", "State", "Orders", "Completed", "Started", "By"], rows, "no run yet")
}

fn show(context: &Context, view: &RunView) -> anyhow::Result<()> {
    if context.json { print_json(&view_json(view)) } else { print(summary(view)) }
}

fn view_json(view: &RunView) -> Value {
    let run = &view.run;
    let by_state: Vec<Value> = view
        .counts
        .by_state
        .iter()
        .map(|((state, extended), orders)| json!({ "state": state, "extended": extended, "orders": orders }))
        .collect();
    json!({
        "id": run.id,
        "name": run.name,
        "kind": run.kind,
        "state": run.state,
        "template": run.template,
        "project": run.project,
        "orders": orders_by_state(&view.counts),
        "by_extended_status": by_state,
        "started_at": run.created_at,
        "started_by": run.created_by,
        "ended_at": run.ended_at,
    })
}
