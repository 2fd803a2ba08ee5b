use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use dialtone_model::{RetryPolicy, RunId};
use dialtone_simulator::FaultSpec;
use dialtone_worker::{Worker, WorkerSettings};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::configuration::{Settings, time};
use crate::context::Context;
use crate::simulated::SimulatedDevices;

/// How steps are run.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Devices")]
pub(crate) struct WorkArgs {
    /// How often a step is tried before a person has to decide; DIALTONE_TRIES or 5 otherwise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    tries: Option<u16>,
    /// The wait after a failed try, which doubles up to a minute with each further one; DIALTONE_RETRY_AFTER or 1s
    /// otherwise
    #[arg(long, value_name = "TIME", value_parser = time)]
    retry_after: Option<Duration>,
    /// A fault of the simulated devices, as `dialtone simulator --fault` takes it
    #[arg(long = "simulator-fault", value_name = "FAULT")]
    faults: Vec<FaultSpec>,
}

impl WorkArgs {
    fn policy(&self, settings: &Settings) -> RetryPolicy {
        retry_policy(self.tries.unwrap_or(settings.tries), self.retry_after.unwrap_or(settings.retry_after))
    }
}

/// How steps are tried again: the wait doubles up to a minute, or stays as long as the first one.
pub(crate) fn retry_policy(tries: u16, first_delay: Duration) -> RetryPolicy {
    let usual = RetryPolicy::default();
    RetryPolicy { tries, first_delay, longest_delay: usual.longest_delay.max(first_delay) }
}

/// The right to be the data folder's worker. It ends with the process, however that ends, so a successor needn't wait
/// for anything.
#[derive(Debug)]
pub(crate) struct WorkerLock {
    _file: File,
}

impl WorkerLock {
    /// Takes the lock; `None` while another process has it.
    pub(crate) fn try_take(context: &Context) -> anyhow::Result<Option<Self>> {
        let path = context.path("worker.lock");
        let failed = || format!("{} can't be locked", path.display());
        let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(&path).with_context(failed)?;
        match file.try_lock() {
            Ok(()) => {
                // For people who look; the lock is what counts.
                file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).with_context(failed)?;
                Ok(Some(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(failed),
        }
    }
}

/// What this process's worker takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Orders, and what is asked of devices beside them.
    Orders,
    /// Only what is asked of devices: a run that was interrupted doesn't go on by a look at a device.
    DeviceWork,
}

/// This process's worker, with the devices that it simulates.
pub(crate) struct RunningWorker {
    /// Tells of every run that ends.
    pub(crate) finished: mpsc::UnboundedReceiver<RunId>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    simulated: Arc<SimulatedDevices>,
    _lock: WorkerLock,
}

impl RunningWorker {
    /// Starts the worker.
    pub(crate) fn start(context: &Context, args: &WorkArgs, lock: WorkerLock, takes: Takes) -> Self {
        let operations = &context.operations;
        let simulated = SimulatedDevices::new(context.path("simulator"), &args.faults, context.settings.address_rule());
        let settings = WorkerSettings {
            orders: takes == Takes::Orders,
            retry: args.policy(&context.settings),
            pull_every: context.settings.pull_every,
            shards: operations.shards,
            ..WorkerSettings::embedded(format!("worker:{}", std::process::id()), operations.ids.next(), rand::random())
        };
        let (tell, finished) = mpsc::unbounded_channel();
        let worker = Worker {
            settings,
            store: operations.store.clone(),
            queue: operations.queue.clone(),
            drivers: simulated.drivers(),
            clock: Arc::clone(&operations.clock),
            finished: tell,
            pulse: Arc::default(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(worker.run(async {
            // A dropped sender stops the worker as well as a sent word.
            let _ = stopped.await;
        }));
        Self { finished, stop, task, simulated, _lock: lock }
    }

    /// Lets the steps in hand finish, gives back the rest and stops the simulated devices.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // The worker may have ended by itself; awaiting it tells why.
        let _ = self.stop.send(());
        self.task.await.context("the worker failed")?;
        self.simulated.stop().await;
        Ok(())
    }
}
