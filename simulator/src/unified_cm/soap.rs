use hyper::StatusCode;

use super::refusal::Refusal;
use super::schema::Version;
use crate::server::{Answer, whole};
use crate::xml::{self, Element};

/// A request out of its envelope: the operation and what is in it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: String,
    pub(super) content: Vec<Element>,
    /// The version of the schema that it follows.
    pub(super) version: Version,
}

impl Request {
    /// What the log says, such as `addPhone SEP0011AABBCCDD`.
    pub(super) fn line(&self) -> String {
        let mut leaves = Vec::new();
        self.content.iter().for_each(|element| element.leaves(&mut leaves));
        let keys = ["name", "userid", "pattern", "destination", "uuid"];
        let key = leaves.into_iter().find(|(name, _)| keys.contains(name)).map_or("", |(_, key)| key);
        format!("{} {key}", self.operation)
    }

    pub(super) fn is_change(&self) -> bool {
        !["get", "list", "executeSQLQuery", "doAuthenticateUser"].iter().any(|verb| self.operation.starts_with(verb))
    }
}

/// Why there is no request.
#[derive(Debug)]
pub(super) enum NoRequest {
    /// Of another version than the device speaks.
    Version,
    Refused(Refusal),
}

/// Reads the envelope of a request that must be of one of `versions`; `action` is its `SOAPAction`.
pub(super) fn request(body: &[u8], action: Option<&str>, versions: &[Version]) -> Result<Request, NoRequest> {
    let malformed = |message: &str| NoRequest::Refused(Refusal::malformed(message));
    let document = std::str::from_utf8(body).map_err(|_| malformed("the request is not UTF-8"))?;
    let envelope = xml::parse(document).map_err(|error| malformed(&error))?;
    if envelope.name != "Envelope" || envelope.namespace.as_deref() != Some(ENVELOPE) {
        return Err(malformed("the request is no SOAP 1.1 envelope"));
    }
    let operation = envelope.child("Body").and_then(|body| body.children.first());
    let Some(operation) = operation else { return Err(malformed("the body has no operation")) };
    let version = operation.namespace.as_deref().and_then(|name| name.strip_prefix(NAMESPACE)).and_then(version);
    let version = version.filter(|version| versions.contains(version)).ok_or(NoRequest::Version)?;
    if let Some(action) = action {
        // The version alone will do.
        let of_version = format!("CUCM:DB ver={}", shown(version));
        let expected = format!("{of_version} {}", operation.name);
        let action = action.trim_matches('"');
        // Clients are known that have a wrong letter's case in it.
        if ![&expected, &of_version].iter().any(|known| known.eq_ignore_ascii_case(action)) {
            return Err(malformed(&format!("the SOAPAction is not {expected}")));
        }
    }
    Ok(Request { operation: operation.name.clone(), content: operation.children.clone(), version })
}

/// The answer to a request that was carried out.
pub(super) fn response(operation: &str, version: Version, content: Element) -> Answer {
    // Most answers have a return; the others are given whole.
    let content = if content.name == "return" { vec![content] } else { content.children };
    let mut response = Element::with_children(&format!("ns:{operation}Response"), content);
    response.attributes.push(("xmlns:ns".to_owned(), format!("{NAMESPACE}{}", shown(version))));
    envelope(StatusCode::OK, response)
}

/// The answer to a request that was refused.
pub(super) fn fault(operation: &str, refusal: &Refusal) -> Answer {
    let error = Element::with_children(
        "axlError",
        vec![
            Element::with_text("axlcode", &refusal.code.to_string()),
            Element::with_text("axlmessage", &refusal.message),
            Element::with_text("request", operation),
        ],
    );
    let code = if refusal.client { "soapenv:Client" } else { "soapenv:Server" };
    let fault = Element::with_children(
        "soapenv:Fault",
        vec![
            Element::with_text("faultcode", code),
            Element::with_text("faultstring", &refusal.message),
            Element::with_children("detail", vec![error]),
        ],
    );
    envelope(StatusCode::INTERNAL_SERVER_ERROR, fault)
}

/// Reads `12.5`, also with a build behind it.
pub(super) fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

pub(super) fn shown((major, minor): Version) -> String {
    format!("{major}.{minor}")
}

const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const NAMESPACE: &str = "http://www.cisco.com/AXL/API/";

fn envelope(status: StatusCode, content: Element) -> Answer {
    let body = Element::with_children("soapenv:Body", vec![content]);
    let mut envelope = Element::with_children("soapenv:Envelope", vec![body]);
    envelope.attributes.push(("xmlns:soapenv".to_owned(), ENVELOPE.to_owned()));
    let mut document = String::from(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    envelope.write(&mut document);
    let mut answer = whole("text/xml;charset=utf-8", document.into());
    *answer.status_mut() = status;
    answer
}
