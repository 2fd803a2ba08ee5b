use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use dialtone_scheduler::Intake;
use dialtone_templates::{Encoding, Kind, Problems, Reading, read_from};
use dialtone_validators::{Assignment, Checked, Facts, Verdict, check};
use serde::{Serialize, Serializer};

use crate::backends::Broker;
use crate::clock::SystemClock;
use crate::configuration::Settings;
use crate::context::{Context, Everywhere};
use crate::exit::Exit;
use crate::findings;
use crate::output::{printable, unless_closed};
use crate::upload::{Input, open_input};

/// Check files without provisioning anything
///
/// Several files are the files of one template or project. Without more it finds what the files alone can tell;
/// --organization adds what only the organization's directory, licences and inventory tell.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  dialtone validate sample-data/bulk-assignment-by-name.csv
  dialtone validate hires-1.csv hires-2.csv --json --rows
  dialtone validate new-hires.xlsx --organization \"Sample Organization\"
  export-from-hr | dialtone validate -

Exit codes: 0 everything can be used, 1 a file can't be opened, 2 usage, 3 something is refused.")]
pub(crate) struct Arguments {
    /// The files: CSV, tab-separated or XLSX; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print the accepted rows as they will be used
    #[arg(long)]
    rows: bool,

    /// Say what happens when the valid rows alone are used
    #[arg(long)]
    valid_rows_only: bool,
}

/// Runs the command.
pub(crate) fn run(
    everywhere: &Everywhere,
    settings: Settings,
    arguments: &Arguments,
    clock: SystemClock,
) -> anyhow::Result<ExitCode> {
    let readings = arguments.files.iter().map(|path| open(path)).collect::<anyhow::Result<Vec<Reading>>>()?;
    let (readings, known) = match everywhere.organization {
        Some(_) => in_organization(everywhere, settings, readings, clock)?,
        None => (readings, Known::Nothing),
    };
    let checked = known.check(&readings);
    let mut out = BufWriter::new(io::stdout().lock());
    let printed =
        if everywhere.json { json(arguments, &checked, &mut out) } else { text(arguments, &checked, &mut out) };
    unless_closed(printed.and_then(|()| out.flush())).context("can't print the answer")?;
    Ok(if checked.verdict == Verdict::Accept { Exit::Done } else { Exit::Refused }.into())
}

/// What is known beside the files.
enum Known {
    Nothing,
    /// What an organization's directory and licences tell of a bulk assignment.
    Facts(Box<Facts>),
    /// What the plan of a project in an organization came to.
    Plan {
        verdict: Verdict,
        accepted: usize,
        refused: usize,
        problems: Problems,
    },
}

impl Known {
    fn check(self, readings: &[Reading]) -> Checked<'_> {
        match self {
            Self::Nothing => check(readings, None),
            Self::Facts(facts) => check(readings, Some(&facts)),
            Self::Plan { verdict, accepted, refused, problems } => {
                check(readings, None).judged(verdict, accepted, refused, problems)
            }
        }
    }
}

/// What the named organization tells of the files. Only this needs the data folder, and with it a runtime.
fn in_organization(
    everywhere: &Everywhere,
    settings: Settings,
    readings: Vec<Reading>,
    clock: SystemClock,
) -> anyhow::Result<(Vec<Reading>, Known)> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let context = Context::open(everywhere, settings, clock, Broker::WhenNeeded).await?;
        let organization = context.organization().await?.id;
        if readings.iter().any(|reading| reading.kind.is_some_and(Kind::is_bulk)) {
            return Ok((readings, Known::Facts(Box::new(context.operations.facts(organization, &[]).await?))));
        }
        let dry_run = context.operations.plan_readings(&context.actor, organization, readings).await?;
        let Intake { readings, verdict, accepted, refused, problems } = dry_run.intake;
        Ok((readings, Known::Plan { verdict, accepted, refused, problems }))
    })
}

fn open(path: &Path) -> anyhow::Result<Reading> {
    let (name, input) = open_input(path)?;
    let reading = match input {
        Input::File(file) => file.metadata().and_then(|metadata| read_from(&name, file, metadata.is_file())),
        Input::Standard(input) => read_from(&name, input, false),
    };
    reading.with_context(|| format!("can't open {}", path.display()))
}

fn json(arguments: &Arguments, checked: &Checked<'_>, out: &mut impl Write) -> io::Result<()> {
    let answer = Answer {
        verdict: checked.verdict,
        accepted: checked.accepted,
        refused: checked.refused,
        files: checked.readings.iter().map(FileFacts::of).collect(),
        findings: Findings(checked),
        unlisted: findings::unlisted(checked),
        rows: arguments.rows.then_some(Rows(checked)),
    };
    serde_json::to_writer(&mut *out, &answer)?;
    writeln!(out)
}

#[derive(Serialize)]
struct Answer<'a> {
    verdict: Verdict,
    accepted: usize,
    refused: usize,
    files: Vec<FileFacts<'a>>,
    findings: Findings<'a>,
    /// How many findings there are beyond the listed ones, by code.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unlisted: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Rows<'a>>,
}

#[derive(Serialize)]
struct FileFacts<'a> {
    name: &'a str,
    sha256: Option<&'a str>,
    kind: Option<Kind>,
    encoding: Option<Encoding>,
    separator: Option<char>,
    rows: u32,
}

impl<'a> FileFacts<'a> {
    fn of(reading: &'a Reading) -> Self {
        Self {
            name: &reading.name,
            sha256: reading.sha256.as_deref(),
            kind: reading.kind,
            encoding: reading.encoding,
            separator: reading.separator,
            rows: reading.row_count,
        }
    }
}

/// The findings, put into words one by one while they are written.
struct Findings<'a>(&'a Checked<'a>);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.findings())
    }
}

/// The accepted rows, made one by one while they are written.
struct Rows<'a>(&'a Checked<'a>);

#[derive(Serialize)]
#[serde(untagged)]
enum UsedRow<'a> {
    Assignment { file: &'a str, row: u32, ext_key: &'a str, identity: String, number: Option<&'a str> },
    Product { file: &'a str, row: u32, order_type: &'static str, product: &'a str, cells: BTreeMap<&'a str, &'a str> },
}

impl<'a> Rows<'a> {
    fn used(&self) -> impl Iterator<Item = UsedRow<'a>> + use<'a> {
        let checked = self.0;
        let name = |file: u32| checked.readings[file as usize].name.as_str();
        let assignments = checked.assignments.iter().map(move |assignment: &Assignment<'_>| UsedRow::Assignment {
            file: name(assignment.file),
            row: assignment.row,
            ext_key: assignment.ext_key,
            identity: assignment.identity.to_string(),
            number: assignment.number,
        });
        let products = checked.orders.iter().flat_map(|order| &order.rows).map(move |row| UsedRow::Product {
            file: name(row.file),
            row: row.row,
            order_type: row.order_type.label(),
            product: &row.product.name,
            cells: row.cells().collect(),
        });
        assignments.chain(products)
    }
}

impl UsedRow<'_> {
    /// The row for a person: where it stands, what it asks for, and for whom.
    fn cells(&self) -> [String; 3] {
        match self {
            Self::Assignment { row, ext_key, identity, number, .. } => {
                let number = number.map(|number| format!(", number {number}")).unwrap_or_default();
                [row.to_string(), format!("extension {ext_key}{number}"), printable(identity)]
            }
            Self::Product { row, order_type, product, cells, .. } => {
                let user = cells.get("User ID").copied().unwrap_or_default();
                [row.to_string(), format!("{order_type} {product}"), printable(user)]
            }
        }
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.used())
    }
}

fn text(arguments: &Arguments, checked: &Checked<'_>, out: &mut impl Write) -> io::Result<()> {
    findings::write(checked, out)?;
    if arguments.rows {
        let rows = Rows(checked).used().map(|row| row.cells());
        writeln!(out, "\n{}", findings::table(["Row", "What", "For"], rows))?;
    }
    findings::write_verdict(checked, arguments.valid_rows_only, out)
}
