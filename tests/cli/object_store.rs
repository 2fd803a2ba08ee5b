use std::net::SocketAddr;
use std::path::Path;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const BUCKET: &str = "kept";
const LOGIN: &str = "tests";
const SECRET: &str = "a-secret-of-the-tests";

/// An S3-compatible object store in this process, with an empty bucket.
pub(crate) struct ObjectStore {
    address: SocketAddr,
    folder: TempDir,
    _server: Runtime,
}

impl ObjectStore {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let service = service(folder.path());
        let server = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        server.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
                // A client that goes away is no concern of the server's.
                tokio::spawn(async move { connection.await.ok() });
            }
        });
        Self { address, folder, _server: server }
    }

    /// The variables by which a process finds it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("DIALTONE_FILES_URL", format!("s3://{BUCKET}/prefix?endpoint=http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", LOGIN.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// How many objects lie below a folder of the prefix.
    pub(crate) fn objects(&self, folder: &str) -> usize {
        count(&self.folder.path().join(BUCKET).join("prefix").join(folder))
    }
}

fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

fn service(root: &Path) -> S3Service {
    let mut builder = S3ServiceBuilder::new(FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single(LOGIN, SECRET));
    builder.build()
}
