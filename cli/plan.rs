use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dialtone_model::Step;
use dialtone_scheduler::{DryRun, Mode, ProjectPlan};
use dialtone_templates::Reading;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Exit;
use crate::output::{print, print_table};
use crate::upload::{mode, read_files, tell};

/// Plan project files: what a run of them would do
///
/// It shows what each row would create, change or leave, and how many calls each device would get. Nothing is stored
/// and no device is asked: the plan is made from the organization's records.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone plan sample-data/new-hires.csv
  dialtone plan hires.xlsx --json

Exit codes: 0 every row can be run; 1 failed; 2 usage; 3 the file or some rows were refused.")]
pub(crate) struct Arguments {
    /// The files: CSV, tab-separated or XLSX; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Judge as a run of the good rows alone would
    #[arg(long)]
    valid_rows_only: bool,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let files = read_files(&arguments.files)?;
    let organization = context.organization_or_demo().await?.id;
    let dry_run = context.operations.plan_files(&context.actor, organization, files).await?;
    Ok(show(context, dry_run, mode(arguments.valid_rows_only))?.into())
}

/// Shows a plan: its rows, what is wrong with them, and the calls of each device.
pub(crate) fn show(context: &Context, dry_run: DryRun, mode: Mode) -> anyhow::Result<Exit> {
    let DryRun { intake, plan, .. } = dry_run;
    if context.json {
        let plan = plan_json(&plan, &intake.readings);
        return tell(context, intake, mode, plan);
    }
    let rows = plan.rows.iter().map(|row| {
        let file = intake.readings.get(row.file as usize).map_or("", |reading| reading.name.as_str());
        [
            format!("{file}:{}", row.row),
            row.user_id.clone(),
            row.product.clone(),
            row.outcome.label().to_owned(),
            titles(&plan, row.order, row.steps.clone()).join("; "),
        ]
    });
    print_table(["Row", "User", "Product", "Outcome", "Steps"], rows.collect(), "no row can be planned")?;
    print("")?;
    let calls = plan.calls.iter().map(|(device, calls)| [device.clone(), calls.to_string()]);
    print_table(["Device", "Calls"], calls.collect(), "no device is called")?;
    print("")?;
    tell(context, intake, mode, json!({}))
}

/// A plan in JSON.
pub(crate) fn plan_json(plan: &ProjectPlan, readings: &[Reading]) -> Value {
    let names: Vec<&str> = readings.iter().map(|reading| reading.name.as_str()).collect();
    let rows: Vec<Value> = plan
        .rows
        .iter()
        .map(|row| {
            json!({
                "file": names.get(row.file as usize),
                "row": row.row,
                "user": row.user_id,
                "product": row.product,
                "outcome": row.outcome.word(),
                "order": row.order,
                "steps": titles(plan, row.order, row.steps.clone()),
            })
        })
        .collect();
    json!({ "rows": rows, "orders": plan.orders.len(), "calls": plan.calls })
}

fn titles(plan: &ProjectPlan, order: Option<usize>, steps: std::ops::Range<usize>) -> Vec<String> {
    let steps = order.and_then(|order| plan.orders.get(order)).and_then(|planned| planned.order.steps.get(steps));
    steps.into_iter().flatten().map(Step::title).collect()
}
