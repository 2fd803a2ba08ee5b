use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dialtone_files::sha256;
use dialtone_model::{AddOn, OrganizationId, RunId};
use dialtone_scheduler::{Intake, Mode, NamedBytes, NewSubmission, Submitted};
use dialtone_store::RunRecord;

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::follow::follow;
use crate::output::counted;
use crate::report::{Ending, no_run, refused_rows, report_path};
use crate::upload::{mode, read_files, tell};

/// Run files: read, check, provision, report
///
/// Several files are the files of one bulk assignment, or of one batch project: their headers say which. Any bad row
/// refuses them all, unless the valid rows alone are asked for. Where the data folder has no organization yet, the demo
/// organization with simulated devices is brought in. A command that was interrupted or killed goes on when it is
/// repeated.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone run sample-data/bulk-assignment-by-name.csv
  dialtone run sample-data/new-hires.xlsx
  dialtone run hires-1.csv hires-2.csv --add-on call-recording --report hires-report.xlsx
  dialtone run hires.csv --valid-rows-only --json

`dialtone --help` explains the exit codes.")]
pub(crate) struct Arguments {
    /// The files: CSV, tab-separated or XLSX; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What to call it; the first file's name otherwise
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// An add-on licence that every user gets; may be repeated
    #[arg(long = "add-on", value_name = "CODE")]
    add_ons: Vec<String>,
    /// Use the good rows and give the bad ones back
    #[arg(long)]
    valid_rows_only: bool,
    /// Where to write the report: .csv, .tsv or .xlsx
    #[arg(long, value_name = "PATH", value_parser = report_path)]
    report: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let files = read_files(&arguments.files)?;
    let organization = context.organization_or_demo().await?.id;
    let ending = Ending::new(arguments.report.clone())?;
    let started = match run_cut_short(context, organization, &files).await? {
        Some(RunRecord { id: run, ended_at, .. }) => {
            match ended_at {
                None => eprintln!("run {run}: it has these files already and isn't over; going on with it"),
                Some(_) => {
                    eprintln!("run {run}: it has done these files already and nobody has its report; here it is")
                }
            }
            Started { run, refused_rows: refused_rows(context, run).await? }
        }
        None => match start(context, organization, &files, &arguments).await? {
            Ok(started) => started,
            Err(exit) => return Ok(exit.into()),
        },
    };
    let followed = follow(context, &arguments.work, &[started.run]).await?;
    let refused = if started.refused_rows > 0 { Exit::Refused } else { Exit::Done };
    let exit = followed.and(refused);
    ending.tell(context, started.run, started.refused_rows, exit).await
}

/// The run that these files are already, when it isn't over or its report was never made: a command that was cut short
/// is being repeated.
async fn run_cut_short(
    context: &Context,
    organization: OrganizationId,
    files: &[NamedBytes],
) -> anyhow::Result<Option<RunRecord>> {
    let store = &context.operations.store;
    let runs = store.unfollowed_runs(organization).await?;
    if runs.is_empty() {
        return Ok(None);
    }
    let hashes: Vec<String> = files.iter().map(|file| sha256(&file.bytes)).collect();
    for run in runs {
        let mut uploaded = Vec::new();
        for upload in store.run_uploads(run.id).await? {
            uploaded.push(store.upload(upload).await?.sha256);
        }
        if uploaded == hashes {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

struct Started {
    run: RunId,
    refused_rows: usize,
}

/// Submits the files; or says what is wrong with them.
async fn start(
    context: &Context,
    organization: OrganizationId,
    files: &[NamedBytes],
    arguments: &Arguments,
) -> anyhow::Result<Result<Started, Exit>> {
    let mode = mode(arguments.valid_rows_only);
    let submission = NewSubmission {
        name: arguments.name.clone(),
        add_ons: arguments.add_ons.iter().cloned().map(AddOn).collect(),
        mode,
    };
    let Submitted { intake, assigned } =
        context.operations.submit(&context.actor, organization, &submission, files).await?;
    let refused_rows = intake.refused;
    let Some(assigned) = assigned else {
        return Ok(Err(tell_refused(context, intake, mode)?));
    };
    if !context.json && !intake.problems.is_empty() {
        tell_refused(context, intake, mode)?;
    }
    eprintln!("run {}: {}", assigned.run, counted(assigned.orders, "order"));
    Ok(Ok(Started { run: assigned.run, refused_rows }))
}

/// Tells what is wrong with the files, with the members that the answer of `run` always has.
fn tell_refused(context: &Context, intake: Intake, mode: Mode) -> anyhow::Result<Exit> {
    let more = no_run(context, intake.refused);
    tell(context, intake, mode, more)
}
