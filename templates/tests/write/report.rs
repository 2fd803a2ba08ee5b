//! Reports: what people and programs read in them.

use std::io::Cursor;

use crate::support::{cells, file, is_harmless, layout, rows};
use calamine::{Data, Reader, Xlsx};
use dialtone_model::{ExtendedStatus, Reason, RunId};
use dialtone_templates::{
    Format, Outcome, Reading, ReportFile, ReportHead, ReportLine, ReportWriter, Source, StepLine, read, report_columns,
};
use jiff::Timestamp;
use proptest::prelude::*;

const LINE: ReportLine<'static> = ReportLine {
    source: Source::Given(&[]),
    outcome: Outcome::Completed,
    extended: None,
    reasons: &[],
    attempts: None,
    started_at: None,
    ended_at: None,
    order: None,
    steps: &[],
};

fn time(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_microsecond(1_800_000_000_000_000 + second * 1_000_000 + 250_000).unwrap())
}

fn head(readings: &[Reading]) -> ReportHead {
    let file = |reading: &Reading| ReportFile {
        name: reading.name.clone(),
        sha256: reading.sha256.clone().unwrap_or_default(),
    };
    ReportHead {
        run: RunId("0192f0c1-0000-7000-8000-000000000002".parse().unwrap()),
        title: "New users".to_owned(),
        organization: "=Example".to_owned(),
        requested_by: "cli:admin".to_owned(),
        started_at: time(0),
        ended_at: time(9),
        files: readings.iter().map(file).collect(),
        totals: vec![("Rows".to_owned(), 4), ("Completed".to_owned(), 1), ("Refused".to_owned(), 1)],
    }
}

fn reason(code: &str, message: &str, repair: Option<&str>) -> Reason {
    Reason { code: code.to_owned(), message: message.to_owned(), repair: repair.map(str::to_owned) }
}

/// A report on two files whose columns differ and on a user who was added by hand.
fn example(format: Format) -> Vec<u8> {
    let readings = [
        read("first.csv", b"Ext Key,User's Name\n101,Tony\n,\n102,=Jane\n".to_vec()),
        read("second.csv", b"number;user's name;ext_key\n+6512345678;\"O'Neil; Ann\";12\n".to_vec()),
    ];
    let refused = [
        reason("ext-key-format", "`12` isn't an ext key: it has 2 digits.", Some("Write 3 to 5 digits.")),
        reason("number-unavailable", "`+6512345678` isn't available.", None),
    ];
    let held =
        [reason("already-exists", "The extension 102 belongs to another user.", Some("Choose another ext key."))];
    let given = ["Ext Key", "User's Name", "Number"];
    let done = StepLine {
        title: "provision extension 101",
        device: "Phone System",
        outcome: "done",
        message: "",
        at: time(2),
    };
    let failed = StepLine {
        title: "provision extension 102",
        outcome: "failed",
        message: &held[0].message,
        at: time(3),
        ..done
    };
    let lines = [
        ReportLine {
            source: Source::Row { file: 0, row: 2 },
            attempts: Some(1),
            started_at: time(1),
            ended_at: time(2),
            order: Some(1),
            steps: &[done],
            ..LINE
        },
        ReportLine {
            source: Source::Row { file: 0, row: 4 },
            outcome: Outcome::Hold,
            extended: Some(ExtendedStatus::UnrecoverableError),
            reasons: &held,
            attempts: Some(1),
            started_at: time(1),
            ended_at: time(3),
            order: Some(2),
            steps: &[failed],
        },
        ReportLine { source: Source::Row { file: 1, row: 2 }, outcome: Outcome::Refused, reasons: &refused, ..LINE },
        ReportLine {
            source: Source::Given(&["0103", "Tony", "+6512345679"]),
            outcome: Outcome::Initial,
            order: Some(3),
            ..LINE
        },
    ];
    let mut report = ReportWriter::new(format, Vec::new(), &head(&readings), &readings, &given).unwrap();
    for line in &lines {
        report.line(line).unwrap();
    }
    report.finish().unwrap()
}

#[test]
fn a_text_report_is_one_table_with_the_totals_on_top() {
    insta::assert_snapshot!(String::from_utf8(example(Format::Csv)).unwrap());
}

#[test]
fn a_workbook_has_four_sheets_of_text() {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(example(Format::Xlsx))).unwrap();
    let mut shown = String::new();
    for (name, sheet) in workbook.worksheets() {
        shown.push_str(&format!("# {name}\n"));
        for row in sheet.rows() {
            let cells = row.iter().map(|cell| match cell {
                Data::Empty => String::new(),
                Data::String(text) => text.clone(),
                Data::Float(number) => format!("#{number}"),
                other => panic!("{name} has the cell {other:?}"),
            });
            shown.push_str(&cells.collect::<Vec<_>>().join(" | "));
            shown.push('\n');
        }
    }
    insta::assert_snapshot!(shown);
}

/// The original columns of a text report, as a file to upload.
fn without_results(report: &[u8]) -> Vec<u8> {
    let mut reader = csv::Reader::from_reader(report);
    let header = reader.headers().unwrap().clone();
    let is_result = |label: &str| report_columns().iter().any(|column| column.label == label);
    let width = header.iter().take_while(|label| !is_result(label)).count();
    let outcome = header.iter().position(|label| label == "Dialtone Outcome").unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header.iter().take(width)).unwrap();
    for record in reader.into_records() {
        let record = record.unwrap();
        if !record[outcome].is_empty() {
            writer.write_record(record.iter().take(width)).unwrap();
        }
    }
    writer.into_inner().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_report_keeps_every_original_cell(
        first in rows(3),
        second in rows(4),
        (separator, encoding) in layout(),
    ) {
        let project = ["Order Type", "Product", "attr:Note", "Email"];
        let readings = [
            read("first.csv", file(&["Product", "order-type", "attr:Note"], &first, separator, encoding)),
            read("second.csv", file(&project, &second, separator, encoding)),
        ];
        let mut report = ReportWriter::new(Format::Csv, Vec::new(), &head(&readings), &readings, &[]).unwrap();
        for (file, reading) in readings.iter().enumerate() {
            for row in reading.table.rows() {
                report.line(&ReportLine { source: Source::Row { file, row: row.number }, ..LINE }).unwrap();
            }
        }
        let bytes = report.finish().unwrap();
        for record in csv::Reader::from_reader(bytes.as_slice()).records() {
            prop_assert!(record.unwrap().iter().all(is_harmless));
        }
        let again = read("report.csv", without_results(&bytes));
        let labels: Vec<&str> = again.header.iter().map(|column| column.label.as_str()).collect();
        prop_assert_eq!(labels, ["Product", "order-type", "attr:Note", "Email"]);
        let first = cells(&readings[0], 3).into_iter().map(|row| vec![row[0], row[1], row[2], ""]);
        let second = cells(&readings[1], 4).into_iter().map(|row| vec![row[1], row[0], row[2], row[3]]);
        prop_assert_eq!(cells(&again, 4), first.chain(second).collect::<Vec<_>>());
    }
}
