use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use dialtone_model::{DeviceId, Fault, Trace};
use dialtone_queue::{Delivery, Hint, Subscription};
use dialtone_store::{Claim, ClaimRequest, Outcome, RecordedBatch, StoreError};
use jiff::Timestamp;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tracing::field::{Empty, display};
use tracing::{Instrument as _, Span, debug, error, info, info_span, warn};

use crate::Worker;
use crate::claiming::{ASKED_AT_ONCE, Due, claim, take_turn};
use crate::devices::{Drivable, Survey, devices_with_work};
use crate::duty_calls::DutyDone;
use crate::execution::{Execution, execute, prepare};
use crate::limiter::CallTimes;
use crate::line::{Line, Want};
use crate::meters;
use crate::outcome::{Consequence, consequence, given_up};
use crate::tenure::Shards;

/// How long the store is left alone after it failed.
pub(crate) const STORE_REST: Duration = Duration::from_millis(500);
/// How long a stopping worker tries to record what it has before it leaves the rest to its successor's look.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// How long giving up its leases may take a stopping worker.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(5);

/// The one task that decides what a worker does next. All waiting is done in tasks of its set, which die with it.
pub(crate) struct Dispatcher {
    pub(crate) worker: Worker,
    subscription: Subscription,
    pub(crate) shards: Shards,
    pub(crate) lines: HashMap<DeviceId, Line>,
    pub(crate) tasks: JoinSet<Message>,
    /// Whoever asks the store of a device takes a turn, unless a person waits for it.
    pub(crate) turns: Arc<Semaphore>,
    /// Outcomes that wait for the commit in flight to end, by shard.
    pub(crate) unrecorded: HashMap<u16, Vec<Pending>>,
    pub(crate) recording: HashSet<u16>,
    /// Lines that something happened to since they were last asked.
    pub(crate) stirred: HashSet<DeviceId>,
    /// When lines want to be asked again by themselves.
    alarms: BTreeSet<(Duration, DeviceId)>,
    /// Devices that are being looked up, with the hints that wait for them.
    pub(crate) unknown_devices: HashMap<DeviceId, Vec<Delivery>>,
    /// Those of them that have work beside the orders.
    pub(crate) with_duties: HashSet<DeviceId>,
    /// The last change of any device's row that was seen.
    pub(crate) revision: i64,
    /// The store failed: nothing new is started before this.
    rest_until: Option<Duration>,
    next_tend: Duration,
    next_pull: Duration,
    /// The store is being asked for work that no hint told of. It isn't asked again before it has answered, and at once
    /// when that was due meanwhile.
    pulling: bool,
    pub(crate) jitter: SmallRng,
    stopping: bool,
}

/// An outcome on its way to the store, with the claim that it goes on from.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) claim: Claim,
    pub(crate) outcome: Outcome,
}

/// What a task of the set ends with.
pub(crate) enum Message {
    Called { device: DeviceId, claim: Claim, execution: Execution, times: CallTimes },
    Claimed { device: DeviceId, epoch: i64, urgent: bool, limit: u32, result: Result<(Vec<Claim>, Due), StoreError> },
    Recorded { shard: u16, group: Vec<Pending>, result: Result<RecordedBatch, StoreError> },
    GaveBack,
    Found(Result<Vec<DeviceId>, StoreError>),
    Surveyed(Result<Survey, StoreError>),
    Device { id: DeviceId, result: Result<Box<Drivable>, StoreError> },
    Duty { device: DeviceId, epoch: i64, done: DutyDone },
}

impl Dispatcher {
    pub(crate) fn new(worker: Worker) -> Self {
        let now = worker.clock.monotonic();
        let settings = &worker.settings;
        Self {
            subscription: worker.queue.subscribe(),
            shards: Shards::new(settings.identity, settings.shards, settings.tenure),
            jitter: SmallRng::seed_from_u64(settings.seed),
            lines: HashMap::new(),
            tasks: JoinSet::new(),
            turns: Arc::new(Semaphore::new(ASKED_AT_ONCE)),
            unrecorded: HashMap::new(),
            recording: HashSet::new(),
            stirred: HashSet::new(),
            alarms: BTreeSet::new(),
            unknown_devices: HashMap::new(),
            with_duties: HashSet::new(),
            revision: 0,
            rest_until: None,
            next_tend: now,
            next_pull: now,
            pulling: false,
            stopping: false,
            worker,
        }
    }

    pub(crate) async fn run(mut self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let clock = Arc::clone(&self.worker.clock);
        meters::describe();
        info!(worker = %self.worker.settings.name, "worker started");
        while !self.stopping {
            // A database that doesn't answer mustn't keep a worker from hearing that it is to end. What this cuts off
            // is a lease that was taken and isn't known of: it runs out by itself.
            tokio::select! {
                () = &mut stop => break,
                () = self.keep_time() => {}
            }
            self.advance();
            let sleep = clock.sleep(self.next_wake().saturating_sub(clock.monotonic()));
            tokio::select! {
                () = &mut stop => self.stopping = true,
                Some(message) = self.tasks.join_next() => {
                    self.take(message);
                    // Whatever else is done is taken before anything new is decided, so that groups form.
                    while let Some(message) = self.tasks.try_join_next() {
                        self.take(message);
                    }
                }
                delivery = self.subscription.next() => self.hint(delivery),
                () = sleep => {}
            }
        }
        self.finish().await;
    }

    /// Does what is due by time: leases, and the periodic look for work that no hint told of.
    async fn keep_time(&mut self) {
        let now = self.worker.clock.monotonic();
        self.worker.pulse.turn(now);
        if now >= self.next_tend {
            let lines = &self.lines;
            let busy = |shard| lines.values().any(|line| line.shard == shard && !line.is_idle());
            match self.shards.tend(&self.worker.store, busy, now).await {
                Ok(change) => {
                    self.worker.pulse.tend(now);
                    let held = self.shards.held();
                    meters::leases(held.len(), change.taken_over, change.lost.len());
                    self.subscription.hold(&held);
                    if !change.gained.is_empty() {
                        info!(shards = change.gained.len(), "shards taken");
                        self.next_pull = now;
                    }
                    if change.overtaken > 0 {
                        warn!(
                            shards = change.overtaken,
                            "another worker took shards over: this one gave no sign of life"
                        );
                    }
                    // What a lost shard's lines still have is fenced by the new epoch; its holder looks at it.
                    self.lines.retain(|_, line| !change.lost.contains(&line.shard));
                    self.unrecorded.retain(|shard, _| !change.lost.contains(shard));
                }
                Err(failure) => self.store_failed(&failure),
            }
            self.next_tend = now + self.shards.period();
        }
        if now >= self.next_pull && !self.pulling && self.store_is_up(now) {
            self.next_pull = now + self.worker.settings.pull_every;
            let (store, held) = (self.worker.store.clone(), self.shards.held());
            let (shards, wall) = (self.worker.settings.shards, self.worker.clock.now());
            self.survey(held.clone());
            if self.worker.settings.orders {
                self.pulling = true;
                self.tasks.spawn(async move { Message::Found(devices_with_work(&store, shards, &held, wall).await) });
            }
        }
        while let Some((due, device)) = self.alarms.first().copied()
            && due <= now
        {
            self.alarms.remove(&(due, device));
            self.stirred.insert(device);
        }
        if self.rest_until.is_some_and(|until| until <= now) {
            self.rest_until = None;
            self.stirred.extend(self.lines.keys());
        }
    }

    fn next_wake(&self) -> Duration {
        let alarm = self.alarms.first().map(|(due, _)| *due);
        // What is due and can't be done yet must not wake anybody up again and again.
        let pull = (!self.pulling && self.rest_until.is_none()).then_some(self.next_pull);
        [self.next_tend].into_iter().chain(pull).chain(alarm).chain(self.rest_until).min().unwrap_or_default()
    }

    /// Starts whatever can be started.
    fn advance(&mut self) {
        let now = self.worker.clock.monotonic();
        if !self.store_is_up(now) {
            return;
        }
        let stirred = std::mem::take(&mut self.stirred);
        for device in stirred {
            self.advance_line(device, now);
        }
        let shards: Vec<u16> = self.unrecorded.keys().copied().collect();
        for shard in shards {
            self.record(shard);
        }
    }

    fn advance_line(&mut self, id: DeviceId, now: Duration) {
        let devices = self.lines.len();
        let Some(line) = self.lines.get_mut(&id) else { return };
        line.share_with(devices);
        loop {
            let Some(line) = self.lines.get_mut(&id) else { return };
            // A step may take a run and a look, each as long as a call may take.
            let time = 2 * line.device.limits.call_timeout;
            let Some(lease) = self.shards.lease(line.shard) else { return };
            if self.shards.is_leaving(line.shard) {
                let waiting = line.take_ready();
                self.give_back(waiting);
                return;
            }
            if !self.shards.may_call(line.shard, time, now) {
                self.alarms.insert((self.next_tend, id));
                return;
            }
            match line.next(now) {
                Want::Duty(duty) => self.start_duty(id, *duty, lease),
                Want::Call(claim) => {
                    let quiet_until = self.shards.quiet_until(line.shard, line.device.limits.call_timeout);
                    if claim.at.unknown && now < quiet_until {
                        line.put_back(claim);
                        self.alarms.insert((quiet_until, id));
                        return;
                    }
                    let (driver, timeout) = (Arc::clone(&line.driver), line.device.limits.call_timeout);
                    let store = self.worker.store.clone();
                    let (clock, kind) = (Arc::clone(&self.worker.clock), line.device.kind);
                    let span = info_span!(
                        "step",
                        trace_id = %Trace::of(claim.run).id_text(),
                        run.id = %claim.run,
                        order.id = %claim.order,
                        step = claim.at.step,
                        device.id = %id,
                        fault = Empty
                    );
                    let call = async move {
                        let started = clock.monotonic();
                        let execution = match prepare(&store, &claim, kind).await {
                            Ok(secret) => execute(driver.as_ref(), &claim, secret.as_ref(), timeout).await,
                            Err(reason) => Execution::not_begun(&claim, reason),
                        };
                        let times = CallTimes { started, answered: clock.monotonic() };
                        meters::tried(kind, &execution, times.took());
                        match &execution.result {
                            Ok(_) => debug!("the step is done"),
                            Err(fault) => {
                                Span::current().record("fault", fault.complaint().code.as_str());
                                debug!(%fault, "the step isn't done");
                            }
                        }
                        Message::Called { device: id, claim, execution, times }
                    };
                    self.tasks.spawn(call.instrument(span));
                }
                Want::GiveUp(claims) => {
                    let Some(complaint) = line.trouble.reason() else { return };
                    let wall = self.worker.clock.now();
                    for claim in claims {
                        let outcome = given_up(&claim, complaint.clone(), self.worker.settings.shards, wall);
                        self.pend(claim, outcome.ok());
                    }
                }
                Want::Claims { wanted, urgent, limit, held, receipts } => {
                    let request = ClaimRequest {
                        device: id,
                        lease,
                        wanted,
                        limit,
                        now: self.worker.clock.now(),
                        actor: self.worker.settings.name.clone(),
                    };
                    let store = self.worker.store.clone();
                    let passwords = line.device.kind.keeps_passwords();
                    let turns = Arc::clone(&self.turns);
                    self.tasks.spawn(async move {
                        let Ok(_turn) = take_turn(&turns, urgent).await else { return Message::GaveBack };
                        if let Some(held) = held
                            && let Err(failure) = store.give_back_orphans(id, lease, &held).await
                        {
                            let result = Err(failure);
                            return Message::Claimed { device: id, epoch: lease.epoch, urgent, limit, result };
                        }
                        let result = claim(&store, &request, passwords).await;
                        drop(receipts);
                        Message::Claimed { device: id, epoch: lease.epoch, urgent, limit, result }
                    });
                }
                Want::Nothing(wake) => {
                    if let Some(wake) = wake {
                        self.alarms.insert((wake, id));
                    }
                    return;
                }
            }
        }
    }

    fn take(&mut self, message: Result<Message, tokio::task::JoinError>) {
        let now = self.worker.clock.monotonic();
        match message {
            Ok(Message::Called { device, claim, execution, times }) => self.called(device, claim, &execution, times),
            Ok(Message::Claimed { device, epoch, urgent, limit, result }) => {
                if self.line(device, epoch).is_some() {
                    self.claimed(device, urgent, limit, result, now);
                }
            }
            Ok(Message::Recorded { shard, group, result }) => self.recorded(shard, group, result),
            Ok(Message::GaveBack) => {}
            Ok(Message::Found(found)) => {
                self.pulling = false;
                let devices = match found {
                    Ok(devices) => devices,
                    Err(failure) => return self.store_failed(&failure),
                };
                for device in devices {
                    let Some(line) = self.lines.get_mut(&device) else {
                        self.find_device(device);
                        continue;
                    };
                    line.ask_store();
                    self.stirred.insert(device);
                }
            }
            Ok(Message::Surveyed(Ok(survey))) => self.surveyed(survey),
            Ok(Message::Surveyed(Err(failure))) => self.store_failed(&failure),
            Ok(Message::Device { id, result }) => self.device_found(id, result, now),
            Ok(Message::Duty { device, epoch, done }) => {
                if self.line(device, epoch).is_some() {
                    self.duty_done(device, done, now);
                }
            }
            // A driver's panic is caught where it runs, so this is a defect of the worker itself: its orders are safe
            // in the store, and going on without knowing which they are isn't.
            Err(failure) => std::panic::resume_unwind(failure.into_panic()),
        }
    }

    /// The line of a device, if it still works under the lease of that epoch. A shard that was lost may be this
    /// worker's again before what was started under the first lease comes back.
    pub(crate) fn line(&mut self, device: DeviceId, epoch: i64) -> Option<&mut Line> {
        self.lines.get_mut(&device).filter(|line| line.epoch == epoch)
    }

    fn called(&mut self, device: DeviceId, claim: Claim, execution: &Execution, times: CallTimes) {
        let settings = &self.worker.settings;
        let wall = self.worker.clock.now();
        let jitter = self.jitter.random::<f64>();
        let decided = consequence(&claim, execution, &settings.retry, jitter, settings.shards, wall);
        let Some(line) = self.line(device, claim.epoch) else { return };
        let refused = matches!(execution.result, Err(Fault::Busy { .. }));
        line.called(&claim, execution.calls, refused, times);
        self.stirred.insert(device);
        let throttled = self.learn(device, execution.result.as_ref().err(), times);
        let Some(line) = self.lines.get_mut(&device) else { return };
        match decided {
            Ok(Consequence::Record(outcome)) => self.pend(claim, Some(outcome)),
            Ok(Consequence::GiveBack) if throttled => line.throttled(claim),
            Ok(Consequence::GiveBack) => {
                line.settled(claim.order);
                let waiting = line.take_ready();
                self.give_back(waiting.into_iter().chain([claim]).collect());
            }
            Err(refused) => {
                error!(order.id = %claim.order, %refused, "an outcome that the order's state refuses");
                self.pend(claim, None);
            }
        }
    }

    /// Learns from a call how the device fares; whether it is only throttling.
    pub(crate) fn learn(&mut self, device: DeviceId, fault: Option<&Fault>, times: CallTimes) -> bool {
        let Some(line) = self.lines.get_mut(&device) else { return false };
        let (now, wall) = (times.answered, self.worker.clock.now());
        match fault {
            Some(Fault::Busy { complaint, retry_after }) => {
                if line.limiter.throttle(*retry_after, times) {
                    return true;
                }
                line.trouble.busy(*retry_after, complaint, now, wall);
            }
            Some(Fault::NotSent { complaint, .. }) => {
                line.trouble.unreachable(self.worker.settings.retry.tries, complaint, now, wall);
            }
            Some(Fault::Unknown(_)) => {}
            None | Some(Fault::Rejected(_)) => line.trouble.answered(),
        }
        false
    }

    fn pend(&mut self, claim: Claim, outcome: Option<Outcome>) {
        let Some(line) = self.line(claim.device, claim.epoch) else { return };
        match outcome {
            Some(outcome) => {
                let shard = line.shard;
                self.unrecorded.entry(shard).or_default().push(Pending { claim, outcome });
            }
            None => line.settled(claim.order),
        }
    }

    fn claimed(
        &mut self,
        device: DeviceId,
        urgent: bool,
        limit: u32,
        result: Result<(Vec<Claim>, Due), StoreError>,
        now: Duration,
    ) {
        let Some(line) = self.lines.get_mut(&device) else { return };
        self.stirred.insert(device);
        match result {
            Ok((claims, due)) => {
                meters::claimed(claims.len());
                let more = u32::try_from(claims.len()).unwrap_or(u32::MAX) >= limit;
                let wall = self.worker.clock.now();
                let until = |due: Timestamp| now + Duration::try_from(due.duration_since(wall)).unwrap_or_default();
                let due = match due {
                    Due::Unasked => line.due(),
                    Due::Known(due) => due.map(until),
                };
                line.claimed(claims, urgent, more, due);
            }
            Err(failure) => {
                line.claim_failed();
                self.store_failed(&failure);
            }
        }
    }

    pub(crate) fn give_back(&mut self, claims: Vec<Claim>) {
        if claims.is_empty() {
            return;
        }
        let (store, clock) = (self.worker.store.clone(), Arc::clone(&self.worker.clock));
        self.tasks.spawn(async move {
            while let Err(failure) = store.give_back(&claims, None).await {
                warn!(%failure, "claims can't be given back yet");
                clock.sleep(STORE_REST).await;
            }
            Message::GaveBack
        });
    }

    fn hint(&mut self, delivery: Delivery) {
        let Hint { device, trace, ref orders, .. } = delivery.hint;
        let trace_id = trace.map(|trace| display(trace.id_text()));
        debug!(trace_id, device.id = %device, orders = orders.len(), "a hint came");
        if self.shards.lease(delivery.hint.shard).is_none() {
            return;
        }
        if let Some(line) = self.lines.get_mut(&device) {
            line.hint(delivery, self.worker.clock.monotonic());
            self.stirred.insert(device);
        } else {
            self.find_device(device);
            self.unknown_devices.entry(device).or_default().push(delivery);
        }
    }

    fn store_is_up(&self, now: Duration) -> bool {
        self.rest_until.is_none_or(|until| until <= now)
    }

    pub(crate) fn store_failed(&mut self, failure: &StoreError) {
        meters::store_failed();
        warn!(%failure, "the store failed; nothing new is started until it answers");
        self.rest_until = Some(self.worker.clock.monotonic() + STORE_REST);
    }

    /// Lets the calls in hand finish, records them, gives back what waits, and gives up the leases.
    async fn finish(mut self) {
        self.subscription.hold(&[]);
        // Whoever still waits for a turn asks no more.
        self.turns.close();
        let clock = Arc::clone(&self.worker.clock);
        let deadline = clock.monotonic() + self.longest_call() * 2 + STOP_PATIENCE;
        loop {
            let waiting: Vec<Claim> = self.lines.values_mut().flat_map(Line::take_ready).collect();
            self.give_back(waiting);
            self.give_back_duties();
            let shards: Vec<u16> = self.unrecorded.keys().copied().collect();
            if self.store_is_up(clock.monotonic()) {
                shards.into_iter().for_each(|shard| self.record(shard));
            }
            let unrecorded = self.unrecorded.values().any(|waiting| !waiting.is_empty());
            let left = deadline.saturating_sub(clock.monotonic());
            if (self.tasks.is_empty() && !unrecorded) || left.is_zero() {
                break;
            }
            tokio::select! {
                Some(message) = self.tasks.join_next() => self.take(message),
                () = clock.sleep(left.min(STORE_REST)) => {}
            }
        }
        tokio::select! {
            released = self.shards.release(&self.worker.store) => if let Err(failure) = released {
                warn!(%failure, "leases couldn't be given up; they run out by themselves");
            },
            () = clock.sleep(GOODBYE_PATIENCE) => warn!("the database doesn't answer; leases run out by themselves"),
        }
        info!(worker = %self.worker.settings.name, "worker stopped");
    }

    fn longest_call(&self) -> Duration {
        self.lines.values().map(|line| line.device.limits.call_timeout).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use dialtone_drivers::Done;
    use dialtone_model::{Event, ManualClock, RunId, State};
    use dialtone_queue::Queue;
    use dialtone_store::{Recorded, Store, Verdict};
    use tokio::sync::mpsc;
    use uuid::Uuid;

    use super::*;
    use crate::WorkerSettings;
    use crate::line::tests::{claim, line};

    #[tokio::test]
    async fn what_was_started_under_an_earlier_lease_is_nothing_to_the_line_of_a_later_one() {
        let folder = tempfile::tempdir().unwrap();
        let (finished, _told): (_, mpsc::UnboundedReceiver<RunId>) = mpsc::unbounded_channel();
        let mut dispatcher = Dispatcher::new(Worker {
            settings: WorkerSettings::embedded("worker", Uuid::from_u128(1), 0),
            store: Store::open_embedded(&folder.path().join("dialtone.db")).await.unwrap(),
            queue: Queue::in_process(),
            drivers: Arc::new(|_| Box::pin(async { Err("nobody asks".to_owned()) })),
            clock: Arc::new(ManualClock::default()),
            finished,
            pulse: Arc::default(),
        });
        let early = claim(1, "100");
        let mut regained = line(1);
        regained.epoch = early.epoch + 1;
        let device = regained.device.id;
        dispatcher.lines.insert(device, regained);

        let execution = Execution { result: Ok(Done::default()), unknown: false, calls: 1 };
        let times = CallTimes { started: Duration::ZERO, answered: Duration::ZERO };
        dispatcher.take(Ok(Message::Called { device, claim: early.clone(), execution, times }));
        assert!(dispatcher.unrecorded.is_empty());
        let (epoch, result) = (early.epoch, Ok((vec![early.clone()], Due::Unasked)));
        dispatcher.take(Ok(Message::Claimed { device, epoch, urgent: false, limit: 1, result }));
        let outcome = Outcome {
            order: early.order,
            run: early.run,
            version: early.version,
            epoch,
            step: 0,
            event: Event::StepDone,
            next: State::Completed,
            reason: None,
            not_before: None,
            next_device: (device, 0),
            at: Timestamp::UNIX_EPOCH,
        };
        let orders = vec![Recorded { order: early.order, verdict: Verdict::Stop }];
        let result = Ok(RecordedBatch { orders, ..RecordedBatch::default() });
        dispatcher.take(Ok(Message::Recorded { shard: 0, group: vec![Pending { claim: early, outcome }], result }));
        assert!(dispatcher.lines[&device].is_idle());
    }
}
