//! The extensions that a user has beside the first one.

use super::kinds::{Kind, Rule, USER, belonging, field};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, gone, id_beside, put_below, text};

/// An extension of a user. The one with the index 0 is the user's `DtmfAccessId`.
pub(super) static EXTENSION: Kind = Kind {
    fields: &[&[
        field("IdIndex", Rule::Digits(2)),
        field("DtmfAccessId", Rule::Digits(40)),
        field("DisplayName", Rule::Text(40)),
        field("PartitionObjectId", Rule::Text(36)),
    ]],
    ..belonging("alternateextension", "AlternateExtension", "AlternateExtensions", "")
};

/// What the id of a user's first extension differs in from the user's.
const APART: u128 = 0x0002;

/// The indices that administrators give.
const INDICES: std::ops::RangeInclusive<u8> = 1..=9;

impl Resources {
    /// All extensions of a user, the first one first.
    pub(super) fn extensions(&self, user: &str) -> Result<Vec<Resource>, Refusal> {
        let first = self.first_extension(user)?;
        let mut all: Vec<Resource> = self.of_owner(&EXTENSION, user).cloned().collect();
        all.sort_by(|one, other| text(one, "IdIndex").cmp(text(other, "IdIndex")));
        all.insert(0, first);
        Ok(all)
    }

    pub(super) fn extension(&self, user: &str, id: &str) -> Result<Resource, Refusal> {
        let found = self.extensions(user)?.into_iter().find(|extension| text(extension, "ObjectId") == id);
        found.ok_or_else(|| Refusal::not_found(EXTENSION.member))
    }

    pub(super) fn add_extension(&self, user: &str, id: &str, given: Resource) -> Result<Changes, Refusal> {
        self.get(&USER, user)?;
        let mut extension = self.checked(&EXTENSION, given)?;
        for mandatory in ["IdIndex", "DtmfAccessId"] {
            if text(&extension, mandatory).is_empty() {
                return Err(Refusal::invalid(format!("{mandatory} is missing")));
            }
        }
        self.extension_is_possible(user, id, &extension)?;
        let uri = format!("/vmrest/users/{user}/alternateextensions/{id}");
        extension.insert("URI".to_owned(), uri);
        Ok(put_below(&EXTENSION, user, id, extension))
    }

    /// What it takes to set values of an extension; the first one is the user's own value.
    pub(super) fn set_extension(&self, user: &str, id: &str, given: Resource) -> Result<Changes, Refusal> {
        if text(&self.first_extension(user)?, "ObjectId") == id {
            return self.set_user(user, given.into_iter().filter(|(name, _)| name == "DtmfAccessId").collect());
        }
        let mut extension = self.get(&EXTENSION, &format!("{user}/{id}"))?.clone();
        extension.extend(self.checked(&EXTENSION, given)?);
        self.extension_is_possible(user, id, &extension)?;
        Ok(put_below(&EXTENSION, user, id, extension))
    }

    pub(super) fn remove_extension(&self, user: &str, id: &str) -> Result<Changes, Refusal> {
        if text(&self.first_extension(user)?, "ObjectId") == id {
            return Err(Refusal::invalid("the first extension of a user can't be removed"));
        }
        self.get(&EXTENSION, &format!("{user}/{id}"))?;
        Ok(vec![gone(&format!("{}/{user}/{id}", EXTENSION.name))])
    }

    /// Whether somebody has a number beside their first one.
    pub(super) fn has_extension(&self, number: &str) -> bool {
        self.of(&EXTENSION).any(|extension| text(extension, "DtmfAccessId") == number)
    }

    fn extension_is_possible(&self, user: &str, id: &str, extension: &Resource) -> Result<(), Refusal> {
        let (index, number) = (text(extension, "IdIndex"), text(extension, "DtmfAccessId"));
        if !index.parse().is_ok_and(|index| INDICES.contains(&index)) {
            return Err(Refusal::invalid("IdIndex is from 1 to 9"));
        }
        let is_other = |other: &&Resource| text(other, "ObjectId") != id;
        if self.of_owner(&EXTENSION, user).filter(is_other).any(|other| text(other, "IdIndex") == index) {
            return Err(Refusal::duplicate(format!("the user has an extension with the IdIndex {index}")));
        }
        let is_taken = self.of(&EXTENSION).filter(is_other).any(|other| text(other, "DtmfAccessId") == number);
        if is_taken || self.has_user("DtmfAccessId", number) {
            return Err(Refusal::duplicate(format!("DtmfAccessId {number} is in use")));
        }
        Ok(())
    }

    fn first_extension(&self, user: &str) -> Result<Resource, Refusal> {
        let owner = self.get(&USER, user)?;
        let id = id_beside(user, APART);
        let uri = format!("/vmrest/users/{user}/alternateextensions/{id}");
        let number = text(owner, "DtmfAccessId");
        let values = [("ObjectId", id.as_str()), ("URI", &uri), ("IdIndex", "0"), ("DtmfAccessId", number)];
        Ok(values.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}
