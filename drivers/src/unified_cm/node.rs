use std::io;

use quick_xml::NsReader;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};

/// An element of a request or a reply. Names are local: only the outermost element of a message has a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    /// Written as `xsi:nil="true"`.
    pub(super) nil: bool,
    pub(super) uuid: Option<String>,
    /// The other attributes that mean something: those of changes.
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

/// No reply is nested as deeply. What isn't a reply could be, to no end.
const DEEPEST: usize = 64;

/// What a change is of, which of its elements changed, and of which queue a number is.
const ATTRIBUTES: [&str; 3] = ["type", "name", "queueId"];

impl Node {
    pub(super) fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), ..Self::default() }
    }

    pub(super) fn nil(name: impl Into<String>) -> Self {
        Self { name: name.into(), nil: true, ..Self::default() }
    }

    pub(super) fn parent(name: impl Into<String>, children: Vec<Self>) -> Self {
        Self { name: name.into(), children, ..Self::default() }
    }

    pub(super) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str())
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children_named(name).next()
    }

    pub(super) fn children_named(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child, `""` when it is absent.
    pub(super) fn child_text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    pub(super) fn write<W: io::Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        let values = self.attributes.iter().map(|(_, value)| value).chain([&self.text]);
        if values
            .flat_map(|value| value.chars())
            .any(|char| char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}'))
        {
            let message = format!("{} has a character that no document can hold", self.name);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let mut start = BytesStart::new(self.name.as_str());
        if self.nil {
            start.push_attribute(("xsi:nil", "true"));
        }
        self.attributes.iter().for_each(|(name, value)| start.push_attribute((*name, value.as_str())));
        if self.children.is_empty() && self.text.is_empty() {
            return writer.write_event(Event::Empty(start));
        }
        writer.write_event(Event::Start(start))?;
        if self.children.is_empty() {
            writer.write_event(Event::Text(BytesText::new(&self.text)))?;
        }
        self.children.iter().try_for_each(|child| child.write(writer))?;
        writer.write_event(Event::End(BytesEnd::new(self.name.as_str())))
    }

    /// Reads a whole document; what stands outside its one element is passed over.
    pub(super) fn read(document: &str) -> Result<Self, ReadError> {
        let mut reader = NsReader::from_str(document);
        let mut open: Vec<Self> = Vec::new();
        loop {
            let (element, closed) = match reader.read_event()? {
                Event::Start(start) => (Some(Self::from_start(&start)?), false),
                Event::Empty(start) => (Some(Self::from_start(&start)?), true),
                Event::End(_) => (None, true),
                Event::Text(text) => {
                    append(&mut open, &text.xml10_content());
                    continue;
                }
                Event::CData(text) => {
                    append(&mut open, &text.xml10_content());
                    continue;
                }
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref()? {
                        Some(character) => character.to_string(),
                        None => quick_xml::escape::resolve_predefined_entity(&reference)
                            .ok_or(ReadError::Entity)?
                            .to_owned(),
                    };
                    append(&mut open, &resolved);
                    continue;
                }
                Event::Eof => return Err(ReadError::Incomplete),
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => continue,
                Event::DocType(_) => return Err(ReadError::DocType),
            };
            open.extend(element);
            if open.len() > DEEPEST {
                return Err(ReadError::TooDeep);
            }
            if closed {
                let mut done = open.pop().ok_or(ReadError::Incomplete)?;
                if !done.children.is_empty() {
                    done.text.clear();
                }
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Ok(done),
                }
            }
        }
    }

    fn from_start(start: &BytesStart<'_>) -> Result<Self, ReadError> {
        let mut node = Self { name: start.local_name().into_inner().to_owned(), ..Self::default() };
        for attribute in start.attributes() {
            let attribute = attribute?;
            match attribute.key.local_name().into_inner() {
                "nil" => node.nil = matches!(&*attribute.value, "true" | "1"),
                "uuid" => node.uuid = Some(attribute.value.into_owned()),
                name => {
                    let known = ATTRIBUTES.iter().find(|known| **known == name);
                    node.attributes.extend(known.map(|known| (*known, attribute.value.clone().into_owned())));
                }
            }
        }
        Ok(node)
    }
}

fn append(open: &mut [Node], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// Why a document can't be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("it is no XML: {0}")]
    Xml(#[from] quick_xml::Error),
    #[error("it is no XML: {0}")]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    #[error("it breaks off")]
    Incomplete,
    #[error("its elements are nested deeper than those of any reply")]
    TooDeep,
    #[error("it has an entity that is not declared")]
    Entity,
    #[error("it has a document type, which no device sends")]
    DocType,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(node: &Node) -> String {
        let mut writer = Writer::new(Vec::new());
        node.write(&mut writer).unwrap();
        String::from_utf8(writer.into_inner()).unwrap()
    }

    #[test]
    fn user_text_stays_text() {
        let text = r#"</name><x y="1">&amp; 'ü' ]]>"#;
        let node = Node::parent("phone", vec![Node::text("name", text), Node::nil("pool")]);
        let document = written(&node);
        assert!(!document.contains("<x"), "{document}");
        assert!(document.contains(r#"<pool xsi:nil="true"/>"#), "{document}");
        assert_eq!(Node::read(&document.replace("xsi:nil", "nil")).unwrap(), node);
    }

    #[test]
    fn namespaces_are_passed_over_and_damage_is_not() {
        let node = Node::read("<a:b xmlns:a='x'> <c uuid='{1}'>d &#x26; e<![CDATA[<]]></c> </a:b>").unwrap();
        assert_eq!((node.name.as_str(), node.child_text("c")), ("b", "d & e<"));
        assert_eq!(node.child("c").unwrap().uuid.as_deref(), Some("{1}"));
        for damaged in ["", "<a>", "<a></b>", "<a>&x;</a>", "<!DOCTYPE a><a/>", "text"] {
            assert!(Node::read(damaged).is_err(), "{damaged}");
        }
    }

    #[test]
    fn what_is_nested_without_end_is_given_up() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(Node::read(&nested(DEEPEST)).is_ok());
        assert!(matches!(Node::read(&nested(DEEPEST + 1)), Err(ReadError::TooDeep)));
        assert!(matches!(Node::read(&nested(1_000_000)), Err(ReadError::TooDeep)));
    }

    #[test]
    fn a_character_that_no_document_holds_is_not_written() {
        for text in ["a\0b", "a\nb", "a\u{7f}", "a\u{ffff}"] {
            let mut writer = Writer::new(Vec::new());
            let error = Node::parent("phone", vec![Node::text("name", text)]).write(&mut writer).unwrap_err();
            assert_eq!(error.to_string(), "name has a character that no document can hold", "{text:?}");
        }
    }
}
