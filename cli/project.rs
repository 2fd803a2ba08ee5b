use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use dialtone_model::{ProjectId, RunId, UploadId};
use dialtone_scheduler::NewProjectName;
use dialtone_store::{ProjectRecord, UploadRecord};
use dialtone_templates::Origin;
use serde_json::{Value, json};

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::follow::follow;
use crate::output::{counted, print, print_json, print_json_lines, print_table, time};
use crate::report::{Ending, no_run, report_path};
use crate::runs::{go_on, retry};
use crate::upload::{mode, read_files, tell, tell_added};
use crate::{pick, plan};

/// Batch projects: files whose rows become work orders
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone project create \"New hires\"
  dialtone project add \"New hires\" sample-data/new-hires.csv
  dialtone project show \"New hires\"
  dialtone project remove \"New hires\" 0192f0c1-6e3b-7170-8bf9-4f1e98c88b56
  dialtone project plan \"New hires\"
  dialtone project run \"New hires\"
  dialtone project pause \"New hires\"
  dialtone project resume \"New hires\"
  dialtone project cancel \"New hires\"
  dialtone project retry \"New hires\"
  dialtone project duplicate \"New hires\" --name \"New hires, again\"
  dialtone project delete \"New hires\"
  dialtone project list --json

A PROJECT is named by its UUID, the beginning of it, or its name.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the projects, the newest first
    List,
    /// Make a project without files
    Create {
        /// Its name
        name: String,
    },
    /// Show a project with its files and its run
    Show { project: String },
    /// Add files to a project
    Add {
        project: String,
        /// The files: CSV, tab-separated or XLSX; - is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Use the good rows and give the bad ones back
        #[arg(long)]
        valid_rows_only: bool,
    },
    /// Take a file out of a project
    Remove {
        project: String,
        /// The UUID of the file, as `project show` has it
        #[arg(value_name = "UUID")]
        file: UploadId,
    },
    /// Show what a run would do
    Plan {
        project: String,
        /// Judge as a run of the good rows alone would
        #[arg(long)]
        valid_rows_only: bool,
    },
    /// Run a project to its end
    Run {
        project: String,
        /// Run the good rows
        #[arg(long)]
        valid_rows_only: bool,
        /// Where to write the report: .csv, .tsv or .xlsx
        #[arg(long, value_name = "PATH", value_parser = report_path)]
        report: Option<PathBuf>,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Let the steps in hand of the run finish and start nothing new
    Pause { project: String },
    /// Go on with a paused run
    Resume {
        project: String,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// End the run before its orders are through
    Cancel { project: String },
    /// Try again what failed in a way that may pass
    Retry {
        project: String,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Make a project with the same files
    Duplicate {
        project: String,
        /// Its name; the same otherwise
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Delete a project that isn't running
    Delete { project: String },
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (operations, actor) = (&context.operations, &context.actor);
    match arguments.act {
        Act::List => {
            let organization = context.organization_or_demo().await?.id;
            list(context, &operations.projects(actor, organization).await?)?;
        }
        Act::Create { name } => {
            let organization = context.organization_or_demo().await?.id;
            let id = operations.create_project(actor, organization, &NewProjectName { name }).await?;
            show(context, id).await?;
        }
        Act::Show { project } => show(context, pick::project(context, &project).await?.id).await?,
        Act::Add { project, files, valid_rows_only } => {
            let id = pick::project(context, &project).await?.id;
            let (files, mode) = (read_files(&files)?, mode(valid_rows_only));
            let intake = operations.add_project_files(actor, id, &files, mode).await?;
            return Ok(tell_added(context, Origin::Project(id), intake, mode).await?.into());
        }
        Act::Remove { project, file } => {
            let id = pick::project(context, &project).await?.id;
            operations.remove_project_file(actor, id, file).await?;
            show(context, id).await?;
        }
        Act::Plan { project, valid_rows_only } => {
            let id = pick::project(context, &project).await?.id;
            let dry_run = operations.plan_project(actor, id).await?;
            return Ok(plan::show(context, dry_run, mode(valid_rows_only))?.into());
        }
        Act::Run { project, valid_rows_only, report, work } => {
            let ending = Ending::new(report)?;
            let id = pick::project(context, &project).await?.id;
            return start(context, id, valid_rows_only, ending, &work).await;
        }
        Act::Pause { project } => {
            let run = run_of(context, &project).await?;
            operations.pause_run(actor, run).await?;
            done(context, run, "paused")?;
        }
        Act::Resume { project, work } => {
            let run = run_of(context, &project).await?;
            operations.resume_run(actor, run).await?;
            return go_on(context, run, &work).await;
        }
        Act::Cancel { project } => {
            let run = run_of(context, &project).await?;
            operations.cancel_run(actor, run).await?;
            done(context, run, "cancelled")?;
        }
        Act::Retry { project, work } => {
            let run = run_of(context, &project).await?;
            return retry(context, run, &work).await;
        }
        Act::Duplicate { project, name } => {
            let id = pick::project(context, &project).await?.id;
            show(context, operations.duplicate_project(actor, id, name).await?).await?;
        }
        Act::Delete { project } => {
            let id = pick::project(context, &project).await?.id;
            operations.delete_project(actor, id).await?;
            if context.json {
                print_json(&json!({ "project": id, "deleted": true }))?;
            } else {
                print(format_args!("{id} deleted"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts a project and works until its run is over; or says what is wrong with its files.
async fn start(
    context: &Context,
    id: ProjectId,
    valid_rows_only: bool,
    ending: Ending,
    work: &WorkArgs,
) -> anyhow::Result<ExitCode> {
    let mode = mode(valid_rows_only);
    let (dry_run, started) = context.operations.run_project(&context.actor, id, mode).await?;
    let refused_rows = dry_run.intake.refused;
    let Some(started) = started else {
        return Ok(tell(context, dry_run.intake, mode, no_run(context, refused_rows))?.into());
    };
    if !context.json && !dry_run.intake.problems.is_empty() {
        tell(context, dry_run.intake, mode, json!({}))?;
    }
    eprintln!("run {}: {}", started.run, counted(started.orders, "order"));
    let followed = follow(context, work, &[started.run]).await?;
    let exit = followed.and(if refused_rows > 0 { Exit::Refused } else { Exit::Done });
    ending.tell(context, started.run, refused_rows, exit).await
}

async fn run_of(context: &Context, project: &str) -> anyhow::Result<RunId> {
    let project = pick::project(context, project).await?;
    project.run.with_context(|| format!("the project \"{}\" was never run", project.name))
}

fn done(context: &Context, run: RunId, what: &str) -> anyhow::Result<()> {
    if context.json {
        return print_json(&json!({ "run": run, "state": what }));
    }
    print(format_args!("run {run} {what}"))
}

fn list(context: &Context, projects: &[ProjectRecord]) -> anyhow::Result<()> {
    if context.json {
        return print_json_lines(projects.iter().map(project_json));
    }
    let row =
        |project: &ProjectRecord| [project.id.to_string(), project.name.clone(), project.status.label().to_owned()];
    print_table(["UUID", "Name", "Status"], projects.iter().map(row).collect(), "no project yet")
}

async fn show(context: &Context, id: ProjectId) -> anyhow::Result<()> {
    let (project, files) = context.operations.project(&context.actor, id).await?;
    if context.json {
        let mut answer = project_json(&project);
        let file = |file: &UploadRecord| json!({ "id": file.id, "name": file.name, "sha256": file.sha256 });
        answer["files"] = files.iter().map(file).collect();
        return print_json(&answer);
    }
    print(format_args!("{} ({})", project.name, project.id))?;
    match project.run {
        Some(run) => print(format_args!("{}, run {run}\n", project.status))?,
        None => print(format_args!("{}\n", project.status))?,
    }
    let row = |file: &UploadRecord| [file.id.to_string(), file.name.clone(), time(file.uploaded_at)];
    print_table(["UUID", "File", "Uploaded"], files.iter().map(row).collect(), "no file yet")
}

fn project_json(project: &ProjectRecord) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "status": project.status,
        "run": project.run,
        "created_at": project.created_at.to_string(),
        "created_by": project.created_by,
    })
}
