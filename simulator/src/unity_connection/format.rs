use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use hyper::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::kinds::Kind;
use super::refusal::Refusal;
use super::resources::Resource;
use crate::server::{Answer, bare, whole};
use crate::xml::{self, Element};

/// How a request or an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    /// What CUPI speaks when nobody says otherwise.
    Xml,
}

impl Format {
    /// What a client wants to read.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        Self::of(headers, ACCEPT).unwrap_or(Self::Xml)
    }

    /// Whether a client can read any of it.
    pub(super) fn is_acceptable(headers: &HeaderMap) -> bool {
        let Some(accepted) = headers.get(ACCEPT).and_then(|accepted| accepted.to_str().ok()) else { return true };
        ["json", "xml", "*/*", "application/*", "text/*"].iter().any(|kind| accepted.contains(kind))
    }

    fn of(headers: &HeaderMap, name: HeaderName) -> Option<Self> {
        let kind = headers.get(name)?.to_str().ok()?;
        match kind {
            kind if kind.contains("json") => Some(Self::Json),
            kind if kind.contains("xml") => Some(Self::Xml),
            _ => None,
        }
    }

    /// Reads the values of a request's body, in which an XML document is one element of the kind.
    pub(super) fn read(headers: &HeaderMap, body: &[u8], kind: &Kind) -> Result<Resource, Refusal> {
        let malformed = |reason: String| Refusal::invalid(format!("the body can't be read: {reason}"));
        match Self::of(headers, CONTENT_TYPE) {
            Some(Self::Json) => {
                let values: Map<String, Value> =
                    serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
                let text = |(name, value)| match value {
                    Value::String(text) => Ok((name, text)),
                    Value::Null => Ok((name, String::new())),
                    Value::Bool(_) | Value::Number(_) => Ok((name, value.to_string())),
                    Value::Array(_) | Value::Object(_) => Err(malformed(format!("{name} is no text"))),
                };
                values.into_iter().map(text).collect()
            }
            Some(Self::Xml) => {
                let document = std::str::from_utf8(body).map_err(|error| malformed(error.to_string()))?;
                let root = xml::parse(document).map_err(malformed)?;
                if root.name != kind.member {
                    return Err(malformed(format!("{} is expected", kind.member)));
                }
                Ok(root.children.into_iter().map(|child| (child.name, child.text.trim().to_owned())).collect())
            }
            None => Err(Refusal::media_type()),
        }
    }

    /// One resource.
    pub(super) fn one(self, kind: &Kind, resource: &Resource) -> Answer {
        match self {
            Self::Json => json_answer(&json!(resource)),
            Self::Xml => xml_answer(&element(kind, resource)),
        }
    }

    /// A page of a list that has `total` members.
    pub(super) fn list(self, kind: &Kind, total: usize, page: &[&Resource]) -> Answer {
        match self {
            Self::Json => {
                let mut list = Map::from_iter([("@total".to_owned(), json!(total.to_string()))]);
                match page {
                    [] => {}
                    // CUPI's JSON is made from its XML, in which one member can't be told from a list of one.
                    [one] => drop(list.insert(kind.member.to_owned(), json!(one))),
                    several => drop(list.insert(kind.member.to_owned(), json!(several))),
                }
                json_answer(&Value::Object(list))
            }
            Self::Xml => {
                let members = page.iter().map(|resource| element(kind, resource)).collect();
                let mut list = Element::with_children(kind.list, members);
                list.attributes.push(("total".to_owned(), total.to_string()));
                xml_answer(&list)
            }
        }
    }

    pub(super) fn refusal(self, refusal: &Refusal) -> Answer {
        let Refusal { status, code, message } = refusal;
        let mut answer = match self {
            Self::Json => json_answer(&json!({ "errors": { "code": code, "message": message } })),
            Self::Xml => {
                let errors = vec![Element::with_text("code", code), Element::with_text("message", message)];
                let errors = Element::with_children("errors", errors);
                xml_answer(&Element::with_children("ErrorDetails", vec![errors]))
            }
        };
        *answer.status_mut() = *status;
        answer
    }
}

/// A new resource: its path, in the header and in the body.
pub(super) fn created(path: &str) -> Answer {
    let mut answer = whole("text/plain", path.to_owned().into());
    *answer.status_mut() = StatusCode::CREATED;
    match path.parse() {
        Ok(location) => {
            answer.headers_mut().insert(hyper::header::LOCATION, location);
            answer
        }
        Err(_) => bare(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn element(kind: &Kind, resource: &Resource) -> Element {
    let children = resource.iter().map(|(name, value)| Element::with_text(name, value)).collect();
    Element::with_children(kind.member, children)
}

fn json_answer(value: &Value) -> Answer {
    whole("application/json", value.to_string().into())
}

fn xml_answer(element: &Element) -> Answer {
    let mut document = String::from(r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#);
    element.write(&mut document);
    whole("application/xml", document.into())
}
