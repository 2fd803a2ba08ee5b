use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dialtone_model::{Complaint, Device, Fault, RetryPolicy};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::header::{AUTHORIZATION, DATE, HOST, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode, Uri};
use tokio::time::Instant;

use super::connection::{Connection, Sent};
use super::target::Target;
use crate::DriverError;
use crate::dial::Dialler;

/// A device's HTTPS interface. Connections stay open between calls, as many as the device may be asked at once.
pub(crate) struct Client {
    target: Target,
    most_idle: usize,
    /// The one used last comes first, so that the others may rest until the device closes them.
    idle: Mutex<Vec<Connection>>,
}

/// The whole answer of a device.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Whether a request can change anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It only reads: without an answer it is as if it had never been sent.
    None,
    /// It may have had its effect although no answer came.
    Possible,
}

/// When a call must have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    timeout: Duration,
}

/// Replies of the devices stay below this, or are paged.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

impl Deadline {
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { at: Instant::now() + timeout, timeout }
    }
}

impl Client {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        let most_idle = usize::from(device.limits.concurrency);
        Ok(Self { target: Target::new(device, dialler)?, most_idle, idle: Mutex::default() })
    }

    /// A request with the headers that every request has.
    pub(crate) fn request(&self, method: Method, uri: Uri, body: Bytes) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.reserve(8);
        headers.insert(HOST, self.target.host_header.clone());
        headers.insert(AUTHORIZATION, self.target.authorization.clone());
        request
    }

    /// Sends a request and waits for the whole answer, whatever its status is.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<Answer, Fault> {
        let mut sent = Sent::default();
        let outcome = tokio::time::timeout_at(deadline.at, self.exchange(request, &mut sent)).await;
        let complaint = match outcome {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(complaint)) => complaint,
            Err(_) => {
                let what = if sent.anything() { "gave no answer" } else { "could not be reached" };
                Complaint::new("timeout", format!("the device {what} within {:?}", deadline.timeout))
            }
        };
        match effect {
            Effect::Possible if sent.anything() => Err(Fault::Unknown(complaint)),
            Effect::Possible | Effect::None => Err(Fault::NotSent { complaint, retry_after: None }),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, sent: &mut Sent) -> Result<Answer, Complaint> {
        let mut connection = self.connection().await?;
        *sent = connection.sent();
        let answer = connection.exchange(request, async |answer| {
            let (head, body) = answer.into_parts();
            match Limited::new(body, LARGEST_ANSWER).collect().await {
                Ok(body) => Ok(Some(Answer { status: head.status, headers: head.headers, body: body.to_bytes() })),
                Err(error) => error.downcast().map_or(Ok(None), |lost| Err(*lost)),
            }
        });
        match answer.await {
            Ok(Some(answer)) => {
                self.keep(connection);
                Ok(answer)
            }
            Ok(None) => Err(Complaint::new("answer-too-large", "the device's answer is larger than 16 MiB")),
            Err(error) => Err(Complaint::new("connection-lost", format!("the connection was lost: {error}"))),
        }
    }

    /// An idle connection that the device has not closed, or else a new one.
    async fn connection(&self) -> Result<Connection, Complaint> {
        loop {
            let idle = self.idle().pop();
            match idle {
                Some(mut connection) => {
                    if connection.ready().await {
                        return Ok(connection);
                    }
                }
                None => return Connection::open(&self.target).await,
            }
        }
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < self.most_idle {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Answer {
    /// The wait that the device asks for, as far as it is waited.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok();
        seconds.map(|seconds| Duration::from_secs(seconds).min(RetryPolicy::LONGEST_WAIT))
    }

    /// The device's clock when it answered, in seconds since 1970.
    pub(crate) fn clock(&self) -> Option<i64> {
        let date = self.header(DATE)?.to_str().ok()?;
        jiff::fmt::rfc2822::parse(date).ok().map(|time| time.timestamp().as_second())
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: hyper::header::HeaderName) -> Option<&HeaderValue> {
        self.headers.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_device_asks_for_a_wait_without_end() {
        let waits =
            [("7", Some(7)), ("601", Some(600)), ("18446744073709551615", Some(600)), ("-1", None), ("soon", None)];
        for (asked, seconds) in waits {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(asked))]);
            let answer = Answer { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Bytes::new() };
            assert_eq!(answer.retry_after(), seconds.map(Duration::from_secs), "{asked}");
        }
    }
}
