use std::fs;
use std::io::{IsTerminal as _, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use dialtone_model::RunId;
use dialtone_scheduler::{NamedBytes, ReportRows, RunView};
use dialtone_store::RunCounts;
use dialtone_templates::Format;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Exit;
use crate::follow::orders_by_state;
use crate::output::{print, print_bytes, print_json};
use crate::pick;

/// Get the report of a run: one line a row
///
/// It has the columns of the upload first, then what became of each row. It may be asked for while the run goes on.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone report 0192f0c1
  dialtone report 0192f0c1 --format xlsx -o report.xlsx
  dialtone report 0192f0c1 --only-failed")]
pub(crate) struct Arguments {
    /// The run: its UUID, or the beginning of it
    #[arg(value_name = "RUN")]
    run: String,
    #[command(flatten)]
    target: Target,
    /// Leave the completed rows out
    #[arg(long)]
    only_failed: bool,
    /// Print a link by which anybody can download it for so many hours; needs an object store
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u64).range(1..=168), conflicts_with_all = ["only_failed", "output"])]
    link: Option<u64>,
}

/// In which format a file is written, and where to.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// The format; otherwise what the file's name says, and csv on standard output
    #[arg(long, value_name = "FORMAT")]
    format: Option<FileFormat>,
    /// The file; - is standard output, and the default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The formats that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Cells separated by commas
    Csv,
    /// Cells separated by tabulators
    Tsv,
    /// A workbook
    Xlsx,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let run = pick::run(context, &arguments.run).await?.run.id;
    let rows = if arguments.only_failed { ReportRows::NotCompleted } else { ReportRows::All };
    let format = arguments.target.format()?;
    if let Some(hours) = arguments.link {
        let ttl = Duration::from_secs(hours * 3_600);
        let link = context.operations.report_link(&context.actor, run, format, ttl).await?;
        let link = link.context("files are kept in a folder, which has no links: leave --link out")?;
        if context.json {
            print_json(&json!({ "link": link }))?
        } else {
            print(link)?
        }
        return Ok(ExitCode::SUCCESS);
    }
    let report = context.operations.report(&context.actor, run, format, rows).await?;
    arguments.target.write(context, &report)?;
    Ok(ExitCode::SUCCESS)
}

impl Target {
    /// The format that was asked for, or that the name of the file means.
    pub(crate) fn format(&self) -> anyhow::Result<Format> {
        match (self.format, &self.output) {
            (Some(format), _) => Ok(format.into()),
            (None, Some(path)) if path.as_os_str() != "-" => format_of(path),
            (None, _) => Ok(Format::Csv),
        }
    }

    /// Writes the bytes where they were asked for.
    pub(crate) fn write(&self, context: &Context, bytes: &[u8]) -> anyhow::Result<()> {
        match &self.output {
            Some(path) if path.as_os_str() != "-" => {
                write_file(path, bytes)?;
                if context.json { print_json(&json!({ "file": path })) } else { print(path.display()) }
            }
            _ => print_file(context, self.format()?, bytes),
        }
    }
}

/// Prints a file, or with `--json` an object that has its text.
pub(crate) fn print_file(context: &Context, format: Format, bytes: &[u8]) -> anyhow::Result<()> {
    let is_workbook = format == Format::Xlsx;
    if is_workbook && (context.json || stdout().is_terminal()) {
        bail!("a workbook can't be shown here: name a file for it with --output");
    }
    if context.json {
        return print_json(&json!({ "format": format.extension(), "content": String::from_utf8_lossy(bytes) }));
    }
    print_bytes(bytes)
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Tsv => Self::Tsv,
            FileFormat::Xlsx => Self::Xlsx,
        }
    }
}

/// The path of a report, of which the name says the format.
pub(crate) fn report_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    format_of(&path).map(|_| path).map_err(|error| error.to_string())
}

/// The format that the name of a file means.
pub(crate) fn format_of(path: &Path) -> anyhow::Result<Format> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    match Format::ALL.into_iter().find(|format| format.extension() == extension) {
        Some(format) => Ok(format),
        None => bail!("{}: the name of a report ends with .csv, .tsv or .xlsx", path.display()),
    }
}

/// Writes a file so that whoever reads it sees it whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("can't write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, path)).with_context(failed)
}

/// How a command that ran something ends: with the run's report and one answer.
pub(crate) struct Ending {
    path: Option<PathBuf>,
    format: Format,
}

impl Ending {
    /// Writes the report to `path`, or to the data folder. The name of the file is checked now, before anything runs.
    pub(crate) fn new(path: Option<PathBuf>) -> anyhow::Result<Self> {
        let format = path.as_deref().map_or(Ok(Format::Csv), format_of)?;
        Ok(Self { path, format })
    }

    /// Writes the report of a run, and its refused rows, and tells how it ended.
    pub(crate) async fn tell(
        &self,
        context: &Context,
        run: RunId,
        refused_rows: usize,
        exit: Exit,
    ) -> anyhow::Result<ExitCode> {
        let view = context.operations.run(&context.actor, run).await?;
        let written = if exit == Exit::Interrupted { Written::default() } else { self.write(context, run).await? };
        if context.json {
            print_json(&answer(context, &view, refused_rows, &written))?;
        } else {
            for path in written.report.iter().chain(&written.failed_rows) {
                print(path.display())?;
            }
        }
        Ok(exit.into())
    }

    /// The same for several runs, each with a report in the data folder and a line of its own.
    pub(crate) async fn tell_all(&self, context: &Context, runs: &[RunId], exit: Exit) -> anyhow::Result<ExitCode> {
        for run in runs {
            self.tell(context, *run, refused_rows(context, *run).await?, exit).await?;
        }
        Ok(exit.into())
    }

    async fn write(&self, context: &Context, run: RunId) -> anyhow::Result<Written> {
        let folder = context.path("reports");
        let report = match &self.path {
            Some(path) => path.clone(),
            None => folder.join(format!("{run}.{}", self.format.extension())),
        };
        let kept = context.operations.keep_report(&context.actor, run, self.format).await?;
        write_file(&report, &kept.bytes)?;
        let mut written = Written { report: Some(report), sha256: Some(kept.sha256), failed_rows: Vec::new() };
        for (index, file) in context.operations.failed_rows(&context.actor, run).await?.into_iter().enumerate() {
            let path = folder.join(format!("{run}-failed-rows-{}.{}", index + 1, extension_of(&file)));
            write_file(&path, &file.bytes)?;
            written.failed_rows.push(path);
        }
        Ok(written)
    }
}

/// How the name of a file with failed rows ends. The upload's own name is a customer's text and never becomes a path.
pub(crate) fn extension_of(file: &NamedBytes) -> &'static str {
    ["xlsx", "tsv"].into_iter().find(|extension| file.name.ends_with(&format!(".{extension}"))).unwrap_or("csv")
}

/// How many rows of a run's files were refused when they were uploaded.
pub(crate) async fn refused_rows(context: &Context, run: RunId) -> anyhow::Result<usize> {
    let store = &context.operations.store;
    let mut refused = 0;
    for upload in store.run_uploads(run).await? {
        refused += store.refused_rows(upload).await?.len();
    }
    Ok(refused)
}

/// Where the files of an ending lie.
#[derive(Default)]
struct Written {
    report: Option<PathBuf>,
    sha256: Option<String>,
    failed_rows: Vec<PathBuf>,
}

/// The members that the answer of a run always has, where the files were refused and there is none.
pub(crate) fn no_run(context: &Context, refused_rows: usize) -> Value {
    json!({
        "run": null,
        "name": null,
        "state": null,
        "orders": orders_by_state(&RunCounts::default()),
        "refused_rows": refused_rows,
        "report": null,
        "report_sha256": null,
        "failed_rows": [],
        "seconds": context.seconds(),
    })
}

fn answer(context: &Context, view: &RunView, refused_rows: usize, written: &Written) -> Value {
    json!({
        "run": view.run.id,
        "name": view.run.name,
        "state": view.run.state,
        "orders": orders_by_state(&view.counts),
        "refused_rows": refused_rows,
        "report": written.report,
        "report_sha256": written.sha256,
        "failed_rows": written.failed_rows,
        "seconds": context.seconds(),
    })
}
