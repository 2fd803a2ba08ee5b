use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::backends;
use crate::configuration::{Absence, Configuration, KEYS};
use crate::context::Everywhere;
use crate::exit::Exit;
use crate::output::{print, print_json, print_json_lines, print_table};

/// The configuration: whether it is right, and what it comes to
///
/// Flags come before environment variables, these before the configuration file, and that before the defaults. The
/// file is the one that --config or DIALTONE_CONFIG names; otherwise dialtone.toml in the working directory, or
/// /etc/dialtone/dialtone.toml.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone config check
  dialtone config show --json
  dialtone config keys
  DIALTONE_LEASE_TTL=10s dialtone config show")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Act {
    /// Read the configuration and say everything that is wrong with it: 0 when nothing is, otherwise 2
    Check,
    /// Show each key, its value with passwords hidden, and where it came from
    Show,
    /// Explain every key: its environment variable, its default and what it means
    Keys,
}

/// Runs the command.
pub(crate) fn run(everywhere: &Everywhere, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if matches!(arguments.act, Act::Keys) {
        keys(everywhere)?;
        return Ok(ExitCode::SUCCESS);
    }
    let configuration = match (everywhere.configuration(), arguments.act) {
        (Err(wrong), Act::Check) if everywhere.json => {
            print_json(&json!({ "ok": false, "problems": wrong.problems }))?;
            return Ok(Exit::USAGE.into());
        }
        (configuration, _) => configuration?,
    };
    match arguments.act {
        Act::Check => check(everywhere, &configuration),
        Act::Show | Act::Keys => {
            show(everywhere, &configuration)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn check(everywhere: &Everywhere, configuration: &Configuration) -> anyhow::Result<ExitCode> {
    let problems = backends::unusable(&configuration.settings);
    let is_fine = problems.is_empty();
    let file = &configuration.file;
    if everywhere.json {
        print_json(&json!({ "ok": is_fine, "file": file, "problems": problems }))?;
    } else if is_fine {
        match file {
            Some(file) => print(format_args!("{} is fine", file.display()))?,
            None => print("fine; there is no configuration file")?,
        }
    } else {
        problems.iter().for_each(|problem| eprintln!("dialtone: {problem}"));
    }
    Ok(if is_fine { ExitCode::SUCCESS } else { Exit::USAGE.into() })
}

fn show(everywhere: &Everywhere, configuration: &Configuration) -> anyhow::Result<()> {
    let shown = |value: &Option<String>, masked: &dyn Fn(&str) -> String| value.as_deref().map(masked);
    let entries = configuration.entries.iter().map(|entry| {
        let value = shown(&entry.value, &|value| entry.key.masked(value));
        (entry.key, value, entry.origin.to_string())
    });
    if everywhere.json {
        return print_json_lines(entries.map(|(key, value, origin)| {
            json!({ "key": key.name, "variable": key.variable(), "value": value, "origin": origin })
        }));
    }
    let rows = entries.map(|(key, value, origin)| [key.name.to_owned(), value.unwrap_or_default(), origin]).collect();
    print_table(["Key", "Value", "From"], rows, "")
}

fn keys(everywhere: &Everywhere) -> anyhow::Result<()> {
    if everywhere.json {
        return print_json_lines(KEYS.iter().map(|key| {
            let (default, otherwise) = match key.default {
                Absence::Text(text) => (Some(text), None),
                Absence::Words(words) => (None, Some(words)),
            };
            json!({
                "key": key.name,
                "variable": key.variable(),
                "secret": key.secret,
                "default": default,
                "otherwise": otherwise,
                "help": key.help,
            })
        }));
    }
    let mut text = String::new();
    for key in KEYS {
        let default = match key.default {
            Absence::Text(text) => format!("default {text}"),
            Absence::Words(words) => format!("otherwise {words}"),
        };
        let file = if key.secret { format!(", {}_FILE", key.variable()) } else { String::new() };
        text += &format!("{}\n    {}\n    {}{file}; {default}\n", key.name, key.help, key.variable());
    }
    print(text.trim_end())
}
