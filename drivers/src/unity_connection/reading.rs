//! What a synchronisation reads: lists, in pages, one after the other.

use dialtone_model::{Attributes, Complaint, DeviceObject, Fault, ObjectKind, SyncScope};

use super::client::{Cupi, CupiError, Resource, encoded};
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

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    stage: usize,
    /// Its number in a list, from 1.
    number: u64,
    /// What the last members of the pages before are known by, the newest last, as they stand in a path. Pages are counted
    /// from the beginning of a list, so what was removed since moves others past the end of what was read; that shows by
    /// another one being the last of the page before.
    known: Vec<String>,
}

/// How many pages are gone back before a list is read from its beginning.
const KNOWN: usize = 3;

impl Place {
    const fn first_of(stage: usize) -> Self {
        Self { stage, number: 1, known: Vec::new() }
    }

    fn read(token: &str) -> Option<Self> {
        let mut parts = token.splitn(3, '/');
        let (stage, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok().filter(|number| *number > 0)?);
        let known = parts.next()?.split('+').filter(|key| !key.is_empty()).map(str::to_owned).collect();
        Some(Self { stage, number, known })
    }

    fn written(&self) -> String {
        format!("{}/{}/{}", self.stage, self.number, self.known.join("+"))
    }

    /// What comes after this page of `rows` of a list that has so many members now, the page's last one among them;
    /// `stages` are how many lists there are.
    fn next(self, last: Option<String>, total: u64, rows: u64, stages: usize) -> Option<Self> {
        if self.number.saturating_mul(rows) < total {
            let known: Vec<String> = self.known.into_iter().chain(last).collect();
            let known = known[known.len().saturating_sub(KNOWN)..].to_vec();
            return Some(Self { number: self.number + 1, known, ..self });
        }
        let stage = self.stage + 1;
        (stage < stages).then_some(Self::first_of(stage))
    }

    /// The page before, or the first one where nothing of those before is known any more.
    fn back(mut self) -> Self {
        self.known.pop();
        if self.known.is_empty() { Self::first_of(self.stage) } else { Self { number: self.number - 1, ..self } }
    }
}

pub(super) async fn page(cupi: &Cupi, request: &PageRequest, deadline: Deadline) -> Result<Page, Fault> {
    let stages: &[Stage] = match request.scope {
        SyncScope::Infrastructure => &INFRASTRUCTURE,
        SyncScope::Subscribers => &SUBSCRIBERS,
    };
    let place = request.after.as_deref().map_or(Some(Place::first_of(0)), Place::read);
    let Some((place, stage)) = place.and_then(|place| stages.get(place.stage).map(|stage| (place, stage))) else {
        let message = format!("no page begins at {}", request.after.as_deref().unwrap_or_default());
        return Err(Fault::Rejected(Complaint::new("cupi-no-page", message)));
    };
    let path = format!("{}?{}rowsPerPage={}&pageNumber={}", stage.path, stage.order, stage.rows, place.number);
    let list = cupi.list(&path, stage.member, deadline).await?;
    if let Some(known) = place.known.last() {
        let last = stage.rows.saturating_mul(place.number - 1);
        let before = format!("{}?{}rowsPerPage=1&pageNumber={last}", stage.path, stage.order);
        let before = cupi.list(&before, stage.member, deadline).await?.members;
        if before.first().and_then(|member| stage.known_by(member)).as_ref() != Some(known) {
            return Ok(Page { whole: true, next: Some(place.back().written()), ..Page::default() });
        }
    }
    let last = list.members.last().and_then(|member| stage.known_by(member));
    let mut found: Vec<DeviceObject> = list.members.into_iter().filter_map(|member| stage.object(member)).collect();
    if stage.kind == ObjectKind::Mailbox && !found.is_empty() {
        add_accounts(cupi, &mut found, deadline).await?;
    }
    let next = place.next(last, list.total, stage.rows, stages.len()).map(|place| place.written());
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
    /// What a member is known by, as it stands in a path.
    fn known_by(&self, member: &Resource) -> Option<String> {
        member.get(self.key).map(|key| encoded(key))
    }

    fn object(&self, member: Resource) -> Option<DeviceObject> {
        let key = member.get(self.key)?.clone();
        let attributes: Attributes = member.into_iter().filter(says).collect();
        Some(DeviceObject { kind: self.kind, key, attributes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(stage: usize, number: u64, known: &[&str]) -> Place {
        Place { stage, number, known: known.iter().map(|key| (*key).to_owned()).collect() }
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for place in [place(0, 1, &[]), place(1, 7, &["tony"]), place(1, 9, &["o%27neill%2F", "%2B", "tony"])] {
            assert_eq!(Place::read(&place.written()), Some(place));
        }
        for damaged in ["", "0", "0/0/0", "0/1", "0/x/1", "0/-1/1"] {
            assert_eq!(Place::read(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn pages_follow_each_other_until_all_lists_are_read() {
        let next = |place: Place, last: &str, total, stages| place.next(Some(last.to_owned()), total, 500, stages);
        assert_eq!(next(place(0, 1, &[]), "a", 1_200, 2), Some(place(0, 2, &["a"])));
        assert_eq!(next(place(0, 2, &["a"]), "b", 1_200, 2), Some(place(0, 3, &["a", "b"])));
        assert_eq!(next(place(0, 3, &["a", "b"]), "c", 1_200, 2), Some(Place::first_of(1)));
        assert_eq!(next(place(0, 4, &["a", "b", "c"]), "d", 9_000, 2), Some(place(0, 5, &["b", "c", "d"])));
        assert_eq!(place(1, 1, &[]).next(None, 0, 500, 2), None);
    }

    #[test]
    fn where_others_have_moved_the_read_goes_back_and_in_the_end_to_the_beginning() {
        assert_eq!(place(0, 7, &["a", "b", "c"]).back(), place(0, 6, &["a", "b"]));
        assert_eq!(place(0, 5, &["a"]).back(), place(0, 1, &[]));
    }
}
