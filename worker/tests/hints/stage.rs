use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dialtone_drivers::{Call, Done, Driver, Look, Page, PageRequest, Probe, Ran};
use dialtone_model::{
    Action, Clock, Complaint, Device, DeviceId, DeviceKind, DeviceLimits, Fault, Ids, OrderId, OrderType, Organization,
    OrganizationId, Origin, Profile, RetryPolicy, RowRef, RunId, RunKind, RunState, Sleep, Step, Tls,
};
use dialtone_queue::{Hint, Lane, Queue};
use dialtone_store::{Brings, NewOrder, NewOrganization, NewRun, Store, UploadRecord};
use dialtone_worker::{DriverFactory, Tenure, Worker, WorkerSettings};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::broker::SHARDS;

/// Short, so that a shard finds its holder soon; long enough that a busy machine renews every lease in time.
const TTL: Duration = Duration::from_secs(10);

/// A PostgreSQL of its own, an organization with devices, and workers that come and go.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) devices: Vec<DeviceId>,
    calls: Arc<Calls>,
    clock: Arc<RealClock>,
    ids: Ids,
    shards: u16,
    organization: OrganizationId,
    run: Option<RunId>,
    pull_every: Duration,
    workers: Vec<(JoinHandle<()>, oneshot::Sender<()>)>,
    finished: (mpsc::UnboundedSender<RunId>, mpsc::UnboundedReceiver<RunId>),
    database: String,
}

/// What the devices were asked.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    runs: Mutex<HashMap<(OrderId, usize), u32>>,
    /// Devices that nothing reaches.
    dead: HashSet<DeviceId>,
}

impl Stage {
    pub(crate) async fn set(devices: usize) -> Self {
        Self::set_with(SHARDS, devices, 0).await
    }

    /// The first `dead` of the devices can't be reached.
    pub(crate) async fn set_with(shards: u16, devices: usize, dead: usize) -> Self {
        let (store, database) = database().await;
        let clock = Arc::new(RealClock::start());
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let ids = Ids::new(shared, 1);
        let id: OrganizationId = ids.next();
        let organization = Organization { id, name: "Hints".to_owned(), profile: Profile::Newer };
        store.add_organization(&NewOrganization { organization, at: clock.now() }).await.unwrap();
        let devices: Vec<Device> = (0..devices).map(|number| device(ids.next(), id, number)).collect();
        for device in &devices {
            store.put_device(device).await.unwrap();
        }
        let devices: Vec<DeviceId> = devices.into_iter().map(|device| device.id).collect();
        let calls = Calls { runs: Mutex::default(), dead: devices[..dead].iter().copied().collect() };
        Self {
            store,
            devices,
            calls: Arc::new(calls),
            clock,
            ids,
            shards,
            organization: id,
            run: None,
            pull_every: Duration::from_secs(2),
            workers: Vec::new(),
            finished: mpsc::unbounded_channel(),
            database,
        }
    }

    /// How often the workers that come look into the store by themselves.
    pub(crate) fn pull_every(&mut self, time: Duration) {
        self.pull_every = time;
    }

    /// Waits until so many workers hold equally many shards.
    pub(crate) async fn await_shares(&self, workers: u16) {
        loop {
            let mut held: HashMap<uuid::Uuid, u16> = HashMap::new();
            for lease in self.store.leases(self.shards).await.unwrap() {
                *held.entry(lease.holder).or_default() += 1;
            }
            if held.values().all(|count| *count == self.shards / workers) && !held.contains_key(&uuid::Uuid::nil()) {
                return;
            }
            self.rest().await;
        }
    }

    /// How often leases have changed hands.
    pub(crate) async fn changes_of_hands(&self) -> i64 {
        self.store.leases(self.shards).await.unwrap().iter().map(|lease| lease.epoch).sum()
    }

    /// Another worker comes.
    pub(crate) fn enter(&mut self, queue: Queue) {
        let number = self.workers.len() as u64;
        let settings = WorkerSettings {
            name: format!("worker {number}"),
            identity: self.ids.next(),
            shards: self.shards,
            tenure: Tenure::Heartbeat { ttl: TTL },
            orders: true,
            retry: RetryPolicy { tries: 2, ..RetryPolicy::default() },
            pull_every: self.pull_every,
            seed: number,
        };
        let calls = Arc::clone(&self.calls);
        let drivers: DriverFactory = Arc::new(move |device: Device| {
            let driver: Arc<dyn Driver> = Arc::new(CountingDriver { device: device.id, calls: Arc::clone(&calls) });
            Box::pin(async move { Ok(driver) })
        });
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let finished = self.finished.0.clone();
        let worker =
            Worker { settings, store: self.store.clone(), queue, drivers, clock, finished, pulse: Arc::default() };
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(worker.run(async move {
            let _ = stopped.await;
        }));
        self.workers.push((task, stop));
    }

    /// A run of so many orders, whose steps go from device to device.
    pub(crate) async fn add_run(&mut self, orders: usize, steps: usize) -> Vec<NewOrder> {
        self.add_run_on(&self.devices.clone(), orders, steps).await
    }

    /// The same on some of the devices.
    pub(crate) async fn add_run_on(&mut self, devices: &[DeviceId], orders: usize, steps: usize) -> Vec<NewOrder> {
        let upload = UploadRecord {
            id: self.ids.next(),
            organization: self.organization,
            name: "hints.csv".to_owned(),
            kind: "bulk-uuid".to_owned(),
            sha256: "0".repeat(64),
            size: 1,
            storage_key: "hints".to_owned(),
            uploaded_at: self.clock.now(),
            uploaded_by: "test".to_owned(),
        };
        self.store.add_upload(&upload, &[]).await.unwrap();
        let order = |row: usize| {
            let step = |at: usize| Step {
                device: devices[(row + at) % devices.len()],
                action: Action::DeleteExtension { key: format!("{row}") },
            };
            let steps: Vec<Step> = (0..steps).map(step).collect();
            NewOrder {
                id: self.ids.next(),
                origin_row: Some(RowRef { upload: upload.id, row: row as u32 + 2 }),
                subject: format!("row {row}"),
                order_type: OrderType::Cancel,
                product: "Phone System Extension".to_owned(),
                origin: Origin::Batch,
                object: None,
                shard: steps[0].device.shard(self.shards),
                steps,
                credentials: BTreeMap::new(),
                blocked_by: None,
                needs: Vec::new(),
                claim: None,
                products: Vec::new(),
            }
        };
        let run = NewRun {
            id: self.ids.next(),
            organization: self.organization,
            kind: RunKind::Assignment,
            template: None,
            project: None,
            name: "Hints".to_owned(),
            profile: Profile::Newer,
            uploads: vec![upload.id],
            orders: (0..orders).map(order).collect(),
            brings: Brings::default(),
            at: self.clock.now(),
            by: "test".to_owned(),
        };
        self.store.add_run(&run).await.unwrap();
        self.run = Some(run.id);
        run.orders
    }

    /// What a scheduler says when it has added them.
    pub(crate) fn hints(&self, orders: &[NewOrder], lane: Lane) -> Vec<Hint> {
        orders.iter().map(|order| Hint::new(order.steps[0].device, order.shard, lane, vec![order.id])).collect()
    }

    /// Waits until a worker has seen the run end.
    pub(crate) async fn await_end(&mut self) {
        let run = self.run.unwrap();
        assert_eq!(self.finished.1.recv().await, Some(run));
        assert_eq!(self.store.run(run).await.unwrap().state, RunState::Finished);
    }

    /// Waits until so many orders of the run are completed.
    pub(crate) async fn await_completed(&self, orders: u64) {
        while self.count("completed").await < orders {
            self.rest().await;
        }
    }

    pub(crate) async fn count(&self, state: &str) -> u64 {
        let counts = self.store.run_counts(self.run.unwrap()).await.unwrap();
        counts.by_state.iter().filter(|((word, _), _)| word == state).map(|(_, count)| count).sum()
    }

    pub(crate) fn assert_each_step_ran_once(&self, steps: usize) {
        let runs = self.calls.runs.lock().unwrap();
        assert_eq!(runs.len(), steps);
        assert!(runs.values().all(|times| *times == 1), "a step ran twice");
    }

    /// A moment in which the processor is the workers', between two questions.
    pub(crate) async fn rest(&self) {
        self.clock.sleep(Duration::from_millis(10)).await;
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// The workers stop in good order, and the database goes. A test that failed leaves it behind, to be looked at.
    pub(crate) async fn finish(self) {
        for (task, stop) in self.workers {
            stop.send(()).unwrap();
            task.await.unwrap();
        }
        self.store.close().await;
        let admin = PgPool::connect(&postgres()).await.unwrap();
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.database);
        sqlx::query(AssertSqlSafe(sql)).execute(&admin).await.unwrap();
    }
}

/// A device that does everything at once, or can't be reached.
#[derive(Debug)]
struct CountingDriver {
    device: DeviceId,
    calls: Arc<Calls>,
}

impl Driver for CountingDriver {
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        if self.calls.dead.contains(&self.device) {
            let complaint = Complaint::new("connection-refused", "nobody answers");
            return ready(Err(Fault::NotSent { complaint, retry_after: None })).boxed();
        }
        let step = (call.order, usize::from(call.index));
        *self.calls.runs.lock().unwrap().entry(step).or_default() += 1;
        ready(Ok(Ran::Done(Done::default()))).boxed()
    }

    fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        // Whoever takes a shard over asks this first, where a busy machine let its holder miss its time.
        let step = (call.order, usize::from(call.index));
        let is_done = self.calls.runs.lock().unwrap().contains_key(&step);
        ready(Ok(if is_done { Look::Equal(Done::default()) } else { Look::Absent })).boxed()
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        ready(Ok(())).boxed()
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        ready(Ok(Probe::default())).boxed()
    }

    fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        ready(Ok(Page { whole: true, ..Page::default() })).boxed()
    }
}

fn device(id: DeviceId, organization: OrganizationId, number: usize) -> Device {
    Device {
        id,
        organization,
        name: format!("device {number}"),
        kind: DeviceKind::Null,
        address: "null".to_owned(),
        version: None,
        login: String::new(),
        password: String::new(),
        secrets: BTreeMap::new(),
        tls: Tls::System,
        settings: BTreeMap::new(),
        limits: DeviceLimits { call_timeout: Duration::from_secs(1), ..DeviceLimits::default() },
    }
}

fn postgres() -> String {
    std::env::var("DIALTONE_TEST_POSTGRES_URL")
        .expect("start PostgreSQL with `tests/services.sh up` and then run `eval \"$(tests/services.sh env)\"`")
}

async fn database() -> (Store, String) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (url, number) = (postgres(), COUNT.fetch_add(1, Ordering::Relaxed));
    let name = format!("hints_{}_{number}", std::process::id());
    let admin = PgPool::connect(&url).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&admin).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&admin).await.unwrap();
    admin.close().await;
    let (server, _) = url.rsplit_once('/').unwrap();
    (Store::migrate(&format!("{server}/{name}")).await.unwrap(), name)
}

/// The machine's own time.
#[derive(Debug)]
struct RealClock(Instant);

#[expect(clippy::disallowed_methods, reason = "servers that are real don't follow a clock that is moved by hand")]
impl RealClock {
    fn start() -> Self {
        Self(Instant::now())
    }
}

#[expect(clippy::disallowed_methods, reason = "servers that are real don't follow a clock that is moved by hand")]
impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}
