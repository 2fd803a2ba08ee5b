use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The certificate that the simulated devices show, and the authority that vouches for it.
///
/// The authority's key is thrown away once it has signed, so the file given to clients can vouch for nothing else.
pub(crate) struct Identity {
    pub(crate) ca_pem: String,
    certificate_pem: String,
    key_pem: String,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file of the data folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    /// A stored certificate or key is damaged.
    #[error("the stored certificate can't be read: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// The TLS library refuses it.
    #[error("the certificate can't be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl Identity {
    /// A new identity that nobody keeps.
    pub(crate) fn new() -> Result<Self, CertificateError> {
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        ca.distinguished_name.push(DnType::CommonName, "Dialtone simulator authority");
        let ca_key = KeyPair::generate()?;
        let ca_certificate = ca.self_signed(&ca_key)?;

        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "Dialtone simulated device");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &Issuer::new(ca, ca_key))?;
        Ok(Self { ca_pem: ca_certificate.pem(), certificate_pem: certificate.pem(), key_pem: key.serialize_pem() })
    }

    /// The identity kept in `folder`; made at the first start, so that clients that trust it go on trusting it.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, CertificateError> {
        let [ca, certificate, key] = [Self::ca_file(folder), folder.join("server.pem"), folder.join("server.key")];
        if ca.exists() {
            return Ok(Self { ca_pem: read(&ca)?, certificate_pem: read(&certificate)?, key_pem: read(&key)? });
        }
        let identity = Self::new()?;
        write_secret(&key, &identity.key_pem)?;
        write(&certificate, &identity.certificate_pem)?;
        // The file that `kept_in` looks for comes last, so an interrupted first start begins anew.
        write(&ca, &identity.ca_pem)?;
        Ok(identity)
    }

    /// Where `kept_in` keeps the authority's certificate.
    pub(crate) fn ca_file(folder: &Path) -> PathBuf {
        folder.join("ca.pem")
    }

    /// What a listener needs.
    pub(crate) fn server_config(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let chain = vec![CertificateDer::from_pem_slice(self.certificate_pem.as_bytes())?];
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.ticketer = ring::Ticketer::new()?;
        Ok(Arc::new(config))
    }
}

fn read(path: &Path) -> Result<String, CertificateError> {
    fs::read_to_string(path).map_err(|source| CertificateError::File { path: path.to_owned(), source })
}

fn write(path: &Path, text: &str) -> Result<(), CertificateError> {
    fs::write(path, text).map_err(|source| CertificateError::File { path: path.to_owned(), source })
}

fn write_secret(path: &Path, text: &str) -> Result<(), CertificateError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| CertificateError::File { path: path.to_owned(), source })
}
