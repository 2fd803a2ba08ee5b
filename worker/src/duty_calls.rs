use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::{Driver, Page, PageRequest, Probe};
use dialtone_model::{Clock, Complaint, Decision, DeviceId, Fault};
use dialtone_store::{DeviceWork, Lease, ProbeResult, ReadPage, StoreError, WorkOutcome};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rand::RngExt as _;
use tracing::{debug, info, warn};

use crate::dispatcher::{Dispatcher, Message, STORE_REST};
use crate::duties::Duty;
use crate::limiter::CallTimes;

/// What a task that does a duty ends with.
pub(crate) enum DutyDone {
    /// The store was asked for more.
    Asked(Result<Vec<DeviceWork>, StoreError>),
    /// The device answered a probe, or didn't.
    Probed { work: DeviceWork, answer: Result<Probe, Fault>, times: CallTimes },
    /// The device answered with a page, or didn't.
    Read { work: DeviceWork, answer: Result<Page, Fault>, times: CallTimes },
    /// A page is in the store; `None`: the work isn't this holder's any more.
    PageRecorded(Option<DeviceWork>),
    /// An end is in the store, or the work isn't this holder's any more.
    Ended,
}

impl Dispatcher {
    /// Starts a duty of a device under the lease of its shard.
    pub(crate) fn start_duty(&mut self, id: DeviceId, duty: Duty, lease: Lease) {
        let Some(line) = self.lines.get(&id) else { return };
        let (store, clock) = (self.worker.store.clone(), Arc::clone(&self.worker.clock));
        let (driver, timeout) = (Arc::clone(&line.driver), line.device.limits.call_timeout);
        match duty {
            Duty::Ask { reading } => self.on_duty(id, async move {
                DutyDone::Asked(store.claim_device_work(id, lease, reading, clock.now()).await)
            }),
            Duty::Probe(work) => self.on_duty(id, async move {
                let started = clock.monotonic();
                let answer = caught(driver.probe(timeout)).await;
                DutyDone::Probed { work, answer, times: CallTimes { started, answered: clock.monotonic() } }
            }),
            Duty::Read(work) => self.on_duty(id, async move {
                let started = clock.monotonic();
                let answer = read(driver.as_ref(), &work, timeout).await;
                DutyDone::Read { work, answer, times: CallTimes { started, answered: clock.monotonic() } }
            }),
            Duty::GiveUp(work, why) => self.end_duty(work, WorkOutcome::Failed(why)),
        }
    }

    /// Takes what a duty's task ended with.
    pub(crate) fn duty_done(&mut self, id: DeviceId, done: DutyDone, now: Duration) {
        let Some(line) = self.lines.get_mut(&id) else { return };
        self.stirred.insert(id);
        match done {
            DutyDone::Asked(result) => {
                let (work, failure) = match result {
                    Ok(work) => (Some(work), None),
                    Err(failure) => (None, Some(failure)),
                };
                line.duties.claimed(work, now);
                if line.is_kept_for_a_read() {
                    let waiting = line.take_ready();
                    line.ask_store();
                    if !waiting.is_empty() {
                        self.give_back(waiting);
                    }
                }
                if let Some(failure) = failure {
                    self.store_failed(&failure);
                }
            }
            DutyDone::Probed { work, answer, times } => {
                line.duty_called(matches!(answer, Err(Fault::Busy { .. })), times);
                self.learn(id, answer.as_ref().err(), times);
                let outcome = match answer {
                    Ok(probe) => WorkOutcome::Probed(self.result(probe, times.took())),
                    Err(fault) => WorkOutcome::Failed(fault.complaint().clone()),
                };
                self.end_duty(work, outcome);
            }
            DutyDone::Read { work, answer, times } => {
                line.duty_called(matches!(answer, Err(Fault::Busy { .. })), times);
                self.learn(id, answer.as_ref().err(), times);
                match answer {
                    Ok(page) => self.record_page(work, page),
                    Err(fault) => self.page_failed(work, &fault, now),
                }
            }
            DutyDone::PageRecorded(work) => {
                if let Some(work) = work.as_ref().filter(|work| work.ended_at.is_some()) {
                    let progress = work.progress;
                    info!(device.id = %id, found = progress.found, added = progress.added, changed = progress.changed,
                        removed = progress.removed, "device synchronised");
                }
                line.duties.recorded(work, now);
            }
            DutyDone::Ended => line.duties.ask(),
        }
    }

    /// Gives back the duties that no call is in hand for.
    pub(crate) fn give_back_duties(&mut self) {
        let mut waiting = Vec::new();
        for line in self.lines.values_mut() {
            let ids = line.duties.take_waiting();
            if let Some(lease) = self.shards.lease(line.shard).filter(|_| !ids.is_empty()) {
                waiting.push((lease, ids));
            }
        }
        for (lease, ids) in waiting {
            let (store, clock) = (self.worker.store.clone(), Arc::clone(&self.worker.clock));
            self.tasks.spawn(async move {
                while let Err(failure) = store.give_back_device_work(lease, &ids).await {
                    warn!(%failure, "device work can't be given back yet");
                    clock.sleep(STORE_REST).await;
                }
                Message::GaveBack
            });
        }
    }

    fn on_duty(&mut self, id: DeviceId, duty: impl Future<Output = DutyDone> + Send + 'static) {
        let Some(epoch) = self.lines.get(&id).map(|line| line.epoch) else { return };
        self.tasks.spawn(async move { Message::Duty { device: id, epoch, done: duty.await } });
    }

    fn page_failed(&mut self, work: DeviceWork, fault: &Fault, now: Duration) {
        let Some(line) = self.lines.get_mut(&work.device) else { return };
        let jitter = self.jitter.random::<f64>();
        // A page has no effect, so a lost answer is only one more try.
        match self.worker.settings.retry.decide(fault, line.duties.failed_before(), false, jitter) {
            Decision::TryAgain { after, .. } => line.duties.try_again(now + after, true),
            Decision::PauseDevice { .. } => line.duties.try_again(now, false),
            Decision::GiveUp { .. } => {
                line.duties.recorded(None, now);
                self.end_duty(work, WorkOutcome::Failed(fault.complaint().clone()));
            }
        }
    }

    fn record_page(&mut self, work: DeviceWork, page: Page) {
        let Some(lease) = self.lease_of(work.device) else { return };
        let (store, clock) = (self.worker.store.clone(), Arc::clone(&self.worker.clock));
        let Page { whole, found, gone, next, mark } = page;
        let page = ReadPage { whole, found, gone, next, mark };
        self.on_duty(work.device, async move {
            let recorded = insistent(clock.as_ref(), || store.record_page(lease, work.id, &page, clock.now()));
            DutyDone::PageRecorded(recorded.await)
        });
    }

    fn end_duty(&mut self, work: DeviceWork, outcome: WorkOutcome) {
        let Some(lease) = self.lease_of(work.device) else { return };
        let (store, clock) = (self.worker.store.clone(), Arc::clone(&self.worker.clock));
        self.on_duty(work.device, async move {
            let end = || store.end_device_work(lease, work.id, &outcome, clock.now());
            if !insistent(clock.as_ref(), end).await {
                debug!(work.id = %work.id, "device work ended too late: another holder has it");
            }
            DutyDone::Ended
        });
    }

    fn result(&self, probe: Probe, took: Duration) -> ProbeResult {
        let now = self.worker.clock.now().as_second();
        ProbeResult {
            version: probe.version,
            missing_rights: probe.missing_rights,
            clock_ahead: probe.clock.map(|clock| clock.saturating_sub(now)),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn lease_of(&self, device: DeviceId) -> Option<Lease> {
        self.lines.get(&device).and_then(|line| self.shards.lease(line.shard))
    }
}

async fn read(driver: &dyn Driver, work: &DeviceWork, timeout: Duration) -> Result<Page, Fault> {
    let Some(scope) = work.scope else {
        return Err(Fault::Rejected(Complaint::new("internal-error", "a read without a scope")));
    };
    let request = PageRequest { scope, since: work.since.clone(), after: work.after.clone() };
    caught(driver.read(&request, timeout)).await
}

/// A driver that panics fails what it was asked, and nothing else.
async fn caught<T>(call: BoxFuture<'_, Result<T, Fault>>) -> Result<T, Fault> {
    let failed = |_| {
        let complaint = Complaint::new("internal-error", "the device's driver failed; its log says where");
        Err(Fault::Rejected(complaint))
    };
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(failed)
}

/// Asks the store until it answers; a lease that was lost meanwhile is an answer.
async fn insistent<T, F>(clock: &dyn Clock, ask: impl Fn() -> F) -> T
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(failure) => {
                warn!(%failure, "device work can't be recorded yet");
                clock.sleep(STORE_REST).await;
            }
        }
    }
}
