//! Outcomes on their way to the store: in groups, one at a time for each shard.

use dialtone_model::sabotage::{self, Defect};
use dialtone_model::{Origin, Trace, crash_point};
use dialtone_queue::{Hint, Lane};
use dialtone_store::{Claim, Freed, Outcome, RecordedBatch, StoreError, Verdict};
use tracing::warn;

use crate::dispatcher::{Dispatcher, Message, Pending};
use crate::meters;

/// Outcomes recorded in one transaction at most: beyond it a larger group gains nothing.
const LARGEST_GROUP: usize = 2_048;

impl Dispatcher {
    pub(crate) fn record(&mut self, shard: u16) {
        if self.recording.contains(&shard) {
            return;
        }
        let Some(waiting) = self.unrecorded.get_mut(&shard) else { return };
        if waiting.is_empty() {
            return;
        }
        let Some(lease) = self.shards.lease(shard) else {
            // The shard is lost: whoever has it now looks at these steps.
            waiting.clear();
            return;
        };
        let mut group: Vec<Pending> = waiting.drain(..waiting.len().min(LARGEST_GROUP)).collect();
        group.sort_unstable_by_key(|pending| pending.outcome.order);
        self.recording.insert(shard);
        let (store, actor) = (self.worker.store.clone(), self.worker.settings.name.clone());
        self.tasks.spawn(async move {
            let outcomes: Vec<Outcome> = group.iter().map(|pending| pending.outcome.clone()).collect();
            crash_point!("worker-before-record");
            let result = store.record(lease, &actor, &outcomes).await;
            crash_point!("worker-after-record");
            Message::Recorded { shard, group, result }
        });
    }

    pub(crate) fn recorded(&mut self, shard: u16, group: Vec<Pending>, result: Result<RecordedBatch, StoreError>) {
        self.recording.remove(&shard);
        let batch = match result {
            Ok(batch) => batch,
            Err(failure) => {
                self.store_failed(&failure);
                if sabotage::is_planted(Defect::AcknowledgedBeforeCommit) {
                    return;
                }
                let epoch = self.shards.lease(shard).map(|lease| lease.epoch);
                let ours = group.into_iter().filter(|pending| Some(pending.claim.epoch) == epoch);
                self.unrecorded.entry(shard).or_default().splice(0..0, ours);
                return;
            }
        };
        meters::group(group.len());
        let mut hints = Vec::new();
        for (Pending { claim, outcome }, recorded) in group.into_iter().zip(&batch.orders) {
            if recorded.verdict != Verdict::Fenced {
                meters::recorded(outcome.next);
            }
            self.stirred.insert(claim.device);
            let Some(line) = self.line(claim.device, claim.epoch) else { continue };
            match (recorded.verdict, outcome.next.position()) {
                (Verdict::Go { version }, Some(at)) => line.go_on(Claim { version, at, starts: 0, ..claim }),
                (Verdict::Hop, _) => {
                    line.settled(claim.order);
                    let (device, shard) = outcome.next_device;
                    let hint = Hint::new(device, shard, lane(claim.life.origin), vec![claim.order]);
                    hints.push(hint.in_trace(Trace::of(claim.run)));
                }
                (Verdict::Fenced, _) => {
                    line.settled(claim.order);
                    meters::fenced();
                    warn!(run.id = %claim.run, order.id = %claim.order, "an outcome came too late: another holder has the order");
                }
                (Verdict::Go { .. } | Verdict::Stop, _) => {
                    line.settled(claim.order);
                    if outcome.not_before.is_some() {
                        line.ask_store();
                    }
                }
            }
        }
        for Freed { order, run, device, shard } in batch.freed {
            hints.push(Hint::new(device, shard, Lane::Batch, vec![order]).in_trace(Trace::of(run)));
        }
        self.worker.queue.send(hints);
        for run in batch.finished {
            meters::run_finished();
            // Nobody may be listening; the run is over all the same.
            let _ = self.worker.finished.send(run);
        }
    }
}

/// How urgent an order's next step is on another device.
fn lane(origin: Origin) -> Lane {
    match origin {
        Origin::Console => Lane::Interactive,
        Origin::Batch | Origin::Api => Lane::Batch,
    }
}
