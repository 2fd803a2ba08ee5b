use serde_json::{Map, Value as Json};

use super::objects::{Fields, Object, Objects, Value, text};
use super::schema::{Class, Field, Rule, Version};
use crate::xml::{self, Element};

/// Writes objects as the device shows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rendering<'a> {
    pub(super) objects: &'a Objects,
    pub(super) version: Version,
    /// In a list some fields are not told.
    pub(super) listing: bool,
}

impl Rendering<'_> {
    /// An object with the elements that `tags` asks for; without `tags`, with all.
    pub(super) fn object(&self, class: &'static Class, object: &Object, tags: Option<&Element>) -> Element {
        let mut element = Element::with_children(class.name, self.fields(class.fields, Some(&object.fields), tags));
        // What there is one of is asked for without a key, and has no id in the schema.
        if !class.key.is_empty() {
            element.attributes.push(("uuid".to_owned(), object.uuid.clone()));
        }
        element
    }

    fn fields(&self, fields: &'static [Field], values: Option<&Fields>, tags: Option<&Element>) -> Vec<Element> {
        let asked = |field: &&Field| {
            let asked = tags.is_none_or(|tags| tags.children.is_empty() || tags.child(field.name).is_some());
            asked
                && field.is_in(self.version)
                && field.use_of.told
                && (field.use_of.listed || !self.listing)
                && !matches!(field.rule, Rule::Secret)
                && (field.use_of.empty || values.is_some_and(|values| values.contains_key(field.name)))
        };
        let render = |field: &'static Field| -> Vec<Element> {
            // The model is the product under another name.
            let name = if field.name == "model" { "product" } else { field.name };
            let value = values.and_then(|values| values.get(name));
            match (&field.rule, value) {
                // Every user is an active one.
                (Rule::Any, None) if field.name == "status" => vec![Element::with_text("status", "1")],
                (Rule::Any, Some(model)) if field.name == "model" => vec![Element::with_text("model", text(model))],
                (Rule::Any | Rule::Several, None) => Vec::new(),
                (Rule::Any, Some(kept)) => xml::parse(text(kept)).into_iter().collect(),
                (Rule::Several, Some(Value::List(kept))) => {
                    kept.iter().filter_map(|kept| xml::parse(text(kept)).ok()).collect()
                }
                (rule, value) => {
                    vec![self.value(field.name, rule, value, tags.and_then(|tags| tags.child(field.name)))]
                }
            }
        };
        fields.iter().filter(asked).flat_map(render).collect()
    }

    fn value(&self, name: &str, rule: &'static Rule, value: Option<&Value>, tags: Option<&Element>) -> Element {
        match (rule, value) {
            (Rule::List(member, rule), Some(Value::List(members))) => {
                let tags = tags.and_then(|tags| tags.child(member));
                let members = members.iter().map(|value| self.value(member, rule, Some(value), tags));
                Element::with_children(name, members.collect())
            }
            (Rule::Group(fields), Some(Value::Group(values))) => {
                Element::with_children(name, self.fields(fields, Some(values), tags))
            }
            (Rule::Dirn, Some(Value::Text(uuid))) => {
                let (pattern, partition) = self.objects.name_of(uuid).split_once('/').unwrap_or_default();
                let children =
                    vec![Element::with_text("pattern", pattern), Element::with_text("routePartitionName", partition)];
                let mut dirn = Element::with_children(name, children);
                // The schema has a user's primary extension without it.
                if name != "primaryExtension" {
                    dirn.attributes.push(("uuid".to_owned(), uuid.clone()));
                }
                dirn
            }
            (Rule::Needs(_) | Rule::Names(_) | Rule::NeedsOne(_) | Rule::NamesOne(_), Some(Value::Text(uuid))) => {
                let mut element = Element::with_text(name, self.objects.name_of(uuid));
                // The schema has a few references as plain text.
                if !matches!(name, "device" | "userId" | "loginUserId" | "name" | "domainName" | "deviceProfile") {
                    element.attributes.push(("uuid".to_owned(), uuid.clone()));
                }
                element
            }
            (_, Some(Value::Text(text))) => Element::with_text(name, text),
            // A flag is never empty; nobody has set it of what is built in.
            (Rule::Flag, _) => Element::with_text(name, "false"),
            (_, _) => Element::new(name),
        }
    }

    /// All objects, by class and key, with the names of what they refer to.
    pub(super) fn all(&self, classes: &'static [Class]) -> Json {
        let objects = |class: &'static Class| {
            let of_class = self.objects.of(class);
            let fields = |object: &Object| Json::Object(self.plain_fields(class.fields, &object.fields));
            let objects: Map<_, _> = of_class.map(|(key, object)| (key.to_owned(), fields(object))).collect();
            (class.name.to_owned(), Json::Object(objects))
        };
        Json::Object(classes.iter().map(objects).collect())
    }

    fn plain_fields(&self, fields: &'static [Field], values: &Fields) -> Map<String, Json> {
        let rule_of = |name: &str| fields.iter().find(|field| field.name == name).map(|field| &field.rule);
        let shown = |(name, value): (&String, &Value)| Some((name.clone(), self.plain(rule_of(name)?, value)?));
        values.iter().filter_map(shown).collect()
    }

    fn plain(&self, rule: &'static Rule, value: &Value) -> Option<Json> {
        match (rule, value) {
            (Rule::Secret, _) => None,
            (Rule::Several, Value::List(kept)) => Some(kept.iter().map(text).collect()),
            (Rule::List(_, rule), Value::List(members)) => {
                Some(members.iter().filter_map(|member| self.plain(rule, member)).collect())
            }
            (Rule::Group(fields), Value::Group(values)) => Some(Json::Object(self.plain_fields(fields, values))),
            (Rule::Needs(_) | Rule::Names(_) | Rule::NeedsOne(_) | Rule::NamesOne(_) | Rule::Dirn, uuid) => {
                Some(self.objects.name_of(text(uuid)).into())
            }
            (_, value) => Some(text(value).into()),
        }
    }
}
