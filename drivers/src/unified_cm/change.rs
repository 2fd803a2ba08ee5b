use std::borrow::Cow;
use std::collections::BTreeMap;

use dialtone_model::{Attributes, Fault, UnifiedCmObject};

use super::carriers::refuse_in_use;
use super::client::{Axl, AxlError};
use super::node::Node;
use super::object::{Class, unfit};
use super::schema::{Completeness, Element, Values, completed, differences, tags};
use crate::http::{Deadline, Effect};
use crate::{Done, Look, Ran};

/// An object that is there, or was.
pub(super) struct Target<'a> {
    axl: &'a Axl,
    object: Cow<'a, UnifiedCmObject>,
    class: Class,
    /// The elements by which it is found.
    key: Vec<Node>,
    deadline: Deadline,
}

impl<'a> Target<'a> {
    pub(super) fn new(axl: &'a Axl, object: &'a UnifiedCmObject, deadline: Deadline) -> Self {
        Self::of(axl, Cow::Borrowed(object), deadline)
    }

    pub(super) fn user(axl: &'a Axl, user_id: &str, deadline: Deadline) -> Self {
        Self::of(axl, Cow::Owned(UnifiedCmObject::User(user_id.to_owned())), deadline)
    }

    fn of(axl: &'a Axl, object: Cow<'a, UnifiedCmObject>, deadline: Deadline) -> Self {
        let (class, key) = Class::of_object(&object);
        Self { axl, object, class, key, deadline }
    }

    pub(super) async fn change(&self, attributes: &Attributes) -> Result<Ran, Fault> {
        let sent = self.settings(attributes)?;
        let elements = self.class.elements;
        let is_sent = |element: &&Element| sent.iter().any(|node| node.name == element.name);
        let groups = elements.iter().filter(|element| element.is_group()).filter(is_sent);
        let wanted: Vec<Node> =
            groups.flat_map(|group| tags(std::slice::from_ref(group), self.axl.version, None)).collect();
        let content = if wanted.is_empty() {
            sent
        } else {
            let there = self.get(wanted).await?.unwrap_or_default();
            completed(&sent, &there, elements, self.axl.version)
        };
        self.update(content).await?;
        Ok(Ran::Done(Done::default()))
    }

    pub(super) async fn look_for_change(&self, attributes: &Attributes) -> Result<Look, Fault> {
        let sent = self.settings(attributes)?;
        let wanted = tags(self.class.elements, self.axl.version, Some(&sent));
        let Some(there) = self.get(wanted).await? else { return Ok(self.missing()) };
        let equal = differences(&sent, &there, self.class.elements).is_empty();
        // The values from before are no obstacle: to set others is what the step is for.
        Ok(if equal { Look::Equal(Done { reference: there.uuid }) } else { Look::Absent })
    }

    pub(super) async fn rename(&self, to: &UnifiedCmObject) -> Result<Ran, Fault> {
        match self.update(self.new_key(to)?).await {
            Ok(()) => Ok(Ran::Done(Done::default())),
            // It may have been renamed before, so what has the new key decides.
            Err(AxlError::Refused(refusal)) if refusal.is_missing() && self.named(to).exists().await? => {
                Ok(Ran::Done(Done::default()))
            }
            Err(AxlError::Refused(refusal)) if refusal.is_duplicate() => Ok(Ran::AlreadyThere),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn rename_back(&self, to: &UnifiedCmObject) -> Result<Ran, Fault> {
        self.named(to).rename(&self.object).await
    }

    pub(super) async fn look_for_rename(&self, to: &UnifiedCmObject) -> Result<Look, Fault> {
        let renamed = self.named(to);
        Ok(match (self.exists().await?, renamed.exists().await?) {
            (true, false) => Look::Absent,
            (false, true) => Look::Equal(Done::default()),
            (false, false) => self.missing(),
            (true, true) => Look::Different { differences: vec![format!("{to}: the device has another one")] },
        })
    }

    pub(super) async fn remove(&self) -> Result<Ran, Fault> {
        if self.class.is_of_numbers() {
            refuse_in_use(self.axl, &self.key, self.deadline).await?;
        }
        match self.axl.call(&self.class.operation("remove"), &self.key, Effect::Possible, self.deadline).await {
            Ok(_) => Ok(Ran::Done(Done::default())),
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(Ran::Done(Done::default())),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn look_for_removal(&self) -> Result<Look, Fault> {
        Ok(if self.exists().await? { Look::Absent } else { Look::Equal(Done::default()) })
    }

    fn named<'o>(&'o self, object: &'o UnifiedCmObject) -> Target<'o> {
        Target::new(self.axl, object, self.deadline)
    }

    fn settings(&self, attributes: &Attributes) -> Result<Vec<Node>, Fault> {
        let flat = attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let values = Values { flat, lists: BTreeMap::new() };
        Ok(values.write(self.class.elements, self.axl.version, Completeness::Given)?)
    }

    /// What a renaming says: the elements of the new key, each with `new` before its name.
    fn new_key(&self, to: &UnifiedCmObject) -> Result<Vec<Node>, Fault> {
        let (class, key) = Class::of_object(to);
        if class.name != self.class.name {
            return Err(unfit(format!("{} can't become {to}", self.object)));
        }
        let new = |node: Node| {
            let (first, rest) = node.name.split_at(1);
            Node { name: format!("new{}{rest}", first.to_uppercase()), ..node }
        };
        Ok(key.into_iter().map(new).collect())
    }

    async fn update(&self, content: Vec<Node>) -> Result<(), AxlError> {
        let content: Vec<Node> = self.key.iter().cloned().chain(content).collect();
        self.axl.call(&self.class.operation("update"), &content, Effect::Possible, self.deadline).await.map(drop)
    }

    async fn exists(&self) -> Result<bool, AxlError> {
        let key = self.class.elements.iter().find(|element| Some(element.name) == self.key_name());
        Ok(self.get(tags(key.map(std::slice::from_ref).unwrap_or_default(), self.axl.version, None)).await?.is_some())
    }

    fn key_name(&self) -> Option<&str> {
        self.key.first().map(|node| node.name.as_str())
    }

    /// The object with these elements; `None` when it isn't there.
    async fn get(&self, wanted: Vec<Node>) -> Result<Option<Node>, AxlError> {
        let wanted = Node::parent("returnedTags", wanted);
        let content: Vec<Node> = self.key.iter().cloned().chain([wanted]).collect();
        match self.axl.call(&self.class.operation("get"), &content, Effect::None, self.deadline).await {
            Ok(reply) => Ok(Some(reply.child(self.class.name).cloned().unwrap_or_default())),
            Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn missing(&self) -> Look {
        Look::Different { differences: vec![format!("{}: the device has none", self.object)] }
    }
}
