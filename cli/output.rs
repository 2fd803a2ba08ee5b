use std::fmt::Display;
use std::io::{self, BufWriter, Write};

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

/// Prints one JSON object on one line.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print_json_lines([value])
}

/// Prints JSON objects, one a line.
pub(crate) fn print_json_lines<T: Serialize>(values: impl IntoIterator<Item = T>) -> anyhow::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = values.into_iter().try_for_each(|value| {
        serde_json::to_writer(&mut out, &value)?;
        writeln!(out)
    });
    unless_closed(written.and_then(|()| out.flush()))
}

/// Prints a table; without rows, the sentence.
pub(crate) fn print_table<const N: usize>(
    header: [&str; N],
    rows: Vec<[String; N]>,
    without: impl Display,
) -> anyhow::Result<()> {
    if rows.is_empty() {
        return print(without);
    }
    print(table(header, rows))
}

fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table.add_rows(rows.into_iter().map(|row| row.map(|cell| printable(&cell))));
    let lines: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n")
}

/// Prints a table in which a word is a warning: red on a terminal that shows colours.
pub(crate) fn print_table_warning<const N: usize>(
    header: [&str; N],
    rows: Vec<[String; N]>,
    warning: &str,
    without: impl Display,
) -> anyhow::Result<()> {
    if rows.is_empty() {
        return print(without);
    }
    print(table(header, rows).replace(warning, &red(warning)))
}

/// So many of something, such as `1 order` and `2 orders`.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// A time as tables show it: all of one width.
pub(crate) fn time(at: jiff::Timestamp) -> String {
    format!("{at:.3}")
}

/// Red on a terminal that shows colours, as it is elsewhere.
pub(crate) fn red(text: &str) -> String {
    console::style(text).red().bold().to_string()
}

/// Prints a line.
pub(crate) fn print(line: impl Display) -> anyhow::Result<()> {
    unless_closed(writeln!(io::stdout().lock(), "{line}"))
}

/// Prints bytes as they are.
pub(crate) fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    unless_closed(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Text of a customer's file as a terminal may show it: nothing in it is a command to the terminal.
pub(crate) fn printable(text: &str) -> String {
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

/// Whoever reads the answer may have seen enough, as `head` has; that is no failure.
pub(crate) fn unless_closed(printed: io::Result<()>) -> anyhow::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}
