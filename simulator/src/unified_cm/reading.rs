use super::objects::{Fields, Object, Objects, Value};
use super::refusal::Refusal;
use super::schema::{Class, Field, Rule, Version};
use crate::xml::Element;

/// Values that a request gives, in its order; `None`: the field is unset.
pub(super) type Given = Vec<(&'static str, Option<Value>)>;

/// What the elements of a request are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The whole of something new: all that is required must be there.
    Addition,
    /// Some of something that is there.
    Change,
}

/// Reads requests by the schema, and looks references up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) objects: &'a Objects,
    pub(super) version: Version,
}

impl<'a> Reading<'a> {
    /// Reads elements that must be these fields, in this order. In an addition what nobody mentions gets its usual
    /// value.
    pub(super) fn fields(
        &self,
        parent: &str,
        fields: impl Iterator<Item = &'static Field> + Clone,
        elements: &[Element],
        purpose: Purpose,
    ) -> Result<Given, Refusal> {
        let name_of = |field: &Field| match purpose {
            Purpose::Addition => field.use_of.given.then_some(field.name),
            Purpose::Change => field.use_of.changed_as,
        };
        let whole = purpose == Purpose::Addition;
        let all = fields.clone().filter(|field| field.is_in(self.version));
        let is_known = |field: &&Field| field.is_in(self.version) && name_of(field).is_some();
        let known = fields.filter(is_known);
        let mut expected = known.clone().peekable();
        let mut given = Given::new();
        for element in elements {
            if element.namespace.is_some() {
                return Err(Refusal::schema(&element.name, "an unqualified element"));
            }
            if let Some((name, Some(Value::List(all)))) = given.last_mut()
                && *name == element.name
                && known.clone().any(|field| field.name == *name && matches!(field.rule, Rule::Several))
            {
                all.push(kept(element));
                continue;
            }
            let next = expected.peek().and_then(|field| name_of(field)).unwrap_or("nothing");
            loop {
                let Some(field) = expected.next() else { return Err(Refusal::schema(&element.name, next)) };
                if name_of(field) == Some(element.name.as_str()) {
                    given.push((field.name, self.value(field, element)?));
                    break;
                }
                if whole && field.required {
                    return Err(Refusal::schema(&element.name, field.name));
                }
            }
        }
        if !whole {
            return Ok(given);
        }
        if let Some(missing) = expected.find(|field| field.required) {
            return Err(Refusal::incomplete(parent, missing.name));
        }
        for field in all {
            let is_off = field.use_of.given && matches!(field.rule, Rule::Flag);
            let usual = field.usual.or(is_off.then_some("false"));
            if let Some(usual) = usual.filter(|_| !given.iter().any(|(name, _)| *name == field.name)) {
                given.push((field.name, self.usual(&field.rule, usual)));
            }
        }
        Ok(given)
    }

    /// What a field has when nobody says otherwise. A reference is to what the maker delivers, which may be gone.
    fn usual(&self, rule: &Rule, value: &str) -> Option<Value> {
        let Rule::Needs(class) = rule else { return Some(Value::Text(value.to_owned())) };
        let (_, object) = self.objects.get(Class::named(class)?, value).ok()?;
        Some(Value::Text(object.uuid.clone()))
    }

    /// The key by which an object of the class is asked for, from the elements of the choice at a request's beginning;
    /// with the elements that follow.
    pub(super) fn key<'e>(&self, class: &Class, elements: &'e [Element]) -> Result<(String, &'e [Element]), Refusal> {
        match elements {
            _ if class.key.is_empty() => Ok((String::new(), elements)),
            [uuid, rest @ ..] if uuid.name == "uuid" => {
                let (key, _) = self.objects.with_uuid(class, &braced(&uuid.text))?;
                Ok((key.split_once('/').map_or_else(String::new, |(_, key)| key.to_owned()), rest))
            }
            [first, ..] if first.name == class.key[0] => Ok(joined(class.key, elements)),
            [first, ..] if class.other_key.first() == Some(&first.name.as_str()) => {
                let (key, rest) = joined(class.other_key, elements);
                let (key, _) = self.objects.with_other_key(class, &key)?;
                Ok((key.to_owned(), rest))
            }
            [other, ..] => Err(Refusal::schema(&other.name, &format!("{}, uuid", class.key[0]))),
            [] => Err(Refusal::incomplete(class.name, &format!("{}, uuid", class.key[0]))),
        }
    }

    /// That a client asks for nothing but what may be told of an object, in the order of the schema.
    pub(super) fn tags(&self, fields: &[Field], elements: &[Element]) -> Result<(), Refusal> {
        let mut told = fields.iter().filter(|field| field.is_in(self.version) && field.use_of.told);
        for element in elements {
            let Some(field) = told.find(|field| field.name == element.name) else {
                return Err(Refusal::schema(&element.name, "what may follow"));
            };
            match &field.rule {
                Rule::Group(fields) => self.tags(fields, &element.children)?,
                Rule::List(member, Rule::Group(fields)) => {
                    for child in &element.children {
                        if child.name != *member {
                            return Err(Refusal::schema(&child.name, member));
                        }
                        self.tags(fields, &child.children)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn value(&self, field: &'static Field, element: &Element) -> Result<Option<Value>, Refusal> {
        if element.nil && !field.nillable {
            return Err(Refusal::not_nillable(field.name));
        }
        self.by_rule(field.name, &field.rule, element)
    }

    fn by_rule(&self, name: &str, rule: &'static Rule, element: &Element) -> Result<Option<Value>, Refusal> {
        let text = element.text.trim();
        let unset = text.is_empty() && element.children.is_empty() && element.attributes.is_empty();
        let refers = |class: &str| Ok(Some(Value::Text(self.object(class, element)?.1.uuid.clone())));
        let refers_to_one = |classes: &[&str]| {
            let mut found = classes.iter().map(|class| refers(class));
            // Where none has it, the first class is the one that is meant.
            let first = found.next().unwrap_or_else(|| Err(Refusal::not_found(name)));
            first.or_else(|missing| found.find(Result::is_ok).unwrap_or(Err(missing)))
        };
        let plain = || Ok(Some(Value::Text(text.to_owned())));
        let invalid = |reason: &str| Err(Refusal::invalid(name, reason));
        match rule {
            _ if element.nil => Ok(None),
            Rule::List(member, rule) => {
                let mut members = Vec::with_capacity(element.children.len());
                for child in &element.children {
                    if child.name != *member {
                        return Err(Refusal::schema(&child.name, member));
                    }
                    members.extend(self.by_rule(member, rule, child)?);
                }
                Ok(Some(Value::List(members)))
            }
            Rule::Group(fields) => {
                let given = self.fields(name, fields.iter(), &element.children, Purpose::Addition)?;
                Ok(Some(Value::Group(present(given))))
            }
            Rule::Dirn => self.dirn(element),
            Rule::Flag if flag(text).is_none() => invalid("it is true or false"),
            Rule::Word(words) if !words.contains(&text) => invalid(&format!("it is one of {}", words.join(", "))),
            _ if unset => Ok(None),
            Rule::Any => Ok(Some(kept(element))),
            Rule::Several => Ok(Some(Value::List(vec![kept(element)]))),
            Rule::Text(most) if text.chars().count() > *most => invalid(&format!("it has at most {most} characters")),
            Rule::Number(from, to) if !text.parse().is_ok_and(|number| (*from..=*to).contains(&number)) => {
                invalid(&format!("it is from {from} to {to}"))
            }
            Rule::Needs(class) | Rule::Names(class) => refers(class),
            Rule::NeedsOne(classes) | Rule::NamesOne(classes) => refers_to_one(classes),
            Rule::Text(_) | Rule::Secret | Rule::Word(_) | Rule::Number(..) => plain(),
            Rule::Flag => Ok(flag(text).map(|flag| Value::Text(flag.to_string()))),
        }
    }

    /// The object of a class that an element names, by its key or with the attribute `uuid`; with its key.
    pub(super) fn object(&self, class: &str, element: &Element) -> Result<(&'a str, &'a Object), Refusal> {
        let class = Class::named(class).ok_or_else(|| Refusal::not_found(class))?;
        let text = element.text.trim();
        match element.attributes.iter().find(|(name, _)| name == "uuid") {
            Some((_, uuid)) if text.is_empty() => self.objects.with_uuid(class, &braced(uuid)),
            _ => self.objects.get(class, text).or_else(|missing| self.in_any_case(class, text).ok_or(missing)),
        }
    }

    /// What other objects refer to is found in any case: clients that work with the maker's devices write `Standard
    /// Presence Group` for what is there as `Standard Presence group`.
    fn in_any_case(&self, class: &Class, name: &str) -> Option<(&'a str, &'a Object)> {
        let (name, _) = self.objects.of(class).find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        self.objects.get(class, name).ok()
    }

    fn dirn(&self, element: &Element) -> Result<Option<Value>, Refusal> {
        let of = |name: &str| element.child(name).map_or("", |child| child.text.trim());
        if let Some(odd) = element.children.iter().find(|c| c.name != "pattern" && c.name != "routePartitionName") {
            return Err(Refusal::schema(&odd.name, "pattern, routePartitionName"));
        }
        if of("pattern").is_empty() {
            return Ok(None);
        }
        let lines = Class::named("line").ok_or_else(|| Refusal::not_found("Line"))?;
        let (_, line) = self.objects.get(lines, &format!("{}/{}", of("pattern"), of("routePartitionName")))?;
        Ok(Some(Value::Text(line.uuid.clone())))
    }
}

/// An id as objects have it. Clients also give it as the database writes it, without braces and in small letters.
pub(super) fn braced(uuid: &str) -> String {
    format!("{{{}}}", uuid.trim().trim_matches(['{', '}']).to_uppercase())
}

/// An element as it came.
fn kept(element: &Element) -> Value {
    let mut kept = String::new();
    element.write(&mut kept);
    Value::Text(kept)
}

/// What a flag says. The schema has small letters only; the maker's devices also take what Python makes of its own values.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// The key of several parts that elements begin with, and the elements that follow it.
fn joined<'e>(parts: &[&str], elements: &'e [Element]) -> (String, &'e [Element]) {
    let mut key = String::new();
    let mut rest = elements;
    for (place, name) in parts.iter().enumerate() {
        if place > 0 {
            key.push('/');
        }
        if let [next, others @ ..] = rest
            && next.name == *name
        {
            key.push_str(next.text.trim());
            rest = others;
        }
    }
    // A pattern may be told by these too, of which there is only one kind here.
    while let [next, others @ ..] = rest
        && parts[0] == "pattern"
        && matches!(next.name.as_str(), "dialPlanName" | "routeFilterName")
    {
        rest = others;
    }
    (key, rest)
}

/// The fields of a new object or group.
pub(super) fn present(given: Given) -> Fields {
    given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
