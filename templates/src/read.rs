use crate::Reading;

/// The bytes that a file may have; as many are allowed.
pub const FILE_LIMIT: u64 = 5 * 1024 * 1024;

/// The rows that all files of a template, or one file of a project, may have; as many are allowed.
pub const ROW_LIMIT: u32 = 15_000;

/// Reads a file. `name` is for people; what the file is follows from `bytes` alone.
pub fn read(name: &str, bytes: Vec<u8>) -> Reading {
    Reading {
        name: name.to_owned(),
        sha256: None,
        size: bytes.len() as u64,
        kind: None,
        encoding: None,
        separator: None,
        header: Vec::new(),
        table: crate::Table::default(),
        row_count: 0,
        blank_rows: 0,
        origin: None,
        problems: Vec::new(),
    }
}
