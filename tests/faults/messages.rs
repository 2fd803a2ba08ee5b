//! Messages that are dropped, doubled, unroutable or held up. They are hints, so nothing depends on them.

use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::site::{SHARDS, Site, Submission};

const ROWS: usize = 150;
const FAULTS: [&str; 2] = ["phone-system:latency=10ms", "phone-system:drop-after=2%"];

/// Runs a file in each organization while something is done to the messages.
fn check(mut site: Site, meddle: impl FnOnce(&Site)) {
    let mut crew = Crew::start(&site);
    let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
    let more = site.chance_of_effects();
    site.await_effects(site.effects(), more);
    meddle(&site);
    // What is ordered now is told of while the trouble goes on.
    let mut later: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
    submissions.iter_mut().chain(&mut later).for_each(Submission::end);
    crew.all_live();
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}

#[test]
fn every_message_may_be_dropped() {
    let mut site = Site::new("dropped", 2, &FAULTS);
    site.set("DIALTONE_FAULT_HINTS", "drop");
    check(site, |_| {});
}

#[test]
fn every_message_may_be_doubled_and_reordered() {
    let mut site = Site::new("doubled", 2, &FAULTS);
    site.set("DIALTONE_FAULT_HINTS", "double");
    check(site, |_| {});
}

#[test]
fn queues_may_lose_their_bindings() {
    check(Site::new("unbound", 2, &FAULTS), |site| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let connection = Connection::connect(&site.queue_url, ConnectionProperties::default()).await.unwrap();
            let channel = connection.create_channel().await.unwrap();
            for queue in (0..SHARDS).map(|shard| format!("dialtone.shard.{shard}.batch")) {
                let (name, key, arguments) = (queue.as_str().into(), queue.as_str().into(), FieldTable::default());
                channel.queue_unbind(name, "dialtone.hints".into(), key, arguments).await.unwrap();
            }
        });
        let mut submission = site.submit(&site.tenants[0], ROWS);
        submission.end();
        site.run(&["migrate"]);
    });
}

#[test]
fn a_broker_may_raise_its_alarm() {
    check(Site::new("alarm", 2, &FAULTS), |site| {
        site.services.ctl(&["set_vm_memory_high_watermark", "absolute", "1MB"]);
        let mut submission = site.submit(&site.tenants[0], ROWS);
        submission.end();
        site.services.ctl(&["set_vm_memory_high_watermark", "absolute", "1GB"]);
    });
}

#[test]
fn channels_and_connections_may_be_closed_at_any_time() {
    check(Site::new("closed", 2, &FAULTS), |site| {
        site.services.ctl(&["eval", "[rabbit_channel:shutdown(Channel) || Channel <- rabbit_channel:list()]."]);
        let mut submission = site.submit(&site.tenants[0], ROWS);
        submission.end();
        site.services.ctl(&["close_all_connections", "as a test of faults wants it"]);
    });
}
