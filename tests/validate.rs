//! What `dialtone validate` says of the files in `sample-data/`, word for word.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up fails")]

use std::path::Path;
use std::process::{Command, Output};

fn dialtone(arguments: &[&str]) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    Command::new(env!("CARGO_BIN_EXE_dialtone")).arg("validate").args(arguments).current_dir(folder).output().unwrap()
}

/// The exit code and what is printed.
fn said(arguments: &[&str]) -> String {
    let output = dialtone(arguments);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let trimmed: Vec<&str> = out.lines().map(str::trim_end).collect();
    format!("exit code {}\n{}\n{err}", output.status.code().unwrap(), trimmed.join("\n"))
}

fn json(arguments: &[&str]) -> serde_json::Value {
    let output = dialtone(&[arguments, &["--json"]].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

macro_rules! says {
    ($($name:ident: $($file:literal),+;)+) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(said(&[$($file),+]));
        }
    )+};
}

says! {
    a_good_file: "bulk-assignment-by-name.csv", "--rows";
    a_good_file_with_uuids: "bulk-assignment-by-uuid.csv", "--rows";
    new_hires: "new-hires.xlsx", "--rows";
    typing_errors: "broken/typing-errors.csv", "--valid-rows-only";
    spreadsheet_damage: "broken/spreadsheet-damage.csv";
    duplicates_in_two_files: "broken/duplicates-1.csv", "broken/duplicates-2.csv";
    names_and_uuids: "broken/names-and-uuids.csv";
    uuid_spellings: "broken/uuid-spellings.csv";
    a_misspelt_header: "broken/misspelt-header.csv";
    both_headers: "broken/both-headers.csv";
    the_shape_of_rows: "broken/shape.csv";
    an_open_quote: "broken/open-quote.csv";
    an_old_encoding: "broken/windows-1252.csv";
    broken_new_hires: "broken/new-hires.csv";
    no_such_file: "broken/none.csv";
}

#[test]
fn json_of_a_good_file() {
    insta::assert_json_snapshot!(json(&["bulk-assignment-by-uuid.csv", "--rows"]));
}

#[test]
fn json_of_a_file_with_refused_rows() {
    insta::assert_json_snapshot!(json(&["broken/uuid-spellings.csv", "--rows"]));
}

#[test]
fn json_of_a_refused_file() {
    insta::assert_json_snapshot!(json(&["broken/names-and-uuids.csv", "--rows"]));
}

#[test]
fn a_label_and_a_cell_of_any_length_leave_the_answer_short() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.csv");
    let long = "x".repeat(1 << 20);
    std::fs::write(&file, format!("Ext Key,User's Name,{long}\n101,\"{long}\n{long}\",\n")).unwrap();
    let said = said(&[file.to_str().unwrap()]);
    assert!(said.starts_with("exit code 3\n") && said.contains("column-unknown") && said.contains("cell-line-break"));
    assert!(said.len() < 10_000, "{} bytes", said.len());
}

#[test]
fn exit_codes_tell_what_became_of_the_files() {
    let code = |arguments: &[&str]| dialtone(arguments).status.code();
    assert_eq!(code(&["bulk-assignment-by-name.csv"]), Some(0));
    assert_eq!(code(&["."]), Some(1));
    assert_eq!(code(&["broken/none.csv", "bulk-assignment-by-name.csv"]), Some(1));
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["--what", "bulk-assignment-by-name.csv"]), Some(2));
    assert_eq!(code(&["broken/uuid-spellings.csv", "--json"]), Some(3));
    assert_eq!(code(&["broken/both-headers.csv"]), Some(3));
}
