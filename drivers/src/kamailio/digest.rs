use dialtone_model::SecretString;
use md5::{Digest as _, Md5};

use super::site::{Site, Storage};

/// The columns of `subscriber` that a password becomes.
pub(super) struct Credentials {
    pub(super) password: SecretString,
    pub(super) ha1: SecretString,
    pub(super) ha1b: SecretString,
}

impl Credentials {
    /// The columns for an extension; those that the site doesn't keep are empty.
    pub(super) fn new(site: &Site, key: &str, password: &str) -> Self {
        let digest = |user: &str| hex(&Md5::digest(format!("{user}:{}:{password}", site.domain)));
        let digests = |user: &str| if site.storage == Storage::Clear { String::new() } else { digest(user) };
        let clear = if site.storage == Storage::Ha1 { "" } else { password };
        Self { password: clear.into(), ha1: digests(key).into(), ha1b: digests(&site.address(key)).into() }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use dialtone_model::ExposeSecret as _;

    use super::*;

    fn columns(passwords: &str) -> [String; 3] {
        let settings = [("domain", "example.org"), ("rpc", "http://127.0.0.1:5060/RPC"), ("passwords", passwords)];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let credentials =
            Credentials::new(&Site::new(&settings, &dialtone_model::Tls::System).unwrap(), "101", "secret");
        [&credentials.password, &credentials.ha1, &credentials.ha1b].map(|column| column.expose_secret().to_owned())
    }

    #[test]
    fn a_password_becomes_the_columns_that_the_site_keeps() {
        // md5sum says so of `101:example.org:secret` and `101@example.org:example.org:secret`.
        let [ha1, ha1b] = ["2a22a96c012fc12e1592f0f23e0bcbcc", "49b82b0fb8a186fcb60bbb4ecd659e5a"];
        assert_eq!(columns("ha1"), ["", ha1, ha1b]);
        assert_eq!(columns("clear"), ["secret", "", ""]);
        assert_eq!(columns("both"), ["secret", ha1, ha1b]);
    }
}
