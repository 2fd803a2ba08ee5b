use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::Request;
use serde_json::json;

use crate::server::Answer;

/// What went over the wire, one JSON object an exchange: `device`, `request` and `path`, `sent`, `status`, `answered`.
/// Bodies are as they were, with all that a client has put in, so it is for made-up accounts only.
#[derive(Debug)]
pub(crate) struct Recording {
    file: Mutex<File>,
}

impl Recording {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Mutex::new(File::create(path)?) })
    }

    /// Adds an exchange; `None`: the connection was closed instead of an answer.
    pub(crate) async fn note(&self, device: &str, request: &Request<Bytes>, answer: Option<&Answer>) {
        let answered = match answer {
            Some(answer) => answer.body().clone().collect().await.map(|body| body.to_bytes()).unwrap_or_default(),
            None => Bytes::new(),
        };
        let exchange = json!({
            "device": device,
            "request": request.method().as_str(),
            "path": request.uri().path(),
            "sent": String::from_utf8_lossy(request.body()),
            "status": answer.map(|answer| answer.status().as_u16()),
            "answered": String::from_utf8_lossy(&answered),
        });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = writeln!(file, "{exchange}") {
            tracing::error!(%error, "the recording can't be written");
        }
    }
}
