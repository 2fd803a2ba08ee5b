use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use dialtone_drivers::for_device;
use dialtone_model::{Device, DeviceId, DeviceKind, RetryPolicy, RunId, Tls};
use dialtone_simulator::{FaultSpec, Simulator};
use dialtone_worker::{DriverFactory, Worker, WorkerSettings};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::configuration::{Settings, time};
use crate::context::Context;

/// What a device's row has in place of an address when this process simulates it.
pub(crate) const SIMULATED: &str = "simulated";
/// The account of the devices that this process simulates.
const SIMULATED_ACCOUNT: &str = "dialtone";

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

/// This process's worker, with the devices that it simulates.
pub(crate) struct RunningWorker {
    /// Tells of every run that ends.
    pub(crate) finished: mpsc::UnboundedReceiver<RunId>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    simulators: HashMap<DeviceId, Simulator>,
    _lock: WorkerLock,
}

impl RunningWorker {
    /// Starts the simulated devices, then the worker.
    pub(crate) async fn start(context: &Context, args: &WorkArgs, lock: WorkerLock) -> anyhow::Result<Self> {
        let operations = &context.operations;
        let devices = operations.store.all_devices().await?;
        let simulators = simulate(context, args, &devices).await?;
        let settings = WorkerSettings {
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
            drivers: drivers(&simulators),
            clock: Arc::clone(&operations.clock),
            finished: tell,
            pulse: Arc::default(),
        };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(worker.run(async {
            // A dropped sender stops the worker as well as a sent word.
            let _ = stopped.await;
        }));
        Ok(Self { finished, stop, task, simulators, _lock: lock })
    }

    /// Lets the steps in hand finish, gives back the rest and stops the simulated devices.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        // The worker may have ended by itself; awaiting it tells why.
        let _ = self.stop.send(());
        self.task.await.context("the worker failed")?;
        for simulator in self.simulators.into_values() {
            simulator.stop().await;
        }
        Ok(())
    }
}

/// Starts a simulator for each device that asks for one; what it holds is kept in the data folder.
async fn simulate(
    context: &Context,
    args: &WorkArgs,
    devices: &[Device],
) -> anyhow::Result<HashMap<DeviceId, Simulator>> {
    let mut simulators = HashMap::new();
    for device in devices.iter().filter(|device| device.address == SIMULATED) {
        let folder: PathBuf = context.path("simulator").join(device.id.to_string());
        let mut builder = Simulator::builder().data(folder).account(SIMULATED_ACCOUNT, SIMULATED_ACCOUNT);
        builder = match device.kind {
            DeviceKind::PhoneSystem => builder.phone_system(0),
            DeviceKind::UnifiedCm => {
                let version = device.version.clone();
                builder.unified_cm(version.with_context(|| format!("the simulated {} has no version", device.name))?, 0)
            }
            DeviceKind::UnityConnection => builder.unity_connection(0),
            DeviceKind::CmExpress => builder.ios(0),
            DeviceKind::UnityExpress => builder.cue(0),
            // Nothing answers for them, so their orders wait for a person.
            DeviceKind::Kamailio | DeviceKind::Unity | DeviceKind::ImPresence | DeviceKind::Null => continue,
        };
        for fault in &args.faults {
            builder = builder.fault(fault.clone());
        }
        let simulator =
            builder.start().await.with_context(|| format!("the simulated device {} did not start", device.name))?;
        simulators.insert(device.id, simulator);
    }
    Ok(simulators)
}

/// The drivers of all devices; a simulated one is reached where it listens in this process.
fn drivers(simulators: &HashMap<DeviceId, Simulator>) -> DriverFactory {
    let listening: HashMap<DeviceId, Listening> =
        simulators.iter().filter_map(|(id, simulator)| Some((*id, Listening::of(simulator)?))).collect();
    Arc::new(move |device| {
        if device.address != SIMULATED || device.kind == DeviceKind::Null {
            return for_device(device).map_err(|error| error.to_string());
        }
        let Some(listening) = listening.get(&device.id) else {
            return Err(format!(
                "no {} is simulated under its id: it was added after this process started, or that kind can't be",
                device.kind
            ));
        };
        let mut simulated = Device {
            address: listening.address.clone(),
            tls: Tls::Ca(listening.ca.clone()),
            login: SIMULATED_ACCOUNT.to_owned(),
            password: SIMULATED_ACCOUNT.to_owned(),
            ..device.clone()
        };
        simulated.settings.extend(listening.host_key.iter().map(|key| ("ssh.host-key".to_owned(), key.clone())));
        for_device(&simulated).map_err(|error| error.to_string())
    })
}

/// Where a simulated device is, and what vouches for it.
struct Listening {
    address: String,
    ca: String,
    host_key: Option<String>,
}

impl Listening {
    fn of(simulator: &Simulator) -> Option<Self> {
        let https = simulator
            .phone_system()
            .or_else(|| simulator.unity_connection())
            .or_else(|| simulator.unified_cm().next().map(|(_, address)| address));
        let ssh = simulator.ios().or_else(|| simulator.cue());
        let address = https.map(|at| format!("https://{at}")).or_else(|| ssh.map(|at| format!("ssh://{at}")))?;
        let host_key = simulator.host_key().map(str::to_owned);
        Some(Self { address, ca: simulator.ca_pem().to_owned(), host_key })
    }
}
