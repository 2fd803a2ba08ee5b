//! How much of what a Unified CM takes is used by a batch of new hires, and how much it refuses:
//!
//! ```sh
//! cargo bench --bench throttle [-- SECONDS]
//! ```
//!
//! The device is simulated in a process of its own, over TLS, with 20 ms a request and its own throttle: it works off 50
//! changes a second and refuses to write while more than 1,500 wait. First its limit is configured; then nobody knows
//! it, and the device begins with as many changes waiting as it bears. The time counts from the first write: before it
//! a worker waits for the second that the holder before it may have used.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dialtone_drivers::{Call, Driver, Look, Page, PageRequest, Probe, Ran, for_device};
use dialtone_model::{
    Action, Attributes, Clock, Device, DeviceId, DeviceKind, DeviceLimits, Fault, Ids, LineTarget, OrderId, OrderType,
    Organization, Origin, Profile, RunId, RunKind, Sleep, Step, Tls,
};
use dialtone_queue::Queue;
use dialtone_simulator::Simulator;
use dialtone_store::{Brings, NewOrder, NewOrganization, NewRun, Store};
use dialtone_worker::{DriverFactory, Worker, WorkerSettings};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const VERSION: &str = "12.5";
/// The writes a second that the device bears.
const LIMIT: u32 = 50;
/// The changes that may wait on the device before it refuses.
const BACKLOG: u64 = 1_500;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        if arguments.first().is_some_and(|argument| argument == "device") {
            return simulate().await;
        }
        let seconds = arguments.first().map_or(Ok(60), |number| number.parse())?;
        measure("configured", Some(LIMIT), seconds, 0.97, 0.01).await?;
        measure("unknown", None, seconds, 0.85, 0.02).await
    })
}

/// The device's process: it listens until its parent closes its standard input.
async fn simulate() -> Result<()> {
    let builder = Simulator::builder().unified_cm(VERSION, 0);
    let builder = builder.fault(format!("axl:throttle={LIMIT}").parse()?).fault("axl:latency=20ms".parse()?);
    let simulator = builder.start().await?;
    let (_, address) = simulator.unified_cm().next().ok_or("no address")?;
    println!("{address} {}", simulator.ca_pem().replace('\n', "|"));
    tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await??;
    simulator.stop().await;
    Ok(())
}

/// Lets a worker have a batch of new hires for so many seconds, and tells what the device took and refused.
async fn measure(name: &str, rate: Option<u32>, seconds: u64, least: f64, most: f64) -> Result<()> {
    let simulated = Simulated::start()?;
    let clock: Arc<dyn Clock> = Arc::new(RealClock);
    let ids = Ids::new(Arc::clone(&clock), 5);
    let organization = Organization { id: ids.next(), name: "Sample".to_owned(), profile: Profile::Newer };
    let device = simulated.row(&ids, &organization, rate);
    let counted = Arc::new(Counted {
        inner: for_device(&device)?,
        first: OnceLock::new(),
        taken: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    if rate.is_none() {
        fill_backlog(counted.inner.as_ref()).await?;
    }

    let folder = tempfile::tempdir()?;
    let store = Store::open_embedded(&folder.path().join("dialtone.db")).await?;
    store.add_organization(&NewOrganization { organization, at: clock.now() }).await?;
    store.put_device(&Device { password: String::new(), ..device.clone() }).await?;
    let hires = u64::from(LIMIT) * (seconds + 30);
    store.add_run(&batch(&ids, &device, hires, clock.now())).await?;
    let driver = Arc::clone(&counted);
    let drivers: DriverFactory = Arc::new(move |_| {
        let driver = Arc::clone(&driver);
        Box::pin(async move { Ok(driver as Arc<dyn Driver>) })
    });
    let (finished, _) = tokio::sync::mpsc::unbounded_channel();
    let worker = Worker {
        settings: WorkerSettings::embedded("bench", ids.next::<RunId>().0, 1),
        store,
        queue: Queue::in_process(),
        drivers,
        clock: Arc::clone(&clock),
        finished,
        pulse: Arc::default(),
    };
    let end = clock.monotonic() + Duration::from_secs(seconds);
    worker.run(clock.sleep(Duration::from_secs(seconds))).await;
    let first = *counted.first.get().ok_or("no write")?;
    let seconds = end.saturating_sub(first).as_secs_f64();

    let (taken, refused) = (counted.taken.load(Ordering::Relaxed), counted.refused.load(Ordering::Relaxed));
    let used = taken as f64 / f64::from(LIMIT) / seconds;
    let share = refused as f64 / (taken + refused) as f64;
    let holds = if used >= least && share < most { "holds" } else { "MISSED" };
    println!(
        "{name:<12} {taken} writes in {seconds:.1} s, {:.1} % of the limit used, {refused} ({:.2} %) refused \
         (goal {:.0} %, < {:.0} % refused: {holds})",
        100.0 * used,
        100.0 * share,
        100.0 * least,
        100.0 * most,
    );
    Ok(())
}

/// Writes until the device refuses: from then on it takes no more than it works off. One write after the other would not
/// come to more than that.
async fn fill_backlog(driver: &dyn Driver) -> Result<()> {
    const AT_ONCE: usize = 8;
    let mut writes = stream::iter(0..4 * BACKLOG).map(|index| write(driver, index)).buffer_unordered(AT_ONCE);
    while let Some(written) = writes.next().await {
        match written {
            Ok(_) => {}
            Err(Fault::Busy { .. }) => return Ok(()),
            Err(fault) => return Err(fault.into()),
        }
    }
    Err("the device never refused".into())
}

async fn write(driver: &dyn Driver, index: u64) -> std::result::Result<Ran, Fault> {
    let action =
        Action::AddDirectoryNumber { pattern: format!("9{index:05}"), partition: None, attributes: Attributes::new() };
    driver.run(call(&Step { device: DeviceId(Uuid::nil()), action })).await
}

fn call(step: &Step) -> Call<'_> {
    Call { order: OrderId(Uuid::nil()), index: 0, step, secret: None, timeout: Duration::from_secs(10) }
}

/// New hires, each with a login, a number, and a phone with its line: four writes.
fn batch(ids: &Ids, device: &Device, hires: u64, at: Timestamp) -> NewRun {
    let order = |index: u64| NewOrder {
        id: ids.next(),
        origin_row: None,
        subject: format!("User {index}"),
        order_type: OrderType::Add,
        product: "Phone Service".to_owned(),
        origin: Origin::Batch,
        object: None,
        steps: desk(index).map(|action| Step { device: device.id, action }).into(),
        credentials: BTreeMap::new(),
        shard: device.id.shard(WorkerSettings::SHARDS),
        blocked_by: None,
        needs: Vec::new(),
        claim: None,
        products: Vec::new(),
    };
    NewRun {
        id: ids.next(),
        organization: device.organization,
        kind: RunKind::Single,
        template: None,
        project: None,
        name: "new hires".to_owned(),
        profile: Profile::Newer,
        uploads: Vec::new(),
        orders: (0..hires).map(order).collect(),
        brings: Brings::default(),
        at,
        by: "bench".to_owned(),
    }
}

fn desk(index: u64) -> [Action; 4] {
    let (user_id, name, pattern) = (format!("hire{index}"), format!("SEP{index:012X}"), format!("{}", 100_000 + index));
    let attributes = Attributes::new();
    [
        Action::AddSubscriber {
            user_id: user_id.clone(),
            first_name: Some("New".to_owned()),
            last_name: format!("Hire {index}"),
            attributes: attributes.clone(),
        },
        Action::AddDirectoryNumber { pattern: pattern.clone(), partition: None, attributes: attributes.clone() },
        Action::AddPhone {
            name: name.clone(),
            phone_type: "Cisco 8845".to_owned(),
            protocol: "SIP".to_owned(),
            owner: Some(user_id.clone()),
            attributes: attributes.clone(),
        },
        Action::AttachLine {
            target: LineTarget::Phone,
            name,
            index: 1,
            pattern,
            partition: None,
            associated_user: Some(user_id),
            attributes,
        },
    ]
}

/// A simulated Unified CM in a process of its own, which ends with this.
struct Simulated {
    child: Child,
    stdin: Option<ChildStdin>,
    address: String,
    ca: String,
}

impl Simulated {
    fn start() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg("device").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let (address, ca) = line.trim().split_once(' ').ok_or("no address")?;
        let (address, ca) = (format!("https://{address}"), ca.replace('|', "\n"));
        Ok(Self { stdin: child.stdin.take(), child, address, ca })
    }

    fn row(&self, ids: &Ids, organization: &Organization, rate: Option<u32>) -> Device {
        Device {
            id: ids.next(),
            organization: organization.id,
            name: "CUCM".to_owned(),
            kind: DeviceKind::UnifiedCm,
            address: self.address.clone(),
            version: Some(VERSION.to_owned()),
            login: "dialtone".to_owned(),
            password: "dialtone".to_owned(),
            secrets: BTreeMap::new(),
            tls: Tls::Ca(self.ca.clone()),
            settings: BTreeMap::new(),
            limits: DeviceLimits { rate, ..DeviceLimits::default() },
        }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.stdin.take();
        let _ = self.child.wait();
    }
}

/// The driver, with what the device took and what it refused because it was asked too often.
#[derive(Debug)]
struct Counted {
    inner: Arc<dyn Driver>,
    /// When the first write began.
    first: OnceLock<Duration>,
    taken: AtomicU64,
    refused: AtomicU64,
}

impl Driver for Counted {
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, std::result::Result<Ran, Fault>> {
        Box::pin(async move {
            self.first.get_or_init(|| RealClock.monotonic());
            let ran = self.inner.run(call).await;
            match &ran {
                Ok(_) => self.taken.fetch_add(1, Ordering::Relaxed),
                Err(Fault::Busy { .. }) => self.refused.fetch_add(1, Ordering::Relaxed),
                Err(fault) => panic!("{fault}"),
            };
            ran
        })
    }

    fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, std::result::Result<Look, Fault>> {
        self.inner.look(call)
    }

    fn undo<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, std::result::Result<(), Fault>> {
        self.inner.undo(call)
    }

    fn probe(&self, timeout: Duration) -> BoxFuture<'_, std::result::Result<Probe, Fault>> {
        self.inner.probe(timeout)
    }

    fn read<'a>(
        &'a self,
        request: &'a PageRequest,
        timeout: Duration,
    ) -> BoxFuture<'a, std::result::Result<Page, Fault>> {
        self.inner.read(request, timeout)
    }
}

#[derive(Debug)]
struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    fn monotonic(&self) -> Duration {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}
