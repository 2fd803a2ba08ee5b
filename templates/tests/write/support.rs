//! What the tests of written files share.

use dialtone_templates::{Encoding, Reading};
use proptest::prelude::*;

/// Cells that people and machines get wrong: separators, quotation marks, what a spreadsheet takes for formulas, line
/// breaks, other scripts. A line break never stands first, where it can't be told from one before a formula.
pub(crate) fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        3 => "[0-9]{1,6}",
        3 => "[=+@'-]{1,3}[0-9A-Za-z=+@' -]{0,6}",
        2 => r"\+[0-9]{1,15}",
        3 => "[A-Za-zé日 ',;\t\"=+@-]{1,12}",
        1 => "[a-z][a-z\n\r\u{1}\u{7f}\u{2028}]{0,4}[a-z]",
        1 => "_x[0-9A-F]{4}_",
    ]
}

/// Rows of `width` cells, none of them blank.
pub(crate) fn rows(width: usize) -> impl Strategy<Value = Vec<Vec<String>>> {
    let row = proptest::collection::vec(cell(), width);
    let filled = row.prop_filter("a blank row is skipped", |row| row.iter().any(|cell| !cell.trim().is_empty()));
    proptest::collection::vec(filled, 1..8)
}

/// How text files are written.
pub(crate) fn layout() -> impl Strategy<Value = (u8, Encoding)> {
    let encodings = [Encoding::Utf8, Encoding::Utf8Bom, Encoding::Utf16Le, Encoding::Utf16Be];
    (proptest::sample::select(&b",;\t"[..]), proptest::sample::select(encodings.to_vec()))
}

/// A text file as a person's program writes it.
pub(crate) fn file(header: &[&str], rows: &[Vec<String>], separator: u8, encoding: Encoding) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).flexible(true).from_writer(Vec::new());
    writer.write_record(header).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
    match encoding {
        Encoding::Utf8 => text.into_bytes(),
        Encoding::Utf8Bom => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16Le => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
    }
}

/// The cells of every row that was read, under the first `width` columns.
pub(crate) fn cells(reading: &Reading, width: usize) -> Vec<Vec<&str>> {
    reading.table.rows().map(|row| (0..width).map(|column| row.cell(column)).collect()).collect()
}

/// The text of a file without its byte order mark.
pub(crate) fn decoded(bytes: &[u8], encoding: Encoding) -> String {
    let units = |unit: fn([u8; 2]) -> u16| -> String {
        let units: Vec<u16> = bytes.chunks(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).unwrap()
    };
    let text = match encoding {
        Encoding::Utf8 | Encoding::Utf8Bom => String::from_utf8(bytes.to_vec()).unwrap(),
        Encoding::Utf16Le => units(u16::from_le_bytes),
        Encoding::Utf16Be => units(u16::from_be_bytes),
    };
    text.trim_start_matches('\u{feff}').to_owned()
}

/// Whether no spreadsheet runs the cell of a text file: it begins like no formula, or it is a phone number.
pub(crate) fn is_harmless(cell: &str) -> bool {
    match cell.split_at_checked(1) {
        Some(("=" | "-" | "@" | "\t" | "\r", _)) => false,
        Some(("+", digits)) => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
        _ => true,
    }
}
