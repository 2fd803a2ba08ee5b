//! What CUPI answers: resources, lists and refusals, as JSON.

use dialtone_model::{Complaint, Fault};
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::client::{CupiError, Resource};
use crate::http::{Answer, Effect, credentials_refused};
use crate::said;

/// A list, or a page of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct List {
    /// How many members the whole list has.
    pub(super) total: u64,
    /// Those of the page.
    pub(super) members: Vec<Resource>,
}

impl List {
    /// `None` for what is no list of such members.
    pub(super) fn read(mut list: Value, member: &str) -> Option<Self> {
        // A list of one isn't a list but its one member, and an empty one has no member at all.
        let members = match list.get_mut(member).map(Value::take) {
            Some(Value::Array(members)) => members,
            Some(Value::Null) | None => Vec::new(),
            Some(one) => vec![one],
        };
        let total = match list.get("@total")? {
            Value::String(total) => total.parse().ok()?,
            total => total.as_u64()?,
        };
        let members: Option<Vec<Resource>> = members.into_iter().map(resource).collect();
        Some(Self { total, members: members? })
    }
}

pub(super) fn resource(value: Value) -> Option<Resource> {
    let Value::Object(members) = value else { return None };
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Null => Some(String::new()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    };
    Some(members.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect())
}

pub(super) fn unreadable() -> CupiError {
    let complaint = Complaint::new("cupi-unexpected-answer", "the device's answer can't be read");
    CupiError::Fault(Fault::NotSent { complaint, retry_after: None })
}

/// The body of a refusal.
#[derive(Deserialize)]
struct ErrorDetails {
    errors: Errors,
}

/// As with lists, one error is no list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Errors {
    One(ErrorDetail),
    Several(Vec<ErrorDetail>),
}

#[derive(Deserialize)]
struct ErrorDetail {
    code: String,
    message: String,
}

/// What an answer other than the expected one means. `docs/devices.md` lists it, a row a case.
pub(super) fn refusal(answer: &Answer, effect: Effect) -> CupiError {
    let status = answer.status;
    let details = details(&answer.body);
    let code = match details.as_ref().and_then(|details| said::code(&details.code)) {
        Some(code) => format!("cupi-{code}"),
        None => format!("cupi-http-{}", status.as_u16()),
    };
    let message =
        details.map_or_else(|| format!("the device answered {status}"), |details| said::words(&details.message));
    let complaint = Complaint::new(code, message);
    CupiError::Fault(match status {
        StatusCode::NOT_FOUND | StatusCode::GONE => return CupiError::Missing(complaint),
        StatusCode::BAD_REQUEST => return CupiError::Refused(complaint),
        StatusCode::FORBIDDEN => return CupiError::Forbidden(complaint),
        StatusCode::UNAUTHORIZED => credentials_refused(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Fault::Busy { complaint, retry_after: answer.retry_after() }
        }
        _ if status.is_client_error() => Fault::Rejected(complaint),
        _ if effect == Effect::None => Fault::NotSent { complaint, retry_after: None },
        _ => Fault::Unknown(complaint),
    })
}

/// Whether CUPI itself has answered, and says why.
pub(super) fn is_explained(answer: &Answer) -> bool {
    details(&answer.body).is_some()
}

/// The first error that a body tells of.
fn details(body: &[u8]) -> Option<ErrorDetail> {
    match serde_json::from_slice::<ErrorDetails>(body).ok()?.errors {
        Errors::One(detail) => Some(detail),
        Errors::Several(details) => details.into_iter().next(),
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
    fn several_errors_are_told_by_the_first_one() {
        let fault = fault_of(
            400,
            r#"{"errors":[{"code":"INVALID_PARAMETER","message":"a"},{"code":"NOT_FOUND","message":"b"}]}"#,
            Effect::Possible,
        );
        assert_eq!(
            (fault.complaint().code.as_str(), fault.complaint().message.as_str()),
            ("cupi-invalid-parameter", "a")
        );
    }

    #[test]
    fn whatever_stands_in_a_refusal_is_told_in_a_line() {
        let endless = format!(r#"{{"errors":{{"code":"<html>","message":"{}"}}}}"#, "no\\n".repeat(100_000));
        let fault = fault_of(400, endless.leak(), Effect::Possible);
        assert_eq!(fault.complaint().code, "cupi-http-400");
        assert!(fault.complaint().message.len() < 500 && !fault.complaint().message.contains('\n'), "{fault}");
        for page in ["<html>no</html>", "", r#"{"errors":"#, r#"{"errors":[]}"#, "null"] {
            let fault = fault_of(400, page, Effect::Possible);
            assert_eq!(fault.complaint().message, "the device answered 400 Bad Request", "{page}");
        }
    }

    #[test]
    fn a_list_of_one_is_its_member_and_an_empty_one_has_none() {
        let read = |text: &str| List::read(serde_json::from_str(text).unwrap(), "User");
        let total_and_count = |text: &str| read(text).map(|list| (list.total, list.members.len()));
        assert_eq!(total_and_count(r#"{"@total":"0"}"#), Some((0, 0)));
        assert_eq!(total_and_count(r#"{"@total":"1","User":{"Alias":"tony"}}"#), Some((1, 1)));
        assert_eq!(total_and_count(r#"{"@total":"7","User":[{"Alias":"tony"},{"Alias":"jane"}]}"#), Some((7, 2)));
        let mixed =
            read(r#"{"@total":"1","User":{"Alias":"tony","City":null,"Language":1033,"Enrolled":true,"More":{}}}"#);
        let expected = [("Alias", "tony"), ("City", ""), ("Enrolled", "true"), ("Language", "1033")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(mixed.unwrap().members, [expected]);
        for no_list in ["{}", "[]", r#"{"@total":"some"}"#, r#"{"@total":"1","User":"tony"}"#] {
            assert_eq!(read(no_list), None, "{no_list}");
        }
    }
}
