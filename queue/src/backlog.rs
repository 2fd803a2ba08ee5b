use std::collections::VecDeque;

use crate::{Hint, Lane, meters};

/// How many orders the messages of a lane name at most while they wait: those of two of the largest files, each on a
/// device of its own. Beyond it the oldest messages are let go, which costs nothing but the time until the shard's holder
/// asks the store.
pub(crate) const CAPACITY: usize = 32_768;

/// Messages that wait, what a person waits for apart from the rest.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    interactive: Waiting,
    batch: Waiting,
}

/// The messages of one lane.
#[derive(Debug, Default)]
struct Waiting {
    hints: VecDeque<Hint>,
    weight: usize,
}

impl Backlog {
    /// Puts messages at the end of their lanes.
    pub(crate) fn push(&mut self, hints: Vec<Hint>) {
        hints.into_iter().for_each(|hint| self.lane(hint.lane).push(hint));
        for lane in Lane::ALL {
            let dropped = self.lane(lane).let_go();
            if dropped > 0 {
                meters::dropped(lane, dropped);
            }
        }
    }

    /// The first message that is wanted, interactive ones before all others.
    pub(crate) fn pop(&mut self, wanted: impl Fn(&Hint) -> bool) -> Option<Hint> {
        Lane::ALL.into_iter().find_map(|lane| self.lane(lane).pop(&wanted))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.interactive.hints.is_empty() && self.batch.hints.is_empty()
    }

    fn lane(&mut self, lane: Lane) -> &mut Waiting {
        match lane {
            Lane::Interactive => &mut self.interactive,
            Lane::Batch => &mut self.batch,
        }
    }
}

impl Waiting {
    fn push(&mut self, hint: Hint) {
        self.weight += weight(&hint);
        self.hints.push_back(hint);
    }

    fn pop(&mut self, wanted: impl Fn(&Hint) -> bool) -> Option<Hint> {
        let index = self.hints.iter().position(wanted)?;
        let hint = self.hints.remove(index)?;
        self.weight -= weight(&hint);
        Some(hint)
    }

    /// Lets the oldest go until the rest is few enough; gives how many went.
    fn let_go(&mut self) -> usize {
        let before = self.hints.len();
        while self.weight > CAPACITY
            && let Some(hint) = self.hints.pop_front()
        {
            self.weight -= weight(&hint);
        }
        before - self.hints.len()
    }
}

/// A message that names no order takes its room as well.
fn weight(hint: &Hint) -> usize {
    hint.orders.len().max(1)
}

#[cfg(test)]
mod tests {
    use dialtone_model::{DeviceId, OrderId};
    use uuid::Uuid;

    use super::*;

    fn hint(lane: Lane, shard: u16) -> Hint {
        Hint::new(DeviceId(Uuid::nil()), shard, lane, Vec::new())
    }

    #[test]
    fn a_full_backlog_lets_the_oldest_of_a_lane_go_and_keeps_the_other_lane() {
        let mut backlog = Backlog::default();
        backlog.push(vec![hint(Lane::Interactive, 9)]);
        backlog.push((0..=CAPACITY as u16).map(|shard| hint(Lane::Batch, shard)).collect());
        assert_eq!(backlog.pop(|_| true).unwrap().shard, 9);
        assert_eq!(backlog.pop(|_| true).unwrap().shard, 1);
    }

    #[test]
    fn a_message_takes_the_room_of_its_orders() {
        let mut backlog = Backlog::default();
        let full = Hint { orders: vec![OrderId(Uuid::nil()); Hint::MOST], ..hint(Lane::Batch, 1) };
        let count = CAPACITY / Hint::MOST;
        backlog.push(vec![full; count]);
        backlog.push(vec![hint(Lane::Batch, 2); CAPACITY % Hint::MOST]);
        assert_eq!(backlog.batch.hints.len(), count + CAPACITY % Hint::MOST);
        backlog.push(vec![hint(Lane::Batch, 3)]);
        assert_eq!(backlog.batch.hints.len(), count + CAPACITY % Hint::MOST);
        while backlog.pop(|_| true).is_some() {}
        assert_eq!(backlog.batch.weight, 0);
    }
}
