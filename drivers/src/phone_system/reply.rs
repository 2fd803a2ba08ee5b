use dialtone_model::{Complaint, Fault};
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;

use crate::http::{Answer, Effect, credentials_refused};
use crate::said;

/// The body of a refusal.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
}

/// What an answer other than the expected ones means. `docs/devices.md` lists it, a row a case.
pub(super) fn fault(answer: &Answer, effect: Effect) -> Fault {
    let problem = problem(answer);
    let status = answer.status;
    let code = match problem.as_ref().and_then(|problem| said::code(&problem.code)) {
        Some(code) => format!("phone-system-{code}"),
        None => format!("phone-system-http-{}", status.as_u16()),
    };
    let message = match &problem {
        Some(problem) => said::words(&problem.detail),
        None => format!("the device answered {status}"),
    };
    let complaint = Complaint::new(code, message);
    match status {
        StatusCode::UNAUTHORIZED => credentials_refused(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Fault::Busy { complaint, retry_after: answer.retry_after() }
        }
        _ if status.is_client_error() => Fault::Rejected(complaint),
        // A device that can still say what went wrong has rolled the request back; one that can't may not have.
        _ if problem.is_some() || effect == Effect::None => {
            Fault::NotSent { complaint, retry_after: answer.retry_after() }
        }
        _ => Fault::Unknown(complaint),
    }
}

fn problem(answer: &Answer) -> Option<Problem> {
    let kind = answer.header(CONTENT_TYPE)?.to_str().ok()?;
    kind.starts_with("application/problem+json").then(|| serde_json::from_slice(&answer.body).ok())?
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::HeaderMap;
    use hyper::header::{HeaderValue, RETRY_AFTER};

    use super::*;

    /// What a request with a possible effect comes to; `problem` is the code of a problem body.
    fn fault_of(status: u16, problem: Option<&str>, retry_after: Option<&'static str>) -> (Fault, String) {
        let mut headers = HeaderMap::new();
        headers.extend(retry_after.map(|value| (RETRY_AFTER, HeaderValue::from_static(value))));
        let kind = if problem.is_some() { "application/problem+json" } else { "text/html" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let body = problem.map(|code| format!(r#"{{"status":{status},"code":"{code}","detail":"so it is"}}"#));
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer { status, headers, body: body.unwrap_or_else(|| "<html>".to_owned()).into() };
        let fault = fault(&answer, Effect::Possible);
        let code = fault.complaint().code.clone();
        (fault, code)
    }

    #[test]
    fn wrong_credentials_can_be_corrected_and_retried() {
        let (fault, code) = fault_of(401, Some("unauthorized"), None);
        assert!(matches!(fault, Fault::NotSent { .. }) && fault.complaint().repair.is_some());
        assert_eq!(code, "credentials-refused");
    }

    #[test]
    fn a_client_error_is_the_rows_with_or_without_a_problem() {
        for status in [400, 403, 404, 405, 409, 413, 422, 428] {
            let (fault, code) = fault_of(status, Some("user-taken"), None);
            assert!(matches!(fault, Fault::Rejected(_)), "{status}");
            assert_eq!(code, "phone-system-user-taken");
            let (fault, code) = fault_of(status, None, None);
            assert!(matches!(fault, Fault::Rejected(_)), "{status}");
            assert_eq!(code, format!("phone-system-http-{status}"));
        }
    }

    #[test]
    fn a_busy_device_says_how_long_to_wait() {
        for status in [429, 503] {
            let (fault, _) = fault_of(status, Some("busy"), Some("7"));
            assert!(matches!(fault, Fault::Busy { retry_after: Some(wait), .. } if wait == Duration::from_secs(7)));
            assert!(matches!(fault_of(status, None, None).0, Fault::Busy { retry_after: None, .. }));
        }
    }

    #[test]
    fn a_server_error_is_unknown_unless_the_device_can_still_explain_it() {
        for status in [500, 502, 504] {
            assert!(matches!(fault_of(status, Some("not-recorded"), None).0, Fault::NotSent { .. }), "{status}");
            assert!(matches!(fault_of(status, None, None).0, Fault::Unknown(_)), "{status}");
        }
    }

    #[test]
    fn an_answer_that_the_protocol_does_not_have_is_unknown() {
        assert!(matches!(fault_of(200, None, None).0, Fault::Unknown(_)));
        assert!(matches!(fault_of(302, None, None).0, Fault::Unknown(_)));
    }
}
