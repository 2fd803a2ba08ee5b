use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use dialtone_files::{Credentials, Files, Key};
use hyper::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const BUCKET: &str = "kept";
pub(crate) const SECRET: &str = "a-secret-of-the-tests";

/// A backend with nothing in it.
pub(crate) struct Bed {
    pub(crate) files: Files,
    pub(crate) name: &'static str,
    /// Where the backend's bytes lie.
    root: PathBuf,
    /// Whether the test's own object store is behind it.
    pub(crate) is_bucket: bool,
    _folder: TempDir,
}

impl Bed {
    /// Every backend.
    pub(crate) async fn each() -> Vec<Self> {
        vec![Self::folder(), Self::bucket().await]
    }

    fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("files");
        Self { files: Files::local(&root), name: "folder", root, is_bucket: false, _folder: folder }
    }

    pub(crate) async fn bucket() -> Self {
        let (address, folder) = serve().await;
        let files = open(&format!("http://{address}"), BUCKET, SECRET);
        let root = folder.path().join(BUCKET).join("prefix");
        Self { files, name: "bucket", root, is_bucket: true, _folder: folder }
    }

    /// The file in which the backend itself keeps the bytes of `key`.
    pub(crate) fn stored(&self, key: &Key) -> PathBuf {
        self.root.join(key.as_str())
    }

    /// Whatever the backend keeps beside the bytes, such as a draft that was left behind.
    pub(crate) fn left_in(&self, folder: &str) -> Vec<PathBuf> {
        fs::read_dir(self.root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// An object store in this process with an empty bucket, and the folder of its bytes.
pub(crate) async fn serve() -> (SocketAddr, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let service = service(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
            // A client that goes away is no concern of the server's.
            tokio::spawn(async move { connection.await.ok() });
        }
    });
    (address, folder)
}

fn service(root: &Path) -> S3Service {
    fs::create_dir(root.join(BUCKET)).unwrap();
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single("tests", SECRET));
    builder.build()
}

pub(crate) fn open(endpoint: &str, bucket: &str, secret: &str) -> Files {
    let credentials =
        Credentials { access_key_id: "tests".to_owned(), secret_access_key: secret.into(), session_token: None };
    Files::open(&format!("s3://{bucket}/prefix?endpoint={endpoint}"), Some(&credentials)).unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// What a plain HTTP client without credentials gets: the status and the body.
pub(crate) async fn download(link: &str) -> (u16, Vec<u8>) {
    let (host, path) = link.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let status = std::str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    let body = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    (status, answer.split_off(body))
}

/// A wire to `server` that alters one text of what is sent.
pub(crate) async fn altering_wire(server: SocketAddr, from: &'static [u8], to: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(server).await.unwrap();
            let ((mut sent, mut answered), (mut answers, mut sends)) = (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut answers, &mut answered).await.ok() });
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = sent.read(&mut buffer).await {
                    let part = &mut buffer[..length];
                    if let Some(at) = part.windows(from.len()).position(|window| window == from) {
                        part[at..at + to.len()].copy_from_slice(to);
                    }
                    if sends.write_all(part).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

/// A server that answers every request with the same error.
pub(crate) async fn answering(status: u16, code: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = service_fn(move |_| async move {
                let body = format!("<Error><Code>{code}</Code><Message>as scripted</Message></Error>");
                Response::builder().status(status).header("Content-Type", "application/xml").body(body)
            });
            // A client that goes away is no concern of the server's.
            tokio::spawn(
                async move { http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await.ok() },
            );
        }
    });
    address
}
