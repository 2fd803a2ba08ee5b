use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::{Hint, Lane, QueueError};

/// How many hints wait at most. Beyond it the oldest batch hints are dropped, which costs nothing but the time until
/// the holder asks the store.
const CAPACITY: usize = 1_024;

/// The queue of one process: hints go from its scheduler to its worker without leaving memory.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    interactive: VecDeque<Hint>,
    batch: VecDeque<Hint>,
}

/// The receiving end, for the holder of the shards.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
}

impl Queue {
    /// An empty queue.
    pub fn in_process() -> Self {
        Self::default()
    }

    /// Sends hints; call it only after the transaction that made the orders ready has committed.
    ///
    /// # Errors
    /// [`QueueError`] when the broker doesn't take them; the caller logs it and goes on.
    pub async fn send(&self, hints: Vec<Hint>) -> Result<(), QueueError> {
        {
            let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for hint in hints {
                match hint.lane {
                    Lane::Interactive => waiting.interactive.push_back(hint),
                    Lane::Batch => waiting.batch.push_back(hint),
                }
            }
            let excess = waiting.batch.len().saturating_sub(CAPACITY);
            waiting.batch.drain(..excess);
            let excess = waiting.interactive.len().saturating_sub(CAPACITY);
            waiting.interactive.drain(..excess);
        }
        self.shared.arrived.notify_one();
        Ok(())
    }

    /// The receiving end. There is one holder in a process, so one subscription sees every hint.
    pub fn subscribe(&self) -> Subscription {
        Subscription { shared: Arc::clone(&self.shared) }
    }
}

impl Subscription {
    /// The next hint, interactive ones first; it waits while there is none. Dropping the future loses no hint.
    pub async fn next(&mut self) -> Hint {
        loop {
            let arrived = self.shared.arrived.notified();
            {
                let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(hint) = waiting.interactive.pop_front().or_else(|| waiting.batch.pop_front()) {
                    return hint;
                }
            }
            arrived.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use dialtone_model::DeviceId;

    use super::*;

    fn hint(lane: Lane, shard: u16) -> Hint {
        let device: DeviceId = "00000000-0000-0000-0000-000000000001".parse().unwrap();
        Hint { device, shard, lane, orders: Vec::new() }
    }

    #[tokio::test]
    async fn interactive_hints_overtake_batch_hints() {
        let queue = Queue::in_process();
        let mut subscription = queue.subscribe();
        queue.send(vec![hint(Lane::Batch, 1), hint(Lane::Interactive, 2), hint(Lane::Batch, 3)]).await.unwrap();
        let mut shards = Vec::new();
        for _ in 0..3 {
            shards.push(subscription.next().await.shard);
        }
        assert_eq!(shards, [2, 1, 3]);
    }

    #[tokio::test]
    async fn a_full_queue_drops_the_oldest_batch_hints_and_keeps_the_interactive_ones() {
        let queue = Queue::in_process();
        let mut subscription = queue.subscribe();
        let flood = (0..=u16::try_from(CAPACITY).unwrap()).map(|shard| hint(Lane::Batch, shard)).collect();
        queue.send(vec![hint(Lane::Interactive, 9)]).await.unwrap();
        queue.send(flood).await.unwrap();
        assert_eq!(subscription.next().await.shard, 9);
        assert_eq!(subscription.next().await.shard, 1);
    }
}
