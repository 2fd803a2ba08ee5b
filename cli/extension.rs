use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use dialtone_model::{AddOn, UserId};
use dialtone_scheduler::{Assigned, ExtensionChange, ManualProvision};
use dialtone_store::ExtensionRecord;
use dialtone_templates::{Export, Format};
use serde_json::{Value, json};

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::follow::follow;
use crate::output::{print, print_json, print_json_lines, print_table};
use crate::passwords;
use crate::report::{Ending, print_file, write_file};

/// Extensions of the Phone System
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone extension list
  dialtone extension provision 10 --start 098
  dialtone extension change 101 --number 6512345679 --add-on call-recording
  dialtone extension delete 101
  dialtone extension passwords 0192f0c1 --output passwords.xlsx
  dialtone extension export numbers -o .")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List the provisioned extensions by key
    List {
        /// From after this key
        #[arg(long, value_name = "KEY")]
        after: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
    },
    /// Make consecutive extensions without users; `extension change` gives them users afterwards
    Provision {
        /// How many
        #[arg(value_name = "NUMBER_OF_USERS")]
        users: u32,
        /// The first ext key, 3 to 5 digits; the others count up from it at its width
        #[arg(long, value_name = "KEY")]
        start: String,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Change an extension
    Change(Change),
    /// Delete an extension; its licences are free again
    Delete {
        /// Its ext key
        key: String,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Hand out the passwords that a run has set, once
    Passwords(passwords::Arguments),
    /// Write the extensions, or the numbers that can be assigned, as CSV
    Export {
        /// What
        #[arg(value_name = "WHAT", default_value = "extensions")]
        what: Exported,
        /// The folder to write the file to, under its own name; standard output otherwise
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

#[derive(Args, Debug)]
struct Change {
    /// Its ext key
    key: String,
    /// Another ext key
    #[arg(long, value_name = "KEY")]
    new_key: Option<String>,
    /// Another directory name
    #[arg(long, value_name = "NAME")]
    directory_name: Option<String>,
    /// Another user
    #[arg(long, value_name = "UUID", conflicts_with = "no_user")]
    user: Option<UserId>,
    /// Take the user away
    #[arg(long)]
    no_user: bool,
    /// Another number
    #[arg(long, value_name = "NUMBER", conflicts_with = "no_number")]
    number: Option<String>,
    /// Take the number away
    #[arg(long)]
    no_number: bool,
    /// The add-on licences that it shall have; may be repeated
    #[arg(long = "add-on", value_name = "CODE", conflicts_with = "no_add_ons")]
    add_ons: Vec<String>,
    /// Take the add-on licences away
    #[arg(long)]
    no_add_ons: bool,
    #[command(flatten)]
    work: WorkArgs,
}

/// What can be exported.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Exported {
    /// The provisioned extensions
    Extensions,
    /// The numbers that can be assigned
    Numbers,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (operations, actor) = (&context.operations, &context.actor);
    let organization = context.organization().await?.id;
    match arguments.act {
        Act::List { after, limit } => {
            list(context, &operations.extensions(actor, organization, after.as_deref(), limit).await?)?;
        }
        Act::Provision { users, start, work } => {
            let request = ManualProvision { users, start };
            let assigned = operations.provision_extensions(actor, organization, &request).await?;
            return finish(context, assigned, &work).await;
        }
        Act::Change(change) => {
            let (key, work) = (change.key.clone(), change.work.clone());
            let assigned = operations.change_extension(actor, organization, &key, &change.into()).await?;
            return finish(context, assigned, &work).await;
        }
        Act::Delete { key, work } => {
            let assigned = operations.delete_extension(actor, organization, &key).await?;
            return finish(context, assigned, &work).await;
        }
        Act::Passwords(arguments) => return passwords::run(context, &arguments).await,
        Act::Export { what, output } => {
            let what = match what {
                Exported::Extensions => Export::ProvisionedExtensions,
                Exported::Numbers => Export::AvailableNumbers,
            };
            let file = operations.export(actor, organization, what).await?;
            match output {
                Some(folder) => {
                    let path = folder.join(file.name);
                    write_file(&path, &file.bytes)?;
                    if context.json { print_json(&json!({ "file": path }))? } else { print(path.display())? }
                }
                None => print_file(context, Format::Csv, &file.bytes)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl From<Change> for ExtensionChange {
    fn from(change: Change) -> Self {
        let digits = |number: String| number.strip_prefix('+').map_or(number.clone(), str::to_owned);
        let add_ons: Vec<AddOn> = change.add_ons.into_iter().map(AddOn).collect();
        Self {
            key: change.new_key,
            directory_name: change.directory_name,
            user: if change.no_user { Some(None) } else { change.user.map(Some) },
            add_ons: (change.no_add_ons || !add_ons.is_empty()).then_some(add_ons),
            number: if change.no_number { Some(None) } else { change.number.map(digits).map(Some) },
        }
    }
}

async fn finish(context: &Context, assigned: Assigned, work: &WorkArgs) -> anyhow::Result<ExitCode> {
    let exit = follow(context, work, &[assigned.run]).await?;
    Ending::new(None)?.tell(context, assigned.run, 0, exit).await
}

fn list(context: &Context, extensions: &[ExtensionRecord]) -> anyhow::Result<()> {
    if context.json {
        return print_json_lines(extensions.iter().map(extension_json));
    }
    let rows = extensions
        .iter()
        .map(|record| {
            let extension = &record.extension;
            let add_ons: Vec<&str> = extension.add_ons.iter().map(|add_on| add_on.0.as_str()).collect();
            [
                extension.key.clone(),
                extension.directory_name.clone(),
                record.user_name.clone().unwrap_or_default(),
                extension.number.clone().unwrap_or_default(),
                add_ons.join(", "),
                record.state.to_string(),
            ]
        })
        .collect();
    print_table(["Ext Key", "Directory name", "User", "Number", "Add-ons", "State"], rows, "no extension yet")
}

fn extension_json(record: &ExtensionRecord) -> Value {
    let extension = &record.extension;
    json!({
        "ext_key": extension.key,
        "directory_name": extension.directory_name,
        "user": extension.user,
        "user_name": record.user_name,
        "number": extension.number,
        "add_ons": extension.add_ons,
        "state": record.state.to_string(),
    })
}
