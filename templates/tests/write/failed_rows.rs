//! The file of the refused rows can be uploaded as it is.

use crate::support::{cells, decoded, file, is_harmless, layout, rows};
use dialtone_model::{Reason, TemplateId};
use dialtone_templates::{
    Encoding, FILE_LIMIT, Origin, Reading, RefusedRow, Rule, failed_rows, failed_rows_name, read, refused_rows,
};
use proptest::prelude::*;

const HEADER: [&str; 3] = ["ext_key", "User's Name", "NUMBER"];

fn origin() -> Origin {
    Origin::Template(TemplateId("0192f0c1-0000-7000-8000-000000000001".parse().unwrap()))
}

/// Every row of the file that `wanted` says, refused for a reason that quotes it.
fn refused(reading: &Reading, wanted: impl Fn(usize) -> bool) -> Vec<RefusedRow> {
    let reason = |cell: &str| Reason {
        code: "ext-key-format".to_owned(),
        message: format!("`{cell}` isn't an ext key."),
        repair: Some("=Write 3 to 5 digits.".to_owned()),
    };
    let rows = reading.table.rows().enumerate().filter(|(index, _)| wanted(*index));
    rows.map(|(_, row)| RefusedRow { file: 0, row: row.number, reasons: vec![reason(row.cell(0))] }).collect()
}

fn labels(reading: &Reading) -> Vec<&str> {
    reading.header.iter().map(|column| column.label.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn failed_rows_are_read_as_they_were(rows in rows(3), (separator, encoding) in layout(), pick in any::<u8>()) {
        let upload = read("users.csv", file(&HEADER, &rows, separator, encoding));
        let wanted = |index: usize| pick & (1 << (index % 8)) != 0;
        let refused_once = refused(&upload, wanted);
        prop_assume!(!refused_once.is_empty());
        let bytes = failed_rows(&upload, &refused_once, Some(origin())).unwrap();
        let again = read("users-failed-rows.csv", bytes.clone());

        prop_assert_eq!(again.encoding, Some(encoding));
        prop_assert_eq!(again.separator, Some(char::from(separator)));
        prop_assert_eq!(again.kind, upload.kind);
        prop_assert_eq!(again.origin, Some(origin()));
        prop_assert_eq!(labels(&again), ["ext_key", "User's Name", "NUMBER", "Dialtone Reason", "Dialtone Origin"]);
        let kept = cells(&upload, 3).into_iter().enumerate().filter(|(index, _)| wanted(*index)).map(|(_, row)| row);
        prop_assert_eq!(cells(&again, 3), kept.collect::<Vec<_>>());
        let well_formed = |rule: Rule| !matches!(rule, Rule::CellQuote | Rule::RowTooLong);
        prop_assert!(again.problems.iter().all(|problem| well_formed(problem.rule)), "{:?}", again.problems);
        let text = decoded(&bytes, encoding);
        for record in csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes()).records() {
            prop_assert!(record.unwrap().iter().all(is_harmless), "{text:?}");
        }

        // The second time nothing is added, and the origin is kept without being told.
        let refused_twice = refused(&again, |_| true);
        prop_assert!(failed_rows(&again, &refused_twice, None).unwrap() == bytes);
    }

    #[test]
    fn failed_rows_of_a_workbook_are_a_workbook(rows in rows(3)) {
        let mut upload = read("users.csv", file(&HEADER, &rows, b',', Encoding::Utf8));
        (upload.separator, upload.encoding) = (None, None);
        let bytes = failed_rows(&upload, &refused(&upload, |_| true), Some(origin())).unwrap();
        let again = read("users-failed-rows.xlsx", bytes);
        prop_assert_eq!((again.separator, again.kind, again.origin), (None, upload.kind, Some(origin())));
        prop_assert_eq!(labels(&again), ["ext_key", "User's Name", "NUMBER", "Dialtone Reason", "Dialtone Origin"]);
        prop_assert_eq!(cells(&again, 3), cells(&upload, 3));
    }
}

#[test]
fn a_reason_says_everything_that_is_wrong_with_its_row() {
    let upload =
        read("users.csv", b"Ext Key;User's Name;Number\n101;To\x01ny;\n102;\"Ja\nne\";1,2;3\n103;Ann;\n".to_vec());
    let refused: Vec<_> = refused_rows(std::slice::from_ref(&upload), &upload.problems).collect();
    let bytes = failed_rows(&upload, &refused, None).unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap().escape_debug().to_string().replace("\\n", "\n"));
    assert_eq!(failed_rows_name(&upload), "users-failed-rows.csv");
}

#[test]
fn a_cell_that_a_spreadsheet_might_run_is_kept_from_it() {
    let upload = read("users.csv", b"Ext Key,User's Name,Number\n\"\r=1\",\"=1+1\",+6512\n".to_vec());
    let bytes = failed_rows(&upload, &refused(&upload, |_| true), None).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("\n\"'\r=1\",'=1+1,+6512,"), "{text:?}");
}

/// Failed rows of an upload that is `room` bytes below the limit.
fn failed_rows_of_a_full_file(room: u64) -> Vec<u8> {
    let mut text = String::from("Ext Key,User's Name,Number\n");
    let wanted = usize::try_from(FILE_LIMIT - room).unwrap();
    while text.len() < wanted {
        let name = "n".repeat((wanted - text.len()).min(32_000));
        text.push_str(&format!("12,{name},\n"));
    }
    let upload = read("users.csv", text.into_bytes());
    let bytes = failed_rows(&upload, &refused(&upload, |_| true), Some(origin())).unwrap();
    assert!(bytes.len() as u64 <= FILE_LIMIT, "{} bytes", bytes.len());
    let again = read("users.csv", bytes.clone());
    assert_eq!((again.table.len(), again.origin), (upload.table.len(), Some(origin())));
    bytes
}

#[test]
fn long_reasons_give_way_when_the_file_would_be_too_large() {
    let codes = failed_rows_of_a_full_file(14_000);
    assert!(codes.ends_with(format!(",ext-key-format,{}\n", origin()).as_bytes()));
    let first_row_alone = failed_rows_of_a_full_file(1_000);
    assert!(first_row_alone.ends_with(b"n,,,\n"));
}
