//! Text files as people make them: each with what is said of it.

use dialtone_templates::{Encoding, FILE_LIMIT, Kind, Reading, read, read_from};

const HEADER: &str = "Ext Key,User's Name,Number";

/// The problems as `row column code`, a whole file's without a row.
fn found(reading: &Reading) -> Vec<String> {
    let readings = std::slice::from_ref(reading);
    let word = |problem: &dialtone_templates::Problem| {
        let finding = problem.finding(readings);
        let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
        format!("{row} {} {}", finding.column.unwrap_or_default(), finding.code).trim().to_owned()
    };
    reading.problems.iter().map(word).collect()
}

/// The rows as `number: cell|cell|cell`.
fn rows(reading: &Reading) -> Vec<String> {
    let columns = reading.header.len();
    let row = |row: dialtone_templates::Row<'_>| {
        let cells: Vec<&str> = (0..columns).map(|column| row.cell(column)).collect();
        format!("{}: {}", row.number, cells.join("|"))
    };
    reading.table.rows().map(row).collect()
}

fn check(text: impl AsRef<[u8]>, problems: &[&str], expect: &[&str]) {
    let text = text.as_ref();
    let reading = read("a.csv", text.to_vec());
    let shown = String::from_utf8_lossy(text);
    assert_eq!(found(&reading), problems, "{shown}");
    assert_eq!(rows(&reading), expect, "{shown}");
}

/// Rows below a header with names.
fn check_rows(text: &str, problems: &[&str], expect: &[&str]) {
    check(format!("{HEADER}\n{text}"), problems, expect);
}

#[test]
fn separators_and_encodings_are_found() {
    for (separator, name) in [(",", ','), (";", ';'), ("\t", '\t')] {
        let text = format!("{HEADER}\r\n101,Zoë,7\r\n").replace(',', separator);
        let utf16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("\u{feff}{text}").encode_utf16().flat_map(order).collect()
        };
        for (bytes, encoding) in [
            (text.clone().into_bytes(), Encoding::Utf8),
            (format!("\u{feff}{text}").into_bytes(), Encoding::Utf8Bom),
            (utf16(u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(u16::to_be_bytes), Encoding::Utf16Be),
        ] {
            let reading = read("a.csv", bytes);
            assert_eq!(rows(&reading), ["2: 101|Zoë|7"]);
            assert_eq!((reading.separator, reading.encoding), (Some(name), Some(encoding)));
            assert_eq!((reading.kind, reading.row_count), (Some(Kind::BulkName), 1));
        }
    }
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_shows_them() {
    check_rows(
        "101,Tony,\n\n,,\n102,\"Two\nlines\",\r\n\r\n103,Jane\n\n\n",
        &["5 User's Name cell-line-break"],
        &["2: 101|Tony|", "5: 102|Two\nlines|", "7: 103|Jane|"],
    );
    let reading = read("a.csv", format!("\n{HEADER}\n101,Tony,\n\n\n102,Jane,\n\n").into_bytes());
    assert_eq!(rows(&reading), ["3: 101|Tony|", "6: 102|Jane|"]);
    assert_eq!(reading.blank_rows, 2);
}

#[test]
fn rows_may_be_short_and_no_longer_than_the_header() {
    check_rows("101", &[], &["2: 101||"]);
    check_rows("101,Tony,7,,  ,", &[], &["2: 101|Tony|7"]);
    check_rows("101,Lee, Tony,7,x", &["2  row-too-long"], &["2: 101|Lee|Tony"]);
    check_rows("1\u{7}1,Tony,7,x", &["2  row-too-long"], &["2: 1\u{7}1|Tony|7"]);
}

#[test]
fn quoting_is_that_of_rfc_4180() {
    check_rows("\"101\",\"Lee, Tony\",\"7\"", &[], &["2: 101|Lee, Tony|7"]);
    check_rows("101,\"Tony \"\"T\"\" Lee\",", &[], &["2: 101|Tony \"T\" Lee|"]);
    check_rows("101,Tony \"T\" Lee,", &["2 User's Name cell-quote"], &["2: 101|Tony \"T\" Lee|"]);
    check_rows("101,\"Tony\" Lee,", &["2 User's Name cell-quote"], &["2: 101|Tony Lee|"]);
    check_rows("101,\"\",7\n102,\"\"\"\",", &[], &["2: 101||7", "3: 102|\"|"]);
    check_rows("101,\"Tony,7\n102,Jane,", &["file-quote-open"], &[]);
    check_rows("101,Tony,\"7", &["file-quote-open"], &[]);
    check_rows("101,Tony,\"7\"\"", &["file-quote-open"], &[]);
    check(format!("\"{HEADER}\n101,Tony,7"), &["file-quote-open"], &[]);
}

#[test]
fn cells_are_trimmed_and_have_no_control_characters() {
    check_rows(" 101\t,\u{a0}Tony\u{3000},\u{2003}7 ", &[], &["2: 101|Tony|7"]);
    check_rows("101,To\tny,", &["2 User's Name cell-control"], &["2: 101|To\tny|"]);
    check_rows("101,Tony\0,", &["2 User's Name cell-control"], &["2: 101|Tony\0|"]);
    check_rows(
        "101,\u{1b}[31mTony,\n102,\u{7f},",
        &["2 User's Name cell-control", "3 User's Name cell-control"],
        &["2: 101|\u{1b}[31mTony|", "3: 102|\u{7f}|"],
    );
    check_rows("101,To\u{80}ny,", &["2 User's Name cell-control"], &["2: 101|To\u{80}ny|"]);
    check_rows("101,To\rny,", &["2 User's Name cell-line-break"], &["2: 101|To\rny|"]);
    check_rows("101,\"Tony\n\",", &["2 User's Name cell-line-break"], &["2: 101|Tony\n|"]);
    check_rows("101,To\u{2028}ny,", &["2 User's Name cell-line-break"], &["2: 101|To\u{2028}ny|"]);
}

#[test]
fn an_apostrophe_is_dropped_before_four_characters_only() {
    check_rows(
        "101,'=Tony,'+7\n102,'Tony,'7\n103,''=Tony,'\n104,'@a,'-7",
        &[],
        &["2: 101|=Tony|+7", "3: 102|'Tony|'7", "4: 103|''=Tony|'", "5: 104|@a|-7"],
    );
}

#[test]
fn a_cell_has_at_most_what_a_spreadsheet_holds() {
    let cell = "é".repeat(32_767);
    check_rows(&format!("101,{cell},"), &[], &[&format!("2: 101|{cell}|")]);
    check_rows(&format!("101,{cell}é,"), &["2 User's Name cell-too-long"], &[&format!("2: 101|{cell}é|")]);
}

#[test]
fn labels_are_matched_without_case_spaces_and_hyphens() {
    for header in ["ext_key,USERS-NAME,n u m b e r", "EXTKEY,user’s name,Number"] {
        let header = header.replace("USERS-NAME", "USER'S-NAME");
        check(format!("{header}\n101,Tony,7"), &[], &["2: 101|Tony|7"]);
    }
    let reading = read("a.csv", b"Number,Identity UUID,Ext Key\n7,x,101".to_vec());
    assert_eq!((reading.kind, reading.column("Ext Key")), (Some(Kind::BulkUuid), Some(2)));
    let reading = read("a.csv", b"ordertype;PRODUCT;new_directory-number;Attr: Dial [2]. Label\nADD;Phone;;".to_vec());
    assert_eq!((reading.kind, found(&reading).len()), (Some(Kind::Project), 0));
}

#[test]
fn a_header_says_which_columns_are_wrong() {
    let check_header = |header: &str, problems: &[&str], words: &str| {
        let reading = read("a.csv", format!("{header}\n101,Tony,7").into_bytes());
        assert_eq!(found(&reading), problems, "{header}");
        let messages: Vec<String> =
            reading.problems.iter().map(|one| one.finding(std::slice::from_ref(&reading)).message).collect();
        assert!(messages[0].contains(words), "{messages:?}");
        assert!(reading.is_refused());
    };
    check_header("Ext Key,User's Name,Numbr", &["Numbr column-unknown"], "`Number`");
    check_header("Ext Key,Users Name,Number", &["Users Name column-unknown"], "`User's Name`");
    check_header("Ext Key,User's Name,Number,ext_key", &["ext_key column-duplicate"], "column 1");
    check_header("Ext Key,Number", &["column-missing"], "`User's Name or Identity UUID`");
    check_header("User's Name,Number", &["column-missing"], "`Ext Key`");
    check_header("Ext Key,User's Name,Identity UUID,Number", &["columns-of-both-kinds"], "both");
    check_header("Ext Key,,User's Name", &["column-unnamed"], "Column 2");
    check_header("Order Type,Number", &["column-missing"], "`Product`");
    check_header(
        &(0..1001).map(|column| format!("attr:a{column}")).collect::<Vec<_>>().join(","),
        &["column-too-many"],
        "1001",
    );
    check_header("attr:a,Order Type,Product,attr:b[0].c", &["attr:b[0].c column-unknown"], "");
}

#[test]
fn a_label_of_any_length_is_named_without_delay() {
    let label = "x".repeat(4 << 20);
    let reading = read("a.csv", format!("Ext Key,User's Name,{label}\n101,Tony,7").into_bytes());
    assert_eq!(found(&reading), [format!("{label} column-unknown")]);
    let finding = reading.problems.iter().next().map(|one| one.finding(std::slice::from_ref(&reading)));
    assert!(finding.is_some_and(|finding| finding.message.len() < 200));
}

#[test]
fn an_optional_column_may_be_missing() {
    check("Ext Key,User's Name\n101,Tony", &[], &["2: 101|Tony"]);
}

#[test]
fn a_file_without_rows_is_refused() {
    check("", &["file-empty"], &[]);
    check("\u{feff}", &["file-empty"], &[]);
    check("\n\n,,\n", &["file-empty"], &[]);
    check(HEADER, &["file-without-rows"], &[]);
    check(format!("{HEADER}\n,,\n"), &["file-without-rows"], &[]);
}

#[test]
fn what_is_no_table_is_named() {
    for text in ["<html><table>", "%PDF-1.7", "{\\rtf1", "Ext Key,Number\r101,7\r"] {
        check(text, &["file-format"], &[]);
    }
}

#[test]
fn the_size_limit_is_exact() {
    let file = |size: u64| {
        let mut text = format!("{HEADER}\n101,Tony,7\n").into_bytes();
        text.resize(usize::try_from(size).unwrap(), b' ');
        text
    };
    check(file(FILE_LIMIT), &[], &["2: 101|Tony|7"]);
    check(file(FILE_LIMIT + 1), &["file-too-large"], &[]);
    let large = read_from("a.csv", file(FILE_LIMIT + 70_000).as_slice(), true).unwrap();
    assert_eq!(large.size, FILE_LIMIT + 70_000);
    assert_eq!(large.sha256, read("a.csv", file(FILE_LIMIT + 70_000)).sha256);
    let endless = read_from("a.csv", std::io::repeat(b' '), false).unwrap();
    assert_eq!((found(&endless), endless.sha256), (vec!["file-too-large".to_owned()], None));
}

#[test]
fn a_failed_rows_file_finds_its_way_back() {
    let id = "0192f0c1-0000-7000-8000-000000000001";
    let text = |rows: &str| format!("{HEADER},Dialtone Reason,Dialtone Origin\n{rows}");
    let reading = read("a.csv", text(&format!("101,Tony,7,bad\u{7},template:{id}\n,,,x,template:{id}")).into_bytes());
    assert_eq!(rows(&reading), ["2: 101|Tony|7||"]);
    assert_eq!(reading.origin.map(|origin| origin.to_string()), Some(format!("template:{id}")));
    check(
        text(&format!("101,Tony,,,template:{id}\n102,Jane,,,project:{id}")),
        &["file-origin-mixed"],
        &["2: 101|Tony|||", "3: 102|Jane|||"],
    );
    check(text("101,Tony,,,elsewhere"), &["file-origin-mixed"], &["2: 101|Tony|||"]);
}

#[test]
fn past_the_row_limit_rows_are_only_counted() {
    let project: String = std::iter::repeat_n("ADD,Phone\u{7}\n", 15_001).collect();
    let reading = read("a.csv", format!("Order Type,Product\n{project}").into_bytes());
    assert_eq!((found(&reading), reading.row_count), (vec!["file-too-many-rows".to_owned()], 15_001));
}
