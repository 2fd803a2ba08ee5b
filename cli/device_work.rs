use std::time::Duration;

use anyhow::bail;
use dialtone_model::{Clock as _, WorkId, WorkState};
use dialtone_store::DeviceWork;

use crate::context::Context;
use crate::embedded::{RunningWorker, Takes, WorkArgs, WorkerLock};
use crate::interrupt::Interrupt;

/// How often the store is asked how far the work is.
const PERIOD: Duration = Duration::from_millis(50);

/// Waits until device work has ended, doing it in this process where no other one has the data folder. `look` is shown
/// what was learnt, each time. `None`: a person interrupted it, and it goes on with the next worker.
///
/// # Errors
/// When no worker has taken it up within `patience`.
pub(crate) async fn await_work(
    context: &Context,
    args: &WorkArgs,
    ids: &[WorkId],
    patience: Duration,
    mut look: impl FnMut(&[DeviceWork]),
) -> anyhow::Result<Option<Vec<DeviceWork>>> {
    let mut interrupt = Interrupt::listen()?;
    let mut worker: Option<RunningWorker> = None;
    let start = context.clock.monotonic();
    let ended = loop {
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            all.push(context.operations.device_work(&context.actor, *id).await?);
        }
        look(&all);
        if all.iter().all(|work| work.ended_at.is_some()) {
            break Ok(Some(all));
        }
        if worker.is_none() && !context.settings.is_scaled_out() {
            let lock = WorkerLock::try_take(context)?;
            worker = lock.map(|lock| RunningWorker::start(context, args, lock, Takes::DeviceWork));
        }
        let untouched = all.iter().all(|work| work.state == WorkState::Waiting);
        if untouched && context.clock.monotonic().saturating_sub(start) > patience {
            break Err(patience);
        }
        tokio::select! {
            () = interrupt.asked() => break Ok(None),
            () = context.clock.sleep(PERIOD) => {}
        }
    };
    if let Some(worker) = worker {
        worker.stop().await?;
    }
    match ended {
        Ok(ended) => Ok(ended),
        Err(patience) => {
            bail!("no worker took it up within {} s: is one running that drives the device?", patience.as_secs())
        }
    }
}
