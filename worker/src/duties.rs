use std::collections::VecDeque;
use std::time::Duration;

use dialtone_model::{Complaint, WorkId, WorkKind};
use dialtone_store::DeviceWork;

/// What a device's line has to do beside the orders: probes, which a person waits for, and at most one read, page by
/// page. It does no I/O; the line asks it what is next.
#[derive(Debug, Default)]
pub(crate) struct Duties {
    probes: VecDeque<DeviceWork>,
    read: Option<Reading>,
    /// The store may have more.
    ask: bool,
    asking: bool,
}

#[derive(Debug)]
struct Reading {
    work: DeviceWork,
    /// How often the page that is due failed.
    failed: u16,
    /// When it may be asked for.
    due: Duration,
    in_hand: bool,
}

/// One of them.
#[derive(Debug)]
pub(crate) enum Duty {
    /// More is to be asked of the store; whether a read is known already.
    Ask {
        /// Whether a read is known already.
        reading: bool,
    },
    /// The device is to be probed.
    Probe(DeviceWork),
    /// The next page is to be read.
    Read(DeviceWork),
    /// The read is given up, for this reason.
    GiveUp(DeviceWork, Complaint),
}

impl Duties {
    /// The store has some.
    pub(crate) fn ask(&mut self) {
        self.ask = true;
    }

    /// The answer to [`Duty::Ask`]; `None`: the store didn't answer.
    pub(crate) fn claimed(&mut self, work: Option<Vec<DeviceWork>>, now: Duration) {
        self.asking = false;
        let Some(work) = work else {
            self.ask = true;
            return;
        };
        for work in work {
            match work.kind {
                WorkKind::Probe => self.probes.push_back(work),
                WorkKind::Read => self.read = Some(Reading { work, failed: 0, due: now, in_hand: false }),
            }
        }
    }

    /// Whether the store is to be asked, once; nothing that it has is begun by that.
    pub(crate) fn next_ask(&mut self) -> Option<Duty> {
        if !self.ask || self.asking {
            return None;
        }
        (self.ask, self.asking) = (false, true);
        Some(Duty::Ask { reading: self.read.is_some() })
    }

    /// Whether a probe waits.
    pub(crate) fn has_probe(&self) -> bool {
        !self.probes.is_empty()
    }

    /// The probe that waits longest.
    pub(crate) fn next_probe(&mut self) -> Option<Duty> {
        self.probes.pop_front().map(Duty::Probe)
    }

    /// Whether a read is known that isn't over.
    pub(crate) fn is_reading(&self) -> bool {
        self.read.is_some()
    }

    /// Whether a page may be asked for now.
    pub(crate) fn page_is_due(&self, now: Duration) -> bool {
        self.read.as_ref().is_some_and(|read| !read.in_hand && read.due <= now)
    }

    /// When a page may be asked for that waits for its next try.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.read.as_ref().filter(|read| !read.in_hand).map(|read| read.due)
    }

    /// The page that is due; it is in hand from now on.
    pub(crate) fn next_page(&mut self) -> Option<Duty> {
        let read = self.read.as_mut()?;
        read.in_hand = true;
        Some(Duty::Read(read.work.clone()))
    }

    /// The read that isn't in hand, to be given up.
    pub(crate) fn give_up(&mut self, why: Complaint) -> Option<Duty> {
        let read = self.read.take_if(|read| !read.in_hand)?;
        Some(Duty::GiveUp(read.work, why))
    }

    /// How often the page in hand failed before.
    pub(crate) fn failed_before(&self) -> u16 {
        self.read.as_ref().map_or(0, |read| read.failed)
    }

    /// The page in hand failed, or was never asked for: it is tried again at that time. A busy device costs no try.
    pub(crate) fn try_again(&mut self, due: Duration, counts: bool) {
        if let Some(read) = &mut self.read {
            read.in_hand = false;
            read.due = due;
            read.failed += u16::from(counts);
        }
    }

    /// A page is recorded: what is next of the work. `None`: it is over, or somebody else's, and there may be more.
    pub(crate) fn recorded(&mut self, work: Option<DeviceWork>, now: Duration) {
        match work.filter(|work| work.ended_at.is_none()) {
            Some(work) => self.read = Some(Reading { work, failed: 0, due: now, in_hand: false }),
            None => {
                self.read = None;
                self.ask = true;
            }
        }
    }

    /// Takes out what isn't in hand, to be given back.
    pub(crate) fn take_waiting(&mut self) -> Vec<WorkId> {
        let read = self.read.take_if(|read| !read.in_hand).map(|read| read.work);
        self.probes.drain(..).chain(read).map(|work| work.id).collect()
    }
}
