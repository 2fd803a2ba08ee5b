use bytes::Bytes;
use dialtone_model::{Complaint, Fault};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Kamailio's JSON-RPC over HTTP, as its modules `xhttp` and `jsonrpcs` answer it. Every method that is used may be
/// repeated.
#[derive(Debug)]
pub(super) struct Rpc {
    uri: Uri,
    host: String,
    port: u16,
}

/// What became of a call.
#[derive(Debug)]
pub(super) enum Reply {
    /// Its result.
    Result(Value),
    /// What was asked about isn't there.
    NotFound,
}

/// Far more than the answers about one address of record need.
const LARGEST_ANSWER: usize = 1024 * 1024;

impl Rpc {
    pub(super) fn new(uri: &Uri) -> Self {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        Self { uri: uri.clone(), host, port: uri.port_u16().unwrap_or(80) }
    }

    /// Calls a method. A failure sent nothing, as far as whoever may repeat it is concerned.
    pub(super) async fn call(&self, method: &str, params: &[&str]) -> Result<Reply, Fault> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer = self.exchange(body.into()).await.map_err(|reason| {
            let message = format!("{} gives no answer: {reason}", self.uri);
            let repair = "Check the device's setting rpc and that Kamailio runs, then retry.";
            fault(Complaint::new("kamailio-rpc-unreachable", message).repair(repair))
        })?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|_| {
            let message = format!("what {} answers to {method} is no JSON-RPC", self.uri);
            fault(Complaint::new("kamailio-rpc-answer", message).repair("Check the device's setting rpc."))
        })?;
        // Every error has the code 500, so the text tells them apart.
        match (answer.get("result"), answer["error"]["message"].as_str()) {
            (Some(result), _) => Ok(Reply::Result(result.clone())),
            (None, Some(message)) if message.contains("not found") && message.contains("AOR") => Ok(Reply::NotFound),
            (None, message) => {
                let message = format!("{method} failed: {}", message.unwrap_or("no reason was given"));
                Err(fault(Complaint::new("kamailio-rpc-error", message)))
            }
        }
    }

    /// Errors are answered with the status 500, so the status says nothing more than the body.
    async fn exchange(&self, body: Bytes) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, self.uri.authority().map_or("", |authority| authority.as_str()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let answer = async {
            let answer = sender.send_request(request).await?;
            Ok(Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await?.to_bytes())
        };
        // The connection ends with the exchange; until then it must be driven.
        let ended = async { connection.await.err() };
        tokio::pin!(answer, ended);
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            error = &mut ended => match error {
                Some(error) => Err(error.into()),
                None => answer.await,
            },
        }
    }
}

fn fault(complaint: Complaint) -> Fault {
    Fault::NotSent { complaint, retry_after: None }
}
