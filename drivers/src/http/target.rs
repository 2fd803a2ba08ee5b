use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialtone_model::{Device, Tls};
use hyper::Uri;
use hyper::header::HeaderValue;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_rustls::TlsConnector;

use crate::DriverError;
use crate::dial::Dialler;

/// Where a device is, what vouches for it, and with which account it is asked. All headers are made once, here.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) dialler: Dialler,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) server_name: ServerName<'static>,
    pub(crate) tls: TlsConnector,
    /// The value of `Host`.
    pub(crate) host_header: HeaderValue,
    /// The value of `Authorization`; marked sensitive, so that nothing prints it.
    pub(crate) authorization: HeaderValue,
}

impl Target {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        let wrong = || DriverError::Address { address: device.address.clone() };
        let uri: Uri = device.address.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        if uri.scheme_str() != Some("https") || !matches!(uri.path(), "" | "/") || authority.as_str().contains('@') {
            return Err(wrong());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if device.login.contains(':') {
            return Err(DriverError::Login { login: device.login.clone() });
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", device.login, device.password)));
        let mut authorization = HeaderValue::try_from(basic).map_err(|_| wrong())?;
        authorization.set_sensitive(true);
        Ok(Self {
            server_name: ServerName::try_from(host.clone()).map_err(|_| wrong())?,
            port: authority.port_u16().unwrap_or(443),
            tls: TlsConnector::from(Arc::new(config(&device.tls)?)),
            host_header: HeaderValue::try_from(authority.as_str()).map_err(|_| wrong())?,
            authorization,
            dialler: dialler.clone(),
            host,
        })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Trusts what the device's row says.
pub(crate) fn config(tls: &Tls) -> Result<ClientConfig, DriverError> {
    let provider = Arc::new(ring::default_provider());
    // Sessions are resumed by default, so a connection that the device closed costs little to open again.
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    Ok(match roots(tls)? {
        Some(roots) => builder.with_root_certificates(roots).with_no_client_auth(),
        None => {
            let anybody = Arc::new(Anybody { provider });
            builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
        }
    })
}

/// The certificates that vouch for a device; `None`: none needs to.
fn roots(tls: &Tls) -> Result<Option<RootCertStore>, DriverError> {
    let unreadable = |reason: String| DriverError::Certificates { reason };
    let mut roots = RootCertStore::empty();
    match tls {
        Tls::Insecure => return Ok(None),
        Tls::Ca(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.map_err(|error| unreadable(error.to_string()))?)?;
            }
        }
        Tls::System => {
            let found = rustls_native_certs::load_native_certs();
            found.errors.iter().for_each(|error| tracing::warn!(%error, "a certificate of this machine is not read"));
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(unreadable("there is none".to_owned()));
    }
    Ok(Some(roots))
}

/// Takes any certificate, for devices that a person made an exception of. That the device has the certificate's key is
/// checked all the same, so a connection is at least one and the same peer's from its beginning to its end.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
