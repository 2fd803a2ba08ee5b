use dialtone_drivers::PageRequest;
use dialtone_model::{Action, ObjectKind, SyncScope};

use crate::support::Bench;
use crate::unified_cm_reading::{TIMEOUT, read_whole};
use crate::unity_connection::{mailbox, unified};

fn user(index: usize) -> Action {
    mailbox(&format!("user{index:04}"), &format!("{}", 10_000 + index))
}

#[tokio::test]
async fn a_probe_of_unity_connection_tells_version_rights_and_clock() {
    let bench = Bench::unity_connection(&[]).await;
    let probe = bench.driver.probe(TIMEOUT).await.unwrap();
    assert!(probe.version.unwrap().starts_with("12.5."));
    assert_eq!(probe.missing_rights, Vec::<String>::new());
    assert!(probe.clock.unwrap() > 1_700_000_000);
    assert_eq!(bench.effects(), 0, "a probe changes nothing");
    for (rights, missing) in [("rights=read", "may not change users"), ("rights=none", "may not use CUPI at all")] {
        bench.inject(rights);
        let probe = bench.driver.probe(TIMEOUT).await.unwrap();
        assert!(probe.missing_rights[0].starts_with(missing), "{:?}", probe.missing_rights);
    }
}

#[tokio::test]
async fn templates_services_and_authentication_rules_are_read_as_infrastructure() {
    let bench = Bench::unity_connection(&[]).await;
    let page = read_whole(bench.driver.as_ref(), SyncScope::Infrastructure, None).await;
    let objects: Vec<_> = page.found.iter().map(|object| (object.kind, object.key.as_str())).collect();
    let expected = [
        (ObjectKind::UserTemplate, "voicemailusertemplate"),
        (ObjectKind::ExternalService, "Unified Messaging"),
        (ObjectKind::AuthenticationRule, "Recommended Voice Mail Authentication Rule"),
        (ObjectKind::AuthenticationRule, "Recommended Web Application Authentication Rule"),
    ];
    assert_eq!(objects, expected);
    assert_eq!(page.found[2].attributes["LockoutDuration"], "30");
    assert!(page.whole && page.mark.is_none());
}

#[tokio::test]
async fn one_mailbox_and_many_are_read_page_by_page() {
    let bench = Bench::unity_connection(&[]).await;
    let read = async || read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
    assert!(read().await.found.is_empty());
    bench.done(&user(0)).await;
    let page = read().await;
    let object = &page.found[0];
    assert_eq!((object.kind, object.key.as_str()), (ObjectKind::Mailbox, "user0000"));
    assert_eq!((object.attributes["DtmfAccessId"].as_str(), object.attributes.get("URI")), ("10000", None));
    for index in 1..1_203 {
        bench.done(&user(index)).await;
    }
    let keys: Vec<String> = read().await.found.into_iter().map(|object| object.key).collect();
    assert_eq!(keys, (0..1_203).map(|index| format!("user{index:04}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_unified_messaging_accounts_of_users_are_read_with_them() {
    let bench = Bench::unity_connection(&[]).await;
    bench.done(&mailbox("jane", "1002")).await;
    bench.done(&mailbox("tony", "1001")).await;
    bench.done(&unified("tony@example.com")).await;
    let infrastructure = read_whole(bench.driver.as_ref(), SyncScope::Infrastructure, None).await;
    let service = infrastructure.found.iter().find(|object| object.kind == ObjectKind::ExternalService).unwrap();
    let page = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
    let [jane, tony] = page.found.as_slice() else { panic!("{page:?}") };
    assert!(!jane.attributes.keys().any(|name| name.starts_with("externalserviceaccounts")), "{jane:?}");
    let of_account = |name: &str| tony.attributes.get(&format!("externalserviceaccounts[1].{name}"));
    assert_eq!(of_account("EmailAddress").unwrap(), "tony@example.com");
    assert_eq!(of_account("ExternalServiceObjectId"), service.attributes.get("ObjectId"));
    assert_eq!(of_account("URI"), None);
}

#[tokio::test]
async fn a_mailbox_is_read_although_others_go_and_come_meanwhile() {
    // Which go after the second page, and how many come behind all others: some of the first, those at the end of what was
    // read, and as many as come.
    for (gone, come) in [(0..3, 0), (95..100, 0), (0..60, 0), (0..3, 3)] {
        let bench = Bench::unity_connection(&[]).await;
        for index in 0..210 {
            bench.done(&user(index)).await;
        }
        let mut request = PageRequest { scope: SyncScope::Subscribers, since: None, after: None };
        let mut keys = std::collections::BTreeSet::new();
        let mut pages = 0;
        loop {
            let page = bench.driver.read(&request, TIMEOUT).await.unwrap();
            keys.extend(page.found.into_iter().map(|object| object.key));
            pages += 1;
            if pages == 2 {
                for index in gone.clone() {
                    let alias = format!("user{index:04}");
                    bench.done(&Action::Mailbox(dialtone_model::MailboxAction::Remove { alias })).await;
                }
                for index in 0..come {
                    bench.done(&user(900 + index)).await;
                }
            }
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        let missed: Vec<_> = (0..210).filter(|index| !keys.contains(&format!("user{index:04}"))).collect();
        assert!(missed.is_empty(), "{gone:?}, {come}: {missed:?}");
    }
}

#[tokio::test]
async fn a_page_that_no_read_told_of_is_refused() {
    let bench = Bench::unity_connection(&[]).await;
    for after in ["9/1/0", "0/0/0", "nonsense"] {
        let request = PageRequest { scope: SyncScope::Subscribers, since: None, after: Some(after.to_owned()) };
        let fault = bench.driver.read(&request, TIMEOUT).await.unwrap_err();
        assert_eq!(fault.complaint().code, "cupi-no-page", "{after}");
    }
}
