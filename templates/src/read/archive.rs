use std::io::{Cursor, Read};

use memchr::memmem;
use zip::ZipArchive;
use zip::result::ZipError;

use super::xml_guard::{Guard, Part, Refusal, Seen};
use crate::{Problem, Rule};

/// The bytes that may come out of a sheet; as many are allowed.
pub(super) const SHEET_LIMIT: u64 = 256 * 1024 * 1024;

/// The bytes that may come out of all other parts together.
const OTHER_PARTS_LIMIT: u64 = 64 * 1024 * 1024;

/// The bytes that may come out of a part that isn't XML, such as a picture.
const PICTURE_LIMIT: u64 = 16 * 1024 * 1024;

/// The parts that a workbook may have.
const PARTS_LIMIT: usize = 2_000;

/// What a file that isn't text is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// A zip archive, as XLSX is.
    Zip,
    /// A compound file, as old workbooks and encrypted ones are.
    Compound,
}

/// Tells a packed file by its first bytes.
pub(super) fn container(bytes: &[u8]) -> Option<Container> {
    match bytes {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] | [b'P', b'K', 7, 8, ..] => Some(Container::Zip),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Some(Container::Compound),
        _ => None,
    }
}

/// What is said of a compound file, which is never read.
pub(super) fn refuse_compound(bytes: &[u8]) -> Problem {
    let has = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        memmem::find(bytes, &name).is_some()
    };
    if has("EncryptedPackage") {
        Problem::file(Rule::FilePassword)
    } else if has("Workbook") || has("Book") {
        Problem::file(Rule::FileFormat).note("The file is a workbook in the old format of Excel 97 (.xls).")
    } else {
        Problem::file(Rule::FileFormat).note("The file is an old Office document and no XLSX workbook.")
    }
}

/// Reads every part of a zip archive once and keeps nothing, so that what comes out of it is known to be bounded, by the
/// bytes that really come and not by the sizes that the archive claims, before a library holds any of it in memory.
pub(super) fn inspect(bytes: &[u8]) -> Result<Seen, Problem> {
    // The library makes an entry of some hundred bytes out of each of these marks.
    let entries = memmem::find_iter(bytes, b"PK\x01\x02").count();
    if entries > PARTS_LIMIT {
        return Err(bomb(format!("it has {entries} parts")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    recognise(&archive)?;
    if archive.has_duplicate_names() {
        return Err(Problem::file(Rule::FileDamaged).note("two of its parts have the same name"));
    }
    if archive.has_overlapping_files().map_err(|error| damaged(&error))? {
        return Err(bomb("its parts overlap".to_owned()));
    }
    let mut seen = Seen::default();
    let mut others = 0;
    for index in 0..archive.len() {
        others += inspect_part(&mut archive, index, others, &mut seen)?;
    }
    Ok(seen)
}

/// Reads one part. Returns its bytes unless it is a sheet, which has a limit of its own.
fn inspect_part(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    others: u64,
    seen: &mut Seen,
) -> Result<u64, Problem> {
    let mut file = archive.by_index(index).map_err(|error| damaged(&error))?;
    let name = file.name().map_err(|error| damaged(&error))?.to_lowercase();
    let part = Part::of(&name);
    let limit = match part {
        Part::Sheet => SHEET_LIMIT,
        Part::Picture => PICTURE_LIMIT.min(OTHER_PARTS_LIMIT - others),
        _ => OTHER_PARTS_LIMIT - others,
    };
    let mut guard = Guard::new(part, seen);
    let mut buffer = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let read = file.read(&mut buffer).map_err(|error| {
            Problem::file(Rule::FileDamaged).note(format!("its part {name} can't be unpacked ({error})"))
        })?;
        if read == 0 {
            return Ok(if part == Part::Sheet { 0 } else { size });
        }
        size += read as u64;
        if size > limit {
            return Err(bomb(format!("more than {} MiB come out of its part {name}", limit / (1024 * 1024))));
        }
        guard.read(&buffer[..read]).map_err(|refusal| match refusal {
            Refusal::Doctype => Problem::file(Rule::FileDoctype).note(name.as_str()),
            Refusal::Damaged(words) => Problem::file(Rule::FileDamaged).note(format!("its part {name} {words}")),
            Refusal::TooMuch(words) => bomb(format!("its part {name} {words}")),
        })?;
    }
}

/// Refuses archives that aren't XLSX workbooks, each with its name.
fn recognise(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<(), Problem> {
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.map(|name| name.replace('\\', "/").to_lowercase()))
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(&error))?;
    let has = |part: &str| names.iter().any(|name| name == part);
    let ends = |part: &str| names.iter().any(|name| name.ends_with(part));
    let words = if ends("vbaproject.bin") {
        "The file is a workbook with macros (.xlsm), which isn't read."
    } else if has("xl/workbook.bin") {
        "The file is a binary workbook (.xlsb), which isn't read."
    } else if has("content.xml") && has("mimetype") {
        "The file is an OpenDocument file (.ods), which isn't read."
    } else if has("word/document.xml") {
        "The file is a Word document."
    } else if !has("[content_types].xml") && !ends("workbook.xml") {
        "The file is a zip archive and no workbook."
    } else {
        return Ok(());
    };
    Err(Problem::file(Rule::FileFormat).note(words))
}

fn bomb(words: String) -> Problem {
    Problem::file(Rule::FileBomb).note(words)
}

fn damaged(error: &ZipError) -> Problem {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Problem::file(Rule::FilePassword)
        }
        error => Problem::file(Rule::FileDamaged).note(format!("it can't be unpacked ({error})")),
    }
}
