use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use dialtone_model::Clock;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::access::{Access, Admission};
use crate::fault::FaultKind;
use crate::gate::Gate;
use crate::recording::Recording;

/// An answer, whole.
pub(crate) type Answer = Response<Full<Bytes>>;

/// What is behind a listener.
pub(crate) trait Device: fmt::Debug + Send + Sync + 'static {
    /// Answers a request, or `None`: the connection is closed instead, as a device does that doesn't speak HTTP.
    fn answer(&self, _request: &Request<Bytes>) -> Option<Answer> {
        None
    }

    /// Answers a request without having looked at it.
    fn turn_away(&self, why: TurnedAway) -> Answer {
        let mut answer = bare(why.status());
        if why == TurnedAway::Credentials {
            let asked = HeaderValue::from_static(r#"Basic realm="simulator""#);
            answer.headers_mut().insert(WWW_AUTHENTICATE, asked);
        }
        if why == TurnedAway::Busy {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        answer
    }

    /// Has a fault from now on that the server can't have for it.
    fn inject(&self, _fault: FaultKind) {}

    /// Has none of these faults any more.
    fn heal(&self) {}

    /// Everything it holds.
    fn state(&self) -> serde_json::Value;

    /// Its journal, as it is written.
    fn log(&self) -> io::Result<Vec<u8>>;
}

/// Why a request was answered without having been looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TurnedAway {
    /// Login or password is wrong.
    Credentials,
    /// Its body is larger than the device takes.
    TooLarge,
    /// The device has too much to do; it may come again after a second.
    Busy,
}

impl TurnedAway {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Credentials => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What a listener needs beside its socket.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    pub(crate) device: Arc<dyn Device>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) access: Arc<Access>,
    pub(crate) clock: Arc<dyn Clock>,
    /// The name of the device in the recording, if there is one.
    pub(crate) recording: Option<(String, Arc<Recording>)>,
}

/// No request of the simulated protocols comes near this.
const LARGEST_BODY: usize = 1024 * 1024;

/// Serves until `stop` turns true, then finishes the requests in hand. Dropping it cuts all connections.
pub(crate) async fn serve(listener: TcpListener, tls: TlsAcceptor, front: Front, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, tls.clone(), front.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    // Out of file descriptors, most likely: the next ones come when somebody hangs up.
                    connections.join_next().await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn converse(stream: TcpStream, tls: TlsAcceptor, front: Front, mut stop: watch::Receiver<bool>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let stream = tokio::select! {
        () = stopped(&mut stop) => return,
        stream = tls.accept(stream) => match stream {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                return;
            }
        },
    };
    let service = service_fn(|request| front.handle(request));
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Comes back when the devices shall stop, or when whoever could have said so is gone.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// The connection is closed instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the device drops the connection")]
struct Dropped;

impl Front {
    async fn handle(&self, request: Request<Incoming>) -> Result<Answer, Dropped> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, LARGEST_BODY).collect().await;
        let too_large = body.is_err();
        let request = Request::from_parts(head, body.map(|body| body.to_bytes()).unwrap_or_default());
        if too_large {
            return Ok(self.device.turn_away(TurnedAway::TooLarge));
        }
        let cookies = match self.access.admit(request.headers()) {
            Admission::Refused => return Ok(self.device.turn_away(TurnedAway::Credentials)),
            Admission::Granted => None,
            Admission::Opened(cookies) => Some(cookies),
        };
        if let Some(answer) = self.control(&request) {
            return Ok(answer);
        }
        let Some(place) = self.gate.enter() else {
            return Ok(self.device.turn_away(TurnedAway::Busy));
        };
        if !place.latency.is_zero() {
            self.clock.sleep(place.latency).await;
        }
        let answer = self.device.answer(&request);
        if let Some((name, recording)) = &self.recording {
            recording.note(name, &request, answer.as_ref()).await;
        }
        let mut answer = answer.ok_or(Dropped)?;
        for cookie in cookies.into_iter().flatten() {
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(answer)
    }

    /// The paths below `/simulator/` are no part of any protocol: they list what the device holds and has seen.
    fn control(&self, request: &Request<Bytes>) -> Option<Answer> {
        let path = request.uri().path().strip_prefix("/simulator/")?;
        let answer = match (request.method(), path) {
            (&Method::GET, "state") => whole("application/json", self.device.state().to_string().into()),
            (&Method::GET, "log") => match self.device.log() {
                Ok(log) => whole("application/jsonl", log.into()),
                Err(error) => {
                    tracing::error!(%error, "the journal can't be read");
                    bare(StatusCode::INTERNAL_SERVER_ERROR)
                }
            },
            (_, "state" | "log") => bare(StatusCode::METHOD_NOT_ALLOWED),
            _ => bare(StatusCode::NOT_FOUND),
        };
        Some(answer)
    }
}

/// An answer without a body.
pub(crate) fn bare(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// A good answer with a body.
pub(crate) fn whole(content_type: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}
