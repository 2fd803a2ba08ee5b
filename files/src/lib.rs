//! The bytes of uploads and reports, in a local folder. The only room that knows where they lie.
//!
//! A key is made by Dialtone and never from user text, so no name in an upload can lead out of the folder.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Where bytes are kept.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
}

/// The name of a kept file: lower-case letters, digits, `-`, `.` and `/` between parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

/// Something went wrong with kept bytes.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The folder can't be read or written.
    #[error("{} can't be {act}: {source}", path.display())]
    Io {
        /// What was tried, as a participle: `written`.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not a key that Dialtone makes.
    #[error("{0:?} is no key of a kept file")]
    Key(String),
}

impl Key {
    /// A key of these parts.
    ///
    /// # Errors
    /// [`FilesError::Key`] for an empty part, a part that starts with `.`, or another character than those above.
    pub fn new(text: impl Into<String>) -> Result<Self, FilesError> {
        let text = text.into();
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        let part_is_fine = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed);
        if text.split('/').all(part_is_fine) { Ok(Self(text)) } else { Err(FilesError::Key(text)) }
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Files {
    /// Keeps bytes below `folder`, which is made when it isn't there.
    pub fn local(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Keeps `bytes` under `key`, in place of what was there. A reader sees the old bytes or the new ones, never a
    /// part, and what this returned for is on the disk.
    pub async fn put(&self, key: &Key, bytes: Vec<u8>) -> Result<(), FilesError> {
        let path = self.path(key);
        run_blocking(move || write_whole(&path, &bytes)).await
    }

    /// The bytes under `key`.
    pub async fn get(&self, key: &Key) -> Result<Vec<u8>, FilesError> {
        let path = self.path(key);
        run_blocking(move || std::fs::read(&path).map_err(failed("read", &path))).await
    }

    /// Where a person finds the bytes of `key`.
    pub fn location(&self, key: &Key) -> String {
        self.path(key).display().to_string()
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.0)
    }
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(failed("made", folder))?;
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let draft = PathBuf::from(draft);
    let written = std::fs::write(&draft, bytes)
        .and_then(|()| std::fs::File::open(&draft)?.sync_all())
        .and_then(|()| std::fs::rename(&draft, path));
    written.map_err(|source| {
        // A half-written draft is of no use to anybody; that it can't be removed either changes nothing.
        let _ = std::fs::remove_file(&draft);
        failed("written", path)(source)
    })
}

fn failed(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FilesError {
    let path = path.to_owned();
    move |source| FilesError::Io { act, path, source }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FilesError> + Send + 'static,
) -> Result<T, FilesError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failure) => std::panic::resume_unwind(failure.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leads_out_of_the_folder() {
        for bad in ["", "/", "a//b", "../a", "a/../b", ".", "a/.b", "A", "a b", "a\\b", "ä", "a\0"] {
            assert!(Key::new(bad).is_err(), "{bad:?}");
        }
        assert!(Key::new("uploads/0198-ab.csv").is_ok());
    }

    #[tokio::test]
    async fn bytes_come_back_and_a_second_put_replaces_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::local(folder.path());
        let key = Key::new("reports/1.csv").unwrap();
        files.put(&key, b"old".to_vec()).await.unwrap();
        files.put(&key, b"new".to_vec()).await.unwrap();
        assert_eq!(files.get(&key).await.unwrap(), b"new");
        assert_eq!(std::fs::read_dir(folder.path().join("reports")).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = Files::local(folder.path()).get(&Key::new("a/b").unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("a/b can't be read"), "{error}");
    }
}
