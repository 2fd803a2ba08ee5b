use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use dialtone_model::{Complaint, Fault, Tls};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use crate::DriverError;
use crate::dial::{DialError, Dialler};
use crate::http::tls_config;

/// Kamailio's JSON-RPC over HTTP, as its modules `xhttp` and `jsonrpcs` answer it. Every method that is used may be
/// repeated.
pub(super) struct Rpc {
    uri: Uri,
    host: String,
    port: u16,
    /// What vouches for whoever answers there; `None`: plain HTTP.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    dialler: Dialler,
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rpc").field("uri", &self.uri).finish_non_exhaustive()
    }
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
    pub(super) fn new(uri: &Uri, tls: &Tls, dialler: &Dialler) -> Result<Self, DriverError> {
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_encrypted = uri.scheme_str() == Some("https");
        let tls = if is_encrypted {
            let wrong = || DriverError::Address { address: uri.to_string() };
            let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
            Some((TlsConnector::from(Arc::new(tls_config(tls)?)), name))
        } else {
            None
        };
        let port = uri.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
        Ok(Self { uri: uri.clone(), host, port, tls, dialler: dialler.clone() })
    }

    /// Calls a method. A failure sent nothing, as far as whoever may repeat it is concerned.
    pub(super) async fn call(&self, method: &str, params: &[&str]) -> Result<Reply, Fault> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let answer = self.exchange(body.into()).await.map_err(|reason| {
            let reason = match reason.downcast::<DialError>() {
                Ok(refused) => match *refused {
                    DialError::NotAllowed(complaint) => return fault(complaint),
                    DialError::Io(error) => error.into(),
                },
                Err(other) => other,
            };
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
    async fn exchange(&self, body: Bytes) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, self.uri.authority().map_or("", |authority| authority.as_str()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        let stream = self.dialler.connect(&self.host, self.port).await?;
        match &self.tls {
            Some((tls, name)) => ask(tls.connect(name.clone(), stream).await?, request).await,
            None => ask(stream, request).await,
        }
    }
}

async fn ask<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Bytes, Box<dyn Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
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

fn fault(complaint: Complaint) -> Fault {
    Fault::NotSent { complaint, retry_after: None }
}

#[cfg(test)]
mod tests {
    use dialtone_simulator::Simulator;

    use super::*;

    #[tokio::test]
    async fn over_https_whoever_answers_is_vouched_for() {
        let simulator = Simulator::builder().phone_system(0).start().await.unwrap();
        let uri: Uri = format!("https://{}/RPC", simulator.phone_system().unwrap()).parse().unwrap();
        let code = async |tls: &Tls| {
            let rpc = Rpc::new(&uri, tls, &Dialler::default()).unwrap();
            rpc.call("ul.rm", &["location", "101@example.org"]).await.unwrap_err().complaint().code.clone()
        };
        // It is no Kamailio, but what it says arrives.
        assert_eq!(code(&Tls::Ca(simulator.ca_pem().to_owned())).await, "kamailio-rpc-error");
        let other = Simulator::builder().phone_system(0).start().await.unwrap();
        assert_eq!(code(&Tls::Ca(other.ca_pem().to_owned())).await, "kamailio-rpc-unreachable");
    }
}
