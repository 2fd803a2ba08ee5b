use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use dialtone_model::RunId;
use serde_json::json;

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::follow::follow;
use crate::output::{print, print_json};
use crate::pick;
use crate::report::{Ending, format_of};

/// The passwords that a run has set are kept sealed until they are written to a file, for its owner alone; then nobody
/// has them but who has the file.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The run: its UUID, or the beginning of it
    #[arg(value_name = "RUN", required_unless_present = "template")]
    run: Option<String>,
    /// The run of this template
    #[arg(long, value_name = "TEMPLATE", conflicts_with = "run")]
    template: Option<String>,
    /// The file, which must not be there yet: .csv, .tsv or .xlsx
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Give the extensions whose passwords were handed out already new ones, and hand out those
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    work: WorkArgs,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.output;
    let format = format_of(path)?;
    if path.exists() {
        bail!("{} is there already: name another file", path.display());
    }
    let (operations, actor) = (&context.operations, &context.actor);
    let mut run = wanted_run(context, arguments).await?;
    if arguments.again {
        let organization = operations.run(actor, run).await?.run.organization;
        run = operations.renew_passwords(actor, organization, run).await?.run;
        let exit = follow(context, &arguments.work, &[run]).await?;
        if exit != Exit::Done {
            eprintln!("some passwords could not be renewed; those that could can be handed out for run {run}");
            return Ending::new(None)?.tell(context, run, 0, exit).await;
        }
    }
    let passwords = operations.extension_passwords(actor, run).await?;
    // Written first and noted then: a crash in between leaves a draft, and no password that nobody has.
    let draft = draft(path);
    write_private(&draft, &passwords.file(format)?)?;
    if let Err(refused) = operations.hand_out_passwords(actor, &passwords).await {
        fs::remove_file(&draft).with_context(|| format!("{} must be destroyed", draft.display()))?;
        return Err(refused.into());
    }
    fs::rename(&draft, path).with_context(|| format!("the passwords are in {}", draft.display()))?;
    if context.json {
        print_json(&json!({ "file": path, "passwords": passwords.count(), "run": run }))?;
    } else {
        print(path.display())?;
        eprintln!("{} passwords handed out; they are nowhere else", passwords.count());
    }
    Ok(ExitCode::SUCCESS)
}

async fn wanted_run(context: &Context, arguments: &Arguments) -> anyhow::Result<RunId> {
    if let Some(template) = &arguments.template {
        let template = pick::template(context, template).await?;
        return template.run.with_context(|| format!("the template \"{}\" was not assigned yet", template.name));
    }
    Ok(pick::run(context, arguments.run.as_deref().unwrap_or_default()).await?.run.id)
}

fn draft(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    draft.into()
}

/// Writes a file that only its owner can read, down to the disk.
fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("can't write {}", path.display()))
}
