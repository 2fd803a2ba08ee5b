//! Roles are replaced one after the other while they work, as an upgrade does it.

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::site::{Site, Submission};

const ROWS: usize = 200;

#[test]
fn a_rolling_restart_under_load_loses_and_doubles_nothing_and_every_role_ends_well() {
    let site = Site::new("upgrade", 2, &["phone-system:latency=50ms"]);
    let mut crew = Crew::start(&site);
    let mut submissions: Vec<Submission> = Vec::new();
    // A new version begins with this, while the old one works.
    site.run(&["migrate"]);
    for index in 0..2 {
        submissions.extend(site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)));
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
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}
