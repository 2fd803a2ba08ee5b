//! Two schedulers and two workers at once, as an installation has them, and ways to lose some of them.

use crate::process::Process;
use crate::site::Site;

/// The roles of an installation.
pub(crate) struct Crew {
    pub(crate) workers: Vec<Process>,
    pub(crate) schedulers: Vec<Process>,
}

impl Crew {
    pub(crate) fn start(site: &Site) -> Self {
        Self {
            workers: (0..2).map(|_| site.worker()).collect(),
            schedulers: (0..2).map(|_| site.scheduler()).collect(),
        }
    }

    /// The worker that recorded the last outcome, and so has more in hand: a fault of another one would show little.
    pub(crate) fn at_work(&self, site: &Site) -> usize {
        let last = "SELECT actor FROM order_events WHERE actor LIKE '%worker:%' ORDER BY at DESC LIMIT 1";
        let name = site.database.rows(last).remove(0).remove(0);
        let is_named = |worker: &Process| name.ends_with(&format!("worker:{}", worker.id()));
        self.workers.iter().position(is_named).expect("a worker of the crew")
    }

    /// Asserts that nobody ended by itself.
    #[track_caller]
    pub(crate) fn all_live(&mut self) {
        for process in self.workers.iter_mut().chain(&mut self.schedulers) {
            assert!(process.is_running(), "a role ended by itself: {}", process.said());
        }
    }
}
