//! Dialtone: a file of users in, provisioned extensions and a report out.
//!
//! One file a subcommand. This is the only place where the backends of store, queue and files are chosen, where the
//! real clock is read and where errors become words for a person.

#![recursion_limit = "256"]

mod clock;
mod completions;
mod context;
mod exit;
mod extension;
mod findings;
mod follow;
mod interrupt;
mod order;
mod organization;
mod output;
mod pick;
mod plan;
mod project;
mod report;
mod resume;
mod run;
mod runs;
mod simulator;
mod template;
mod upload;
mod validate;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::clock::SystemClock;
use crate::context::{Context, Everywhere};
use crate::exit::Exit;

/// Batch provisioning of telephone systems: a file of users in, provisioned extensions and a report out
#[derive(Parser)]
#[command(
    version,
    after_help = "\
Examples:
  dialtone run sample-data/bulk-assignment-by-name.csv
  dialtone validate new-hires.xlsx
  dialtone runs list

Exit codes: 0 all well; 1 failed; 2 usage; 3 the file or some rows were refused; 4 finished, but not every row
completed; 130 interrupted."
)]
struct Arguments {
    #[command(flatten)]
    everywhere: Everywhere,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Validate(validate::Arguments),
    Resume(resume::Arguments),
    Report(report::Arguments),
    Runs(runs::Arguments),
    Plan(plan::Arguments),
    Project(project::Arguments),
    Template(template::Arguments),
    Order(order::Arguments),
    Extension(extension::Arguments),
    Organization(organization::Arguments),
    Simulator(simulator::SimulatorArgs),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let clock = SystemClock::start();
    let arguments = Arguments::parse();
    log();
    dispatch(arguments, clock).unwrap_or_else(|error| {
        eprintln!("dialtone: {error:#}");
        Exit::Failed.into()
    })
}

fn dispatch(arguments: Arguments, clock: SystemClock) -> anyhow::Result<ExitCode> {
    let Arguments { everywhere, command } = arguments;
    match command {
        Command::Validate(arguments) => validate::run(&everywhere, &arguments, clock),
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
        command => tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(dispatch_async(
            &everywhere,
            command,
            clock,
        )),
    }
}

async fn dispatch_async(everywhere: &Everywhere, command: Command, clock: SystemClock) -> anyhow::Result<ExitCode> {
    if let Command::Simulator(arguments) = command {
        return simulator::run(arguments).await;
    }
    let context = Context::open(everywhere, clock).await?;
    match command {
        Command::Run(arguments) => run::run(&context, arguments).await,
        Command::Resume(arguments) => resume::run(&context, &arguments).await,
        Command::Report(arguments) => report::run(&context, &arguments).await,
        Command::Runs(arguments) => runs::run(&context, arguments).await,
        Command::Plan(arguments) => plan::run(&context, arguments).await,
        Command::Project(arguments) => project::run(&context, arguments).await,
        Command::Template(arguments) => template::run(&context, arguments).await,
        Command::Order(arguments) => order::run(&context, arguments).await,
        Command::Extension(arguments) => extension::run(&context, arguments).await,
        Command::Organization(arguments) => organization::run(&context, arguments).await,
        Command::Simulator(_) | Command::Validate(_) | Command::Completions(_) => Ok(ExitCode::SUCCESS),
    }
}

/// Warnings go to standard error; `DIALTONE_LOG` asks for more, such as `info` or `dialtone_worker=debug`.
fn log() {
    let filter = EnvFilter::try_from_env("DIALTONE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
