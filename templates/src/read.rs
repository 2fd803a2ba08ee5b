mod archive;
mod builder;
mod delimited;
mod encoding;
mod header;
mod label;
mod workbook;
mod xml_guard;

use std::fmt::Write;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use crate::{Problem, Problems, Reading, Rule, Table};

/// The bytes that a file may have; as many are allowed.
pub const FILE_LIMIT: u64 = 5 * 1024 * 1024;

/// The rows that all files of a template, or one file of a project, may have; as many are allowed.
pub const ROW_LIMIT: u32 = 15_000;

/// Reads a file of any kind.
///
/// `name` is for people; what the file is follows from `bytes` alone. Whatever the bytes are, the answer is a reading: its
/// problems say what is wrong. A file of more than [`FILE_LIMIT`] bytes isn't looked into.
pub fn read(name: &str, bytes: Vec<u8>) -> Reading {
    let size = bytes.len() as u64;
    let sha256 = hexadecimal(&Sha256::digest(&bytes));
    if size > FILE_LIMIT {
        return too_large(name, size, Some(sha256));
    }
    let mut reading = empty(name, size, Some(sha256));
    if bytes.is_empty() {
        reading.problems.push(Problem::file(Rule::FileEmpty));
    } else if let Some(container) = archive::container(&bytes) {
        workbook::read(container, bytes, &mut reading);
    } else {
        delimited::read(bytes, &mut reading);
    }
    reading
}

/// Reads a file from where it lies. One that is too large is never held in memory; it is read to its end for its digest
/// if it `ends`, as a file on a disk does and a pipe may not.
///
/// # Errors
///
/// When the source fails.
pub fn read_from(name: &str, mut source: impl Read, ends: bool) -> io::Result<Reading> {
    let mut bytes = Vec::new();
    source.by_ref().take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= FILE_LIMIT {
        return Ok(read(name, bytes));
    }
    if !ends {
        return Ok(too_large(name, FILE_LIMIT + 1, None));
    }
    let mut digest = Sha256::new_with_prefix(&bytes);
    let mut size = bytes.len() as u64;
    bytes.truncate(64 * 1024);
    loop {
        let read = source.read(&mut bytes)?;
        if read == 0 {
            return Ok(too_large(name, size, Some(hexadecimal(&digest.finalize()))));
        }
        digest.update(&bytes[..read]);
        size += read as u64;
    }
}

fn too_large(name: &str, size: u64, sha256: Option<String>) -> Reading {
    let mut reading = empty(name, size, sha256);
    reading.problems.push(Problem::file(Rule::FileTooLarge));
    reading
}

/// The bytes of a digest as people and JSON show them.
fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(2 * digest.len()), |mut text, byte| {
        // Writing to a string doesn't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn empty(name: &str, size: u64, sha256: Option<String>) -> Reading {
    Reading {
        name: name.to_owned(),
        sha256,
        size,
        kind: None,
        encoding: None,
        separator: None,
        header: Vec::new(),
        table: Table::default(),
        row_count: 0,
        blank_rows: 0,
        origin: None,
        problems: Problems::default(),
    }
}
