use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::output::{print_bytes, print_json};

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
pub(crate) fn run(arguments: &Arguments, mut command: Command, json: bool) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "dialtone", &mut script);
    if json {
        let script = String::from_utf8_lossy(&script);
        print_json(&json!({ "shell": arguments.shell.to_string(), "script": script }))?;
    } else {
        print_bytes(&script)?;
    }
    Ok(ExitCode::SUCCESS)
}
