use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialtone_model::Device;
use hyper::Uri;
use hyper::header::HeaderValue;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::DriverError;

/// Where a device is, what vouches for it, and with which account it is asked. All headers are made once, here.
#[derive(Clone)]
pub(crate) struct Target {
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
    pub(crate) fn new(device: &Device) -> Result<Self, DriverError> {
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
            tls: TlsConnector::from(Arc::new(config(device.ca.as_deref())?)),
            host_header: HeaderValue::try_from(authority.as_str()).map_err(|_| wrong())?,
            authorization,
            host,
        })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

/// Trusts the given certificates and nothing else, or else what this machine trusts.
fn config(ca: Option<&str>) -> Result<ClientConfig, DriverError> {
    let unreadable = |reason: String| DriverError::Certificates { reason };
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                roots.add(certificate.map_err(|error| unreadable(error.to_string()))?)?;
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            found.errors.iter().for_each(|error| tracing::warn!(%error, "a certificate of this machine is not read"));
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err(unreadable("there is none".to_owned()));
    }
    // Sessions are resumed by default, so a connection that the device closed costs little to open again.
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
