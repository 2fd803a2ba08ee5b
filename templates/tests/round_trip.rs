//! Whatever the cells of a table are, every way of writing it down reads back equal; and no bytes are too odd to read.

use dialtone_templates::{Reading, read};
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

/// The header of a project file with text columns, whose cells the reader doesn't judge.
const HEADER: [&str; 4] = ["Order Type", "Product", "Row Id", "Description"];

/// A cell as a reader gives it back: trimmed, and without an apostrophe that protects a formula.
fn cell() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just(String::new()),
        "[a-zA-Z0-9,;\"'=+@ é漢😀._-]{0,12}",
        Just("'".to_owned()),
        Just("\"\"".to_owned()),
    ];
    word.prop_map(|cell| cell.trim().to_owned()).prop_filter("a formula's apostrophe is dropped", |cell| {
        !matches!(cell.as_bytes(), [b'\'', b'=' | b'+' | b'-' | b'@', ..])
    })
}

fn table() -> impl Strategy<Value = Vec<[String; 4]>> {
    let row = [cell(), cell(), cell(), cell()];
    prop::collection::vec(
        row.prop_filter("a blank row is skipped", |row| row.iter().any(|cell| !cell.is_empty())),
        1..12,
    )
}

fn cells(reading: &Reading) -> Vec<[String; 4]> {
    reading.table.rows().map(|row| [0, 1, 2, 3].map(|column| row.cell(column).to_owned())).collect()
}

fn csv_text(table: &[[String; 4]], separator: char, always_quoted: bool, line_end: &str) -> String {
    let quoted = |cell: &str| {
        if always_quoted || cell.contains([separator, '"']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    let line = |cells: [&str; 4]| cells.map(quoted).join(&separator.to_string()) + line_end;
    let rows = table.iter().map(|row| line(row.each_ref().map(String::as_str)));
    std::iter::once(line(HEADER)).chain(rows).collect()
}

fn encodings(text: &str) -> [Vec<u8>; 4] {
    let marked = format!("\u{feff}{text}");
    let utf16 = |order: fn(u16) -> [u8; 2]| marked.encode_utf16().flat_map(order).collect();
    [text.as_bytes().to_vec(), marked.clone().into_bytes(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)]
}

proptest! {
    #[test]
    fn text_reads_back_equal(
        table in table(),
        separator in prop::sample::select(vec![',', ';', '\t']),
        always_quoted: bool,
        line_end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let text = csv_text(&table, separator, always_quoted, line_end);
        for bytes in encodings(&text) {
            let reading = read("a.csv", bytes);
            prop_assert!(reading.problems.is_empty(), "{:?}", reading.problems);
            prop_assert_eq!(reading.separator, Some(separator));
            prop_assert_eq!(cells(&reading), table.clone());
        }
    }

    #[test]
    fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let reading = read("a", bytes);
        prop_assert!(!reading.problems.is_empty());
    }

    #[test]
    fn no_text_below_a_header_is_too_odd(text in "[\"',;\t\r\n\u{0}a1é+=-]{0,80}") {
        let reading = read("a", format!("Ext Key,User's Name,Number\n{text}").into_bytes());
        let last = u32::try_from(text.matches('\n').count()).unwrap() + 2;
        let numbers: Vec<u32> = reading.table.rows().map(|row| row.number).collect();
        prop_assert!(numbers.is_sorted_by(|left, right| left < right));
        prop_assert!(numbers.last().is_none_or(|number| *number <= last));
        for row in reading.table.rows() {
            for column in 0..reading.header.len() {
                prop_assert!(text.replace("\"\"", "\"").contains(row.cell(column)) || row.flawed, "{:?}", row.cell(column));
            }
        }
        reading.problems.iter().for_each(|problem| drop(problem.finding(std::slice::from_ref(&reading))));
    }
}

proptest! {
    // A workbook takes a thousand times as long to make as a text.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_workbook_reads_back_equal(table in table()) {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (column, label) in (0..).zip(HEADER) {
            sheet.write_string(0, column, label).unwrap();
        }
        for (number, row) in (1..).zip(&table) {
            for (column, cell) in (0..).zip(row) {
                sheet.write_string(number, column, cell).unwrap();
            }
        }
        let reading = read("a.xlsx", workbook.save_to_buffer().unwrap());
        prop_assert!(reading.problems.is_empty(), "{:?}", reading.problems);
        prop_assert_eq!(cells(&reading), table);
    }

    #[test]
    fn no_damage_to_a_workbook_is_too_odd(places in prop::collection::vec((0..10_000_usize, any::<u8>()), 1..20), cut in 0..10_000_usize) {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write_string(0, 0, "Order Type").unwrap();
        let mut bytes = workbook.save_to_buffer().unwrap();
        let length = bytes.len();
        for (place, byte) in places {
            bytes[place % length] = byte;
        }
        bytes.truncate(length - if cut < 5_000 { 0 } else { cut % length });
        read("a.xlsx", bytes);
    }
}
