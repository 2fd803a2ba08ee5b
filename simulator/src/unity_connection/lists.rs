//! The members of distribution lists.

use super::installation::DISTRIBUTION_LIST;
use super::kinds::{Kind, Rule, USER, belonging, field};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, gone, put_below, text};

/// A user or a list that is in a distribution list.
pub(super) static LIST_MEMBER: Kind = Kind {
    fields: &[&[
        field("MemberUserObjectId", Rule::Refers(&USER)),
        field("MemberDistributionListObjectId", Rule::Refers(&DISTRIBUTION_LIST)),
    ]],
    ..belonging("distributionlistmember", "DistributionListMember", "DistributionListMembers", "")
};

impl Resources {
    /// The members of a list, each with what it is called.
    pub(super) fn members(&self, list: &str) -> Result<Vec<Resource>, Refusal> {
        self.get(&DISTRIBUTION_LIST, list)?;
        Ok(self.of_owner(&LIST_MEMBER, list).map(|member| self.named(member)).collect())
    }

    pub(super) fn member(&self, list: &str, id: &str) -> Result<Resource, Refusal> {
        self.get(&LIST_MEMBER, &format!("{list}/{id}")).map(|member| self.named(member))
    }

    pub(super) fn add_member(&self, list: &str, id: &str, given: Resource) -> Result<Changes, Refusal> {
        self.get(&DISTRIBUTION_LIST, list)?;
        let mut member = self.checked(&LIST_MEMBER, given)?;
        if member.len() != 1 {
            return Err(Refusal::invalid("MemberUserObjectId or MemberDistributionListObjectId is needed"));
        }
        let is_there = |other: &Resource| member.iter().all(|(name, value)| other.get(name) == Some(value));
        if self.of_owner(&LIST_MEMBER, list).any(is_there) {
            return Err(Refusal::duplicate("it is a member already"));
        }
        let uri = format!("/vmrest/distributionlists/{list}/distributionlistmembers/{id}");
        member.insert("URI".to_owned(), uri);
        member.insert("DistributionListObjectId".to_owned(), list.to_owned());
        Ok(put_below(&LIST_MEMBER, list, id, member))
    }

    pub(super) fn remove_member(&self, list: &str, id: &str) -> Result<Changes, Refusal> {
        self.get(&LIST_MEMBER, &format!("{list}/{id}"))?;
        Ok(vec![gone(&format!("{}/{list}/{id}", LIST_MEMBER.name))])
    }

    /// What it takes to remove a list with its members, also from the lists that it is in.
    pub(super) fn remove_list(&self, list: &str) -> Result<Changes, Refusal> {
        let mut changes = self.remove_named(&DISTRIBUTION_LIST, list)?;
        let of_list = self.of_owner(&LIST_MEMBER, list).map(|member| path(list, member));
        changes.extend(of_list.map(|path| gone(&path)));
        changes.extend(self.without_member(list));
        Ok(changes)
    }

    /// What it takes to remove a user or a list from all lists.
    pub(super) fn without_member(&self, id: &str) -> Changes {
        let names = |member: &&Resource| {
            ["MemberUserObjectId", "MemberDistributionListObjectId"].iter().any(|name| text(member, name) == id)
        };
        let members = self.of(&LIST_MEMBER).filter(names);
        members.map(|member| gone(&path(text(member, "DistributionListObjectId"), member))).collect()
    }

    fn named(&self, member: &Resource) -> Resource {
        let mut shown = member.clone();
        let user = self.get(&USER, text(member, "MemberUserObjectId")).ok();
        let list = self.get(&DISTRIBUTION_LIST, text(member, "MemberDistributionListObjectId")).ok();
        for name in ["Alias", "DisplayName"] {
            if let Some(value) = user.or(list).and_then(|named| named.get(name)) {
                shown.insert(name.to_owned(), value.clone());
            }
        }
        shown
    }
}

fn path(list: &str, member: &Resource) -> String {
    format!("{}/{list}/{}", LIST_MEMBER.name, text(member, "ObjectId"))
}
