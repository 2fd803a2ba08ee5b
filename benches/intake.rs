//! How long reading and checking takes beside the bare passes of the csv and calamine libraries, and how much memory.
//!
//! `cargo bench --bench intake`

use std::error::Error;
use std::hint::black_box;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use calamine::{Reader as _, Xlsx};
use dialtone_templates::{FILE_LIMIT, ROW_LIMIT, read};
use dialtone_validators::check;
use rust_xlsxwriter::Workbook;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The bounds that are promised, as multiples of the bare passes, milliseconds and kilobytes.
const CSV_RATIO: f64 = 10.0;
const XLSX_RATIO: f64 = 2.0;
const PROCESS_MS: f64 = 15.0;
const PEAK_KB: u64 = 40 * 1024;
const REFUSED_PEAK_KB: u64 = 100 * 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [role, path] = arguments.as_slice()
        && role == "peak"
    {
        return print_peak(Path::new(path));
    }
    let folder = tempfile::tempdir()?;
    let csv = csv_file(8);
    let bare = median(200, || bare_csv(&csv));
    let ours = median(200, || checked(&csv));
    report("CSV, 15,000 rows: read and check", ours, bare, CSV_RATIO);

    let path = folder.path().join("rows.csv");
    std::fs::write(&path, &csv)?;
    let process = median(30, || validate(&path));
    println!("CSV, 15,000 rows: whole process {:.1} ms, at most {PROCESS_MS} ms", process.as_secs_f64() * 1e3);

    let xlsx = xlsx_file()?;
    let bare = median(20, || bare_xlsx(&xlsx));
    let ours = median(20, || checked(&xlsx));
    report("XLSX, 15,000 rows: read and check", ours, bare, XLSX_RATIO);

    let full = full_csv();
    peak(folder.path(), "full.csv", &full, "CSV of 5 MiB", PEAK_KB)?;
    let wrong: Vec<u8> = full.iter().map(|byte| if *byte == b'+' { b'x' } else { *byte }).collect();
    peak(folder.path(), "wrong.csv", &wrong, "CSV of 5 MiB, every row wrong", PEAK_KB)?;
    peak(folder.path(), "rows.xlsx", &xlsx, "XLSX of 15,000 rows", PEAK_KB)?;
    peak(folder.path(), "bomb.xlsx", &bomb()?, "XLSX bomb", REFUSED_PEAK_KB)
}

/// 15,000 rows with names of at least `length` characters.
fn csv_file(length: usize) -> Vec<u8> {
    let mut csv = b"Ext Key,User's Name,Number\r\n".to_vec();
    for row in 0..ROW_LIMIT {
        // Writing to memory doesn't fail.
        let _ = write!(csv, "{},{:-<length$},+65{:08}\r\n", 10_000 + row, format!("User {row}"), 10_000_000 + row);
    }
    csv
}

/// 15,000 rows that fill the size limit to the byte.
fn full_csv() -> Vec<u8> {
    let limit = FILE_LIMIT as usize;
    let mut csv = csv_file(100);
    let spaces = limit - csv.len();
    csv.extend(std::iter::repeat_n(b' ', spaces));
    csv
}

fn xlsx_file() -> Result<Vec<u8>> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, label) in (0..).zip(["Ext Key", "User's Name", "Number"]) {
        sheet.write_string(0, column, label)?;
    }
    for row in 1..=ROW_LIMIT {
        sheet.write_string(row, 0, format!("{}", 10_000 + row))?;
        sheet.write_string(row, 1, format!("User {row}"))?;
        sheet.write_string(row, 2, format!("+65{:08}", 10_000_000 + row))?;
    }
    Ok(workbook.save_to_buffer()?)
}

/// A workbook whose sheet goes on for as long as its own text repeats.
fn bomb() -> Result<Vec<u8>> {
    let mut sheet = xlsx_file()?;
    let archive = zip::ZipArchive::new(Cursor::new(sheet.as_slice()))?;
    let mut bomb = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).ok_or("no part")??.into_owned();
        if !name.contains("worksheets/sheet1.xml") {
            let mut part = zip::ZipArchive::new(Cursor::new(sheet.as_slice()))?;
            bomb.raw_copy_file(part.by_index(index)?)?;
        }
    }
    bomb.start_file("xl/worksheets/sheet1.xml", options)?;
    bomb.write_all(b"<worksheet><sheetData>")?;
    let rows = b"<row><c t=\"inlineStr\"><is><t>101</t></is></c></row>".repeat(20_000);
    for _ in 0..280 {
        bomb.write_all(&rows)?;
    }
    sheet = bomb.finish()?.into_inner();
    Ok(sheet)
}

fn bare_csv(bytes: &[u8]) {
    let mut reader = csv::Reader::from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).is_ok_and(|read| read) {
        black_box(&record);
    }
}

fn bare_xlsx(bytes: &[u8]) {
    let Ok(mut workbook) = Xlsx::new(Cursor::new(bytes)) else { return };
    let Some(sheet) = workbook.sheet_names().first().cloned() else { return };
    let Ok(mut cells) = workbook.worksheet_cells_reader(&sheet) else { return };
    while let Ok(Some(cell)) = cells.next_cell() {
        black_box(&cell);
    }
}

fn checked(bytes: &[u8]) {
    let readings = [read("rows", bytes.to_vec())];
    let checked = check(&readings, None);
    assert_eq!(checked.accepted, ROW_LIMIT as usize);
}

fn validate(path: &Path) {
    let done = Command::new(env!("CARGO_BIN_EXE_dialtone")).arg("validate").arg(path).arg("--json").output();
    assert!(done.is_ok_and(|output| output.status.success()));
}

fn report(what: &str, ours: Duration, bare: Duration, most: f64) {
    let (ours, bare) = (ours.as_secs_f64() * 1e3, bare.as_secs_f64() * 1e3);
    println!("{what} {ours:.2} ms, bare pass {bare:.2} ms: {:.1} times, at most {most}", ours / bare);
}

/// Runs this program again as a process of its own that checks the file and prints its peak.
fn peak(folder: &Path, name: &str, bytes: &[u8], what: &str, most: u64) -> Result<()> {
    let path = folder.join(name);
    std::fs::write(&path, bytes)?;
    let output = Command::new(std::env::current_exe()?).arg("peak").arg(&path).output()?;
    let peak = String::from_utf8(output.stdout)?;
    println!("{what}: peak {} KB, at most {most} KB", peak.trim());
    Ok(())
}

fn print_peak(path: &Path) -> Result<()> {
    let name = path.to_string_lossy();
    let readings = [dialtone_templates::read_from(&name, std::fs::File::open(path)?, true)?];
    for finding in check(&readings, None).findings() {
        black_box(&finding);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no peak")?;
    println!("{}", peak.trim().trim_end_matches(" kB"));
    Ok(())
}

fn median(times: usize, mut work: impl FnMut()) -> Duration {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let start = now();
            work();
            start.elapsed()
        })
        .collect();
    taken.sort();
    taken[times / 2]
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the machine's own clock")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
