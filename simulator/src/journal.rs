use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// One request that reached a simulated device, as the log lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry<T = serde_json::Value> {
    /// Counts the device's requests, from 1.
    pub seq: u64,
    /// When the device acted.
    pub at: Timestamp,
    /// What was asked, such as `PUT /v1/extensions/101`.
    pub request: String,
    /// The request's own key, if it had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The status of the answer; `None` when the connection was dropped instead.
    pub status: Option<u16>,
    /// What the request changed. A request without effect has none; two requests may have one effect between them.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Change<T>>,
}

/// One object of a device after a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T = serde_json::Value> {
    /// Which, such as `extension/101`.
    pub object: String,
    /// What it is now; `None`: it is gone.
    pub value: Option<T>,
}

/// The entries, in order, one JSON object a line.
#[derive(Debug)]
pub(crate) enum Journal {
    /// In a file; every entry is one write, made before the answer, so a killed process loses no answered request.
    File { file: File, path: PathBuf },
    /// In memory, for measurements and tests.
    Memory(Vec<u8>),
}

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file can't be opened, read or cut.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A whole line of the file isn't an entry.
    #[error("{}, line {line}: {source}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

impl Journal {
    /// Opens the journal at `path`, or makes it, and gives what it holds.
    ///
    /// A last line without its end was being written when the process was killed. Its request was never answered,
    /// so it is cut off.
    pub(crate) fn open<T: DeserializeOwned>(path: &Path) -> Result<(Self, Vec<LogEntry<T>>), JournalError> {
        let failed = |source| JournalError::File { path: path.to_owned(), source };
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path).map_err(failed)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        if whole < bytes.len() {
            bytes.truncate(whole);
            file.set_len(whole as u64).map_err(failed)?;
        }
        let entries =
            entries(&bytes).map_err(|(line, source)| JournalError::Line { path: path.to_owned(), line, source })?;
        Ok((Self::File { file, path: path.to_owned() }, entries))
    }

    /// Adds one entry.
    pub(crate) fn append<T: Serialize>(&mut self, entry: &LogEntry<T>) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => write_line(bytes, entry),
            Self::File { file, .. } => {
                let mut line = Vec::with_capacity(512);
                write_line(&mut line, entry)?;
                file.write_all(&line)
            }
        }
    }

    /// The whole journal, as it is written.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        match self {
            Self::Memory(bytes) => Ok(bytes.clone()),
            Self::File { path, .. } => std::fs::read(path),
        }
    }
}

fn write_line<T: Serialize>(bytes: &mut Vec<u8>, entry: &LogEntry<T>) -> io::Result<()> {
    serde_json::to_writer(&mut *bytes, entry)?;
    bytes.push(b'\n');
    Ok(())
}

/// Reads lines as [`Journal`] writes them; an error names the line, from 1.
pub(crate) fn entries<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<LogEntry<T>>, (usize, serde_json::Error)> {
    let lines = bytes.split(|&byte| byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    lines.map(|(index, line)| serde_json::from_slice(line).map_err(|error| (index + 1, error))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64) -> LogEntry<u32> {
        let effects = vec![Change { object: "extension/101".to_owned(), value: Some(7) }];
        let request = "PUT /v1/extensions/101".to_owned();
        LogEntry { seq, at: Timestamp::UNIX_EPOCH, request, id: None, status: Some(201), effects }
    }

    #[test]
    fn a_torn_last_line_is_cut_off_and_writing_goes_on_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.jsonl");
        let (mut journal, _) = Journal::open::<u32>(&path).unwrap();
        journal.append(&entry(1)).unwrap();
        drop(journal);
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(br#"{"seq":2,"at":"2026-"#).unwrap();

        let (mut journal, entries) = Journal::open::<u32>(&path).unwrap();
        assert_eq!(entries, [entry(1)]);
        journal.append(&entry(2)).unwrap();
        let (_, entries) = Journal::open::<u32>(&path).unwrap();
        assert_eq!(entries, [entry(1), entry(2)]);
    }

    #[test]
    fn a_damaged_whole_line_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.jsonl");
        std::fs::write(&path, "\nnonsense\n").unwrap();
        let error = Journal::open::<u32>(&path).unwrap_err();
        assert!(matches!(error, JournalError::Line { line: 2, .. }), "{error}");
    }
}
