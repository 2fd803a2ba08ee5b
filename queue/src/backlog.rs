use std::collections::VecDeque;

use crate::{Hint, Lane, meters};

/// How many messages of a lane wait at most. Beyond it the oldest are let go, which costs nothing but the time until
/// the shard's holder asks the store.
pub(crate) const CAPACITY: usize = 1_024;

/// Messages that wait, what a person waits for apart from the rest.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    interactive: VecDeque<Hint>,
    batch: VecDeque<Hint>,
}

impl Backlog {
    /// Puts messages at the end of their lanes.
    pub(crate) fn push(&mut self, hints: Vec<Hint>) {
        hints.into_iter().for_each(|hint| self.lane(hint.lane).push_back(hint));
        for lane in Lane::ALL {
            let waiting = self.lane(lane);
            let excess = waiting.len().saturating_sub(CAPACITY);
            if excess > 0 {
                waiting.drain(..excess);
                meters::dropped(lane, excess);
            }
        }
    }

    /// The first message that is wanted, interactive ones before all others.
    pub(crate) fn pop(&mut self, wanted: impl Fn(&Hint) -> bool) -> Option<Hint> {
        Lane::ALL.into_iter().find_map(|lane| {
            let waiting = self.lane(lane);
            let index = waiting.iter().position(&wanted)?;
            waiting.remove(index)
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.interactive.is_empty() && self.batch.is_empty()
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Hint> {
        match lane {
            Lane::Interactive => &mut self.interactive,
            Lane::Batch => &mut self.batch,
        }
    }
}

#[cfg(test)]
mod tests {
    use dialtone_model::DeviceId;
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
}
