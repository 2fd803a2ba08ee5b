//! What a synchronisation reads: lists, in pages, one after the other.

use dialtone_model::{Attributes, Complaint, DeviceObject, Fault, ObjectKind, SyncScope};

use super::client::{Cupi, Resource};
use crate::http::Deadline;
use crate::{Page, PageRequest};

/// How many objects a page has. CUPI gives at most 2,000 at once.
const PAGE: u64 = 500;

/// A list that is read.
struct Stage {
    kind: ObjectKind,
    /// Its path, to which the page is added.
    path: &'static str,
    member: &'static str,
    /// What its members are known by.
    key: &'static str,
}

const INFRASTRUCTURE: [Stage; 2] = [
    Stage { kind: ObjectKind::UserTemplate, path: "/vmrest/usertemplates?", member: "UserTemplate", key: "Alias" },
    Stage {
        kind: ObjectKind::ExternalService,
        path: "/vmrest/externalservices?",
        member: "ExternalService",
        key: "DisplayName",
    },
];

/// Users alone have more than a page, so they alone need an order that stays.
const SUBSCRIBERS: [Stage; 1] =
    [Stage { kind: ObjectKind::Mailbox, path: "/vmrest/users?sort=(alias%20asc)&", member: "User", key: "Alias" }];

/// Where a page begins: its number in a list, from 1, and how many members the list had when the page before was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    stage: usize,
    number: u64,
    total: u64,
}

impl Place {
    const FIRST: Self = Self { stage: 0, number: 1, total: 0 };

    fn read(token: &str) -> Option<Self> {
        let mut parts = token.splitn(3, '/');
        let (stage, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok().filter(|number| *number > 0)?);
        Some(Self { stage, number, total: parts.next()?.parse().ok()? })
    }

    fn written(self) -> String {
        format!("{}/{}/{}", self.stage, self.number, self.total)
    }

    /// What comes after this page of a list that has so many members now; `stages` are how many lists there are.
    fn next(self, total: u64, stages: usize) -> Option<Self> {
        // Pages are counted from the beginning, so what was removed since the page before has moved others from this
        // page to one that was read already, which is then read once more.
        let removed = self.total.saturating_sub(total);
        if removed > 0 {
            let number = self.number.saturating_sub(removed.div_ceil(PAGE)).max(1);
            return Some(Self { number, total, ..self });
        }
        if self.number.saturating_mul(PAGE) < total {
            return Some(Self { number: self.number + 1, total, ..self });
        }
        let stage = self.stage + 1;
        (stage < stages).then_some(Self { stage, ..Self::FIRST })
    }
}

pub(super) async fn page(cupi: &Cupi, request: &PageRequest, deadline: Deadline) -> Result<Page, Fault> {
    let stages: &[Stage] = match request.scope {
        SyncScope::Infrastructure => &INFRASTRUCTURE,
        SyncScope::Subscribers => &SUBSCRIBERS,
    };
    let place = request.after.as_deref().map_or(Some(Place::FIRST), Place::read);
    let Some((place, stage)) = place.and_then(|place| Some((place, stages.get(place.stage)?))) else {
        let message = format!("no page begins at {}", request.after.as_deref().unwrap_or_default());
        return Err(Fault::Rejected(Complaint::new("cupi-no-page", message)));
    };
    let path = format!("{}rowsPerPage={PAGE}&pageNumber={}", stage.path, place.number);
    let list = cupi.list(&path, stage.member, deadline).await?;
    let found = list.members.into_iter().filter_map(|member| stage.object(member)).collect();
    let next = place.next(list.total, stages.len()).map(Place::written);
    Ok(Page { whole: true, found, next, ..Page::default() })
}

impl Stage {
    /// What is set of a member, without the addresses of what it refers to, which its ids tell as well.
    fn object(&self, member: Resource) -> Option<DeviceObject> {
        let key = member.get(self.key)?.clone();
        let says = |(name, value): &(String, String)| !value.is_empty() && !name.to_ascii_lowercase().ends_with("uri");
        let attributes: Attributes = member.into_iter().filter(says).collect();
        Some(DeviceObject { kind: self.kind, key, attributes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place { stage: 1, number: 7, total: 3_021 };
        assert_eq!(Place::read(&place.written()), Some(place));
        for damaged in ["", "0", "0/0/0", "0/1", "0/x/1", "0/-1/1"] {
            assert_eq!(Place::read(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn pages_follow_each_other_until_all_lists_are_read() {
        let place = |stage, number, total| Place { stage, number, total };
        assert_eq!(Place::FIRST.next(1_200, 2), Some(place(0, 2, 1_200)));
        assert_eq!(place(0, 2, 1_200).next(1_200, 2), Some(place(0, 3, 1_200)));
        assert_eq!(place(0, 3, 1_200).next(1_200, 2), Some(Place { stage: 1, ..Place::FIRST }));
        assert_eq!(place(1, 1, 0).next(0, 2), None);
    }

    #[test]
    fn what_is_removed_meanwhile_moves_nothing_out_of_sight() {
        let place = |number, total| Place { stage: 0, number, total };
        assert_eq!(place(3, 1_200).next(1_199, 1), Some(place(2, 1_199)), "one page back");
        assert_eq!(place(2, 2_000).next(900, 1), Some(place(1, 900)), "not before the first");
        assert_eq!(place(3, 1_200).next(1_300, 1), None, "more only come later in the list, or twice");
    }
}
