use dialtone_model::{
    Attributes, Complaint, Device, DeviceId, DeviceKind, DeviceObject, Event, ObjectChange, ObjectKind, SyncScope,
    WorkId, WorkKind, WorkState,
};
use dialtone_store::{DeviceWork, KnownObject, Lease, NewDeviceWork, ProbeResult, ReadPage, StoreError, WorkOutcome};

use crate::bed::{Bed, SHARD, Tenant, extension};

crate::on_both_engines!(
    a_probe_is_done_by_the_holder_and_read_by_whoever_asked,
    two_who_ask_for_the_same_read_wait_for_one,
    an_order_waits_for_a_device_that_takes_none_while_it_is_read,
    subscribers_wait_for_the_infrastructure_and_fail_with_it,
    a_read_goes_on_at_its_page_under_the_next_holder,
    a_read_tells_what_changed_since_the_one_before,
    an_incremental_read_removes_only_what_the_device_says_is_gone,
    what_an_order_changed_during_a_read_stays,
    a_read_that_ends_its_worker_each_time_is_given_up,
    a_device_goes_with_its_work_but_not_while_it_is_needed,
);

async fn requested(bed: &Bed, device: DeviceId, scopes: &[Option<SyncScope>], whole: bool) -> Vec<WorkId> {
    let mut work: Vec<NewDeviceWork> = Vec::new();
    for scope in scopes {
        let needs = work.last().map(|before| before.id);
        let (id, by, at) = (bed.ids.next(), "cli:ana".to_owned(), bed.now());
        work.push(NewDeviceWork { id, device, shard: SHARD, scope: *scope, whole, needs, by, at });
    }
    bed.store.request_device_work(&work).await.unwrap()
}

async fn claimed(bed: &Bed, device: DeviceId, lease: Lease) -> Vec<DeviceWork> {
    bed.store.claim_device_work(device, lease, false, bed.now()).await.unwrap()
}

fn phone(name: &str, pool: &str) -> DeviceObject {
    let attributes = Attributes::from([("devicePoolName".to_owned(), pool.to_owned())]);
    DeviceObject { kind: ObjectKind::Phone, key: name.to_owned(), attributes }
}

fn page(found: &[DeviceObject], next: Option<&str>) -> ReadPage {
    ReadPage { whole: true, found: found.to_vec(), next: next.map(str::to_owned), ..ReadPage::default() }
}

/// Reads a device whole, in these pages.
async fn read(bed: &Bed, device: DeviceId, lease: Lease, pages: &[&[DeviceObject]]) -> DeviceWork {
    let id = requested(bed, device, &[Some(SyncScope::Subscribers)], true).await[0];
    assert_eq!(claimed(bed, device, lease).await.len(), 1);
    for (index, found) in pages.iter().enumerate() {
        let next = (index + 1 < pages.len()).then(|| index.to_string());
        bed.store.record_page(lease, id, &page(found, next.as_deref()), bed.now()).await.unwrap().unwrap();
    }
    bed.store.device_work(id).await.unwrap()
}

fn told(known: &[KnownObject]) -> Vec<(&str, ObjectChange)> {
    known.iter().map(|known| (known.object.key.as_str(), known.change)).collect()
}

async fn a_probe_is_done_by_the_holder_and_read_by_whoever_asked(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let id = requested(bed, tenant.device, &[None], false).await[0];
    let lease = bed.lease().await;
    assert_eq!(bed.store.devices_with_device_work(&[SHARD]).await.unwrap(), [tenant.device]);
    assert_eq!(bed.store.devices_with_device_work(&[SHARD + 1]).await.unwrap(), []);
    let work = claimed(bed, tenant.device, lease).await;
    assert_eq!((work[0].id, work[0].kind, work[0].state), (id, WorkKind::Probe, WorkState::Running));
    assert_eq!(bed.store.devices_with_device_work(&[SHARD]).await.unwrap(), [], "it is in hand");
    assert_eq!(claimed(bed, tenant.device, lease).await, []);

    let outcome = WorkOutcome::Probed(ProbeResult { version: Some("12.5".to_owned()), ..ProbeResult::default() });
    assert!(bed.store.end_device_work(lease, id, &outcome, bed.now()).await.unwrap());
    let work = bed.store.device_work(id).await.unwrap();
    assert_eq!((work.state, work.outcome), (WorkState::Done, Some(outcome.clone())));
    assert!(!bed.store.end_device_work(lease, id, &outcome, bed.now()).await.unwrap(), "it ended twice");
    assert_eq!(bed.store.last_device_work(tenant.device, 9).await.unwrap().len(), 1);
}

async fn two_who_ask_for_the_same_read_wait_for_one(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let both = [Some(SyncScope::Infrastructure), Some(SyncScope::Subscribers)];
    let first = requested(bed, tenant.device, &both, false).await;
    assert_eq!(requested(bed, tenant.device, &both, false).await, first);
    assert_ne!(
        requested(bed, tenant.device, &[None], false).await,
        requested(bed, tenant.device, &[None], false).await
    );
}

async fn an_order_waits_for_a_device_that_takes_none_while_it_is_read(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..1);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let waits = async || {
        let order = bed.store.order_by_id(run.orders[0].id).await.unwrap();
        let reported = bed.store.reported_orders(run.id, None, 9, false).await.unwrap();
        assert_eq!(order.waits_for_device, reported[0].waits_for_device);
        order.waits_for_device
    };
    let device = bed.store.device(tenant.device).await.unwrap();
    let id = requested(bed, tenant.device, &[Some(SyncScope::Subscribers)], false).await[0];
    assert!(!waits().await, "the read hasn't begun");
    claimed(bed, tenant.device, lease).await;
    assert!(!waits().await, "a {} takes both", device.kind);
    bed.store.put_device(&Device { kind: DeviceKind::UnityExpress, ..device }).await.unwrap();
    assert!(waits().await);
    bed.store.record_page(lease, id, &page(&[], None), bed.now()).await.unwrap().unwrap();
    assert!(!waits().await, "the read is over");
}

async fn subscribers_wait_for_the_infrastructure_and_fail_with_it(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let both = [Some(SyncScope::Infrastructure), Some(SyncScope::Subscribers)];
    let ids = requested(bed, tenant.device, &both, false).await;
    let lease = bed.lease().await;
    let work = claimed(bed, tenant.device, lease).await;
    assert_eq!(work.iter().map(|work| work.id).collect::<Vec<_>>(), ids[..1]);
    assert_eq!(claimed(bed, tenant.device, lease).await, [], "the second came before the first was done");
    let refused = WorkOutcome::Failed(Complaint::new("axl-5", "no"));
    bed.store.end_device_work(lease, ids[0], &refused, bed.now()).await.unwrap();
    assert_eq!(claimed(bed, tenant.device, lease).await, []);
    let second = bed.store.device_work(ids[1]).await.unwrap();
    let Some(WorkOutcome::Failed(complaint)) = second.outcome else { panic!("{second:?}") };
    assert_eq!((second.state, complaint.code.as_str()), (WorkState::Failed, "needs-infrastructure"));
}

async fn a_read_goes_on_at_its_page_under_the_next_holder(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let id = requested(bed, tenant.device, &[Some(SyncScope::Subscribers)], false).await[0];
    let first = bed.lease().await;
    let begun = claimed(bed, tenant.device, first).await.remove(0);
    let found = [phone("SEP1", "a")];
    let after = bed.store.record_page(first, id, &page(&found, Some("page 2")), bed.now()).await.unwrap().unwrap();
    assert_eq!((after.after.as_deref(), after.state), (Some("page 2"), WorkState::Running));

    let second = bed.lease().await;
    assert_eq!(bed.store.devices_with_device_work(&[SHARD]).await.unwrap(), [tenant.device]);
    let late = bed.store.record_page(first, id, &page(&[phone("SEP9", "a")], None), bed.now()).await.unwrap();
    assert_eq!(late, None, "a fenced holder recorded a page");
    let again = claimed(bed, tenant.device, second).await.remove(0);
    assert_eq!((again.after.as_deref(), again.as_of), (Some("page 2"), begun.as_of));
    let found = [phone("SEP2", "a")];
    let done = bed.store.record_page(second, id, &page(&found, None), bed.now()).await.unwrap().unwrap();
    assert_eq!((done.state, done.progress.found, done.progress.added), (WorkState::Done, 2, 2));
    let known = bed.store.device_objects(tenant.device, None, 9).await.unwrap();
    assert_eq!(told(&known), [("SEP1", ObjectChange::Added), ("SEP2", ObjectChange::Added)]);
}

async fn a_read_tells_what_changed_since_the_one_before(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let lease = bed.lease().await;
    let first = [phone("SEP1", "a"), phone("SEP2", "a"), phone("SEP3", "a")];
    let all: Vec<DeviceObject> = (0..1_200).map(|index| phone(&format!("many {index:04}"), "a")).collect();
    let work = read(bed, tenant.device, lease, &[&first, &all]).await;
    assert_eq!((work.progress.found, work.progress.added, work.progress.pages), (1_203, 1_203, 2));

    // The device lists one twice, because it changed while it was read.
    let second = [phone("SEP1", "a"), phone("SEP2", "b"), phone("SEP2", "c"), phone("SEP4", "a")];
    let work = read(bed, tenant.device, lease, &[&all, &second]).await;
    assert_eq!((work.progress.added, work.progress.changed, work.progress.removed), (1, 1, 1));
    let changes = bed.store.device_changes(work.id, None, 9).await.unwrap();
    let expected = [("SEP2", ObjectChange::Changed), ("SEP3", ObjectChange::Removed), ("SEP4", ObjectChange::Added)];
    assert_eq!(told(&changes), expected);
    assert_eq!(changes[0].previous.as_ref().unwrap()["devicePoolName"], "a");
    assert_eq!(changes[0].object.attributes["devicePoolName"], "c");
    let rest = bed.store.device_changes(work.id, Some((ObjectKind::Phone, "SEP2")), 9).await.unwrap();
    assert_eq!(told(&rest), expected[1..]);
    let known = bed.store.device_objects(tenant.device, None, 2_000).await.unwrap();
    assert_eq!(known.len(), 1_203, "a removed one is still there");

    let work = read(bed, tenant.device, lease, &[&all, &second[2..]]).await;
    assert_eq!((work.progress.added, work.progress.changed, work.progress.removed), (0, 0, 1));
    assert_eq!(bed.store.last_read(tenant.device, SyncScope::Subscribers).await.unwrap().unwrap(), work);
}

async fn an_incremental_read_removes_only_what_the_device_says_is_gone(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let lease = bed.lease().await;
    let scopes = [Some(SyncScope::Subscribers)];
    let id = requested(bed, tenant.device, &scopes, false).await[0];
    assert_eq!(claimed(bed, tenant.device, lease).await[0].since, None);
    let marked = ReadPage { mark: Some("mark 7".to_owned()), ..page(&[phone("SEP1", "a"), phone("SEP2", "a")], None) };
    bed.store.record_page(lease, id, &marked, bed.now()).await.unwrap();

    let id = requested(bed, tenant.device, &scopes, false).await[0];
    assert_eq!(claimed(bed, tenant.device, lease).await[0].since.as_deref(), Some("mark 7"));
    let gone = vec![(ObjectKind::Phone, "SEP2".to_owned()), (ObjectKind::Phone, "never there".to_owned())];
    let change = ReadPage { whole: false, gone, mark: Some("mark 8".to_owned()), ..page(&[phone("SEP3", "a")], None) };
    let done = bed.store.record_page(lease, id, &change, bed.now()).await.unwrap().unwrap();
    assert_eq!((done.progress.added, done.progress.removed), (1, 1));
    let known = bed.store.device_objects(tenant.device, None, 9).await.unwrap();
    assert_eq!(told(&known), [("SEP1", ObjectChange::Added), ("SEP3", ObjectChange::Added)]);

    requested(bed, tenant.device, &scopes, true).await;
    assert_eq!(claimed(bed, tenant.device, lease).await[0].since, None, "a whole read was asked for");
}

/// Runs the one order of a run to its end.
async fn complete(bed: &Bed, tenant: &Tenant, lease: Lease, index: usize) {
    bed.store.add_run(&bed.run(tenant, index..index + 1)).await.unwrap();
    let claims = bed.claim(tenant, lease, 9).await;
    assert_eq!(claims.len(), 1);
    let outcome = bed.outcome(&claims[0], Event::StepDone);
    bed.store.record(lease, "worker", &[outcome]).await.unwrap();
}

async fn what_an_order_changed_during_a_read_stays(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let lease = bed.lease().await;
    let on_device = |index: usize, user: &str| {
        let attributes = Attributes::from([("user".to_owned(), user.to_owned())]);
        DeviceObject { kind: ObjectKind::Extension, key: extension(&tenant, index).key, attributes }
    };
    // Nothing is marked while nothing is read.
    complete(bed, &tenant, lease, 0).await;
    assert_eq!(bed.store.device_objects(tenant.device, None, 9).await.unwrap(), []);
    read(bed, tenant.device, lease, &[&[on_device(0, "known"), on_device(1, "old")]]).await;

    let id = requested(bed, tenant.device, &[Some(SyncScope::Subscribers)], true).await[0];
    claimed(bed, tenant.device, lease).await;
    // The order's extension 1 is written after the device was asked, so the answer is older; 2 isn't in it at all.
    complete(bed, &tenant, lease, 1).await;
    complete(bed, &tenant, lease, 2).await;
    let older = page(&[on_device(0, "known"), on_device(1, "older than the order")], None);
    let done = bed.store.record_page(lease, id, &older, bed.now()).await.unwrap().unwrap();
    assert_eq!((done.progress.added, done.progress.changed, done.progress.removed), (0, 0, 0));
    let known = bed.store.device_objects(tenant.device, None, 9).await.unwrap();
    let orders: Vec<bool> = known.iter().map(|known| known.order.is_some()).collect();
    assert_eq!(orders, [false, true, true], "I9: {known:?}");
    assert_eq!(known[1].object.attributes["user"], "old", "I9: an older answer overwrote it");

    // The next read sees what the orders did.
    let now = [on_device(0, "known"), on_device(1, "new"), on_device(2, "new")];
    let work = read(bed, tenant.device, lease, &[&now]).await;
    assert_eq!((work.progress.added, work.progress.changed), (1, 1));
    let known = bed.store.device_objects(tenant.device, None, 9).await.unwrap();
    assert!(known.iter().all(|known| known.order.is_none()));
}

async fn a_read_that_ends_its_worker_each_time_is_given_up(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let id = requested(bed, tenant.device, &[Some(SyncScope::Subscribers)], false).await[0];
    for _ in 0..5 {
        let lease = bed.lease().await;
        assert_eq!(claimed(bed, tenant.device, lease).await.len(), 1);
    }
    let lease = bed.lease().await;
    assert_eq!(claimed(bed, tenant.device, lease).await, []);
    assert_eq!(bed.store.device_work(id).await.unwrap().state, WorkState::Failed);

    let id = requested(bed, tenant.device, &[Some(SyncScope::Subscribers)], false).await[0];
    for _ in 0..20 {
        assert_eq!(claimed(bed, tenant.device, lease).await.len(), 1, "given back unharmed, it may be claimed again");
        bed.store.give_back_device_work(lease, &[id]).await.unwrap();
    }
}

async fn a_device_goes_with_its_work_but_not_while_it_is_needed(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let lease = bed.lease().await;
    bed.store.add_run(&bed.run(&tenant, 0..2)).await.unwrap();
    let needed = bed.store.remove_device(tenant.device).await.unwrap_err();
    assert!(matches!(&needed, StoreError::Needed { by, .. } if by.contains("2 open orders")), "{needed}");

    let other = bed.device(tenant.id, "mailboxes").await;
    read(bed, other, lease, &[&[phone("SEP1", "a")]]).await;
    bed.store.remove_device(other).await.unwrap();
    assert!(matches!(bed.store.device(other).await.unwrap_err(), StoreError::NotFound { .. }));
    assert_eq!(bed.store.device_objects(other, None, 9).await.unwrap(), []);
    let twice = bed.store.remove_device(other).await.unwrap_err();
    assert!(matches!(twice, StoreError::NotFound { what: "device", .. }), "{twice}");
}
