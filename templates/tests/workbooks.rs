//! Workbooks as spreadsheets and others write them: each with what is said of it.

use std::io::{Cursor, Write};

use dialtone_templates::{Reading, read};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A workbook by its parts, of which each can be replaced.
struct Book {
    parts: Vec<(String, Vec<u8>)>,
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

impl Book {
    /// A workbook with these sheets; each with its state, such as `hidden`.
    fn new(sheets: &[(&str, String)]) -> Self {
        let numbered = || sheets.iter().enumerate().map(|(place, sheet)| (place + 1, sheet));
        let list: String = numbered()
            .map(|(id, (state, _))| format!(r#"<sheet name="S{id}" sheetId="{id}" state="{state}" r:id="r{id}"/>"#))
            .collect();
        let targets: String = numbered()
            .map(|(id, _)| {
                format!(r#"<Relationship Id="r{id}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{id}.xml"/>"#)
            })
            .collect();
        let styles = r#"<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>"#;
        let mut book = Self { parts: Vec::new() }
            .with("[Content_Types].xml", "<Types/>")
            .with("_rels/.rels", format!(r#"<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#))
            .with("xl/workbook.xml", format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{list}</sheets></workbook>"#))
            .with("xl/_rels/workbook.xml.rels", format!(r#"<Relationships xmlns="{PACKAGE}">{targets}</Relationships>"#))
            .with("xl/styles.xml", format!(r#"<styleSheet xmlns="{MAIN}">{styles}</styleSheet>"#));
        for (id, (_, sheet)) in numbered() {
            book = book.with(&format!("xl/worksheets/sheet{id}.xml"), sheet);
        }
        book
    }

    /// A workbook with one sheet: the header and these rows.
    fn of_rows(rows: &str) -> Self {
        Self::new(&[("visible", sheet(rows))])
    }

    fn with(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.parts.retain(|(known, _)| known != name);
        self.parts.push((name.to_owned(), content.as_ref().to_vec()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in &self.parts {
            archive.start_file(name, SimpleFileOptions::default()).expect("a part");
            archive.write_all(content).expect("its bytes");
        }
        archive.finish().expect("an archive").into_inner()
    }
}

fn text(reference: &str, text: &str) -> String {
    format!(r#"<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>"#)
}

fn row(number: u32, cells: &str) -> String {
    format!(r#"<row r="{number}">{cells}</row>"#)
}

fn sheet(rows: &str) -> String {
    let header = row(1, &(text("A1", "Ext Key") + &text("B1", "User's Name") + &text("C1", "Number")));
    format!(r#"<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{header}{rows}</sheetData></worksheet>"#)
}

fn tony() -> String {
    row(2, &(text("A2", "101") + &text("B2", "Tony")))
}

fn found(reading: &Reading) -> Vec<String> {
    let word = |problem: &dialtone_templates::Problem| {
        let finding = problem.finding(std::slice::from_ref(reading));
        let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
        format!("{row} {} {}", finding.column.unwrap_or_default(), finding.code).trim().to_owned()
    };
    reading.problems.iter().map(word).collect()
}

fn check(book: &Book, problems: &[&str], expect: &[&str]) {
    check_bytes(book.bytes(), problems, expect);
}

fn check_bytes(bytes: Vec<u8>, problems: &[&str], expect: &[&str]) {
    let reading = read("a.xlsx", bytes);
    assert_eq!(found(&reading), problems);
    let rows: Vec<String> = reading
        .table
        .rows()
        .map(|row| format!("{}: {}", row.number, [0, 1, 2].map(|column| row.cell(column)).join("|")))
        .collect();
    assert_eq!(rows, expect);
    assert_eq!((reading.encoding, reading.separator), (None, None));
}

#[test]
fn cells_are_taken_as_they_are_stored() {
    let rows = [
        row(2, &(text("A2", "0101") + &text("B2", " Tony ") + r#"<c r="C2"><v>6512345678</v></c>"#)),
        row(5, r#"<c r="A5"><v>102</v></c><c r="B5" t="str"><f>A5</f><v>Jane</v></c><c r="C5" s="1"/>"#),
    ];
    check(
        &Book::of_rows(&rows.concat()),
        &["Ext Key cell-zeros", "Number cell-zeros"],
        &["2: 0101|Tony|6512345678", "5: 102|Jane|"],
    );
}

#[test]
fn cells_that_are_no_text_are_refused() {
    let number = |cell: &str| row(2, &(text("A2", "101") + cell));
    check(
        &Book::of_rows(&number(r#"<c r="B2" s="1"><v>45000</v></c>"#)),
        &["2 User's Name cell-date"],
        &["2: 101|2023-03-15|"],
    );
    check(
        &Book::of_rows(&number(r#"<c r="B2" t="b"><v>1</v></c>"#)),
        &["2 User's Name cell-boolean"],
        &["2: 101|TRUE|"],
    );
    check(
        &Book::of_rows(&number(r#"<c r="B2" t="e"><v>#N/A</v></c>"#)),
        &["2 User's Name cell-error"],
        &["2: 101|#N/A|"],
    );
    check(&Book::of_rows(&number(r#"<c r="B2"><v>1.5</v></c>"#)), &["2 User's Name cell-fraction"], &["2: 101|1.5|"]);
    check(
        &Book::of_rows(&number(r#"<c r="B2"><v>1E15</v></c>"#)),
        &["2 User's Name cell-fraction"],
        &["2: 101|1000000000000000|"],
    );
    check(&Book::of_rows(&number(r#"<c r="B2"><f>A2</f></c>"#)), &["2 User's Name cell-formula"], &["2: 101||"]);
    check(&Book::of_rows(&number(&text("B2", "a&#10;b"))), &["2 User's Name cell-line-break"], &["2: 101|a\nb|"]);
    check(&Book::of_rows(&number(&text("D2", "x"))), &["2  row-too-long"], &["2: 101||"]);
}

#[test]
fn a_formula_without_a_stored_result_is_an_error_wherever_it_stands() {
    let row = |cells: &str| Book::of_rows(&row(2, &(text("A2", "101") + &text("B2", "Tony") + cells)));
    for cell in [
        r#"<c r="C2"><f>A2</f></c>"#,
        r#"<c r="C2"><f>A2</f><v></v></c>"#,
        r#"<c r="C2"><f>A2</f><v/></c>"#,
        r#"<c r="C2"><f t="shared" si="0"/><v/></c>"#,
        "<c><f>A2</f></c>",
    ] {
        check(&row(cell), &["2 Number cell-formula"], &["2: 101|Tony|"]);
    }
    check(&row(r#"<c r="C2" t="str"><f>""</f><v></v></c>"#), &[], &["2: 101|Tony|"]);
    check(&row(r#"<c r="D2"><f>A2</f></c>"#), &[], &["2: 101|Tony|"]);
    // A row of nothing else isn't blank.
    let alone = tony() + r#"<row r="3"><c r="A3"><f>A2</f></c></row>"#;
    check(&Book::of_rows(&alone), &["3 Ext Key cell-formula"], &["2: 101|Tony|", "3: ||"]);
    // Another sheet's formula is nothing to this one's blank cell.
    let styled = sheet(&tony()).replace("</row></sheetData>", r#"<c r="C2" s="1"/></row></sheetData>"#);
    let other = sheet(r#"<row r="2"><c r="C2"><f>A2</f></c></row>"#);
    check(&Book::new(&[("visible", styled), ("visible", other)]), &[], &["2: 101|Tony|"]);
}

#[test]
fn the_first_visible_sheet_is_read() {
    let notes = sheet("").replace("Ext Key", "Notes");
    check(
        &Book::new(&[("hidden", notes.clone()), ("visible", sheet(&tony())), ("visible", notes.clone())]),
        &[],
        &["2: 101|Tony|"],
    );
    check(&Book::new(&[("veryHidden", sheet(&tony()))]), &["file-sheet-hidden"], &[]);
}

#[test]
fn merged_cells_are_read_as_blank_with_a_warning_where_they_matter() {
    let merged = |area: &str| {
        let areas = format!(r#"</sheetData><mergeCells><mergeCell ref="{area}"/></mergeCells>"#);
        Book::new(&[("visible", sheet(&tony()).replace("</sheetData>", &areas))])
    };
    check(&merged("C2:C3"), &["file-merged-cells"], &["2: 101|Tony|"]);
    check(&merged("D1:E9"), &[], &["2: 101|Tony|"]);
    assert!(!read("a.xlsx", merged("C2:C3").bytes()).is_refused());
}

#[test]
fn a_sheet_goes_to_its_last_cell_and_no_further() {
    let last = |reference: &str, number: &str| {
        let rows = tony() + &format!(r#"<row r="{number}">{}</row>"#, text(reference, "x"));
        Book::of_rows(&rows)
    };
    check(&last("XFD1048576", "1048576"), &["1048576  row-too-long"], &["2: 101|Tony|", "1048576: ||"]);
    check(&last("A1048576", "1048576"), &[], &["2: 101|Tony|", "1048576: x||"]);
    for (reference, number) in
        [("A1048577", "1048577"), ("XFE9", "9"), ("AAAAAAAAAA9", "9"), ("9", "9"), ("A3", "99999999999")]
    {
        check(&last(reference, number), &["file-damaged"], &[]);
    }
    check(&last("A1", "1"), &["file-damaged"], &[]);
    let backwards = sheet(&tony()).replace("<sheetData>", r#"<dimension ref="C9:A1"/><sheetData>"#);
    check(&Book::new(&[("visible", backwards)]), &["file-damaged"], &[]);
}

#[test]
fn other_files_are_named() {
    let format = |book: Book| check(&book, &["file-format"], &[]);
    format(Book { parts: Vec::new() });
    format(Book { parts: Vec::new() }.with("a.txt", "hello"));
    format(Book { parts: Vec::new() }.with("mimetype", "").with("content.xml", "<a/>"));
    format(Book::of_rows("").with("xl/vbaProject.bin", "x"));
    format(Book { parts: Vec::new() }.with("[Content_Types].xml", "<Types/>").with("xl/workbook.bin", "x"));
    let compound = |name: &str| {
        let mut bytes = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    check_bytes(compound("EncryptedPackage"), &["file-password"], &[]);
    check_bytes(compound("Workbook"), &["file-format"], &[]);
}

#[test]
fn damage_is_refused() {
    let whole = Book::of_rows(&tony()).bytes();
    check_bytes(whole[..whole.len() / 2].to_vec(), &["file-damaged"], &[]);
    check_bytes(b"PK\x03\x04 and nothing more".to_vec(), &["file-damaged"], &[]);
    check(
        &Book::of_rows(&tony()).with("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row>"),
        &["file-damaged"],
        &[],
    );
    check(&Book::of_rows(&tony()).with("xl/worksheets/sheet1.xml", b"\xFF\xFE<\0w\0"), &["file-damaged"], &[]);
    check(&Book::of_rows(&tony()).with("xl/workbook.xml", ""), &["file-damaged"], &[]);
    let declared = sheet(&tony()).replace("<worksheet", "<!DOCTYPE a [<!ENTITY b \"c\">]><worksheet");
    check(&Book::new(&[("visible", declared)]), &["file-doctype"], &[]);
    // A sheet may have any name.
    let named = |content: String| {
        let mut book = Book::of_rows(&tony()).with("xl/rows.bin", content);
        let relations = book.parts.iter_mut().find(|(name, _)| name.ends_with("workbook.xml.rels")).unwrap();
        relations.1 = String::from_utf8_lossy(&relations.1).replace("worksheets/sheet1.xml", "rows.bin").into_bytes();
        book
    };
    check(&named(sheet(&tony())), &[], &["2: 101|Tony|"]);
    check(&named(format!("\u{feff}\n<!DOCTYPE a>{}", sheet(&tony()))), &["file-doctype"], &[]);
    // The checksum of what comes out is wrong.
    let mut stored = whole.clone();
    let at = stored.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    stored[at + 16] ^= 0xFF;
    check_bytes(stored, &["file-damaged"], &[]);
}

#[test]
fn bombs_are_refused() {
    let bomb = |book: Book| check(&book, &["file-bomb"], &[]);
    let sheet_part = |content: Vec<u8>| Book::of_rows("").with("xl/worksheets/sheet1.xml", content);
    bomb(sheet_part([b"<worksheet><!--".as_slice(), &b"<".repeat(2 << 20)].concat()));
    bomb(sheet_part([b"<worksheet a='".as_slice(), &b"<".repeat(2 << 20)].concat()));
    bomb(sheet_part([b"<worksheet><![CDATA[".as_slice(), &b"<".repeat(2 << 20)].concat()));
    bomb(sheet_part([b"<worksheet><sheetData>".as_slice(), &b"<c/>".repeat(2_000_001)].concat()));
    bomb(sheet_part([b"<worksheet>".as_slice(), &b"<a>".repeat(1_000)].concat()));
    bomb(Book::of_rows("").with("docProps/app.xml", "<a>".repeat(1_000)));
    let runs = b"<r><t>0123456789</t></r>".repeat(100_000);
    bomb(sheet_part([b"<worksheet><sheetData><row><c t='inlineStr'><is>".as_slice(), &runs].concat()));
    bomb(Book::of_rows("").with("xl/media/a.png", vec![0; 17 << 20]));
    bomb(Book::of_rows("").with("xl/sharedStrings.xml", "<sst uniqueCount=\"99999999999\">"));
    bomb(Book::of_rows("").with("xl/sharedStrings.xml", format!("<sst>{}", "<si/>".repeat(400_001))));
    bomb(Book::of_rows("").with("xl/styles.xml", format!("<styleSheet a=\"{}\"/>", "0".repeat(5_000))));
    bomb((0..2_001).fold(Book { parts: Vec::new() }, |mut book, part| {
        book.parts.push((format!("{part}"), Vec::new()));
        book
    }));
    // One long text that every cell repeats.
    let text = format!("<sst><si><t>{}</t></si></sst>", "a".repeat(30_000));
    let rows: String =
        (2..1_000).map(|number| row(number, &format!(r#"<c r="A{number}" t="s"><v>0</v></c>"#))).collect();
    bomb(Book::of_rows(&rows).with("xl/sharedStrings.xml", text));
}

#[test]
fn entries_that_share_their_bytes_are_a_bomb() {
    let mut bytes = Book::of_rows(&tony()).with("xl/a.xml", "<a/>").with("xl/b.xml", "<b/>").bytes();
    // The second entry of the table of contents is pointed at the first one's bytes.
    let heads: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02")).collect();
    let (from, to) = (heads[heads.len() - 2], heads[heads.len() - 1]);
    for field in [16..20, 20..24, 24..28, 42..46] {
        let copy = bytes[from + field.start..from + field.end].to_vec();
        bytes[to + field.start..to + field.end].copy_from_slice(&copy);
    }
    check_bytes(bytes, &["file-bomb"], &[]);
}

#[test]
fn past_the_row_limit_rows_are_only_counted() {
    let rows: String = (2..15_003).map(|number| row(number, &text(&format!("A{number}"), "x"))).collect();
    let reading = read("a.xlsx", Book::of_rows(&rows).bytes());
    assert_eq!((reading.row_count, reading.table.len()), (15_001, 15_000));
}
