use std::time::Duration;

use dialtone_model::Clock;
use dialtone_store::{Lease, Sightings};

use crate::context::Context;

/// Watches the leases for a sign of life of any worker, for whoever waits for them.
pub(crate) struct Watch {
    sightings: Sightings,
    next: Duration,
    told: bool,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn new(context: &Context) -> Self {
        Self { sightings: Sightings::default(), next: context.clock.monotonic(), told: false }
    }

    /// Looks at the leases now and then. When there is no worker it says so, once until there is one again.
    pub(crate) async fn look(&mut self, context: &Context) -> anyhow::Result<Option<String>> {
        let (now, ttl) = (context.clock.monotonic(), context.settings.lease_ttl);
        if now < self.next {
            return Ok(None);
        }
        self.next = now + ttl / 4;
        let leases = context.operations.store.leases(context.operations.shards).await?;
        let held: Vec<&Lease> = leases.iter().filter(|lease| !lease.is_free()).collect();
        let alive = held.iter().any(|lease| !self.sightings.is_stale(lease, ttl, now));
        let absence = match (held.is_empty(), alive) {
            (true, _) => Some("no worker is there yet: start one with `dialtone worker`".to_owned()),
            (false, false) => {
                Some(format!("no worker has given a sign of life for {}: start one with `dialtone worker`", words(ttl)))
            }
            (false, true) => None,
        };
        for lease in leases {
            self.sightings.note(lease, now);
        }
        let news = absence.is_some() && !self.told;
        self.told = absence.is_some();
        Ok(absence.filter(|_| news))
    }
}

/// A time as people write it.
fn words(time: Duration) -> String {
    if time.subsec_millis() == 0 { format!("{} s", time.as_secs()) } else { format!("{} ms", time.as_millis()) }
}
