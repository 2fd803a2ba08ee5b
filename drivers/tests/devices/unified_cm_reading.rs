use std::time::Duration;

use dialtone_drivers::{Driver, Page, PageRequest};
use dialtone_model::{Action, DeviceObject, ObjectKind, SyncScope, UnifiedCmObject};

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
        assert_eq!(of(ObjectKind::RemoteDestination, "442071234567", "remoteDestinationProfileName"), "tony-remote");
        assert_eq!(of(ObjectKind::Phone, PHONE, "lines[1].pattern"), "1001");
        assert_eq!(of(ObjectKind::User, "tony", "associatedDevices[1]"), PHONE);
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

#[tokio::test]
async fn what_stays_is_read_whatever_goes_and_comes_between_the_pages() {
    let line = |pattern: &str| UnifiedCmObject::DirectoryNumber { pattern: pattern.to_owned(), partition: None };
    let numbers = || 2_001..=2_300;
    // What goes of what was read, and how many come behind all others.
    type Chosen = fn(&[String]) -> &[String];
    let cases: [(&str, Chosen, u32); 4] = [
        ("the first ones", |read| &read[..10], 0),
        ("the last ones", |read| &read[read.len() - 10..], 0),
        ("all of them", |read| read, 0),
        ("as many as come", |read| &read[..10], 10),
    ];
    for (what, gone, come) in cases {
        // Pages that are small have the same seams.
        let bench = Bench::unified_cm("12.5", &["largest-reply=60000"]).await;
        for pattern in numbers() {
            bench.done(&number(&pattern.to_string())).await;
        }
        let mut request = PageRequest { scope: SyncScope::Subscribers, since: None, after: None };
        let mut read: Vec<String> = Vec::new();
        let mut changed = false;
        loop {
            let page = bench.driver.read(&request, TIMEOUT).await.unwrap();
            read.extend(page.found.into_iter().map(|object| object.key.trim_end_matches('/').to_owned()));
            if !read.is_empty() && !changed {
                changed = true;
                assert!(read.len() < numbers().count(), "there is one page only");
                for pattern in gone(&read) {
                    bench.done(&Action::RemoveObject { object: line(pattern) }).await;
                }
                for pattern in 0..come {
                    bench.done(&number(&(9_001 + pattern).to_string())).await;
                }
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        let missed: Vec<_> = numbers().filter(|number| !read.contains(&number.to_string())).collect();
        assert!(missed.is_empty(), "{what}: {missed:?}");
    }
}

#[tokio::test]
async fn more_than_the_device_gives_at_once_is_read_in_smaller_pages() {
    let bench = Bench::unified_cm("12.5", &["largest-reply=20000"]).await;
    for pattern in 2_001..=2_200 {
        bench.done(&number(&pattern.to_string())).await;
    }
    let page = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
    assert_eq!(page.found.len(), 200);
    let entries = bench.simulator.log(bench.protocol).unwrap();
    let refused = entries.iter().filter(|entry| entry.request.starts_with("listLine") && entry.status == Some(500));
    assert!(refused.count() > 0, "no list was too large");
}

#[tokio::test]
async fn only_what_changed_is_read_again() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    for action in whole_desk() {
        bench.done(&action).await;
    }
    let whole = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
    let none = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, whole.mark.clone()).await;
    assert!(!none.whole && none.found.is_empty(), "{none:?}");
    for pattern in 3_001..=3_150 {
        bench.done(&number(&pattern.to_string())).await;
    }
    let changed = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, none.mark).await;
    assert!(!changed.whole);
    assert_eq!(changed.found.len(), 150, "several pages of objects");
    let object = UnifiedCmObject::Phone(PHONE.to_owned());
    let attributes = [("description".to_owned(), "Desk".to_owned())].into_iter().collect();
    bench.done(&Action::ChangeObject { object, attributes }).await;
    let changed = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, changed.mark).await;
    let phone = find(&changed, ObjectKind::Phone, PHONE);
    assert_eq!((changed.found.len(), phone.attributes["description"].as_str()), (1, "Desk"));
    assert_eq!(phone.attributes["lines[1].pattern"], "1001");
}

#[tokio::test]
async fn everything_is_read_where_changes_do_not_tell_what_is_there() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    bench.done(&number("3001")).await;
    let mark = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await.mark;
    let another = mark.clone().map(|mark| format!("{mark}x"));
    assert!(read_whole(bench.driver.as_ref(), SyncScope::Subscribers, another).await.whole, "another queue");
    assert!(read_whole(bench.driver.as_ref(), SyncScope::Subscribers, Some("?".to_owned())).await.whole, "no mark");
    let line = |pattern: &str| UnifiedCmObject::DirectoryNumber { pattern: pattern.to_owned(), partition: None };
    bench.done(&Action::RenameObject { object: line("3001"), to: line("3002") }).await;
    let renamed = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, mark).await;
    assert!(renamed.whole, "a number has another key");
    bench.done(&Action::RemoveObject { object: line("3002") }).await;
    let removed = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, renamed.mark).await;
    assert!(removed.whole && removed.found.is_empty(), "a number is gone");
    let old = Bench::unified_cm("9.1", &[]).await;
    assert_eq!(read_whole(old.driver.as_ref(), SyncScope::Subscribers, None).await.mark, None, "9.1 has no queue");
}
