use std::collections::BTreeMap;

use bytes::Bytes;
use dialtone_model::{Complaint, Device, Fault};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Method, StatusCode, Uri};
use serde::Deserialize;
use serde_json::Value;

use crate::DriverError;
use crate::dial::Dialler;
use crate::http::{Answer, Client, Deadline, Effect, Session, credentials_refused};

/// CUPI: one resource at a time, as JSON.
#[derive(Debug)]
pub(super) struct Cupi {
    session: Session,
}

/// One resource: every value is text.
pub(super) type Resource = BTreeMap<String, String>;

/// Why a request was refused.
#[derive(Debug)]
pub(super) enum CupiError {
    /// There is no such resource.
    Missing(Complaint),
    /// The values are refused: they are impossible, or something has them already.
    Refused(Complaint),
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
        values: &BTreeMap<&str, &str>,
        deadline: Deadline,
    ) -> Result<Option<String>, CupiError> {
        let answer = self.send(Method::POST, path, body(values)?, deadline).await?;
        let location = answer.header(LOCATION).and_then(|path| path.to_str().ok()).map(str::to_owned);
        match answer.status {
            StatusCode::CREATED => Ok(location),
            _ => Err(refusal(&answer, Effect::Possible)),
        }
    }

    /// Sets values of a resource.
    pub(super) async fn put(
        &self,
        path: &str,
        values: &BTreeMap<&str, &str>,
        deadline: Deadline,
    ) -> Result<(), CupiError> {
        let answer = self.send(Method::PUT, path, body(values)?, deadline).await?;
        if answer.status == StatusCode::NO_CONTENT { Ok(()) } else { Err(refusal(&answer, Effect::Possible)) }
    }

    /// Removes a resource.
    pub(super) async fn delete(&self, path: &str, deadline: Deadline) -> Result<(), CupiError> {
        let answer = self.send(Method::DELETE, path, Bytes::new(), deadline).await?;
        match answer.status {
            StatusCode::NO_CONTENT | StatusCode::OK => Ok(()),
            _ => Err(refusal(&answer, Effect::Possible)),
        }
    }

    pub(super) async fn get(&self, path: &str, deadline: Deadline) -> Result<Resource, CupiError> {
        resource(self.read(path, deadline).await?).ok_or_else(unreadable)
    }

    /// The members of a list, which are under `member`.
    pub(super) async fn list(&self, path: &str, member: &str, deadline: Deadline) -> Result<Vec<Resource>, CupiError> {
        let mut list = self.read(path, deadline).await?;
        // A list of one isn't a list but its one member, and an empty one has no member at all.
        let members = match list.get_mut(member).map(Value::take) {
            Some(Value::Array(members)) => members,
            Some(Value::Null) | None => Vec::new(),
            Some(one) => vec![one],
        };
        members.into_iter().map(|member| resource(member).ok_or_else(unreadable)).collect()
    }

    async fn read(&self, path: &str, deadline: Deadline) -> Result<Value, CupiError> {
        let answer = self.send(Method::GET, path, Bytes::new(), deadline).await?;
        match answer.status {
            StatusCode::OK => serde_json::from_slice(&answer.body).map_err(|_| unreadable()),
            _ => Err(refusal(&answer, Effect::None)),
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

fn body(values: &BTreeMap<&str, &str>) -> Result<Bytes, CupiError> {
    if let Some((name, _)) = values.iter().find(|(_, value)| value.contains(char::is_control)) {
        let complaint = Complaint::new("cupi-attribute", format!("the attribute {name} has a control character"));
        return Err(CupiError::Fault(Fault::Rejected(complaint)));
    }
    serde_json::to_vec(values).map(Bytes::from).map_err(|_| unreadable())
}

fn resource(value: Value) -> Option<Resource> {
    let Value::Object(members) = value else { return None };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    };
    Some(members.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}

fn unreadable() -> CupiError {
    let complaint = Complaint::new("cupi-unexpected-answer", "the device's answer can't be read");
    CupiError::Fault(Fault::NotSent { complaint, retry_after: None })
}

/// The body of a refusal.
#[derive(Deserialize)]
struct ErrorDetails {
    errors: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    code: String,
    message: String,
}

/// What an answer other than the expected one means. `docs/devices.md` lists it, a row a case.
fn refusal(answer: &Answer, effect: Effect) -> CupiError {
    let status = answer.status;
    let details = serde_json::from_slice::<ErrorDetails>(&answer.body).ok().map(|details| details.errors);
    let code = match &details {
        Some(details) => format!("cupi-{}", details.code.to_ascii_lowercase().replace('_', "-")),
        None => format!("cupi-http-{}", status.as_u16()),
    };
    let message = details.map_or_else(|| format!("the device answered {status}"), |details| details.message);
    let complaint = Complaint::new(code, message);
    CupiError::Fault(match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => return CupiError::Missing(complaint),
        StatusCode::BAD_REQUEST => return CupiError::Refused(complaint),
        StatusCode::UNAUTHORIZED => credentials_refused(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Fault::Busy { complaint, retry_after: answer.retry_after() }
        }
        _ if status.is_client_error() => Fault::Rejected(complaint),
        _ if effect == Effect::None => Fault::NotSent { complaint, retry_after: None },
        _ => Fault::Unknown(complaint),
    })
}

impl From<CupiError> for Fault {
    fn from(error: CupiError) -> Self {
        match error {
            CupiError::Missing(complaint) | CupiError::Refused(complaint) => Self::Rejected(complaint),
            CupiError::Fault(fault) => fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;

    use super::*;

    fn fault_of(status: u16, body: &'static str, effect: Effect) -> Fault {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(&Answer { status, headers: HeaderMap::new(), body: body.into() }, effect).into()
    }

    #[test]
    fn refusals_are_told_by_status_and_code() {
        let details = r#"{"errors":{"code":"INVALID_PARAMETER","message":"DtmfAccessId is taken"}}"#;
        for status in [400, 404, 410, 403, 405, 406, 415] {
            let fault = fault_of(status, details, Effect::Possible);
            assert!(matches!(&fault, Fault::Rejected(_)), "{status}");
            assert_eq!(fault.complaint().code, "cupi-invalid-parameter");
        }
        assert_eq!(fault_of(401, "", Effect::Possible).complaint().code, "credentials-refused");
        for status in [429, 503] {
            assert!(matches!(fault_of(status, "", Effect::Possible), Fault::Busy { .. }), "{status}");
        }
        for status in [500, 502, 504, 302] {
            assert!(matches!(fault_of(status, details, Effect::Possible), Fault::Unknown(_)), "{status}");
            assert!(matches!(fault_of(status, "", Effect::None), Fault::NotSent { .. }), "{status}");
        }
    }

    #[test]
    fn user_text_can_not_leave_its_place_in_a_query() {
        assert_eq!(
            query("/vmrest/users", "alias", "a) or (b&ü"),
            "/vmrest/users?query=(alias%20is%20a%29%20or%20%28b%26%C3%BC)"
        );
    }
}
