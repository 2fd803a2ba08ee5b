use std::collections::HashMap;

use dialtone_model::{DeviceId, OrderId, Trace};

/// Which of a shard's two lanes a hint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// A person waits for it: taken first at every free slot.
    Interactive,
    /// Everything else.
    Batch,
}

impl Lane {
    /// Both, the urgent one first.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Batch];

    /// Its name in queues, metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Batch => "batch",
        }
    }

    /// How many ids one message carries: what a person waits for travels alone, so that its receipt waits for nothing
    /// else.
    pub(crate) const fn most_ids(self) -> usize {
        match self {
            Self::Interactive => 1,
            Self::Batch => Hint::MOST,
        }
    }

    /// How many messages of a shard are given out before one of them is settled. Two messages of a batch are a hundred
    /// orders: one is worked on while the next is on its way.
    pub(crate) const fn prefetch(self) -> u16 {
        match self {
            Self::Interactive => 16,
            Self::Batch => 2,
        }
    }
}

/// "These orders of this device may be ready."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The device of the orders' next steps.
    pub device: DeviceId,
    /// The device's shard.
    pub shard: u16,
    /// How urgent they are.
    pub lane: Lane,
    /// The orders, at most [`Hint::MOST`] in one message; empty: "ask the store".
    pub orders: Vec<OrderId>,
    /// The trace that the orders' work belongs to.
    pub trace: Option<Trace>,
}

impl Hint {
    /// The most ids in one message, so that a message stays small however large a run is.
    pub const MOST: usize = 50;

    /// A hint that belongs to no trace.
    pub fn new(device: DeviceId, shard: u16, lane: Lane, orders: Vec<OrderId>) -> Self {
        Self { device, shard, lane, orders, trace: None }
    }

    /// The same hint as part of a trace.
    pub fn in_trace(self, trace: Trace) -> Self {
        Self { trace: Some(trace), ..self }
    }

    fn takes(&self, other: &Self) -> bool {
        (self.device, self.shard, self.lane) == (other.device, other.shard, other.lane)
            && self.trace == other.trace
            && self.orders.is_empty() == other.orders.is_empty()
            && self.orders.len() + other.orders.len() <= self.lane.most_ids()
    }
}

/// As few messages as carry the same: hints of one device and lane become one, a hint with too many ids several.
pub(crate) fn pack(hints: impl IntoIterator<Item = Hint>) -> Vec<Hint> {
    let mut packed: Vec<Hint> = Vec::new();
    // Where the last message of a device and lane is, because only that one may have room.
    let mut open: HashMap<(DeviceId, Lane), usize> = HashMap::new();
    for hint in hints {
        let key = (hint.device, hint.lane);
        if let Some(last) = open.get(&key).map(|index| &mut packed[*index])
            && last.takes(&hint)
        {
            last.orders.extend(hint.orders);
            continue;
        }
        if hint.orders.is_empty() {
            packed.push(hint);
        } else {
            let pieces = hint.orders.chunks(hint.lane.most_ids());
            packed.extend(pieces.map(|piece| Hint { orders: piece.to_vec(), ..hint.clone() }));
        }
        open.insert(key, packed.len() - 1);
    }
    packed
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn hint(device: u128, lane: Lane, orders: std::ops::Range<u128>) -> Hint {
        let orders = orders.map(|order| OrderId(Uuid::from_u128(order))).collect();
        Hint::new(DeviceId(Uuid::from_u128(device)), 3, lane, orders)
    }

    fn sizes(hints: Vec<Hint>) -> Vec<usize> {
        pack(hints).iter().map(|hint| hint.orders.len()).collect()
    }

    #[test]
    fn hints_of_one_device_travel_together_up_to_fifty_ids() {
        assert_eq!(sizes((0..120).map(|n| hint(1, Lane::Batch, n..n + 1)).collect()), [50, 50, 20]);
        assert_eq!(sizes(vec![hint(1, Lane::Batch, 0..120)]), [50, 50, 20]);
    }

    #[test]
    fn hints_of_two_devices_never_mix() {
        let mixed = (0..60).map(|n| hint(n % 2, Lane::Batch, n..n + 1)).collect();
        assert_eq!(sizes(mixed), [30, 30]);
    }

    #[test]
    fn what_a_person_waits_for_travels_alone() {
        assert_eq!(sizes(vec![hint(1, Lane::Interactive, 0..3)]), [1, 1, 1]);
    }

    #[test]
    fn asking_the_store_twice_is_asking_it_once() {
        assert_eq!(
            sizes(vec![hint(1, Lane::Batch, 0..0), hint(1, Lane::Batch, 0..0), hint(1, Lane::Batch, 0..2)]),
            [0, 2]
        );
    }

    #[test]
    fn hints_of_two_traces_never_mix() {
        let traced = |run| hint(1, Lane::Batch, 0..1).in_trace(Trace::of(Uuid::from_u128(run).into()));
        assert_eq!(sizes(vec![traced(1), traced(1), traced(2)]), [2, 1]);
    }
}
