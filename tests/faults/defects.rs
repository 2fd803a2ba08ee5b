//! The checker must be able to fail: defects that are planted into the program are found.

use std::time::Duration;

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::patience::{comes_true, wait_until};
use crate::services::Server;
use crate::site::{Site, Submission};

const ROWS: usize = 150;
/// How often the fault that a defect doesn't survive is tried at most.
const ROUNDS: usize = 8;
/// How often a worker shows that it lives, four times a second, until a run in which nothing happens meanwhile is
/// taken for one that never ends. It has asked the database for work three times by then.
const BEATS: usize = 24;
/// How long a run that may never end is waited for.
const HANGING: Duration = Duration::from_secs(10);

const I5: &str = "I5 two holders never both work on a device";
const I8: &str = "I8 every run ends";

/// An installation with the defect.
fn planted(defect: &str, tenants: usize, faults: &[&str]) -> Site {
    let mut site = Site::new(defect, tenants, faults);
    site.set("DIALTONE_FAULT_DEFECT", defect);
    site
}

#[test]
fn an_outcome_that_is_acknowledged_before_its_commit_is_found() {
    let mut site = planted("acknowledged-before-commit", 1, &["phone-system:latency=50ms"]);
    let _worker = site.worker();
    for _ in 0..ROUNDS {
        // Whoever follows the run may give up when the database is away, and the run goes on without it.
        let _submission = site.submit(&site.tenants[0], ROWS);
        let more = site.chance_of_effects();
        site.await_effects(site.effects(), more);
        site.services.kill(Server::Postgres);
        site.services.start(Server::Postgres);
        if stands_still(&site) {
            break;
        }
    }
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    eprintln!("{findings}");
    assert!(findings.broke(I8), "it was not found");
}

/// Whether the run never ends: its worker lives, and nothing becomes of any order.
fn stands_still(site: &Site) -> bool {
    let beats = || site.database.number("SELECT max(beat)::text FROM shard_leases");
    let events = || site.database.number("SELECT count(*)::text FROM order_events");
    let (mut seen, mut since) = (events(), beats());
    wait_until("the run ends, or nothing happens any more", || {
        let now = events();
        if now != seen {
            (seen, since) = (now, beats());
        }
        !site.is_working() || beats() > since + BEATS
    });
    site.is_working()
}

#[test]
fn an_epoch_that_is_not_checked_is_found() {
    let mut site = planted("epoch-unchecked", 2, &["phone-system:latency=30ms"]);
    let crew = Crew::start(&site);
    let mut findings = Findings::default();
    for _ in 0..ROUNDS {
        let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
        let more = site.chance_of_effects();
        site.await_effects(site.effects(), more);
        let index = crew.at_work(&site);
        let before = site.database.holders();
        crew.workers[index].signal("STOP");
        wait_until("another worker takes over", || site.database.holders() != before || !site.is_working());
        crew.workers[index].signal("CONT");
        // A run that hangs is one of the ways in which the defect shows.
        comes_true(HANGING, || submissions.iter_mut().all(|submission| !submission.process.is_running()));
        findings = Findings::of(&site, Looks::Unless);
        if findings.broke(I5) {
            break;
        }
    }
    eprintln!("{findings}");
    assert!(findings.broke(I5), "it was not found");
}

#[test]
fn a_step_that_is_run_blindly_after_an_unknown_outcome_is_found() {
    let site = planted("blind-run", 1, &["phone-system:latency=2ms", "phone-system:drop-after=10%"]);
    let _worker = site.worker();
    let mut submission = site.submit(&site.tenants[0], ROWS);
    submission.end();
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    eprintln!("{findings}");
    assert!(findings.broke("run blindly after an unknown outcome"), "it was not found");
}
