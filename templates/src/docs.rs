use std::fmt::Write;

use dialtone_model::Severity;

use crate::catalog::{Kind, service_columns};
use crate::{CellRule, Column, Export, FILE_LIMIT, ROW_LIMIT, Rule, report_columns};

/// The page of the documentation that lists the rules of intake, in Markdown.
pub fn rules_page() -> String {
    let mut page = String::from(
        "# Rules of intake\n\n\
         Every finding has the code of a rule. A code never changes its meaning, so that scripts can rely on it.\n\
         An error refuses the row, or the whole file where the rule is about files; a warning doesn't.\n\
         In the messages, `{column}`, `{value}`, `{other}` and `{note}` stand for the column's label, the cell, the place of \
         another row,\nand what else is to be said.\n",
    );
    for rule in Rule::ALL {
        let text = rule.text();
        let severity = match text.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        add(&mut page, format_args!("\n## {}\n\n{}\n", text.code, escaped(&text.means)));
        add(&mut page, format_args!("\n| | |\n|---|---|\n| Severity | {severity} |\n"));
        for (name, words) in [("Usual cause", &text.cause), ("Message", &text.message), ("Repair", &text.repair)] {
            if !words.is_empty() {
                add(&mut page, format_args!("| {name} | {} |\n", escaped(words)));
            }
        }
    }
    page
}

/// The page of the documentation that lists the columns of every file that is read or written, in Markdown.
pub fn columns_page() -> String {
    let mut page = String::from("# Columns\n\n");
    add(
        &mut page,
        format_args!(
            "A file is CSV, tab-separated or XLSX and has one header; its columns may stand in any order. Labels are \
             compared without\nregard to case, spaces, `_` and `-`. A file has at most {} MiB and \
             {ROW_LIMIT} rows. `dialtone validate` says what is wrong with one.\n",
            FILE_LIMIT / (1024 * 1024)
        ),
    );
    for kind in Kind::ALL {
        let layout = kind.layout();
        add(&mut page, format_args!("\n## {} (`{kind}`)\n\n{}\n", layout.title, escaped(&layout.help)));
        if kind == Kind::Project {
            page.push_str(
                "`New <label>` holds the new value of a key column; `attr:<name>` and `attr:<name>[i].<sub>` hold \
                 provisioning attributes.\n",
            );
        }
        table(&mut page, &layout.columns);
    }
    page.push_str("\n## Failed rows\n\nThe file of the refused rows has the columns of the upload and these.\n");
    table(&mut page, service_columns());
    page.push_str(
        "\n## Reports\n\nThe columns of the uploads come first, each once, then these. In CSV the header is followed by the \
         lines of the summary,\nwhich have no outcome; then comes one line a row.\n\n| Column | What it holds |\n|---|---|\n",
    );
    for column in report_columns() {
        add(&mut page, format_args!("| {} | {} |\n", escaped(&column.label), escaped(&column.help)));
    }
    page.push_str("\n## Exports\n\n| File | Columns | What it holds |\n|---|---|---|\n");
    for export in Export::ALL {
        let text = export.text();
        let name = export.name("{orgUuid}", "{exportdatetime}");
        add(&mut page, format_args!("| `{name}` | {} | {} |\n", text.header.join(", "), escaped(&text.help)));
    }
    page.push_str("\n`exportdatetime` is in UTC: `YYYYMMDDTHHMMSSZ`.\n");
    page
}

fn table(page: &mut String, columns: &[Column]) {
    page.push_str("\n| Column | Also read as | Required | Cells | Blank means | What to write | Example |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for column in columns {
        let required = if column.required { "yes" } else { "" };
        let rule = match column.cell {
            CellRule::Choice => column.choices.join(", "),
            rule => words(rule).to_owned(),
        };
        let key = if column.key { " It is a key." } else { "" };
        let cells = [
            column.label.as_str(),
            &column.aliases.join(", "),
            required,
            &rule,
            column.default.as_deref().unwrap_or_default(),
            &format!("{}{key}", column.help),
            &column.example,
        ];
        page.push('|');
        for cell in cells {
            add(page, format_args!(" {} |", escaped(cell)));
        }
        page.push('\n');
    }
}

/// What the cells under a rule look like.
const fn words(rule: CellRule) -> &'static str {
    match rule {
        CellRule::ExtKey => "3 to 5 digits",
        CellRule::UserName => "a user's name",
        CellRule::Uuid => "a UUID of 36 characters",
        CellRule::Number => "an optional `+` and 1 to 15 digits",
        CellRule::Text => "text",
        CellRule::Name => "a name of at most 100 characters",
        CellRule::Choice => "one of several values",
        CellRule::Product => "a product of the catalogue",
        CellRule::DirectoryNumber => "digits, `*`, `#` or a leading `+`",
        CellRule::Position => "a whole number from 1",
        CellRule::Email => "an address without spaces",
        CellRule::Host => "a host name or an IP address",
        CellRule::Mac => "12 hexadecimal digits",
        CellRule::DeviceName => "a device name of the phone type's form",
        CellRule::Date => "YYYY-MM-DD",
        CellRule::Reason => "ignored",
        CellRule::Origin => "a template or a project",
    }
}

/// Text that Markdown shows as it is, in a table too. What stands between backticks is code already.
fn escaped(text: &str) -> String {
    let code = |index: usize| index % 2 == 1;
    let parts = text.split('`').enumerate().map(|(index, part)| match code(index) {
        true => part.replace('|', "\\|"),
        false => part.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*"),
    });
    parts.collect::<Vec<_>>().join("`")
}

fn add(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string doesn't fail.
    let _ = page.write_fmt(text);
}
