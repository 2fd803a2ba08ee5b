use uuid::Uuid;

use super::edited_lists::EditedList;
use super::objects::{Changes, Object, Objects, PENDING, Value};
use super::reading::{Purpose, Reading, present};
use super::refusal::Refusal;
use super::rendering::Rendering;
use super::schema::{Class, Version};
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
        let of_list = |element: &Element| EditedList::of_element(self.class, &element.name, self.version);
        let edits = rest.iter().filter_map(|element| Some((of_list(element)?, element)));
        let rest: Vec<Element> = rest.iter().filter(|element| of_list(element).is_none()).cloned().collect();
        let settable = self.class.fields.iter();
        for (name, value) in self.reading().fields(self.class.name, settable, &rest, Purpose::Change)? {
            match value {
                Some(value) => drop(fields.insert(name.to_owned(), value)),
                None => drop(fields.remove(name)),
            }
        }
        for (list, edit) in edits {
            list.edit(self.reading(), self.class, &mut fields, edit)?;
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
            "phone" => self.objects.note_pending(std::iter::once((key.as_str(), object)), false),
            _ => Changes::new(),
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
            [tags, other, ..] if tags.name == "returnedTags" => return Err(Refusal::schema(&other.name, "nothing")),
            [other, ..] => return Err(Refusal::schema(&other.name, "returnedTags")),
        };
        if let Some(tags) = tags {
            self.reading().tags(self.class.fields, &tags.children)?;
        }
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
        let (skip, first) = place(page)?;
        if criteria.children.is_empty() {
            return Err(Refusal::malformed("searchCriteria needs at least one criterion"));
        }
        if let Some(odd) = criteria.children.iter().find(|wanted| !self.class.criteria.contains(&wanted.name.as_str()))
        {
            return Err(Refusal::schema(&odd.name, &self.class.criteria.join(", ")));
        }
        self.reading().tags(self.class.fields, &tags.children)?;
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
        let page = found.skip(skip).take(first);
        let rendering = Rendering { listing: true, ..self.rendering() };
        rows(page.map(|object| rendering.object(self.class, object, Some(tags))).collect())
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

/// How many rows are left out, and how many are wanted, from what follows the tags of a list.
pub(super) fn place(page: &[Element]) -> Result<(usize, usize), Refusal> {
    let mut expected = ["skip", "first"].into_iter();
    let (mut skip, mut first) = (0, usize::MAX);
    for element in page {
        if !expected.any(|name| name == element.name) {
            return Err(Refusal::schema(&element.name, "skip, first"));
        }
        let number = element.text.trim();
        let number = number.parse().map_err(|_| Refusal::malformed(format!("{} is no number", element.name)))?;
        *if element.name == "skip" { &mut skip } else { &mut first } = number;
    }
    Ok((skip, first))
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
