//! Dialtone: a file of users in, provisioned extensions and a report out.

mod validate;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Batch provisioning of telephone systems.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Validate(validate::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Validate(arguments) => validate::run(&arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("dialtone: {error:#}");
        ExitCode::FAILURE
    })
}
