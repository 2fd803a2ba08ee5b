use std::io;
use std::path::PathBuf;

/// Something went wrong with kept bytes. Each says what a person can do about it, and none names a secret.
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
    /// The address of the kept files can't be used.
    #[error("the address of the kept files {0}")]
    Address(String),
    /// Nothing is kept there.
    #[error("there is no file {0}: was it removed, or does the address of the kept files name another place?")]
    Missing(String),
    /// The bytes aren't those that were kept.
    #[error("{0} isn't what was stored there, its SHA-256 differs: bring it back from a backup")]
    Changed(String),
    /// Bytes were altered on their way to the object store, which kept nothing.
    #[error("{0} wasn't stored: other bytes arrived than were sent ({1}); try again, then look at the network")]
    Damaged(String, String),
    /// More bytes than one file may have.
    #[error("{location} has {bytes} bytes, a kept file has at most {most}")]
    TooLarge {
        /// Which file.
        location: String,
        /// How many it has.
        bytes: u64,
        /// How many it may have.
        most: u64,
    },
    /// The object store has no such bucket.
    #[error("there is no bucket {bucket:?} at {endpoint}: make it, or correct the address of the kept files")]
    NoBucket {
        /// The bucket that was named.
        bucket: String,
        /// Whom we asked.
        endpoint: String,
    },
    /// The object store refuses these credentials.
    #[error(
        "{endpoint} refuses access to the bucket {bucket:?} ({code}): check the access key, and that it may read and \
         write objects there"
    )]
    Denied {
        /// The bucket that was named.
        bucket: String,
        /// Whom we asked.
        endpoint: String,
        /// The object store's own code, such as `SignatureDoesNotMatch`.
        code: String,
    },
    /// The object store finds our signature too old or too new.
    #[error("{endpoint} finds this machine's clock wrong (RequestTimeTooSkewed): set the clock, then try again")]
    Clock {
        /// Whom we asked.
        endpoint: String,
    },
    /// No answer, after all repetitions.
    #[error("the object store {endpoint} doesn't answer: {reason}")]
    Unreachable {
        /// Whom we asked.
        endpoint: String,
        /// What happened to the last request.
        reason: String,
    },
    /// Another answer than was asked for, after all repetitions.
    #[error("the object store {endpoint} answers {code}: {message}")]
    Refused {
        /// Whom we asked.
        endpoint: String,
        /// The object store's own code.
        code: String,
        /// What it says.
        message: String,
    },
}
