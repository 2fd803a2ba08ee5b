use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesStart, Event};

/// An element of a document. `name` is its local name; `namespace` is what its prefix, or the default, stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) nil: bool,
    /// Attributes that are no namespaces and not `nil`.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(crate) fn with_text(name: &str, text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::new(name) }
    }

    pub(crate) fn with_children(name: &str, children: Vec<Self>) -> Self {
        Self { children, ..Self::new(name) }
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements that hold text, by name.
    pub(crate) fn leaves<'a>(&'a self, leaves: &mut Vec<(&'a str, &'a str)>) {
        if self.children.is_empty() {
            leaves.push((&self.name, self.text.trim()));
        }
        self.children.iter().for_each(|child| child.leaves(leaves));
    }

    /// About how many bytes it is when written.
    pub(crate) fn size(&self) -> usize {
        let attributes: usize = self.attributes.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let children: usize = self.children.iter().map(Self::size).sum();
        2 * self.name.len() + 5 + attributes + self.text.len() + children
    }

    pub(crate) fn write(&self, document: &mut String) {
        document.push('<');
        document.push_str(&self.name);
        for (name, value) in &self.attributes {
            document.extend([" ", name, "=\"", &escape(value.as_str()), "\""]);
        }
        if self.text.is_empty() && self.children.is_empty() {
            document.push_str("/>");
            return;
        }
        document.push('>');
        document.push_str(&escape(self.text.as_str()));
        self.children.iter().for_each(|child| child.write(document));
        document.extend(["</", &self.name, ">"]);
    }
}

/// Reads a document. The error is for the sender.
pub(crate) fn parse(document: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(document);
    let mut open: Vec<(Element, Scope)> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let text: Cow<'_, str> = match event {
            Event::Start(start) => {
                open.push(enter(&start, open.last())?);
                continue;
            }
            Event::Empty(start) => {
                open.push(enter(&start, open.last())?);
                if let Some(root) = leave(&mut open)? {
                    return Ok(root);
                }
                continue;
            }
            Event::End(_) => {
                if let Some(root) = leave(&mut open)? {
                    return Ok(root);
                }
                continue;
            }
            Event::Text(text) => text.xml10_content(),
            Event::CData(text) => text.xml10_content(),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                Some(character) => character.to_string().into(),
                None => resolve_predefined_entity(&reference).ok_or("an entity that is not declared")?.into(),
            },
            Event::DocType(_) => return Err("a document type is not allowed".to_owned()),
            Event::Eof => return Err("the document breaks off".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => continue,
        };
        if let Some((element, _)) = open.last_mut() {
            element.text.push_str(&text);
        }
    }
}

/// The prefixes that hold inside an element.
type Scope = Vec<(String, String)>;

fn enter(start: &BytesStart<'_>, parent: Option<&(Element, Scope)>) -> Result<(Element, Scope), String> {
    let mut scope = parent.map(|(_, scope)| scope.clone()).unwrap_or_default();
    let mut element = Element::default();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value =
            attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        match attribute.key.into_inner() {
            "xmlns" => scope.push((String::new(), value.into_owned())),
            name => match name.split_once(':') {
                Some(("xmlns", prefix)) => scope.push((prefix.to_owned(), value.into_owned())),
                Some((_, "nil")) => element.nil = matches!(&*value, "true" | "1"),
                _ => element.attributes.push((name.to_owned(), value.into_owned())),
            },
        }
    }
    let name = start.name().into_inner();
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let meaning = scope.iter().rev().find(|(known, _)| known == prefix).map(|(_, namespace)| namespace.clone());
    if meaning.is_none() && !prefix.is_empty() {
        return Err(format!("the prefix {prefix} is not declared"));
    }
    element.name = local.to_owned();
    element.namespace = meaning.filter(|namespace| !namespace.is_empty());
    Ok((element, scope))
}

fn leave(open: &mut Vec<(Element, Scope)>) -> Result<Option<Element>, String> {
    let (mut element, _) = open.pop().ok_or("an end without a beginning")?;
    if !element.children.is_empty() {
        element.text.clear();
    }
    match open.last_mut() {
        Some((parent, _)) => {
            parent.children.push(element);
            Ok(None)
        }
        None => Ok(Some(element)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_resolved_and_text_is_unescaped() {
        let document = r#"<?xml version="1.0"?><s:a xmlns:s="one" xmlns:x="two"><b x:nil="1" uuid="{1}"/><c>&lt;&#65;&amp;</c></s:a>"#;
        let root = parse(document).unwrap();
        assert_eq!((root.name.as_str(), root.namespace.as_deref()), ("a", Some("one")));
        let b = root.child("b").unwrap();
        assert_eq!((b.nil, &b.namespace, &b.attributes), (true, &None, &vec![("uuid".to_owned(), "{1}".to_owned())]));
        assert_eq!(root.child("c").unwrap().text, "<A&");
        let mut written = String::new();
        root.child("c").unwrap().write(&mut written);
        assert_eq!(written, "<c>&lt;A&amp;</c>");
    }

    #[test]
    fn what_is_no_document_is_an_error() {
        for damaged in ["", "<a>", "<a></b>", "<x:a/>", "<!DOCTYPE a><a/>", "<a>&x;</a>", "</a>"] {
            assert!(parse(damaged).is_err(), "{damaged}");
        }
    }
}
