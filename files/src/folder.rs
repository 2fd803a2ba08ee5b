use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{FilesError, Key};

/// Kept files in a folder of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

/// Counts the drafts of this process, so that two of one key never share one.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

impl Folder {
    pub(crate) async fn put(&self, key: &Key, bytes: Vec<u8>) -> Result<(), FilesError> {
        let path = self.path(key);
        run_blocking(move || write_whole(&path, &bytes)).await
    }

    pub(crate) async fn get(&self, key: &Key, most: u64) -> Result<Vec<u8>, FilesError> {
        let path = self.path(key);
        run_blocking(move || read_whole(&path, most)).await
    }

    pub(crate) fn path(&self, key: &Key) -> PathBuf {
        self.0.join(key.as_str())
    }
}

fn read_whole(path: &Path, most: u64) -> Result<Vec<u8>, FilesError> {
    let location = || path.display().to_string();
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FilesError::Missing(location())),
        Ok(found) if found.len() > most => {
            return Err(FilesError::TooLarge { location: location(), bytes: found.len(), most });
        }
        Ok(_) | Err(_) => {}
    }
    fs::read(path).map_err(failed("read", path))
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FilesError> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(failed("made", folder))?;
    let draft = draft(path);
    let written = fs::write(&draft, bytes)
        .and_then(|()| File::open(&draft)?.sync_all())
        .and_then(|()| fs::rename(&draft, path))
        // The new name is on the disk only when its folder is.
        .and_then(|()| File::open(folder)?.sync_all());
    written.map_err(|source| {
        // A half-written draft is of no use to anybody; that it can't be removed either changes nothing.
        let _ = fs::remove_file(&draft);
        failed("written", path)(source)
    })
}

fn draft(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{}-{}.draft", std::process::id(), DRAFTS.fetch_add(1, Ordering::Relaxed)));
    PathBuf::from(name)
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
