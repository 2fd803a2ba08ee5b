use dialtone_drivers::PageRequest;
use dialtone_model::{ObjectKind, SyncScope};

use crate::phone_system::provision;
use crate::support::Bench;
use crate::unified_cm_reading::{TIMEOUT, read_whole};

#[tokio::test]
async fn a_probe_of_the_phone_system_tells_version_rights_and_clock() {
    let bench = Bench::phone_system(&[]).await;
    let probe = bench.driver.probe(TIMEOUT).await.unwrap();
    assert_eq!((probe.version.as_deref(), probe.missing_rights), (Some("Phone System 1.0"), Vec::new()));
    assert!(probe.clock.unwrap() > 1_700_000_000);
    assert_eq!(bench.effects(), 0, "a probe changes nothing");
    for (rights, missing) in [("rights=read", "may not change extensions"), ("rights=none", "may do nothing")] {
        bench.inject(rights);
        let probe = bench.driver.probe(TIMEOUT).await.unwrap();
        assert!(probe.missing_rights[0].starts_with(missing), "{:?}", probe.missing_rights);
    }
}

#[tokio::test]
async fn an_extension_is_read_with_all_it_has() {
    let bench = Bench::phone_system(&[]).await;
    bench.done(&provision("0101", 1)).await;
    let page = read_whole(bench.driver.as_ref(), SyncScope::Subscribers, None).await;
    assert!(page.whole);
    let object = &page.found[0];
    assert_eq!((object.kind, object.key.as_str()), (ObjectKind::Extension, "0101"));
    let expected = [
        ("addOns[1]", "call-recording"),
        ("directoryName", "User 1"),
        ("number", "442000000001"),
        ("user", "00000000-0000-0000-0000-000000000001"),
    ];
    assert_eq!(object.attributes, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert!(read_whole(bench.driver.as_ref(), SyncScope::Infrastructure, None).await.found.is_empty());
}

#[tokio::test]
async fn extensions_are_read_page_by_page_whatever_comes_and_goes() {
    let bench = Bench::phone_system(&[]).await;
    for index in 0..1_005_u128 {
        bench.done(&provision(&format!("{:05}", 10_000 + index), index + 1)).await;
    }
    let first = PageRequest { scope: SyncScope::Subscribers, since: None, after: None };
    let page = bench.driver.read(&first, TIMEOUT).await.unwrap();
    assert_eq!((page.found.len(), page.next.as_deref()), (1_000, Some("10999")));
    bench.undo(&provision("10000", 1)).await.unwrap();
    let last = bench.driver.read(&PageRequest { after: page.next, ..first }, TIMEOUT).await.unwrap();
    assert_eq!((last.found.len(), last.next), (5, None));
}
