use std::borrow::Cow;
use std::fmt;

use dialtone_model::{Device, DeviceKind, SecretString, Tls};
use russh::keys::{Algorithm, HashAlg, PublicKey};
use russh::{Preferred, cipher, kex, mac};

use crate::DriverError;
use crate::dial::Dialler;

/// Where a device with a command line is, what vouches for it, and how it is logged in to.
pub(super) struct Target {
    pub(super) dialler: Dialler,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) login: String,
    pub(super) password: SecretString,
    /// The password of `enable`.
    pub(super) enable: SecretString,
    pub(super) host_key: HostKey,
    pub(super) legacy_algorithms: bool,
    /// The module in the router's slot whose command line is meant, such as `integrated-Service-Engine 0/0`.
    pub(super) module: Option<String>,
    /// Commands that a number may be given, beside those that are known.
    pub(super) commands: Vec<String>,
}

/// What vouches for the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostKey {
    /// The key with this fingerprint, such as `SHA256:…`.
    Pinned(String),
    /// Nothing yet: whatever key is shown is refused, and named.
    Unknown,
    /// Nothing, by a person's wish.
    Any,
}

/// The key's fingerprint, or the key itself as `ssh-keyscan` prints it.
const HOST_KEY: &str = "ssh.host-key";
/// `yes`: key exchanges, ciphers, checksums and signatures of older releases of IOS, after the safe ones.
const LEGACY_ALGORITHMS: &str = "ssh.legacy-algorithms";
/// The Unity Express is reached through the router at the address.
const SERVICE_MODULE: &str = "ssh.service-module";
/// Further commands for a number, separated by `;`.
const COMMANDS: &str = "ssh.commands";
/// The secret with the password of `enable`, where it isn't the account's.
const ENABLE: &str = "enable";

impl Target {
    pub(super) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        let setting =
            |name: &str| device.settings.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let wrong = |name: &str, problem: &str| DriverError::Setting {
            kind: device.kind,
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let (host, port) =
            address(&device.address).ok_or_else(|| DriverError::SshAddress { address: device.address.clone() })?;
        let host_key = match (setting(HOST_KEY), &device.tls) {
            (Some(key), _) => HostKey::Pinned(
                fingerprint(key).ok_or_else(|| wrong(HOST_KEY, "is neither a SHA256 fingerprint nor a public key"))?,
            ),
            (None, Tls::Insecure) => HostKey::Any,
            (None, _) => HostKey::Unknown,
        };
        let legacy_algorithms = match setting(LEGACY_ALGORITHMS) {
            None | Some("no") => false,
            Some("yes") => true,
            Some(_) => return Err(wrong(LEGACY_ALGORITHMS, "is neither yes nor no")),
        };
        let module = setting(SERVICE_MODULE);
        let is_interface = |text: &str| {
            text.split(' ').count() == 2
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" /-".contains(&byte))
        };
        if module.is_some_and(|module| !is_interface(module)) {
            return Err(wrong(SERVICE_MODULE, "hasn't the form integrated-Service-Engine 0/0"));
        }
        if module.is_some() && device.kind != DeviceKind::UnityExpress {
            return Err(wrong(
                SERVICE_MODULE,
                "is of use to a Unity Express only, which is reached through its router",
            ));
        }
        let commands = setting(COMMANDS).unwrap_or_default().split(';').map(str::trim);
        let enable = device.secrets.get(ENABLE).unwrap_or(&device.password);
        Ok(Self {
            dialler: dialler.clone(),
            host,
            port,
            login: device.login.clone(),
            password: SecretString::from(device.password.as_str()),
            enable: SecretString::from(enable.as_str()),
            host_key,
            legacy_algorithms,
            module: module.map(str::to_owned),
            commands: commands.filter(|command| !command.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// The algorithms that are offered, the best first.
    pub(super) fn algorithms(&self) -> Preferred {
        // A host key of RSA will do, but no signature of it over SHA-1.
        let old_key = Algorithm::Rsa { hash: None };
        let keys = Preferred::DEFAULT.key.iter().filter(|key| **key != old_key).cloned();
        let safe = Preferred { key: keys.collect(), ..Preferred::DEFAULT };
        if !self.legacy_algorithms {
            return safe;
        }
        let kex = [kex::DH_G14_SHA1, kex::DH_GEX_SHA1, kex::DH_G1_SHA1];
        let ciphers = [cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC];
        Preferred {
            kex: Cow::Owned(safe.kex.iter().copied().chain(kex).collect()),
            cipher: Cow::Owned(safe.cipher.iter().copied().chain(ciphers).collect()),
            mac: Cow::Owned(safe.mac.iter().copied().chain([mac::HMAC_SHA1]).collect()),
            key: Cow::Owned(safe.key.iter().cloned().chain([old_key]).collect()),
            ..safe
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

/// Host and port of `ssh://host:port`; the port is 22 where none is said.
fn address(text: &str) -> Option<(String, u16)> {
    let authority = text.strip_prefix("ssh://")?.trim_end_matches('/');
    if authority.contains(['@', '/', ' ']) {
        return None;
    }
    let (host, port) = match authority.rsplit_once(':') {
        // An IPv6 address has colons of its own, and brackets around it.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, 22),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn fingerprint(text: &str) -> Option<String> {
    if let Some(digest) = text.strip_prefix("SHA256:") {
        let digest = digest.trim_end_matches('=');
        let whole =
            digest.len() == 43 && digest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
        return whole.then(|| format!("SHA256:{digest}"));
    }
    // `ssh-keyscan` prints the host before the key.
    let from_key = text.find("ssh-").or_else(|| text.find("ecdsa-")).map(|at| &text[at..])?;
    PublicKey::from_openssh(from_key).ok().map(|key| key.fingerprint(HashAlg::Sha256).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_perhaps_a_port() {
        let of = |text: &str| address(text);
        assert_eq!(of("ssh://cme.example.com"), Some(("cme.example.com".to_owned(), 22)));
        assert_eq!(of("ssh://10.0.0.1:2222/"), Some(("10.0.0.1".to_owned(), 2222)));
        assert_eq!(of("ssh://[::1]:2222"), Some(("::1".to_owned(), 2222)));
        assert_eq!(of("ssh://[::1]"), Some(("::1".to_owned(), 22)));
        for wrong in ["https://cme", "ssh://", "ssh://a:b", "ssh://tony@cme", "cme"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_host_key_is_known_by_its_fingerprint_or_by_itself() {
        let print = "SHA256:tpTrSk/XW4Lt0IULUYVjNrGTPDTcM6pkGY313AMGgIk";
        assert_eq!(fingerprint(print).as_deref(), Some(print));
        let key = "10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
        assert!(fingerprint(key).unwrap().starts_with("SHA256:"));
        for wrong in ["SHA256:short", "MD5:00", "ssh-ed25519 nothing", "yes"] {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
