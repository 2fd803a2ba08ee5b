//! What a synchronisation reads: lists, in pages, one after the other.

use dialtone_model::{Attributes, Complaint, DeviceObject, Fault, ObjectKind, SyncScope};

use super::client::{Cupi, CupiError, Resource};
use super::credential::RULES;
use super::mailbox::USERS;
use super::messaging::{SERVICES, accounts};
use crate::http::Deadline;
use crate::{Page, PageRequest};

/// A list that is read.
struct Stage {
    kind: ObjectKind,
    /// Its path.
    path: &'static str,
    /// What the path is asked with, before the page.
    order: &'static str,
    /// How many members a page has. CUPI gives at most 2,000 at once.
    rows: u64,
    member: &'static str,
    /// What its members are known by.
    key: &'static str,
}

const fn infrastructure(kind: ObjectKind, path: &'static str, member: &'static str, key: &'static str) -> Stage {
    Stage { kind, path, order: "", rows: 500, member, key }
}

const INFRASTRUCTURE: [Stage; 3] = [
    infrastructure(ObjectKind::UserTemplate, "/vmrest/usertemplates", "UserTemplate", "Alias"),
    infrastructure(ObjectKind::ExternalService, SERVICES, "ExternalService", "DisplayName"),
    infrastructure(ObjectKind::AuthenticationRule, RULES, "AuthenticationRule", "DisplayName"),
];

/// Users alone have more than a page, so they alone need an order that stays. Each may take a request of its own for the
/// accounts, and a page shall not take long.
const SUBSCRIBERS: [Stage; 1] = [Stage {
    kind: ObjectKind::Mailbox,
    path: USERS,
    order: "sort=(alias%20asc)&",
    rows: 50,
    member: "User",
    key: "Alias",
}];

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

    /// What comes after this page of `rows` of a list that has so many members now; `stages` are how many lists there are.
    fn next(self, total: u64, rows: u64, stages: usize) -> Option<Self> {
        // Pages are counted from the beginning, so what was removed since the page before has moved others from this
        // page to one that was read already, which is then read once more.
        let removed = self.total.saturating_sub(total);
        if removed > 0 {
            let number = self.number.saturating_sub(removed.div_ceil(rows)).max(1);
            return Some(Self { number, total, ..self });
        }
        if self.number.saturating_mul(rows) < total {
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
    let path = format!("{}?{}rowsPerPage={}&pageNumber={}", stage.path, stage.order, stage.rows, place.number);
    let list = cupi.list(&path, stage.member, deadline).await?;
    let mut found: Vec<DeviceObject> = list.members.into_iter().filter_map(|member| stage.object(member)).collect();
    if stage.kind == ObjectKind::Mailbox && !found.is_empty() {
        add_accounts(cupi, &mut found, deadline).await?;
    }
    let next = place.next(list.total, stage.rows, stages.len()).map(Place::written);
    Ok(Page { whole: true, found, next, ..Page::default() })
}

/// What users have at unified messaging services, which the device tells of one user at a time.
async fn add_accounts(cupi: &Cupi, users: &mut [DeviceObject], deadline: Deadline) -> Result<(), Fault> {
    // Where there is no service nobody has an account, and nobody needs to be asked for.
    if cupi.list(&format!("{SERVICES}?rowsPerPage=0"), "ExternalService", deadline).await?.total == 0 {
        return Ok(());
    }
    for user in users {
        let Some(id) = user.attributes.get("ObjectId") else { continue };
        let path = accounts(&format!("{USERS}/{id}"));
        let mut accounts = match cupi.list(&path, "ExternalServiceAccount", deadline).await {
            Ok(list) => list.members,
            // The user has gone meanwhile.
            Err(CupiError::Missing(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        // They come in any order, and their numbers shall not change with it.
        accounts.sort_by(|one, other| one.get(SERVICE).cmp(&other.get(SERVICE)));
        for (account, number) in accounts.into_iter().zip(1..) {
            let path = |(name, value)| (format!("externalserviceaccounts[{number}].{name}"), value);
            user.attributes.extend(account.into_iter().filter(says).map(path));
        }
    }
    Ok(())
}

/// What tells accounts of a user apart.
const SERVICE: &str = "ExternalServiceObjectId";

/// What is set, but for the addresses of what it refers to, which its ids tell as well.
fn says((name, value): &(String, String)) -> bool {
    !value.is_empty() && !name.to_ascii_lowercase().ends_with("uri")
}

impl Stage {
    fn object(&self, member: Resource) -> Option<DeviceObject> {
        let key = member.get(self.key)?.clone();
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
        assert_eq!(Place::FIRST.next(1_200, 500, 2), Some(place(0, 2, 1_200)));
        assert_eq!(place(0, 2, 1_200).next(1_200, 500, 2), Some(place(0, 3, 1_200)));
        assert_eq!(place(0, 3, 1_200).next(1_200, 500, 2), Some(Place { stage: 1, ..Place::FIRST }));
        assert_eq!(place(1, 1, 0).next(0, 500, 2), None);
    }

    #[test]
    fn what_is_removed_meanwhile_moves_nothing_out_of_sight() {
        let place = |number, total| Place { stage: 0, number, total };
        assert_eq!(place(3, 1_200).next(1_199, 500, 1), Some(place(2, 1_199)), "one page back");
        assert_eq!(place(2, 2_000).next(900, 500, 1), Some(place(1, 900)), "not before the first");
        assert_eq!(place(3, 1_200).next(1_300, 500, 1), None, "more only come later in the list, or twice");
    }
}
