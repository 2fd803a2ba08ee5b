use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A device that gives every connection one fixed answer, for answers that no simulated device would give.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: String,
}

impl Scripted {
    /// `answer` is what goes over the wire, as bytes; then the connection is closed.
    pub(crate) async fn start(answer: Vec<u8>) -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .unwrap();
        let tls = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, answer) = (tls.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut stream = tls.accept(stream).await.unwrap();
                    // Requests of these tests fit one read; whoever gives up half-way is the client, on purpose.
                    let _size = stream.read(&mut [0; 16 * 1024]).await.unwrap();
                    drop(stream.write_all(&answer).await);
                    drop(stream.shutdown().await);
                });
            }
        });
        Self { address, ca_pem: cert.pem() }
    }
}
