use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use dialtone_model::{Finding, Severity};
use dialtone_templates::{Encoding, Kind, Reading, read_from};
use dialtone_validators::{Assignment, Checked, Facts, Verdict, check};
use serde::{Serialize, Serializer};

/// Check files without provisioning anything
///
/// Several files are the files of one template. Without more it finds what the files alone can tell.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  dialtone validate sample-data/bulk-assignment-by-name.csv
  dialtone validate hires-1.csv hires-2.csv --json --rows

Exit codes: 0 everything can be used, 1 a file can't be opened, 2 usage, 3 something is refused.")]
pub(crate) struct Arguments {
    /// The files: CSV, tab-separated or XLSX
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Print the accepted rows as they will be used
    #[arg(long)]
    rows: bool,

    /// Say what happens when the valid rows alone are used
    #[arg(long)]
    valid_rows_only: bool,
}

/// The exit code when anything is refused.
const REFUSED: u8 = 3;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let readings = arguments.files.iter().map(|path| open(path)).collect::<anyhow::Result<Vec<Reading>>>()?;
    report(arguments, &readings, None)
}

/// Checks what was read and prints the answer.
fn report(arguments: &Arguments, readings: &[Reading], facts: Option<&Facts>) -> anyhow::Result<ExitCode> {
    let checked = check(readings, facts);
    let mut out = BufWriter::new(io::stdout().lock());
    let printed =
        if arguments.json { json(arguments, &checked, &mut out) } else { text(arguments, &checked, &mut out) };
    match printed.and_then(|()| out.flush()) {
        // Whoever reads the answer may have seen enough, as `head` has.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed.context("can't print the answer")?,
    }
    Ok(if checked.verdict == Verdict::Accept { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn open(path: &Path) -> anyhow::Result<Reading> {
    let reading = File::open(path).and_then(|file| {
        let ends = file.metadata()?.is_file();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        read_from(&name, file, ends)
    });
    reading.with_context(|| format!("can't open {}", path.display()))
}

fn json(arguments: &Arguments, checked: &Checked<'_>, out: &mut impl Write) -> io::Result<()> {
    let answer = Answer {
        verdict: checked.verdict,
        accepted: checked.accepted,
        refused: checked.refused,
        files: checked.readings.iter().map(FileFacts::of).collect(),
        findings: Findings(checked),
        unlisted: unlisted(checked),
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
struct UsedRow<'a> {
    file: &'a str,
    row: u32,
    ext_key: &'a str,
    identity: String,
    number: Option<&'a str>,
}

impl<'a> Rows<'a> {
    fn used(&self) -> impl Iterator<Item = UsedRow<'a>> + use<'a> {
        let checked = self.0;
        checked.assignments.iter().map(|assignment: &Assignment<'_>| UsedRow {
            file: &checked.readings[assignment.file as usize].name,
            row: assignment.row,
            ext_key: assignment.ext_key,
            identity: assignment.identity.to_string(),
            number: assignment.number,
        })
    }
}

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.used())
    }
}

fn unlisted(checked: &Checked<'_>) -> BTreeMap<&'static str, usize> {
    checked.problems.unlisted().iter().map(|(rule, count)| (rule.code(), *count)).collect()
}

fn text(arguments: &Arguments, checked: &Checked<'_>, out: &mut impl Write) -> io::Result<()> {
    for reading in checked.readings {
        writeln!(out, "{}", describe(reading))?;
    }
    let groups = Group::collect(checked);
    if !groups.is_empty() {
        writeln!(
            out,
            "\n{}",
            table(["", "Rule", "Column", "Rows", "What is wrong", "What to do"], groups.iter().map(Group::cells))
        )?;
    }
    let more: usize = checked.problems.unlisted().values().sum();
    if more > 0 {
        writeln!(out, "{more} more findings aren't listed.")?;
    }
    if arguments.rows {
        let rows = Rows(checked).used().map(|row| {
            [
                row.row.to_string(),
                row.ext_key.to_owned(),
                printable(&row.identity),
                row.number.unwrap_or_default().to_owned(),
            ]
        });
        writeln!(out, "\n{}", table(["Row", "Ext Key", "Identity", "Number"], rows))?;
    }
    writeln!(out, "\n{}: {} accepted, {} refused.", checked.verdict, checked.accepted, checked.refused)?;
    writeln!(out, "{}", advice(arguments, checked))
}

fn describe(reading: &Reading) -> String {
    let encoding = reading.encoding.map(|encoding| match encoding {
        Encoding::Utf8 => "UTF-8",
        Encoding::Utf8Bom => "UTF-8 with byte order mark",
        Encoding::Utf16Le => "UTF-16LE",
        Encoding::Utf16Be => "UTF-16BE",
    });
    let separator = reading.separator.map(|separator| match separator {
        '\t' => "tab-separated",
        ';' => "separated by ;",
        _ => "separated by ,",
    });
    let kind = reading.kind.map(|kind| kind.layout().title.as_str());
    let rows = format!("{} rows", reading.row_count);
    let facts: Vec<&str> = kind.into_iter().chain(encoding).chain(separator).chain([rows.as_str()]).collect();
    format!("{}: {}", printable(&reading.name), facts.join(", "))
}

fn advice(arguments: &Arguments, checked: &Checked<'_>) -> &'static str {
    match checked.verdict {
        Verdict::Accept => "Everything can be used.",
        Verdict::RejectFile => "Mend the file and check it again.",
        Verdict::RejectRows if arguments.valid_rows_only => {
            "The accepted rows can be used; mend the others and upload them alone."
        }
        Verdict::RejectRows => "Mend the rows and check again, or use the valid rows alone with --valid-rows-only.",
    }
}

/// The findings of one rule in one column of one file.
struct Group {
    first: Finding,
    rows: Vec<u32>,
}

impl Group {
    /// The groups, in the order of their first findings.
    fn collect(checked: &Checked<'_>) -> Vec<Self> {
        let mut places = BTreeMap::new();
        let mut groups: Vec<Self> = Vec::new();
        for problem in &checked.problems {
            let whole_file = problem.row.is_none().then_some(groups.len());
            let place = *places.entry((problem.file, problem.rule, problem.column, whole_file)).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Self { first: problem.finding(checked.readings), rows: Vec::new() });
            }
            groups[place].rows.extend(problem.row);
        }
        groups
    }

    fn cells(&self) -> [String; 6] {
        const SHOWN: usize = 5;
        let mut rows: Vec<String> = self.rows.iter().take(SHOWN).map(u32::to_string).collect();
        if self.rows.len() > SHOWN {
            rows.push(format!("and {} more", self.rows.len() - SHOWN));
        }
        let severity = match self.first.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        [
            severity.to_owned(),
            self.first.code.to_string(),
            printable(self.first.column.as_deref().unwrap_or_default()),
            rows.join(", "),
            printable(&self.first.message),
            printable(self.first.repair.as_deref().unwrap_or_default()),
        ]
    }
}

fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
    const WIDTH: u16 = 120;
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    table
}

/// Text of a customer's file as a terminal may show it: nothing in it is a command to the terminal.
fn printable(text: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if hidden(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}
