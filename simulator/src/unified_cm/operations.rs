use uuid::Uuid;

use super::objects::{Changes, Fields, Object, Objects, PENDING, Value};
use super::reading::{Purpose, Reading, present};
use super::refusal::Refusal;
use super::rendering::Rendering;
use super::schema::{Class, Field, Version};
use crate::xml::Element;

/// What an operation comes to: the `return` of its answer, and what changes.
pub(super) type Outcome = Result<(Element, Changes), Refusal>;

/// An operation on objects of one class.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) class: &'static Class,
    pub(super) content: &'a [Element],
    pub(super) objects: &'a Objects,
    pub(super) version: Version,
}

/// The first version whose phones take and lose single lines.
const SINGLE_LINES: Version = (10, 0);

impl Task<'_> {
    pub(super) fn add(&self, uuid: Uuid) -> Outcome {
        let [object] = self.content else { return Err(Refusal::incomplete("request", self.class.name)) };
        if object.name != self.class.name {
            return Err(Refusal::schema(&object.name, self.class.name));
        }
        let fields = self.class.fields.iter();
        let given = self.reading().fields(self.class.name, fields, &object.children, Purpose::Addition)?;
        let uuid = uuid.braced().to_string().to_uppercase();
        let changes = self.objects.add(self.class, uuid.clone(), present(given))?;
        Ok((Element::with_text("return", &uuid), changes))
    }

    pub(super) fn update(&self) -> Outcome {
        let (key, rest) = self.reading().key(self.class, self.content)?;
        let (_, object) = self.objects.get(self.class, &key)?;
        let mut fields = object.fields.clone();
        let (single, rest): (Vec<&Element>, Vec<&Element>) =
            rest.iter().partition(|element| self.takes_single_lines() && is_single(element));
        let rest: Vec<Element> = rest.into_iter().cloned().collect();
        let settable = self.class.fields.iter();
        for (name, value) in self.reading().fields(self.class.name, settable, &rest, Purpose::Change)? {
            match value {
                Some(value) => drop(fields.insert(name.to_owned(), value)),
                None => drop(fields.remove(name)),
            }
        }
        for change in single {
            self.change_lines(&mut fields, change)?;
        }
        let uuid = object.uuid.clone();
        let mut changes = self.objects.set(self.class, &key, fields)?;
        self.note_pending(&uuid, &mut changes);
        Ok((Element::with_text("return", &uuid), changes))
    }

    /// A phone works as before until it is told to take over what was changed.
    fn note_pending(&self, uuid: &str, changes: &mut Changes) {
        if changes.is_empty() {
            return;
        }
        if self.class.name == "line" {
            changes.extend(self.objects.note_pending(self.objects.phones_with(uuid), true));
        } else if self.class.name == "phone"
            && let Some(phone) = changes.iter_mut().find_map(|change| change.value.as_mut())
        {
            phone.fields.insert(PENDING.to_owned(), Value::Text("true".to_owned()));
        }
    }

    /// Lets a phone, or all phones with a line, take over what was changed.
    pub(super) fn activate(&self) -> Outcome {
        let (key, _) = self.reading().key(self.class, self.content)?;
        let (_, object) = self.objects.get(self.class, &key)?;
        let changes = match self.class.name {
            "line" => self.objects.note_pending(self.objects.phones_with(&object.uuid), false),
            _ => self.objects.note_pending(std::iter::once((key.as_str(), object)), false),
        };
        Ok((Element::with_text("return", &object.uuid), changes))
    }

    pub(super) fn remove(&self) -> Outcome {
        let (key, _) = self.reading().key(self.class, self.content)?;
        let (_, object) = self.objects.get(self.class, &key)?;
        Ok((Element::with_text("return", &object.uuid), self.objects.remove(self.class, &key)?))
    }

    pub(super) fn get(&self) -> Outcome {
        let (key, rest) = self.reading().key(self.class, self.content)?;
        let (_, object) = self.objects.get(self.class, &key)?;
        let tags = match rest {
            [] => None,
            [tags] if tags.name == "returnedTags" => Some(tags),
            [other, ..] => return Err(Refusal::schema(&other.name, "returnedTags")),
        };
        let object = self.rendering().object(self.class, object, tags);
        Ok((Element::with_children("return", vec![object]), Changes::new()))
    }

    /// Objects whose fields match the criteria, in which `%` stands for anything.
    pub(super) fn list(&self) -> Outcome {
        let [criteria, tags, page @ ..] = self.content else {
            return Err(Refusal::incomplete("request", "searchCriteria, returnedTags"));
        };
        if criteria.name != "searchCriteria" || tags.name != "returnedTags" {
            return Err(Refusal::schema(&criteria.name, "searchCriteria, returnedTags"));
        }
        let number = |name: &str| {
            page.iter()
                .find(|element| element.name == name)
                .map(|element| element.text.trim().parse().ok())
                .unwrap_or(None)
        };
        if criteria.children.is_empty() {
            return Err(Refusal::malformed("searchCriteria needs at least one criterion"));
        }
        let matches = |object: &&Object| {
            // Most lists ask for everything, which needs no look at the objects.
            let narrowing: Vec<&Element> =
                criteria.children.iter().filter(|wanted| wanted.text.trim() != "%").collect();
            let shown = (!narrowing.is_empty()).then(|| self.rendering().object(self.class, object, Some(criteria)));
            shown.is_none_or(|shown| {
                narrowing.iter().all(|wanted| {
                    let value = shown.child(&wanted.name).map_or("", |field| field.text.as_str());
                    is_like(value, wanted.text.trim())
                })
            })
        };
        let found = self.objects.of(self.class).map(|(_, object)| object).filter(matches);
        let page = found.skip(number("skip").unwrap_or(0)).take(number("first").unwrap_or(usize::MAX));
        let rendering = Rendering { listing: true, ..self.rendering() };
        rows(page.map(|object| rendering.object(self.class, object, Some(tags))).collect())
    }

    /// `addLines` and `removeLines`, which change the list of a phone instead of replacing it.
    fn change_lines(&self, fields: &mut Fields, change: &Element) -> Result<(), Refusal> {
        let lines = |field: &&Field| field.name == "lines";
        let whole = Element { name: "lines".to_owned(), ..change.clone() };
        let given =
            self.reading().fields("lines", self.class.fields.iter().filter(lines), &[whole], Purpose::Change)?;
        let Some(Value::List(changed)) = present(given).remove("lines") else { return Ok(()) };
        let Value::List(present) = fields.entry("lines".to_owned()).or_insert_with(|| Value::List(Vec::new())) else {
            return Ok(());
        };
        if change.name == "addLines" {
            present.extend(changed);
            return Ok(());
        }
        for line in changed {
            let same = |other: &Value| ["index", "dirn"].into_iter().all(|name| part(other, name) == part(&line, name));
            let at = present.iter().position(same).ok_or_else(|| Refusal::not_found("Line"))?;
            present.remove(at);
        }
        Ok(())
    }

    fn takes_single_lines(&self) -> bool {
        self.class.name == "phone" && self.version >= SINGLE_LINES
    }

    fn reading(&self) -> Reading<'_> {
        Reading { objects: self.objects, version: self.version }
    }

    fn rendering(&self) -> Rendering<'_> {
        Rendering { objects: self.objects, version: self.version, listing: false }
    }
}

/// A `return` of these rows.
pub(super) fn rows(rows: Vec<Element>) -> Outcome {
    Ok((Element::with_children("return", rows), Changes::new()))
}

fn is_single(element: &Element) -> bool {
    element.name == "addLines" || element.name == "removeLines"
}

fn part<'a>(line: &'a Value, name: &str) -> Option<&'a Value> {
    match line {
        Value::Group(fields) => fields.get(name),
        Value::Text(_) | Value::List(_) => None,
    }
}

/// Whether a text is like a pattern in which `%` stands for any characters; letters are compared without regard to case.
pub(super) fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    let Some((start, rest)) = pattern.split_once('%') else { return text == pattern };
    let Some(mut left) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('%').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_percent_sign_stands_for_anything() {
        for (text, pattern) in [("SEP001", "%"), ("", "%"), ("SEP001", "sep%"), ("SEP001", "%00%"), ("SEP001", "S%0%1")]
        {
            assert!(is_like(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("SEP001", "SEP"), ("SEP001", "%002"), ("a", "a%a"), ("", "")] {
            assert_eq!(is_like(text, pattern), text == pattern, "{text} {pattern}");
        }
    }
}
