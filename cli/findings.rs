use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use dialtone_model::{Finding, Severity};
use dialtone_templates::{Encoding, Reading};
use dialtone_validators::{Checked, Verdict};

use crate::output::printable;

/// How wide a table of findings is at most, in characters.
const WIDTH: u16 = 120;

/// Writes what was read and what is wrong with it, grouped by rule and column, for a person.
pub(crate) fn write(checked: &Checked<'_>, out: &mut impl Write) -> io::Result<()> {
    for reading in checked.readings {
        writeln!(out, "{}", describe(reading))?;
    }
    let groups = Group::collect(checked);
    if !groups.is_empty() {
        let header = ["", "Rule", "Column", "Rows", "What is wrong", "What to do"];
        writeln!(out, "\n{}", table(header, groups.iter().map(Group::cells)))?;
    }
    let more: usize = checked.problems.unlisted().values().sum();
    if more > 0 {
        writeln!(out, "{more} more findings aren't listed.")?;
    }
    Ok(())
}

/// How many findings there are beyond the listed ones, by code.
pub(crate) fn unlisted(checked: &Checked<'_>) -> BTreeMap<&'static str, usize> {
    checked.problems.unlisted().iter().map(|(rule, count)| (rule.code(), *count)).collect()
}

/// Writes the verdict and what to do now.
pub(crate) fn write_verdict(checked: &Checked<'_>, valid_rows_only: bool, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}: {} accepted, {} refused.", checked.verdict, checked.accepted, checked.refused)?;
    writeln!(out, "{}", advice(checked.verdict, valid_rows_only))
}

/// A table that wraps its cells.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Table {
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

fn describe(reading: &Reading) -> String {
    let encoding = reading.encoding.map(|encoding| match encoding {
        Encoding::Utf8 => "UTF-8",
        Encoding::Utf8Bom => "UTF-8 with byte order mark",
        Encoding::Utf16Le => "UTF-16LE",
        Encoding::Utf16Be => "UTF-16BE",
    });
    let separator = reading.separator.map(|separator| match separator {
        '\t' => "tab-separated",
        ';' => "separated by semicolons",
        _ => "separated by commas",
    });
    let kind = reading.kind.map(|kind| kind.layout().title.as_str());
    let rows = format!("{} row{}", reading.row_count, if reading.row_count == 1 { "" } else { "s" });
    let facts: Vec<&str> = kind.into_iter().chain(encoding).chain(separator).chain([rows.as_str()]).collect();
    format!("{}: {}", printable(&reading.name), facts.join(", "))
}

fn advice(verdict: Verdict, valid_rows_only: bool) -> &'static str {
    match verdict {
        Verdict::Accept => "Everything can be used.",
        Verdict::RejectFile => "Mend the file and check it again.",
        Verdict::RejectRows if valid_rows_only => {
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
            shown(self.first.column.as_deref().unwrap_or_default()),
            rows.join(", "),
            shown(&self.first.message),
            shown(self.first.repair.as_deref().unwrap_or_default()),
        ]
    }
}

/// Text as the table shows it: what a file calls a column, or what it has in a cell, may be of any length.
fn shown(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => printable(&text[..end]) + "…",
        None => printable(text),
    }
}
