use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::Driver;
use dialtone_model::{Device, OrderId};
use dialtone_queue::{Delivery, Lane, Receipt};
use dialtone_store::{Claim, Lease, Wanted};

use crate::duties::{Duties, Duty};
use crate::hinted::Hinted;
use crate::limiter::{CallTimes, Limiter};
use crate::trouble::{Admission, Trouble};

/// Outcomes of one device that may wait to be recorded; beyond it no further call is started, so that a slow store
/// slows the calls down instead of filling the memory.
const MOST_UNRECORDED: usize = 4_096;
/// Orders that may be claimed ahead for all devices of a worker together: a group beyond it gains nothing more, and each
/// takes memory. Two rounds of calls are claimed for each device all the same.
const MOST_AHEAD: usize = 2_048;

/// One device's line: the claimed orders that wait, the calls in hand, and what limits them. It does no I/O; the
/// dispatcher asks it what to do next.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) device: Device,
    /// The number of the last change of the device's row that is known here.
    pub(crate) revision: i64,
    pub(crate) shard: u16,
    /// The epoch of the lease that it works under. What was started under another one isn't this line's.
    pub(crate) epoch: i64,
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) trouble: Trouble,
    pub(crate) duties: Duties,
    /// Whether orders are claimed at all.
    pub(crate) takes_orders: bool,
    pub(crate) limiter: Limiter,
    ready: VecDeque<Claim>,
    in_hand: usize,
    unrecorded: usize,
    /// Every order that is claimed: waiting, in hand or unrecorded.
    held: HashSet<OrderId>,
    /// A claim may have been made that this line doesn't know of.
    orphans: bool,
    /// The device objects that steps in hand change; no two of them run at once on one.
    objects: HashSet<String>,
    hinted: Hinted,
    urgent: Hinted,
    /// The store may have ready orders that no hint named.
    ask_store: bool,
    claiming: bool,
    /// So many orders are claimed, those in hand left out: at first two rounds of calls, then as many as the device does
    /// while the store is asked for more.
    ahead: usize,
    /// This device's part of what all may be claimed ahead.
    most_ahead: usize,
    /// The device has had nothing to do since the store was last asked.
    ran_dry: bool,
    /// When an order that waits for its next try is due.
    due: Option<Duration>,
}

/// What the line wants to happen next.
#[derive(Debug)]
pub(crate) enum Want {
    /// Something beside the orders.
    Duty(Box<Duty>),
    /// A call for this order.
    Call(Claim),
    /// These orders are given up, for the trouble's reason.
    GiveUp(Vec<Claim>),
    /// Orders from the store.
    Claims {
        /// Which.
        wanted: Wanted,
        /// Whether a person waits for them.
        urgent: bool,
        /// At most so many.
        limit: u32,
        /// Claims but these are to be given back first; `None`: there are none but these.
        held: Option<Vec<OrderId>>,
        /// To be dropped when the claim is done, whatever it wins.
        receipts: Vec<Arc<Receipt>>,
    },
    /// Nothing now; something by itself at that time.
    Nothing(Option<Duration>),
}

impl Line {
    pub(crate) fn new(device: Device, lease: Lease, driver: Arc<dyn Driver>, now: Duration) -> Self {
        let limiter = Limiter::new(device.limits.rate, now);
        let ahead = two_rounds(&device);
        Self {
            device,
            revision: 0,
            shard: lease.shard,
            epoch: lease.epoch,
            driver,
            trouble: Trouble::default(),
            duties: Duties::default(),
            takes_orders: true,
            limiter,
            ready: VecDeque::new(),
            in_hand: 0,
            unrecorded: 0,
            held: HashSet::new(),
            orphans: false,
            objects: HashSet::new(),
            hinted: Hinted::default(),
            urgent: Hinted::default(),
            ask_store: true,
            claiming: false,
            ahead,
            most_ahead: MOST_AHEAD,
            ran_dry: false,
            due: None,
        }
    }

    /// The device's row was changed: from now on it is asked as the row says. Whatever trouble there was may be mended.
    pub(crate) fn changed(&mut self, device: Device, driver: Arc<dyn Driver>) {
        self.limiter.change(device.limits.rate);
        self.trouble.answered();
        self.ahead = two_rounds(&device);
        self.device = device;
        self.driver = driver;
    }

    /// A hint came. Ids that the line has no room for are left to the store.
    pub(crate) fn hint(&mut self, delivery: Delivery, now: Duration) {
        let Delivery { hint, receipt } = delivery;
        if hint.orders.is_empty() {
            self.duties.ask();
        }
        let room = self.ahead * 4;
        let known = match hint.lane {
            Lane::Interactive => &mut self.urgent,
            Lane::Batch => &mut self.hinted,
        };
        if hint.orders.is_empty() || known.len() + hint.orders.len() > room {
            self.ask_store = true;
        } else {
            known.push(hint.orders, receipt, now);
        }
    }

    /// So many devices share what may be claimed ahead.
    pub(crate) fn share_with(&mut self, devices: usize) {
        self.most_ahead = MOST_AHEAD / devices.max(1);
        self.ahead = self.ahead.min(self.most_ahead.max(two_rounds(&self.device)));
    }

    /// The store has ready orders for this device.
    pub(crate) fn ask_store(&mut self) {
        self.ask_store = true;
    }

    /// When an order that waits for its next try is due, as far as is known.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// The answer to [`Want::Claims`]: what was claimed, whether more may be ready, and when the next is due.
    pub(crate) fn claimed(&mut self, claims: Vec<Claim>, urgent: bool, more: bool, due: Option<Duration>) {
        self.claiming = false;
        self.orphans = false;
        if std::mem::take(&mut self.ran_dry) && more {
            self.ahead = (2 * self.ahead).min(self.most_ahead.max(two_rounds(&self.device)));
        }
        self.ask_store |= more;
        self.due = due;
        self.held.extend(claims.iter().map(|claim| claim.order));
        if urgent {
            claims.into_iter().rev().for_each(|claim| self.ready.push_front(claim));
        } else {
            self.ready.extend(claims);
        }
    }

    /// The store didn't answer; it is asked again. It may have claimed all the same.
    pub(crate) fn claim_failed(&mut self) {
        self.claiming = false;
        self.ask_store = true;
        self.orphans = true;
    }

    /// A call was answered, or wasn't; its outcome is on its way to the store.
    pub(crate) fn called(&mut self, claim: &Claim, calls: u32, refused: bool, times: CallTimes) {
        self.in_hand -= 1;
        self.unrecorded += 1;
        self.trouble.probed();
        self.limiter.answered(calls, refused, times);
        // Between two runs a device has nothing to do because there is nothing, not because it was claimed too late.
        let waits_for_more = self.claiming || self.may_have_more();
        self.ran_dry |= self.in_hand == 0 && self.ready.is_empty() && waits_for_more;
        for object in objects(claim) {
            self.objects.remove(&object);
        }
    }

    /// The outcome of a call is in the store, or nobody's to record, and the order is no longer claimed.
    pub(crate) fn settled(&mut self, order: OrderId) {
        self.unrecorded -= 1;
        self.held.remove(&order);
    }

    /// The outcome is in the store, the order's next step is on this device too, and it is still claimed.
    pub(crate) fn go_on(&mut self, claim: Claim) {
        self.unrecorded -= 1;
        self.ready.push_front(claim);
    }

    /// The device refused the call, which had no effect, because it was asked too often: the order stays claimed and
    /// goes first at the next free slot.
    pub(crate) fn throttled(&mut self, claim: Claim) {
        self.unrecorded -= 1;
        self.ready.push_front(claim);
    }

    /// The call that was wanted can't be started yet.
    pub(crate) fn put_back(&mut self, claim: Claim) {
        self.in_hand -= 1;
        for object in objects(&claim) {
            self.objects.remove(&object);
        }
        self.trouble.probed();
        self.limiter.put_back();
        self.ready.push_front(claim);
    }

    /// A duty's call was answered, or wasn't.
    pub(crate) fn duty_called(&mut self, refused: bool, times: CallTimes) {
        self.in_hand -= 1;
        self.trouble.probed();
        self.limiter.answered(1, refused, times);
    }

    /// Whether orders wait until the device has been read.
    pub(crate) fn is_kept_for_a_read(&self) -> bool {
        self.device.kind.is_exclusive_while_read() && self.duties.is_reading()
    }

    /// Takes out the orders that wait, to be given back.
    pub(crate) fn take_ready(&mut self) -> Vec<Claim> {
        self.ahead = two_rounds(&self.device);
        let claims: Vec<Claim> = self.ready.drain(..).collect();
        claims.iter().for_each(|claim| {
            self.held.remove(&claim.order);
        });
        claims
    }

    /// Whether nothing of it is in hand or unrecorded.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_hand == 0 && self.unrecorded == 0 && self.ready.is_empty() && !self.claiming
    }

    /// What to do next. The dispatcher asks until the answer is [`Want::Nothing`].
    pub(crate) fn next(&mut self, now: Duration) -> Want {
        if self.due.is_some_and(|due| due <= now) {
            self.due = None;
            self.ask_store = true;
        }
        if let Some(ask) = self.duties.next_ask() {
            return Want::Duty(Box::new(ask));
        }
        let overdue = [self.urgent.settle_overdue(now), self.hinted.settle_overdue(now)];
        let page_due = self.duties.due().filter(|due| *due > now);
        let mut wake = self.due.into_iter().chain(overdue.into_iter().flatten()).chain(page_due).min();
        let most = usize::from(self.device.limits.concurrency.max(1));
        // A person waits for a probe, and it may be what shows that the trouble is over, so no pause keeps it back.
        if self.duties.has_probe() && self.in_hand < most {
            if self.limiter.take(now)
                && let Some(probe) = self.duties.next_probe()
            {
                self.in_hand += 1;
                return Want::Duty(Box::new(probe));
            }
            wake = wake.into_iter().chain(self.limiter.next_free()).min();
        }
        let slots = match self.trouble.admission(&self.device.limits, now) {
            Admission::Free => most,
            Admission::Probe => self.in_hand + 1,
            Admission::Wait(until) => {
                wake = wake.into_iter().chain(until).min();
                0
            }
            Admission::GiveUp
                if let Some(reason) = self.trouble.reason()
                    && let Some(duty) = self.duties.give_up(reason) =>
            {
                return Want::Duty(Box::new(duty));
            }
            Admission::GiveUp if self.ready.is_empty() && !self.may_have_more() && !self.claiming => {
                self.trouble.drained();
                0
            }
            Admission::GiveUp if !self.ready.is_empty() => {
                let claims: Vec<Claim> = self.ready.drain(..).collect();
                self.unrecorded += claims.len();
                return Want::GiveUp(claims);
            }
            Admission::GiveUp => return self.claims().unwrap_or(Want::Nothing(wake)),
        };

        // One page at a time: a read takes one of the slots and leaves the others to the orders.
        if self.duties.page_is_due(now) && self.in_hand < if self.is_kept_for_a_read() { 1 } else { slots } {
            if self.limiter.take(now)
                && let Some(page) = self.duties.next_page()
            {
                self.in_hand += 1;
                self.trouble.probing();
                return Want::Duty(Box::new(page));
            }
            wake = wake.into_iter().chain(self.limiter.next_free()).min();
        }
        if self.is_kept_for_a_read() {
            return Want::Nothing(wake);
        }
        let has_room = self.unrecorded < MOST_UNRECORDED;
        if has_room
            && self.in_hand < slots
            && let Some(index) = self.ready.iter().position(|claim| self.is_free(claim))
        {
            if self.limiter.take(now) {
                return self.call(index);
            }
            wake = wake.into_iter().chain(self.limiter.next_free()).min();
        }
        // Fewer than a full round of calls waits: claim before the slots run dry. A paused device's orders stay
        // unclaimed, where a paused or cancelled run still finds them.
        if has_room
            && slots > 0
            && (self.ready.len() < slots.max(self.ahead / 2) || !self.urgent.is_empty())
            && let Some(want) = self.claims()
        {
            return want;
        }
        Want::Nothing(wake)
    }

    fn call(&mut self, index: usize) -> Want {
        let Some(claim) = self.ready.remove(index) else { return Want::Nothing(None) };
        self.in_hand += 1;
        self.objects.extend(objects(&claim));
        self.trouble.probing();
        Want::Call(claim)
    }

    fn claims(&mut self) -> Option<Want> {
        if self.claiming || !self.may_have_more() {
            return None;
        }
        self.claiming = true;
        let room = self.ahead.saturating_sub(self.ready.len()).max(1);
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        let urgent = !self.urgent.is_empty();
        let (wanted, receipts) = if urgent {
            let (orders, receipts) = self.urgent.take(room);
            (Wanted::These(orders), receipts)
        } else if self.ask_store {
            // Everything that is ready is claimed in one go; the hints would name nothing else.
            self.ask_store = false;
            (Wanted::Any, self.hinted.take(usize::MAX).1)
        } else {
            let (orders, receipts) = self.hinted.take(room);
            (Wanted::These(orders), receipts)
        };
        let held = self.orphans.then(|| self.held.iter().copied().collect());
        Some(Want::Claims { wanted, urgent, limit, held, receipts })
    }

    fn may_have_more(&self) -> bool {
        self.takes_orders && (self.ask_store || !self.hinted.is_empty() || !self.urgent.is_empty())
    }

    fn is_free(&self, claim: &Claim) -> bool {
        self.objects.is_empty() || objects(claim).iter().all(|object| !self.objects.contains(object))
    }
}

/// As many orders as the device takes calls at once, and as many again.
fn two_rounds(device: &Device) -> usize {
    2 * usize::from(device.limits.concurrency.max(1))
}

fn objects(claim: &Claim) -> Vec<String> {
    claim.steps.get(usize::from(claim.at.step)).map(dialtone_model::Step::objects).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use dialtone_drivers::NullDriver;
    use dialtone_model::{
        Action, Complaint, DeviceId, DeviceKind, DeviceLimits, Life, OrganizationId, Origin, Position, Step, Tls,
    };
    use dialtone_queue::{Hint, Queue};
    use jiff::Timestamp;

    use super::*;

    const NOW: Duration = Duration::from_secs(10);
    const AT_ONCE: CallTimes = CallTimes { started: NOW, answered: NOW };

    pub(crate) fn line(concurrency: u16) -> Line {
        let device = Device {
            id: DeviceId(id(0)),
            organization: OrganizationId(id(0)),
            name: "device".to_owned(),
            kind: DeviceKind::Null,
            address: String::new(),
            version: None,
            login: String::new(),
            password: String::new(),
            secrets: Default::default(),
            tls: Tls::System,
            settings: Default::default(),
            limits: DeviceLimits { concurrency, ..DeviceLimits::default() },
        };
        let lease = Lease { shard: 0, holder: id(1), epoch: 1, beat: 1 };
        Line::new(device, lease, Arc::new(NullDriver), NOW)
    }

    fn id(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }

    pub(crate) fn claim(number: u128, key: &str) -> Claim {
        let action = Action::DeleteExtension { key: key.to_owned() };
        Claim {
            order: OrderId(id(number)),
            run: id(0).into(),
            device: DeviceId(id(0)),
            version: 1,
            epoch: 1,
            life: Life { origin: Origin::Batch, steps: 1 },
            at: Position::default(),
            steps: vec![Step { device: DeviceId(id(0)), action }],
            starts: 0,
        }
    }

    /// What the line wants until it wants nothing more, in words.
    fn wants(line: &mut Line) -> Vec<String> {
        let mut wants = Vec::new();
        loop {
            wants.push(match line.next(NOW) {
                Want::Duty(duty) => format!("{duty:?}"),
                Want::Call(claim) => format!("call {}", claim.order.0.as_u128()),
                Want::GiveUp(claims) => format!("give up {}", claims.len()),
                Want::Claims { wanted: Wanted::Any, limit, .. } => format!("claim any {limit}"),
                Want::Claims { wanted: Wanted::These(ids), urgent, .. } => format!("claim {} {urgent}", ids.len()),
                Want::Nothing(_) => return wants,
            });
        }
    }

    #[test]
    fn it_claims_twice_what_the_device_takes_and_calls_as_many_as_it_takes() {
        let mut line = line(2);
        assert_eq!(wants(&mut line), ["claim any 4"]);
        line.claimed((1..=4).map(|number| claim(number, &number.to_string())).collect(), false, true, None);
        assert_eq!(wants(&mut line), ["call 1", "call 2"]);
        line.called(&claim(1, "1"), 1, false, AT_ONCE);
        assert_eq!(wants(&mut line), ["call 3", "claim any 3"]);
    }

    #[test]
    fn devices_share_what_is_claimed_ahead() {
        let mut line = line(1);
        let mut grow = |devices: usize| {
            for _ in 0..20 {
                line.share_with(devices);
                line.ran_dry = true;
                line.claimed(Vec::new(), false, true, None);
            }
            line.ahead
        };
        assert_eq!([grow(1), grow(8), grow(100_000)], [MOST_AHEAD, MOST_AHEAD / 8, 2]);
    }

    #[test]
    fn a_device_that_does_more_than_is_claimed_ahead_is_claimed_for_further_ahead_and_an_idle_one_is_not() {
        let mut line = line(1);
        for round in [1, 2] {
            assert_eq!(wants(&mut line), ["claim any 2"], "round {round}");
            line.claimed(vec![claim(1, "1")], false, false, None);
            assert_eq!(wants(&mut line), ["call 1"]);
            line.called(&claim(1, "1"), 1, false, AT_ONCE);
            line.ask_store();
        }
        assert_eq!(wants(&mut line), ["claim any 2"]);
        line.claimed(vec![claim(1, "1"), claim(2, "2")], false, true, None);
        assert_eq!(wants(&mut line), ["call 1"]);
        line.called(&claim(1, "1"), 1, false, AT_ONCE);
        assert_eq!(wants(&mut line), ["call 2", "claim any 2"]);
        line.called(&claim(2, "2"), 1, false, AT_ONCE);
        line.claimed(vec![claim(3, "3"), claim(4, "4")], false, true, None);
        assert_eq!(wants(&mut line), ["call 3", "claim any 3"]);
    }

    #[test]
    fn two_steps_on_one_object_never_run_at_once() {
        let mut line = line(3);
        wants(&mut line);
        line.claimed(vec![claim(1, "same"), claim(2, "same"), claim(3, "other")], false, false, None);
        assert_eq!(wants(&mut line), ["call 1", "call 3"]);
        line.called(&claim(1, "same"), 1, false, AT_ONCE);
        assert_eq!(wants(&mut line), ["call 2"]);
    }

    /// A hint of orders as a queue gives it out.
    async fn delivered(lane: Lane, orders: std::ops::Range<u128>) -> Delivery {
        let queue = Queue::in_process();
        let mut subscription = queue.subscribe();
        subscription.hold(&[0]);
        let orders = orders.map(|number| OrderId(id(number))).collect();
        queue.send(vec![Hint::new(DeviceId(id(0)), 0, lane, orders)]);
        subscription.next().await
    }

    #[tokio::test]
    async fn what_a_person_waits_for_goes_first() {
        let mut line = line(1);
        wants(&mut line);
        line.claimed(vec![claim(1, "1"), claim(2, "2")], false, false, None);
        line.hint(delivered(Lane::Interactive, 3..4).await, NOW);
        assert_eq!(wants(&mut line), ["call 1", "claim 1 true"]);
        line.claimed(vec![claim(3, "3")], true, false, None);
        line.called(&claim(1, "1"), 1, false, AT_ONCE);
        assert_eq!(wants(&mut line), ["call 3"]);
    }

    #[test]
    fn a_probe_that_was_never_sent_keeps_no_other_from_being_sent() {
        let mut line = line(2);
        wants(&mut line);
        line.claimed(vec![claim(1, "1"), claim(2, "2")], false, false, None);
        line.trouble.busy(None, &Complaint::new("busy", "busy"), NOW.saturating_sub(NOW), Timestamp::UNIX_EPOCH);
        assert_eq!(wants(&mut line), ["call 1"]);
        line.put_back(claim(1, "1"));
        assert_eq!(wants(&mut line), ["call 1"]);
    }

    #[tokio::test]
    async fn hints_without_room_are_left_to_the_store() {
        let mut line = line(1);
        wants(&mut line);
        line.claimed(Vec::new(), false, false, None);
        line.hint(delivered(Lane::Batch, 0..50).await, NOW);
        assert_eq!(wants(&mut line), ["claim any 2"]);
    }

    #[test]
    fn a_device_that_was_given_up_gives_its_waiting_orders_to_a_person_and_starts_afresh() {
        let mut line = line(2);
        wants(&mut line);
        line.claimed(vec![claim(1, "1"), claim(2, "2")], false, true, None);
        let patience = line.device.limits.patience;
        line.trouble.busy(None, &Complaint::new("busy", "busy"), NOW.saturating_sub(patience), Timestamp::UNIX_EPOCH);
        line.trouble.busy(None, &Complaint::new("busy", "busy"), NOW, Timestamp::UNIX_EPOCH);
        line.device.limits.patience = Duration::ZERO;
        assert_eq!(wants(&mut line), ["give up 2", "claim any 4"]);
        line.claimed(Vec::new(), false, false, None);
        assert_eq!(wants(&mut line), [] as [&str; 0]);
        line.ask_store();
        assert_eq!(wants(&mut line), ["claim any 4"]);
    }
}
