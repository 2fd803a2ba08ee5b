use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::simulator::{PASSWORD, Simulator, USER};

/// A device as a client knows it before it connects.
#[derive(Clone)]
pub(crate) struct Dialled {
    address: String,
    tls: TlsConnector,
}

/// One kept connection.
pub(crate) struct Caller {
    address: String,
    sender: SendRequest<Full<Bytes>>,
}

impl Dialled {
    pub(crate) fn of(simulator: &Simulator) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(simulator.ca.as_bytes()) {
            roots.add(certificate.expect("a certificate")).expect("a root");
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let address = simulator.address.trim_start_matches("https://").to_owned();
        Self { address, tls: TlsConnector::from(Arc::new(config)) }
    }

    pub(crate) async fn connect(&self) -> Caller {
        let (host, _) = self.address.rsplit_once(':').expect("a port");
        let name = ServerName::try_from(host.to_owned()).expect("a name");
        let stream = TcpStream::connect(&self.address).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        let stream = TokioIo::new(self.tls.connect(name, stream).await.expect("TLS"));
        let (sender, connection) = http1::handshake(stream).await.expect("HTTP");
        tokio::spawn(connection);
        Caller { address: self.address.clone(), sender }
    }
}

impl Caller {
    /// Makes the extension of a row.
    pub(crate) async fn provision(&mut self, row: u32) {
        let answer = self.sender.send_request(request(&self.address, row)).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.into_body().collect().await.expect("its body");
    }
}

fn request(address: &str, row: u32) -> Request<Full<Bytes>> {
    let key = 10_000 + row;
    let account = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
    let body = format!(
        "{{\"key\":\"{key}\",\"directoryName\":\"User {row}\",\"user\":\"00000000-0000-4000-8000-{row:012}\",\
         \"number\":\"6500{row:06}\",\"addOns\":[]}}"
    );
    Request::put(format!("/v1/extensions/{key}"))
        .header("Host", address)
        .header("Authorization", format!("Basic {account}"))
        .header("Content-Type", "application/json")
        .header("If-None-Match", "*")
        .header("Request-Id", format!("bare/{row}"))
        .body(Full::new(Bytes::from(body)))
        .expect("a request")
}
