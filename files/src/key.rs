use std::fmt;

use crate::FilesError;

/// The name of a kept file: lower-case letters, digits, `-`, `.` and `/` between parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

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
}
