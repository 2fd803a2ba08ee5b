use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

use super::node::{Node, ReadError};
use super::version::Version;
use crate::said::words;

/// What the device's SOAP says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The content of `<return>`.
    Return(Node),
    /// The device has refused, with effect on nothing.
    Refused(Refusal),
}

/// A SOAP fault with its AXL error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The AXL code; negative ones and some small ones are the database's. `None`: the fault has none.
    pub(super) code: Option<i32>,
    pub(super) message: String,
}

impl Refusal {
    /// Something has the key already.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self.code, Some(-239 | -268))
            || self.message.contains("duplicate value in a UNIQUE INDEX")
            // Of a directory number the device says it in words of its own.
            || self.message.contains("A DN exists with the same pattern and partition")
    }

    /// The object, or one that it refers to, isn't there.
    pub(super) fn is_missing(&self) -> bool {
        // 5003 is said of a missing right as well.
        self.code == Some(5007) || self.message.contains("not found")
    }

    /// The data asked for are more than the device gives at once.
    pub(super) fn is_too_large(&self) -> bool {
        self.message.contains("Query request too large")
    }

    /// The rows that it suggests to stay below then, where it does.
    pub(super) fn suggested_rows(&self) -> Option<u32> {
        let (_, rows) = self.message.rsplit_once("less than")?;
        let rows = rows.trim_start();
        rows[..rows.find(|char: char| !char.is_ascii_digit()).unwrap_or(rows.len())].parse().ok()
    }

    /// The memory for replies is used up by other requests.
    pub(super) fn is_busy(&self) -> bool {
        self.message.contains("Maximum AXL Memory Allocation Consumed")
    }

    /// The users come from an LDAP directory, and this one hasn't come yet.
    pub(super) fn waits_for_ldap(&self) -> bool {
        self.message.contains("LDAP")
    }

    /// Somebody else holds a lock in the database, and the transaction was rolled back.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self.code, Some(-107 | -113 | -154 | -243 | -244 | -245))
    }
}

/// A request, as it goes over the wire.
pub(super) fn request(version: Version, operation: &str, content: &[Node]) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::with_capacity(2 * 1024));
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let namespace = format!("http://www.cisco.com/AXL/API/{version}");
    let envelope = BytesStart::new("soapenv:Envelope").with_attributes([
        ("xmlns:soapenv", "http://schemas.xmlsoap.org/soap/envelope/"),
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xmlns:axl", namespace.as_str()),
    ]);
    let operation = format!("axl:{operation}");
    writer.write_event(Event::Start(envelope))?;
    writer.write_event(Event::Start(BytesStart::new("soapenv:Body")))?;
    writer.write_event(Event::Start(BytesStart::new(operation.as_str())))?;
    content.iter().try_for_each(|node| node.write(&mut writer))?;
    for name in [operation.as_str(), "soapenv:Body", "soapenv:Envelope"] {
        writer.write_event(Event::End(BytesEnd::new(name)))?;
    }
    Ok(writer.into_inner())
}

/// Reads a reply; `None`: it is SOAP, but neither a return nor a fault.
pub(super) fn reply(body: &[u8]) -> Result<Option<Reply>, ReadError> {
    let envelope = Node::read(&String::from_utf8_lossy(body))?;
    let content = envelope.child("Body").and_then(|body| body.children.first());
    Ok(content.and_then(|content| match content.name.as_str() {
        "Fault" => Some(Reply::Refused(refusal(content))),
        // The one answer that has no return.
        "listChangeResponse" => Some(Reply::Return(content.clone())),
        _ => content.child("return").cloned().map(Reply::Return),
    }))
}

fn refusal(fault: &Node) -> Refusal {
    let error = fault.child("detail").and_then(|detail| detail.child("axlError"));
    let code = error.and_then(|error| error.child_text("axlcode").trim().parse().ok());
    let message = error.map(|error| error.child_text("axlmessage")).filter(|message| !message.is_empty());
    Refusal { code, message: words(message.unwrap_or_else(|| fault.child_text("faultstring"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<Reply> {
        let open = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>"#;
        reply(format!("{open}{body}</s:Body></s:Envelope>").as_bytes()).unwrap()
    }

    #[test]
    fn a_fault_is_told_by_its_axl_error_or_else_by_its_text() {
        let fault = "<s:Fault><faultcode>s:Server</faultcode><faultstring>outer</faultstring><detail><axlError>\
            <axlcode>5007</axlcode><axlmessage>Item not valid: The specified User was not found</axlmessage>\
            <request>getUser</request></axlError></detail></s:Fault>";
        let Some(Reply::Refused(refusal)) = read(fault) else { panic!("no fault") };
        assert_eq!(refusal.code, Some(5007));
        assert!(refusal.is_missing() && !refusal.is_duplicate() && !refusal.is_locked());
        let bare = "<s:Fault><faultcode>s:Client</faultcode><faultstring>no such operation</faultstring></s:Fault>";
        let expected = Refusal { code: None, message: "no such operation".to_owned() };
        assert_eq!(read(bare), Some(Reply::Refused(expected)));
    }

    #[test]
    fn a_number_that_is_there_is_a_duplicate_in_words_of_its_own() {
        let said = |message: &str| Refusal { code: Some(-1), message: message.to_owned() };
        assert!(
            said("Cannot insert or update pattern. A DN exists with the same pattern and partition.").is_duplicate()
        );
        // What has the pattern there isn't a directory number, and a look at one finds nothing.
        let other = "Cannot insert or update pattern. A Call Pick Up Group exists with the same pattern and partition.";
        assert!(!said(other).is_duplicate());
    }

    #[test]
    fn what_is_too_large_is_told_with_or_without_a_suggestion() {
        for (message, rows) in [
            (
                "Query request too large. Total rows matched: 1277 rows. Suggestive Row Fetch: less than 953 rows",
                Some(953),
            ),
            ("Query request too large. Total rows matched: 9. Suggested row fetch: less than 5.", Some(5)),
            ("Query request too large.", None),
            ("Error: Query request too large. Suggested row fetch: less than some", None),
        ] {
            let refusal = Refusal { code: Some(-1), message: message.to_owned() };
            assert!(refusal.is_too_large(), "{message}");
            assert_eq!(refusal.suggested_rows(), rows, "{message}");
        }
    }

    #[test]
    fn a_return_is_told_from_anything_else() {
        let answer = "<ns:addUserResponse xmlns:ns='x'><return>{1}</return></ns:addUserResponse>";
        assert_eq!(read(answer), Some(Reply::Return(Node::text("return", "{1}"))));
        assert_eq!(read("<other/>"), None);
        assert!(reply(b"<html>").is_err());
    }
}
