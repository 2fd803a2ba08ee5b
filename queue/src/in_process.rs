use std::collections::{BTreeSet, HashMap};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::backlog::Backlog;
use crate::{Delivery, Hint, Lane, Receipt, meters};

/// The queue of one process: hints go from its scheduler to its worker without leaving memory.
#[derive(Debug, Default)]
pub(crate) struct InProcess {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Backlog,
    /// How many messages of a lane are out and not settled.
    unsettled: HashMap<(u16, Lane), u16>,
}

impl InProcess {
    pub(crate) fn send(&self, hints: Vec<Hint>) {
        hints.iter().for_each(|hint| meters::published(hint.lane));
        self.state().waiting.push(hints);
        self.changed.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, held: &BTreeSet<u16>) -> Option<Hint> {
        let mut state = self.state();
        let State { waiting, unsettled } = &mut *state;
        let hint = waiting.pop(|hint| {
            let out = unsettled.get(&(hint.shard, hint.lane)).copied().unwrap_or_default();
            held.contains(&hint.shard) && out < hint.lane.prefetch()
        })?;
        *unsettled.entry((hint.shard, hint.lane)).or_default() += 1;
        Some(hint)
    }

    fn settle(&self, shard: u16, lane: Lane) {
        if let Some(out) = self.state().unsettled.get_mut(&(shard, lane)) {
            *out = out.saturating_sub(1);
        }
        self.changed.notify_waiters();
    }
}

/// The receiving end of the queue of one process.
#[derive(Debug)]
pub(crate) struct Subscriber {
    queue: Arc<InProcess>,
    held: BTreeSet<u16>,
}

impl Subscriber {
    pub(crate) fn new(queue: Arc<InProcess>) -> Self {
        Self { queue, held: BTreeSet::new() }
    }

    pub(crate) fn hold(&mut self, shards: &[u16]) {
        self.held = shards.iter().copied().collect();
    }

    pub(crate) async fn next(&mut self) -> Delivery {
        loop {
            let mut changed = pin!(self.queue.changed.notified());
            // Whatever changes from here on is noticed, also before the wait begins.
            changed.as_mut().enable();
            if let Some(hint) = self.queue.take(&self.held) {
                meters::consumed(hint.lane);
                let (queue, shard, lane) = (Arc::clone(&self.queue), hint.shard, hint.lane);
                return Delivery { hint, receipt: Receipt::new(move || queue.settle(shard, lane)) };
            }
            changed.await;
        }
    }
}
