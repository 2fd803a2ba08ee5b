use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dialtone_model::Fault;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderValue, SET_COOKIE};
use hyper::{Request, StatusCode};

use super::client::{Answer, Client, Deadline, Effect};

/// A device that opens a session at the first request with login and password, and wants it used from then on: to
/// check the password at every call is work enough to make such a device throttle.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    /// The statuses by which the device says that it has forgotten the session.
    forgotten: &'static [StatusCode],
    /// What to send as `Cookie`.
    cookie: Mutex<Option<HeaderValue>>,
}

impl Session {
    pub(crate) fn new(client: Client, forgotten: &'static [StatusCode]) -> Self {
        Self { client, forgotten, cookie: Mutex::default() }
    }

    /// Sends the request that `make` gives; it is asked a second time when the device has forgotten the session.
    pub(crate) async fn send(
        &self,
        make: impl Fn(&Client) -> Request<Full<Bytes>>,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<Answer, Fault> {
        let cookie = self.cookie().clone();
        let answer = self.client.send(with_cookie(make(&self.client), cookie.as_ref()), effect, deadline).await?;
        // A request that is refused for its session has done nothing, so it may be sent again.
        let stale = cookie.is_some() && self.forgotten.contains(&answer.status);
        let answer = if stale { self.client.send(make(&self.client), effect, deadline).await? } else { answer };
        match session_cookie(&answer) {
            Some(new) => *self.cookie() = Some(new),
            None if stale => *self.cookie() = None,
            None => {}
        }
        Ok(answer)
    }

    fn cookie(&self) -> MutexGuard<'_, Option<HeaderValue>> {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn with_cookie(mut request: Request<Full<Bytes>>, cookie: Option<&HeaderValue>) -> Request<Full<Bytes>> {
    if let Some(cookie) = cookie {
        request.headers_mut().remove(AUTHORIZATION);
        request.headers_mut().insert(COOKIE, cookie.clone());
    }
    request
}

/// All the cookies of an answer, as they are sent back.
fn session_cookie(answer: &Answer) -> Option<HeaderValue> {
    let cookies = answer.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let pairs: Vec<&str> = cookies.filter_map(|cookie| cookie.split(';').next()).map(str::trim).collect();
    if pairs.is_empty() {
        return None;
    }
    let mut cookie = HeaderValue::try_from(pairs.join("; ")).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}
