//! Roles are replaced one after the other while they work, as an upgrade does it.

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::site::{Site, Submission};

const ROWS: usize = 400;

#[test]
fn a_rolling_restart_under_load_loses_and_doubles_nothing_and_every_role_ends_well() {
    let site = Site::new("upgrade", 2, &["phone-system:latency=20ms"]);
    let mut crew = Crew::start(&site);
    let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
    // A new version begins with this, while the old one works.
    site.run(&["migrate"]);
    for index in 0..2 {
        site.await_effects(site.effects(), 20);
        for (role, old, new) in [
            ("worker", &mut crew.workers[index], site.worker()),
            ("scheduler", &mut crew.schedulers[index], site.scheduler()),
        ] {
            old.signal("TERM");
            let status = old.end(&format!("the {role} hands back and ends"));
            assert!(status.success(), "{role}: {status}: {}", old.said());
            *old = new;
        }
    }
    submissions.iter_mut().for_each(Submission::end);
    crew.all_live();
    // Nobody took anything over from somebody dead: each outcome was recorded by whoever ran the step.
    let taken_over = site
        .database
        .number("SELECT count(*)::text FROM order_events WHERE kind = 'attempt_failed' OR code IS NOT NULL");
    assert_eq!(taken_over, 0, "steps that were cut off");
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}
