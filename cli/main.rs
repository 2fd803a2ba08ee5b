//! Dialtone: a file of users in, provisioned extensions and a report out.
//!
//! One file a subcommand. This is the only place where the backends of store, queue and files are chosen, where the
//! real clock is read and where errors become words for a person.

#![recursion_limit = "256"]

mod backends;
mod clock;
mod completions;
mod config;
mod configuration;
mod context;
mod device;
mod device_check;
mod device_sync;
mod device_work;
mod doctor;
mod embedded;
mod endpoint;
mod examples;
mod exit;
mod extension;
mod findings;
mod follow;
mod interrupt;
mod migrate;
mod order;
mod organization;
mod output;
mod passwords;
mod pick;
mod plan;
mod project;
mod report;
mod resume;
mod role;
mod run;
mod runs;
mod scheduler;
mod simulated;
mod simulator;
mod telemetry;
mod template;
#[cfg(feature = "otel")]
mod traces;
mod upload;
mod validate;
mod watch;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::backends::Broker;
use crate::clock::SystemClock;
use crate::configuration::{ConfigurationError, Settings};
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
    Device(device::Arguments),
    Scheduler(scheduler::Arguments),
    Worker(worker::Arguments),
    Migrate(migrate::Arguments),
    Doctor(doctor::Arguments),
    Config(config::Arguments),
    Simulator(simulator::SimulatorArgs),
    Completions(completions::Arguments),
}

fn main() -> ExitCode {
    let clock = SystemClock::start();
    let matches = examples::spread(Arguments::command()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    dispatch(arguments, clock).unwrap_or_else(|error| {
        eprintln!("dialtone: {}", words(&error));
        let usage = error.is::<ConfigurationError>();
        if usage { Exit::USAGE.into() } else { Exit::Failed.into() }
    })
}

/// An error with its causes, each told once: many a library's error has the text of its cause in its own.
fn words(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn dispatch(arguments: Arguments, clock: SystemClock) -> anyhow::Result<ExitCode> {
    let Arguments { everywhere, command } = arguments;
    // It answers also where the configuration is wrong.
    if let Command::Config(arguments) = command {
        return config::run(&everywhere, &arguments);
    }
    let configuration = everywhere.configuration()?;
    // It tells of everything until the command is over.
    let _telemetry = telemetry::start(&configuration, clock)?;
    let settings = configuration.settings;
    match command {
        Command::Validate(arguments) => validate::run(&everywhere, settings, &arguments, clock),
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command(), everywhere.json),
        command => tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(dispatch_async(
            &everywhere,
            settings,
            command,
            clock,
        )),
    }
}

async fn dispatch_async(
    everywhere: &Everywhere,
    settings: Settings,
    command: Command,
    clock: SystemClock,
) -> anyhow::Result<ExitCode> {
    match command {
        Command::Simulator(arguments) => return simulator::run(arguments).await,
        Command::Migrate(_) => return migrate::run(everywhere.json, &settings).await,
        Command::Doctor(arguments) => return doctor::run(everywhere, settings, clock, &arguments).await,
        Command::Scheduler(arguments) => return scheduler::run(everywhere, settings, clock, arguments).await,
        Command::Worker(arguments) => return worker::run(everywhere, settings, clock, arguments).await,
        _ => {}
    }
    let context = Context::open(everywhere, settings, clock, Broker::WhenNeeded).await?;
    let done = run_in(&context, command).await;
    // What was said last is on its way still.
    context.operations.queue.close().await;
    done
}

async fn run_in(context: &Context, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(arguments) => run::run(context, arguments).await,
        Command::Resume(arguments) => resume::run(context, &arguments).await,
        Command::Report(arguments) => report::run(context, &arguments).await,
        Command::Runs(arguments) => runs::run(context, arguments).await,
        Command::Plan(arguments) => plan::run(context, arguments).await,
        Command::Project(arguments) => project::run(context, arguments).await,
        Command::Template(arguments) => template::run(context, arguments).await,
        Command::Order(arguments) => order::run(context, arguments).await,
        Command::Extension(arguments) => extension::run(context, arguments).await,
        Command::Organization(arguments) => organization::run(context, arguments).await,
        Command::Device(arguments) => device::run(context, arguments).await,
        Command::Scheduler(_)
        | Command::Worker(_)
        | Command::Simulator(_)
        | Command::Doctor(_)
        | Command::Migrate(_)
        | Command::Config(_)
        | Command::Validate(_)
        | Command::Completions(_) => Ok(ExitCode::SUCCESS),
    }
}
