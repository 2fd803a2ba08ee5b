use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::simulator::{PASSWORD, Simulator, USER};

/// Makes so many extensions over so many kept connections, each with one request after the other, and knows nothing
/// of orders.
pub(crate) fn provision(simulator: &Simulator, extensions: u32, connections: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(simulator.ca.as_bytes()) {
            roots.add(certificate.expect("a certificate")).expect("a root");
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        let next = Arc::new(AtomicU32::new(0));
        let mut callers = JoinSet::new();
        for _ in 0..connections {
            let address = simulator.address.trim_start_matches("https://").to_owned();
            let (tls, next) = (tls.clone(), Arc::clone(&next));
            callers.spawn(async move {
                let (host, _) = address.rsplit_once(':').expect("a port");
                let name = ServerName::try_from(host.to_owned()).expect("a name");
                let stream = TcpStream::connect(&address).await.expect("a connection");
                stream.set_nodelay(true).expect("a socket");
                let stream = TokioIo::new(tls.connect(name, stream).await.expect("TLS"));
                let (mut sender, connection) = http1::handshake(stream).await.expect("HTTP");
                tokio::spawn(connection);
                loop {
                    let row = next.fetch_add(1, Ordering::Relaxed);
                    if row >= extensions {
                        break;
                    }
                    let answer = sender.send_request(request(&address, row)).await.expect("an answer");
                    assert_eq!(answer.status(), StatusCode::CREATED);
                    answer.into_body().collect().await.expect("its body");
                }
            });
        }
        callers.join_all().await;
    });
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
