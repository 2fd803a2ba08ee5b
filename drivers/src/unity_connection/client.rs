use std::collections::BTreeMap;

use bytes::Bytes;
use dialtone_model::{Complaint, Device, Fault};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, StatusCode, Uri};
use serde_json::Value;

use super::reply::{List, is_explained, refusal, resource, unreadable};
use crate::DriverError;
use crate::dial::Dialler;
use crate::http::{Answer, Client, Deadline, Effect, Session};

/// CUPI: one resource at a time, as JSON.
#[derive(Debug)]
pub(super) struct Cupi {
    session: Session,
}

/// What every CUPI tells.
pub(super) const VERSION: &str = "/vmrest/version";

/// Values that are sent, by CUPI's names.
pub(super) type Values<'a> = BTreeMap<&'a str, &'a str>;

/// One resource: every value is text.
pub(super) type Resource = BTreeMap<String, String>;

/// Why a request was refused.
#[derive(Debug)]
pub(super) enum CupiError {
    /// There is no such resource.
    Missing(Complaint),
    /// The values are refused: they are impossible, or something has them already.
    Refused(Complaint),
    /// The account may not do this.
    Forbidden(Complaint),
    /// Anything else.
    Fault(Fault),
}

impl Cupi {
    pub(super) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        Ok(Self { session: Session::new(Client::new(device, dialler)?, &[StatusCode::UNAUTHORIZED]) })
    }

    /// Makes a resource and gives its path.
    pub(super) async fn post(
        &self,
        path: &str,
        values: &Values<'_>,
        deadline: Deadline,
    ) -> Result<Option<String>, CupiError> {
        let answer = self.send(Method::POST, path, body(values)?, deadline).await?;
        let location = answer.header(LOCATION).and_then(|path| path.to_str().ok()).map(str::to_owned);
        match answer.status {
            StatusCode::CREATED => Ok(location),
            _ => Err(self.refused(&answer, Effect::Possible, deadline).await),
        }
    }

    /// Sets values of a resource.
    pub(super) async fn put(&self, path: &str, values: &Values<'_>, deadline: Deadline) -> Result<(), CupiError> {
        let answer = self.send(Method::PUT, path, body(values)?, deadline).await?;
        match answer.status {
            StatusCode::NO_CONTENT => Ok(()),
            _ => Err(self.refused(&answer, Effect::Possible, deadline).await),
        }
    }

    /// Removes a resource, which may have gone already.
    pub(super) async fn remove(&self, path: &str, deadline: Deadline) -> Result<(), CupiError> {
        let answer = self.send(Method::DELETE, path, Bytes::new(), deadline).await?;
        match answer.status {
            StatusCode::NO_CONTENT | StatusCode::OK => Ok(()),
            _ => match self.refused(&answer, Effect::Possible, deadline).await {
                CupiError::Missing(_) => Ok(()),
                error => Err(error),
            },
        }
    }

    pub(super) async fn get(&self, path: &str, deadline: Deadline) -> Result<Resource, CupiError> {
        resource(self.read(path, deadline).await?.0).ok_or_else(unreadable)
    }

    /// The same with the device's clock when it answered, in seconds since 1970.
    pub(super) async fn get_with_clock(
        &self,
        path: &str,
        deadline: Deadline,
    ) -> Result<(Resource, Option<i64>), CupiError> {
        let (value, clock) = self.read(path, deadline).await?;
        Ok((resource(value).ok_or_else(unreadable)?, clock))
    }

    /// A list, or a page of it, whose members are under `member`.
    pub(super) async fn list(&self, path: &str, member: &str, deadline: Deadline) -> Result<List, CupiError> {
        List::read(self.read(path, deadline).await?.0, member).ok_or_else(unreadable)
    }

    async fn read(&self, path: &str, deadline: Deadline) -> Result<(Value, Option<i64>), CupiError> {
        let answer = self.send(Method::GET, path, Bytes::new(), deadline).await?;
        match answer.status {
            StatusCode::OK => {
                let value = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
                Ok((value, answer.clock()))
            }
            _ => Err(self.refused(&answer, Effect::None, deadline).await),
        }
    }

    /// What an answer other than the expected one means. Before CUPI has started there is nothing at its place, so what
    /// isn't CUPI's own word for a missing resource counts only where CUPI is there to be asked for its version.
    async fn refused(&self, answer: &Answer, effect: Effect, deadline: Deadline) -> CupiError {
        let error = refusal(answer, effect);
        if answer.status != StatusCode::NOT_FOUND || is_explained(answer) {
            return error;
        }
        match self.send(Method::GET, VERSION, Bytes::new(), deadline).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
                let complaint = Complaint::new("cupi-not-there", "the device has nothing at the place of CUPI")
                    .repair("Wait until Unity Connection has started, then retry.");
                CupiError::Fault(Fault::NotSent { complaint, retry_after: None })
            }
            Ok(_) => error,
            Err(unanswered) => unanswered,
        }
    }

    async fn send(&self, method: Method, path: &str, body: Bytes, deadline: Deadline) -> Result<Answer, CupiError> {
        let uri = Uri::try_from(path).map_err(|_| {
            let complaint = Complaint::new("cupi-unwritable", format!("{path} can't be asked for"));
            CupiError::Fault(Fault::Rejected(complaint))
        })?;
        let effect = if method == Method::GET { Effect::None } else { Effect::Possible };
        let make = |client: &Client| {
            let mut request = client.request(method.clone(), uri.clone(), body.clone());
            let headers = request.headers_mut();
            headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
            if !body.is_empty() {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            request
        };
        self.session.send(make, effect, deadline).await.map_err(CupiError::Fault)
    }
}

/// A path with a query of one condition, such as `(alias is tony)`.
pub(super) fn query(path: &str, column: &str, value: &str) -> String {
    format!("{path}?query=({column}%20is%20{})", encoded(value))
}

/// A value as it can stand in a path or a query.
pub(super) fn encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn body(values: &Values<'_>) -> Result<Bytes, CupiError> {
    if let Some((name, _)) = values.iter().find(|(_, value)| value.contains(char::is_control)) {
        let complaint = Complaint::new("cupi-attribute", format!("the attribute {name} has a control character"));
        return Err(CupiError::Fault(Fault::Rejected(complaint)));
    }
    serde_json::to_vec(values).map(Bytes::from).map_err(|_| unreadable())
}

impl From<CupiError> for Fault {
    fn from(error: CupiError) -> Self {
        match error {
            CupiError::Missing(complaint) | CupiError::Refused(complaint) | CupiError::Forbidden(complaint) => {
                Self::Rejected(complaint)
            }
            CupiError::Fault(fault) => fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_text_can_not_leave_its_place_in_a_query() {
        assert_eq!(
            query("/vmrest/users", "alias", "a) or (b&ü"),
            "/vmrest/users?query=(alias%20is%20a%29%20or%20%28b%26%C3%BC)"
        );
    }
}
