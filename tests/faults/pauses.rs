//! Processes that stand still for longer than their lease, and wake up.

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::patience::wait_until;
use crate::site::{Site, Submission};

const ROWS: usize = 200;
const PAUSES: usize = 6;

#[test]
fn a_worker_that_was_stopped_past_its_lease_is_fenced_when_it_wakes_up() {
    let mut site = Site::new("pauses", 2, &["phone-system:latency=30ms"]);
    let mut crew = Crew::start(&site);
    for _ in 0..PAUSES {
        let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
        let more = site.chance_of_effects();
        site.await_effects(site.effects(), more);
        let index = crew.at_work(&site);
        let before = site.database.holders();
        crew.workers[index].signal("STOP");
        // Whoever stands still holds shards whose holder changes; the other one's don't.
        wait_until("another worker takes the shards over", || site.database.holders() != before || !site.is_working());
        crew.workers[index].signal("CONT");
        submissions.iter_mut().for_each(Submission::end);
        crew.all_live();
    }
    let count = |words: &str| crew.workers.iter().map(|worker| worker.said().matches(words).count()).sum::<usize>();
    let (late, overtaken) = (count("came too late"), count("another worker took shards over"));
    eprintln!("pauses: {overtaken} times a worker woke up to find its shards taken, {late} outcomes came too late");
    assert!(overtaken > 0, "nobody was stopped past its lease");
    let findings = Findings::of(&site, Looks::Unless);
    assert!(findings.is_clean(), "{findings}");
}

#[test]
fn a_scheduler_that_stood_still_stands_by_when_it_wakes_up() {
    let mut site = Site::new("schedulers", 1, &["phone-system:latency=10ms"]);
    let mut crew = Crew::start(&site);
    let mut submission = site.submit(&site.tenants[0], ROWS);
    let index = site.chance.number(0..=1);
    site.await_effects(site.effects(), 10);
    crew.schedulers[index].signal("STOP");
    submission.end();
    crew.schedulers[index].signal("CONT");
    let mut next = site.submit(&site.tenants[0], ROWS);
    next.end();
    crew.all_live();
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}

#[test]
fn a_device_that_stands_still_and_wakes_up_has_one_effect_a_step() {
    let site = Site::new("device", 2, &["phone-system:latency=10ms"]);
    let mut crew = Crew::start(&site);
    let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
    site.await_effects(site.effects(), 20);
    site.tenants[0].device.signal("STOP");
    // The other device is worked on all the same.
    submissions[1].end();
    site.tenants[0].device.signal("CONT");
    submissions[0].end();
    crew.all_live();
    let findings = Findings::of(&site, Looks::Unless);
    assert!(findings.is_clean(), "{findings}");
}
