use std::io;
use std::path::{Path, PathBuf};

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, HashAlg, PrivateKey};

/// The key that a device shows over SSH.
pub(crate) type HostKey = PrivateKey;

/// Why there is no key to show over SSH.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// The file can't be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It can't be made, or what the file holds is none.
    #[error("the key to show over SSH: {0}")]
    Key(String),
}

const FILE: &str = "ssh-host-key";

/// The key that is kept in `folder`, or else a new one, which is kept there from then on.
pub(crate) fn host_key(folder: Option<&Path>) -> Result<HostKey, HostKeyError> {
    let wrong = |error: russh::keys::ssh_key::Error| HostKeyError::Key(error.to_string());
    let new = || PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).map_err(wrong);
    let Some(path) = folder.map(|folder| folder.join(FILE)) else { return new() };
    let failed = |source| HostKeyError::File { path: path.clone(), source };
    match std::fs::read_to_string(&path) {
        Ok(text) => PrivateKey::from_openssh(text).map_err(wrong),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = new()?;
            let text = key.to_openssh(LineEnding::LF).map_err(wrong)?;
            std::fs::write(&path, text.as_bytes()).map_err(failed)?;
            Ok(key)
        }
        Err(error) => Err(failed(error)),
    }
}

/// As `ssh-keygen -l` prints it.
pub(crate) fn fingerprint(key: &HostKey) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
