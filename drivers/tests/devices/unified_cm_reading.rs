use std::time::Duration;

use dialtone_drivers::{Driver, Page, PageRequest};
use dialtone_model::{DeviceObject, ObjectKind, SyncScope};

use crate::support::Bench;
use crate::unified_cm::{PHONE, number};
use crate::unified_cm_changes::whole_desk;

pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// All pages of a read, as one.
pub(crate) async fn read_whole(driver: &dyn Driver, scope: SyncScope, since: Option<String>) -> Page {
    let mut all = Page::default();
    let mut request = PageRequest { scope, since, after: None };
    loop {
        let page = driver.read(&request, TIMEOUT).await.unwrap();
        all.found.extend(page.found);
        all.gone.extend(page.gone);
        (all.whole, all.mark) = (page.whole, page.mark);
        match page.next {
            Some(next) => request.after = Some(next),
            None => return all,
        }
    }
}

fn find<'a>(page: &'a Page, kind: ObjectKind, key: &str) -> &'a DeviceObject {
    let found = page.found.iter().find(|object| object.kind == kind && object.key == key);
    found.unwrap_or_else(|| panic!("there is no {kind} {key}"))
}

#[tokio::test]
async fn what_an_administrator_sets_up_is_read() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    let page = read_whole(bench.driver.as_ref(), SyncScope::Infrastructure, None).await;
    assert!(page.whole);
    for (kind, key) in [
        (ObjectKind::DevicePool, "Default"),
        (ObjectKind::Location, "Hub_None"),
        (ObjectKind::Partition, "Internal"),
        (ObjectKind::PhoneButtonTemplate, "Standard 8845 SIP"),
        (ObjectKind::SoftkeyTemplate, "Standard User"),
        (ObjectKind::CommonPhoneProfile, "Standard Common Phone Profile"),
    ] {
        assert!(find(&page, kind, key).attributes["uuid"].starts_with('{'));
    }
}

#[tokio::test]
async fn what_users_have_is_read() {
    for version in ["9.1", "12.5"] {
        let bench = Bench::unified_cm(version, &[]).await;
        for action in whole_desk() {
            bench.done(&action).await;
        }
        let page = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
        let of = |kind, key: &str, name: &str| find(&page, kind, key).attributes[name].clone();
        assert_eq!(of(ObjectKind::User, "tony", "lastName"), "Soprano & Söhne <Ltd>");
        assert_eq!(of(ObjectKind::Phone, PHONE, "ownerUserName"), "tony");
        assert_eq!(of(ObjectKind::DirectoryNumber, "1001/", "alertingName"), "Tony");
        assert_eq!(of(ObjectKind::DeviceProfile, "tony-profile", "product"), "Cisco 8845");
        assert_eq!(of(ObjectKind::RemoteDestinationProfile, "tony-remote", "userId"), "tony");
        assert!(page.found.iter().all(|object| !object.attributes.contains_key("pin")));
    }
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    for pattern in 2_001..=4_005 {
        bench.done(&number(&pattern.to_string())).await;
    }
    let mut keys: Vec<String> = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None)
        .await
        .found
        .into_iter()
        .map(|object| object.key)
        .collect();
    keys.sort();
    assert_eq!(keys, (2_001..=4_005).map(|pattern| format!("{pattern}/")).collect::<Vec<_>>());
}
