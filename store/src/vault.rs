use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use sha2::{Digest as _, Sha256};

/// Fills bytes with randomness that nobody can guess.
pub type Randomness = fn(&mut [u8]);

const KEY_LENGTH: usize = 32;
const NONCE_LENGTH: usize = 12;
const ID_LENGTH: usize = 4;
/// The form of a sealed value: this byte, the id of the key, the nonce, the ciphertext with its tag.
const FORM: u8 = 1;
const HEADER_LENGTH: usize = 1 + ID_LENGTH + NONCE_LENGTH;

/// Seals what nobody may read who only has the database: AES-256 in Galois/Counter Mode, with a random nonce and the
/// owner of the value as associated data, so that a value moved to another row doesn't open there.
///
/// The keys come from a file: one a line, 64 hexadecimal digits; an empty line or one that begins with `#` says
/// nothing. The first one seals, all of them open. A key that a value names and that isn't known is looked for in the
/// file once more, because another process may have added it meanwhile. Clones share the keys.
#[derive(Clone)]
pub struct Vault {
    file: Arc<PathBuf>,
    random: Randomness,
    keys: Arc<RwLock<Vec<Key>>>,
}

struct Key {
    id: [u8; ID_LENGTH],
    cipher: Aes256Gcm,
}

/// Why something can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file with the keys can't be read or written.
    #[error("the key file {} can't be used: {reason}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// The file is no key file.
    #[error("the key file {} is wrong in line {line}: a key is 64 hexadecimal digits", .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The file has no key.
    #[error("the key file {} has no key", .file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// The value was sealed with a key that the file doesn't have.
    #[error(
        "credentials were sealed with the key {key}, which {} doesn't have: \
         DIALTONE_KEY_FILE must name the file that has it",
        .file.display()
    )]
    UnknownKey {
        /// The key's id.
        key: String,
        /// The file.
        file: PathBuf,
    },
    /// The value was changed, cut off, or belongs to another row.
    #[error("a sealed value can't be opened: it is damaged, or it is another row's")]
    Damaged,
}

impl Vault {
    /// A vault with the keys of a file.
    ///
    /// # Errors
    /// [`VaultError::File`], [`VaultError::Malformed`] or [`VaultError::Empty`].
    pub fn read(file: &Path, random: Randomness) -> Result<Self, VaultError> {
        let keys = Arc::new(RwLock::new(parse(file, &read(file)?)?));
        Ok(Self { file: Arc::new(file.to_owned()), random, keys })
    }

    /// As [`Vault::read`]; where there is no file, it is made with a new key, for its owner alone.
    ///
    /// # Errors
    /// As [`Vault::read`].
    pub fn read_or_make(file: &Path, random: Randomness) -> Result<Self, VaultError> {
        if !file.exists() {
            let lines = format!(
                "# Dialtone seals the credentials of devices with the first key and opens them with any.\n\
                 # Without this file they are lost: keep a copy, but not beside the database's.\n{}\n",
                new_key(random)
            );
            // Of several processes that make it at once, one wins; a link to a written file never shows half of one.
            let draft = write_draft(file, random, &lines)?;
            let linked = fs::hard_link(&draft, file);
            let removed = fs::remove_file(&draft);
            match linked {
                Err(reason) if reason.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(VaultError::File { file: file.to_owned(), reason });
                }
                _ => removed.map_err(|reason| VaultError::File { file: file.to_owned(), reason })?,
            }
        }
        Self::read(file, random)
    }

    /// Writes a new key to the top of the file, which seals from now on; the others stay, to open what they sealed.
    ///
    /// # Errors
    /// [`VaultError::File`] for a file that can't be written, such as one that an orchestrator mounts.
    pub fn add_key(&self) -> Result<(), VaultError> {
        let failed = |reason| VaultError::File { file: self.file.to_path_buf(), reason };
        let lines = format!("{}\n{}", new_key(self.random), read(&self.file)?);
        let draft = write_draft(&self.file, self.random, &lines)?;
        fs::rename(&draft, &*self.file).map_err(failed)?;
        self.read_again()
    }

    /// Seals a value for its owner. No two sealed values are equal, even of equal ones.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] for a value of more than 64 GiB.
    pub fn seal(&self, owner: &[u8], value: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LENGTH];
        (self.random)(&mut nonce);
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.first().ok_or_else(|| VaultError::Empty { file: self.file.to_path_buf() })?;
        let payload = Payload { msg: value, aad: owner };
        let ciphertext = key.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| VaultError::Damaged)?;
        let mut sealed = Vec::with_capacity(HEADER_LENGTH + ciphertext.len());
        sealed.push(FORM);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Ok(sealed)
    }

    /// Opens what [`Vault::seal`] sealed for the same owner.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] for a value of a key that the file doesn't have, [`VaultError::Damaged`] for one
    /// that was changed or sealed for another owner.
    pub fn open(&self, owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (key, nonce, ciphertext) = parts(sealed).ok_or(VaultError::Damaged)?;
        self.require(key)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let payload = || Payload { msg: ciphertext, aad: owner };
        let opened = |known: &Key| known.cipher.decrypt(&Nonce::from(nonce), payload()).ok();
        // Two keys may have the same id, as unlikely as that is: the tag tells which one it was.
        keys.iter().filter(|known| known.id == key).find_map(opened).ok_or(VaultError::Damaged)
    }

    /// Where its nonces come from.
    pub(crate) const fn randomness(&self) -> Randomness {
        self.random
    }

    /// Whether the key that seals now sealed it.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        parts(sealed).is_some_and(|(key, ..)| keys.first().is_some_and(|current| current.id == key))
    }

    /// The ids of the keys as people compare them, the one that seals first. An id tells nothing of its key.
    pub fn keys(&self) -> Vec<String> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().map(|key| name(key.id)).collect()
    }

    /// Makes sure that a key is known, if the file has it.
    fn require(&self, key: [u8; ID_LENGTH]) -> Result<(), VaultError> {
        let known = || self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().any(|known| known.id == key);
        if !known() {
            self.read_again()?;
        }
        if known() { Ok(()) } else { Err(VaultError::UnknownKey { key: name(key), file: self.file.to_path_buf() }) }
    }

    fn read_again(&self) -> Result<(), VaultError> {
        let keys = parse(&self.file, &read(&self.file)?)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

impl fmt::Debug for Vault {
    /// The file and the ids; never a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("file", &self.file).field("keys", &self.keys()).finish_non_exhaustive()
    }
}

fn read(file: &Path) -> Result<String, VaultError> {
    fs::read_to_string(file).map_err(|reason| VaultError::File { file: file.to_owned(), reason })
}

fn parse(file: &Path, text: &str) -> Result<Vec<Key>, VaultError> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bytes = bytes(line).ok_or_else(|| VaultError::Malformed { file: file.to_owned(), line: index + 1 })?;
        let digest = Sha256::digest(bytes);
        let mut id = [0; ID_LENGTH];
        id.copy_from_slice(&digest[..ID_LENGTH]);
        keys.push(Key { id, cipher: Aes256Gcm::new(&bytes.into()) });
    }
    if keys.is_empty() { Err(VaultError::Empty { file: file.to_owned() }) } else { Ok(keys) }
}

fn bytes(line: &str) -> Option<[u8; KEY_LENGTH]> {
    if line.len() != 2 * KEY_LENGTH || !line.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; KEY_LENGTH];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(line.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

fn new_key(random: Randomness) -> String {
    let mut key = [0; KEY_LENGTH];
    random(&mut key);
    hex(&key)
}

fn name(id: [u8; ID_LENGTH]) -> String {
    hex(&id)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file of another name beside the key file, for its owner alone.
fn write_draft(file: &Path, random: Randomness, lines: &str) -> Result<PathBuf, VaultError> {
    let mut salt = [0; 8];
    random(&mut salt);
    let mut draft = file.as_os_str().to_owned();
    draft.push(format!(".{}", hex(&salt)));
    let draft = PathBuf::from(draft);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut open| {
        open.write_all(lines.as_bytes())?;
        open.sync_all()
    });
    written.map_err(|reason| VaultError::File { file: file.to_owned(), reason })?;
    Ok(draft)
}

fn parts(sealed: &[u8]) -> Option<([u8; ID_LENGTH], [u8; NONCE_LENGTH], &[u8])> {
    let (form, rest) = sealed.split_first()?;
    let (key, rest) = rest.split_first_chunk()?;
    let (nonce, ciphertext) = rest.split_first_chunk()?;
    (*form == FORM).then_some((*key, *nonce, ciphertext))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Different bytes at each call.
    fn counted(bytes: &mut [u8]) {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        bytes.iter_mut().zip(count.iter().cycle()).for_each(|(byte, count)| *byte = *count);
    }

    fn vault() -> (tempfile::TempDir, PathBuf, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let vault = Vault::read_or_make(&file, counted).unwrap();
        (folder, file, vault)
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_alone() {
        let (_folder, _, vault) = vault();
        let sealed = vault.seal(b"one", b"secret").unwrap();
        assert_eq!(vault.open(b"one", &sealed).unwrap(), b"secret");
        assert!(!sealed.windows(6).any(|window| window == b"secret"), "it can be read: {sealed:?}");
        assert_ne!(vault.seal(b"one", b"secret").unwrap(), sealed, "equal values can be told to be equal");
        assert!(matches!(vault.open(b"two", &sealed), Err(VaultError::Damaged)));
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed() {
        let (_folder, _, vault) = vault();
        let sealed = vault.seal(b"one", b"secret").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(vault.open(b"one", &changed).is_err(), "byte {index}");
            assert!(vault.open(b"one", &sealed[..index]).is_err(), "cut off at {index}");
        }
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let (_folder, file, vault) = vault();
        let other = Vault::read(&file, counted).unwrap();
        let old = vault.seal(b"one", b"secret").unwrap();
        vault.add_key().unwrap();
        let new = vault.seal(b"one", b"secret").unwrap();
        assert!(vault.is_current(&new) && !vault.is_current(&old));
        assert_eq!(vault.open(b"one", &old).unwrap(), b"secret");
        // Another process, which read the file before, looks into it again.
        assert_eq!(other.open(b"one", &new).unwrap(), b"secret");
        assert_eq!((vault.keys().len(), vault.keys()), (2, other.keys()));
    }

    #[test]
    fn another_file_says_which_key_is_missing() {
        let (_folder, _, vault) = vault();
        let (_other_folder, file, other) = self::vault();
        let sealed = vault.seal(b"one", b"secret").unwrap();
        let error = other.open(b"one", &sealed).unwrap_err().to_string();
        assert!(error.contains(&vault.keys()[0]) && error.contains(&file.display().to_string()), "{error}");
    }

    #[test]
    fn the_file_is_its_owners_alone_and_several_at_once_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let vaults: Vec<Vault> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Vault::read_or_make(&file, counted).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(vaults.iter().all(|vault| vault.keys() == vaults[0].keys()));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a draft is left");
    }

    #[test]
    fn a_file_that_is_no_key_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let error = |text: &str| {
            fs::write(&file, text).unwrap();
            Vault::read(&file, counted).unwrap_err()
        };
        assert!(matches!(error("# nothing\n\n"), VaultError::Empty { .. }));
        assert!(matches!(error("\nabc\n"), VaultError::Malformed { line: 2, .. }));
        assert!(matches!(error(&"g".repeat(64)), VaultError::Malformed { line: 1, .. }));
        fs::remove_file(&file).unwrap();
        assert!(matches!(Vault::read(&file, counted), Err(VaultError::File { .. })));
        let key = "0f".repeat(32);
        fs::write(&file, format!("{key}\n")).unwrap();
        let shown = format!("{:?}", Vault::read(&file, counted).unwrap());
        assert!(!shown.contains(&key), "{shown}");
    }
}
