use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::output::print_bytes;

/// Print a shell's completions
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone completions bash > /etc/bash_completion.d/dialtone
  dialtone completions zsh > \"${fpath[1]}/_dialtone\"")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, mut command: Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "dialtone", &mut script);
    print_bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
