use dialtone_model::{Complaint, Device, DeviceKind, Fault};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Method, StatusCode, Uri};

use super::node::Node;
use super::soap::{self, Refusal, Reply};
use super::version::Version;
use crate::DriverError;
use crate::dial::Dialler;
use crate::http::{Answer, Client, Deadline, Effect, Session, credentials_refused};
use crate::said::words;

/// AXL: one operation at a time, of one version.
#[derive(Debug)]
pub(super) struct Axl {
    session: Session,
    pub(super) version: Version,
}

/// Why an operation gave nothing back.
#[derive(Debug)]
pub(super) enum AxlError {
    /// AXL itself says no.
    Refused(Refusal),
    /// No answer of AXL.
    Fault(Fault),
}

/// What a session gets that the device has forgotten; 404 after half an hour of rest, as the AXL developer guide tells.
const FORGOTTEN: &[StatusCode] = &[StatusCode::UNAUTHORIZED, StatusCode::NOT_FOUND];

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

impl Axl {
    pub(super) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        let version = device.version.as_deref().unwrap_or_default();
        let version = version.parse().map_err(|()| DriverError::Version {
            kind: DeviceKind::UnifiedCm,
            version: version.to_owned(),
            known: Version::known(),
        })?;
        Ok(Self { session: Session::new(Client::new(device, dialler)?, FORGOTTEN), version })
    }

    /// Carries out `operation`, such as `addPhone`, and gives what its reply returns.
    pub(super) async fn call(
        &self,
        operation: &str,
        content: &[Node],
        effect: Effect,
        deadline: Deadline,
    ) -> Result<Node, AxlError> {
        self.call_with_clock(operation, content, effect, deadline).await.map(|(content, _)| content)
    }

    /// The same, with the device's clock, in seconds since 1970.
    pub(super) async fn call_with_clock(
        &self,
        operation: &str,
        content: &[Node],
        effect: Effect,
        deadline: Deadline,
    ) -> Result<(Node, Option<i64>), AxlError> {
        let unwritable = |reason: String| {
            AxlError::Fault(Fault::Rejected(Complaint::new(
                "axl-unwritable",
                format!("the request can't be written: {reason}"),
            )))
        };
        let body = soap::request(self.version, operation, content).map_err(|error| unwritable(error.to_string()))?;
        let body = bytes::Bytes::from(body);
        let action = HeaderValue::try_from(format!("\"CUCM:DB ver={} {operation}\"", self.version))
            .map_err(|error| unwritable(error.to_string()))?;
        let make = |client: &Client| {
            let mut request = client.request(Method::POST, Uri::from_static("/axl/"), body.clone());
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
            headers.insert(SOAP_ACTION, action.clone());
            request
        };
        let answer = self.session.send(make, effect, deadline).await.map_err(AxlError::Fault)?;
        match (answer.status, soap::reply(&answer.body)) {
            (StatusCode::OK, Ok(Some(Reply::Return(content)))) => Ok((content, answer.clock())),
            (StatusCode::OK | StatusCode::INTERNAL_SERVER_ERROR, Ok(Some(Reply::Refused(refusal)))) => {
                Err(AxlError::Refused(refusal))
            }
            _ => Err(AxlError::Fault(fault(&answer, effect))),
        }
    }
}

impl From<Fault> for AxlError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<AxlError> for Fault {
    /// A refusal that no action of the driver makes anything else of. `docs/devices.md` lists them, a row a case.
    fn from(error: AxlError) -> Self {
        match error {
            AxlError::Fault(fault) => fault,
            AxlError::Refused(refusal) => {
                let (locked, busy) = (refusal.is_locked(), refusal.is_busy());
                let code = refusal.code.map_or_else(|| "axl-fault".to_owned(), |code| format!("axl-{code}"));
                let complaint = Complaint::new(code, refusal.message);
                match (busy, locked) {
                    (true, _) => Self::Busy { complaint, retry_after: None },
                    (_, true) => Self::NotSent { complaint, retry_after: None },
                    _ => Self::Rejected(complaint),
                }
            }
        }
    }
}

/// AXL's own status for a version of the schema that it doesn't speak.
const UNSUPPORTED_VERSION: u16 = 599;

/// An answer that isn't AXL's.
fn fault(answer: &Answer, effect: Effect) -> Fault {
    let status = answer.status;
    let complaint = Complaint::new(format!("axl-http-{}", status.as_u16()), format!("the device answered {status}"));
    match status {
        StatusCode::UNAUTHORIZED => credentials_refused(),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Fault::Busy { complaint, retry_after: answer.retry_after() }
        }
        _ if status.as_u16() == UNSUPPORTED_VERSION => {
            let message = words(&String::from_utf8_lossy(&answer.body));
            Fault::Rejected(
                Complaint::new("axl-version", message).repair("Correct the version of the device, then retry."),
            )
        }
        // Nothing answers at AXL's place while its service starts, or was never activated; no row can help that.
        StatusCode::NOT_FOUND => Fault::NotSent {
            complaint: complaint.repair("Make sure that the AXL web service of the device runs, then retry."),
            retry_after: None,
        },
        _ if status.is_client_error() => Fault::Rejected(complaint),
        _ if effect == Effect::None => Fault::NotSent { complaint, retry_after: None },
        _ => Fault::Unknown(complaint),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hyper::HeaderMap;
    use hyper::header::RETRY_AFTER;

    use super::*;

    fn fault_of(status: u16, effect: Effect) -> Fault {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("3"))]);
        let body = "Incorrect axl version. Supported axl versions: 11.5,12.5".into();
        fault(&Answer { status: StatusCode::from_u16(status).unwrap(), headers, body }, effect)
    }

    #[test]
    fn what_is_not_axl_is_told_by_its_status() {
        assert_eq!(fault_of(401, Effect::Possible).complaint().code, "credentials-refused");
        for status in [400, 403, 405] {
            assert!(matches!(fault_of(status, Effect::Possible), Fault::Rejected(_)), "{status}");
        }
        let absent = fault_of(404, Effect::Possible);
        assert!(matches!(&absent, Fault::NotSent { complaint, .. } if complaint.repair.is_some()), "{absent:?}");
        let version = fault_of(599, Effect::Possible);
        assert!(matches!(&version, Fault::Rejected(complaint) if complaint.message.contains("11.5,12.5")));
        let busy = fault_of(503, Effect::Possible);
        assert!(matches!(busy, Fault::Busy { retry_after: Some(wait), .. } if wait == Duration::from_secs(3)));
        for status in [200, 500, 502, 504] {
            assert!(matches!(fault_of(status, Effect::Possible), Fault::Unknown(_)), "{status}");
            assert!(matches!(fault_of(status, Effect::None), Fault::NotSent { .. }), "{status}");
        }
    }

    #[test]
    fn a_lock_in_the_database_may_be_gone_the_next_time() {
        for code in [-107, -113, -154, -243, -244, -245] {
            let refused = AxlError::Refused(Refusal { code: Some(code), message: "locked".to_owned() });
            assert!(matches!(Fault::from(refused), Fault::NotSent { .. }), "{code}");
        }
        for code in [Some(5007), Some(-239), Some(-691), Some(-692), Some(35_001), None] {
            let refused = AxlError::Refused(Refusal { code, message: "no".to_owned() });
            assert!(matches!(Fault::from(refused), Fault::Rejected(_)), "{code:?}");
        }
    }
}
