//! The bytes of uploads and reports, in a local folder or in a bucket of an S3-compatible object store. The only room
//! that knows where they lie.
//!
//! A key is made by Dialtone and never from user text, so no name in an upload can lead out of the folder.

mod address;
mod bucket;
mod error;
mod folder;
mod key;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

use address::Address;
use bucket::Bucket;
pub use bucket::Credentials;
pub use error::FilesError;
use folder::Folder;
pub use key::Key;

/// The most bytes of a kept file. It bounds what a process can be made to hold by an object that isn't Dialtone's.
const MOST: u64 = 256 * 1024 * 1024;
/// What [`Files::check`] writes and reads.
const PROBE: &str = "check/probe.txt";

/// Where bytes are kept.
#[derive(Clone, Debug)]
pub struct Files(Place);

#[derive(Clone, Debug)]
enum Place {
    Folder(Folder),
    Bucket(Bucket),
}

impl Files {
    /// Keeps bytes below `folder`, which is made when it isn't there.
    pub fn local(folder: impl Into<PathBuf>) -> Self {
        Self(Place::Folder(Folder(folder.into())))
    }

    /// Keeps bytes where `url` says: `file:///FOLDER`, or `s3://BUCKET/PREFIX?region=REGION` for Amazon's S3, or
    /// `s3://BUCKET/PREFIX?endpoint=http://HOST:PORT` for another server of the same protocol, asked with its buckets in
    /// the path. Nothing is connected to yet.
    ///
    /// # Errors
    /// [`FilesError::Address`] for another address, and for a bucket without credentials.
    pub fn open(url: &str, credentials: Option<&Credentials>) -> Result<Self, FilesError> {
        match Address::parse(url)? {
            Address::Folder(folder) => Ok(Self::local(folder)),
            Address::Bucket { bucket, prefix, endpoint, region } => {
                let missing = "is a bucket: give AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
                let credentials = credentials.ok_or_else(|| FilesError::Address(missing.to_owned()))?;
                Ok(Self(Place::Bucket(Bucket::new(bucket, prefix, endpoint, region, credentials))))
            }
        }
    }

    /// Keeps `bytes` under `key`, in place of what was there. A reader sees the old bytes or the new ones, never a
    /// part. What this returned for is on the disk, or the object store compared its SHA-256 and keeps it.
    pub async fn put(&self, key: &Key, bytes: Vec<u8>) -> Result<(), FilesError> {
        match &self.0 {
            Place::Folder(folder) => folder.put(key, bytes).await,
            Place::Bucket(bucket) => bucket.put(key, bytes).await,
        }
    }

    /// The bytes under `key`. An object is compared with the SHA-256 that was kept with it.
    ///
    /// # Errors
    /// [`FilesError::Missing`], [`FilesError::Changed`], and [`FilesError::TooLarge`] beyond 256 MiB.
    pub async fn get(&self, key: &Key) -> Result<Vec<u8>, FilesError> {
        match &self.0 {
            Place::Folder(folder) => folder.get(key, MOST).await,
            Place::Bucket(bucket) => bucket.get(key, MOST).await,
        }
    }

    /// The bytes under `key`, if their SHA-256, in lower-case hexadecimal, is the one that was recorded for them.
    ///
    /// # Errors
    /// [`FilesError::Changed`] if it is another one; else as [`Files::get`].
    pub async fn get_exactly(&self, key: &Key, recorded: &str) -> Result<Vec<u8>, FilesError> {
        let bytes = self.get(key).await?;
        if sha256(&bytes) == recorded { Ok(bytes) } else { Err(FilesError::Changed(self.location(key))) }
    }

    /// Where a person finds the bytes of `key`: a path, or an `s3://` address.
    pub fn location(&self, key: &Key) -> String {
        match &self.0 {
            Place::Folder(folder) => folder.path(key).display().to_string(),
            Place::Bucket(bucket) => bucket.location(key),
        }
    }

    /// Writes a small file, reads it again and compares. It stays there, always the same.
    pub async fn check(&self) -> Result<(), FilesError> {
        let key = Key::new(PROBE)?;
        let bytes = b"Dialtone can write and read here.\n";
        self.put(&key, bytes.to_vec()).await?;
        self.get_exactly(&key, &sha256(bytes)).await?;
        Ok(())
    }

    /// A link by which whoever has it can download the bytes of `key` for `ttl`, at most 7 days, without credentials; the
    /// browser saves them as `file_name`. A local folder has no links.
    pub async fn presigned(&self, key: &Key, ttl: Duration, file_name: &str) -> Result<Option<String>, FilesError> {
        match &self.0 {
            Place::Folder(_) => Ok(None),
            Place::Bucket(bucket) => bucket.presigned(key, ttl, file_name).await.map(Some),
        }
    }
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
