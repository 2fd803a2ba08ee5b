//! What a worker does with devices beside their orders, against a device that follows a script, on a clock that the
//! test moves.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails its test")]

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dialtone_drivers::{Call, Done, Driver, Look, Page, PageRequest, Probe, Ran};
use dialtone_model::{
    Action, Attributes, Clock, Complaint, Credential, Device, DeviceKind, DeviceLimits, DeviceObject,
    ExposeSecret as _, Fault, Ids, ManualClock, ObjectKind, OrderType, Organization, Origin, Profile, RetryPolicy,
    RunId, RunKind, RunState, SecretString, Step, SyncScope, Tls, WorkId, WorkState,
};
use dialtone_queue::Queue;
use dialtone_store::{Brings, DeviceWork, NewDeviceWork, NewOrder, NewOrganization, NewRun, Store, Vault, WorkOutcome};
use dialtone_worker::{DriverFactory, Worker, WorkerSettings};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What the device was asked, and how it answers.
#[derive(Debug, Default)]
struct Script {
    pages: usize,
    /// Faults of the next reads.
    faults: VecDeque<Fault>,
    /// The cursors of the pages that were asked for.
    reads: Vec<Option<String>>,
    runs: usize,
    /// The passwords and PINs that steps came with.
    secrets: Vec<String>,
    reading: bool,
    running: usize,
    /// Reads and steps were under way together.
    overlapped: bool,
    /// The logins that drivers were made for.
    logins: Vec<String>,
}

#[derive(Clone, Debug)]
struct Scripted {
    script: Arc<Mutex<Script>>,
    clock: ManualClock,
}

impl Scripted {
    async fn answer(&self, request: &PageRequest) -> Result<Page, Fault> {
        {
            let mut script = self.script.lock().unwrap();
            script.reads.push(request.after.clone());
            script.reading = true;
            script.overlapped |= script.running > 0;
        }
        self.clock.sleep(Duration::from_millis(500)).await;
        let mut script = self.script.lock().unwrap();
        script.reading = false;
        if let Some(fault) = script.faults.pop_front() {
            return Err(fault);
        }
        let index: usize = request.after.as_deref().map_or(0, |after| after.parse().unwrap());
        let kind = ObjectKind::Mailbox;
        let found = vec![DeviceObject { kind, key: format!("user {index}"), attributes: Attributes::new() }];
        let next = (index + 1 < script.pages).then(|| (index + 1).to_string());
        Ok(Page { whole: true, found, next, ..Page::default() })
    }
}

impl Driver for Scripted {
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        async move {
            {
                let mut script = self.script.lock().unwrap();
                script.secrets.extend(call.secret.map(|secret| secret.expose_secret().to_owned()));
                script.running += 1;
                script.overlapped |= script.reading;
            }
            self.clock.sleep(Duration::from_millis(300)).await;
            let mut script = self.script.lock().unwrap();
            script.running -= 1;
            script.runs += 1;
            Ok(Ran::Done(Done::default()))
        }
        .boxed()
    }

    fn look<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        async { Ok(Look::Equal(Done::default())) }.boxed()
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        async { panic!("a worker undoes nothing by itself") }.boxed()
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        async {
            self.clock.sleep(Duration::from_millis(40)).await;
            let clock = Some(self.clock.now().as_second() + 90);
            Ok(Probe { version: Some("Scripted 1.0".to_owned()), missing_rights: Vec::new(), clock })
        }
        .boxed()
    }

    fn read<'a>(&'a self, request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        self.answer(request).boxed()
    }
}

/// A store with one device, and workers one after the other.
struct Stage {
    store: Store,
    clock: ManualClock,
    ids: Ids,
    device: Device,
    driver: Scripted,
    worker: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Stage {
    async fn set(kind: DeviceKind, pages: usize) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let store = Store::open_embedded(&folder.path().join("dialtone.db")).await.unwrap();
        let vault = Vault::read_or_make(&folder.path().join("key"), |bytes| bytes.fill(7)).unwrap();
        let store = store.with_vault(vault).await.unwrap();
        let clock = ManualClock::new();
        let ids = Ids::new(Arc::new(clock.clone()), 3);
        let organization = Organization { id: ids.next(), name: "Sample".to_owned(), profile: Profile::Newer };
        let device = Device {
            id: ids.next(),
            organization: organization.id,
            name: "device".to_owned(),
            kind,
            address: "https://device.invalid".to_owned(),
            version: None,
            login: "first".to_owned(),
            password: String::new(),
            secrets: BTreeMap::new(),
            tls: Tls::System,
            limits: DeviceLimits { concurrency: 2, ..DeviceLimits::default() },
            settings: BTreeMap::new(),
        };
        store.add_organization(&NewOrganization { organization, at: clock.now() }).await.unwrap();
        store.put_device(&device).await.unwrap();
        let script = Script { pages, ..Script::default() };
        let driver = Scripted { script: Arc::new(Mutex::new(script)), clock: clock.clone() };
        let mut stage = Self { store, clock, ids, device, driver, worker: None, _folder: folder };
        stage.start_worker();
        stage
    }

    /// Another worker takes over; one that is there dies like a process does.
    fn start_worker(&mut self) {
        static SEED: AtomicU64 = AtomicU64::new(1);
        if let Some(worker) = self.worker.take() {
            worker.abort();
        }
        let driver = self.driver.clone();
        let drivers: DriverFactory = Arc::new(move |device: Device| {
            let driver = driver.clone();
            driver.script.lock().unwrap().logins.push(device.login);
            Box::pin(async move { Ok(Arc::new(driver) as Arc<dyn Driver>) })
        });
        let settings = WorkerSettings {
            retry: RetryPolicy { tries: 3, ..RetryPolicy::default() },
            ..WorkerSettings::embedded("worker", self.ids.next::<RunId>().0, SEED.fetch_add(1, Ordering::Relaxed))
        };
        let (finished, _) = mpsc::unbounded_channel();
        let worker = Worker {
            settings,
            store: self.store.clone(),
            queue: Queue::in_process(),
            drivers,
            clock: Arc::new(self.clock.clone()),
            finished,
            pulse: Arc::default(),
        };
        self.worker = Some(tokio::spawn(worker.run(pending())));
    }

    async fn ask(&self, scope: Option<SyncScope>) -> WorkId {
        let new = NewDeviceWork {
            id: self.ids.next(),
            device: self.device.id,
            shard: self.device.id.shard(WorkerSettings::SHARDS),
            scope,
            whole: false,
            needs: None,
            by: "ana".to_owned(),
            at: self.clock.now(),
        };
        self.store.request_device_work(&[new]).await.unwrap()[0]
    }

    /// Orders of one step each on the device.
    async fn order(&self, count: usize) -> RunId {
        let action = |index| Action::SetMailbox { alias: format!("alias {index}"), attributes: Attributes::new() };
        self.order_each((0..count).map(|index| (action(index), None))).await
    }

    /// Orders of one step each, with the password or PIN that it sets.
    async fn order_each(&self, steps: impl Iterator<Item = (Action, Option<&str>)>) -> RunId {
        let id = self.ids.next();
        let order = |(action, secret): (Action, Option<&str>)| NewOrder {
            id: self.ids.next(),
            origin_row: None,
            subject: "User".to_owned(),
            order_type: OrderType::Change,
            product: "Voicemail".to_owned(),
            origin: Origin::Batch,
            object: None,
            steps: vec![Step { device: self.device.id, action }],
            credentials: secret.map(|secret| (0, SecretString::from(secret))).into_iter().collect(),
            shard: self.device.id.shard(WorkerSettings::SHARDS),
            blocked_by: None,
            needs: Vec::new(),
            claim: None,
            products: Vec::new(),
        };
        let run = NewRun {
            id,
            organization: self.device.organization,
            kind: RunKind::Single,
            template: None,
            project: None,
            name: "a run".to_owned(),
            profile: Profile::Newer,
            uploads: Vec::new(),
            orders: steps.map(order).collect(),
            brings: Brings::default(),
            at: self.clock.now(),
            by: "ana".to_owned(),
        };
        self.store.add_run(&run).await.unwrap();
        id
    }

    /// Lets the time pass, sleeper by sleeper, until something is so.
    async fn until(&self, mut so: impl AsyncFnMut(&Self) -> bool) {
        for _ in 0..2_000 {
            self.settle().await;
            if so(self).await {
                return;
            }
            self.clock.advance(self.clock.until_next_sleeper().unwrap_or(Duration::from_secs(1)));
        }
        panic!("it never came to be: {:?}", self.driver.script.lock().unwrap());
    }

    async fn settle(&self) {
        let mut quiet = 0;
        while quiet < 24 {
            tokio::task::yield_now().await;
            quiet = if self.store.connections_in_use() > 0 { 0 } else { quiet + 1 };
        }
    }

    async fn ended(&self, work: WorkId) -> DeviceWork {
        self.until(async |stage| stage.store.device_work(work).await.unwrap().ended_at.is_some()).await;
        self.store.device_work(work).await.unwrap()
    }

    async fn finished(&self, run: RunId) {
        self.until(async |stage| stage.store.run(run).await.unwrap().state == RunState::Finished).await;
    }

    fn script<T>(&self, read: impl FnOnce(&mut Script) -> T) -> T {
        read(&mut self.driver.script.lock().unwrap())
    }
}

fn pages(cursors: &[Option<String>]) -> Vec<usize> {
    cursors.iter().map(|cursor| cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap())).collect()
}

fn busy(seconds: u64) -> Fault {
    Fault::Busy { complaint: Complaint::new("busy", "busy"), retry_after: Some(Duration::from_secs(seconds)) }
}

#[tokio::test]
async fn a_step_that_sets_a_pin_comes_with_it_and_no_other_step_does() {
    let stage = Stage::set(DeviceKind::UnifiedCm, 0).await;
    let user_id = "tony".to_owned();
    let set = Action::SetSubscriberCredential { user_id: user_id.clone(), credential: Credential::Pin };
    let other = Action::SetSubscriber { user_id, attributes: Attributes::new() };
    let run = stage.order_each([(set, Some("40506")), (other, None)].into_iter()).await;
    stage.finished(run).await;
    let script = stage.driver.script.lock().unwrap();
    assert_eq!((script.runs, script.secrets.as_slice()), (2, ["40506".to_owned()].as_slice()));
}

#[tokio::test]
async fn a_probe_tells_what_the_device_says_of_itself() {
    let stage = Stage::set(DeviceKind::UnityConnection, 1).await;
    let work = stage.ask(None).await;
    let work = stage.ended(work).await;
    let Some(WorkOutcome::Probed(probe)) = work.outcome else { panic!("{work:?}") };
    assert_eq!((probe.version.as_deref(), probe.clock_ahead, probe.took_ms), (Some("Scripted 1.0"), Some(90), 40));
}

#[tokio::test]
async fn orders_and_a_read_go_on_beside_each_other() {
    let stage = Stage::set(DeviceKind::UnityConnection, 6).await;
    let run = stage.order(20).await;
    let work = stage.ask(Some(SyncScope::Subscribers)).await;
    assert_eq!(stage.ended(work).await.progress.found, 6);
    stage.finished(run).await;
    assert!(stage.script(|script| script.overlapped), "one waited for the other");
    assert_eq!(stage.script(|script| script.runs), 20);
}

#[tokio::test]
async fn a_worker_that_dies_leaves_the_page_to_its_successor() {
    let mut stage = Stage::set(DeviceKind::UnityConnection, 6).await;
    let work = stage.ask(Some(SyncScope::Subscribers)).await;
    stage.until(async |stage| stage.script(|script| script.reads.len() == 4)).await;
    stage.start_worker();
    let work = stage.ended(work).await;
    assert_eq!((work.state, work.progress.found, work.progress.pages), (WorkState::Done, 6, 6));
    assert_eq!(stage.script(|script| pages(&script.reads)), [0, 1, 2, 3, 3, 4, 5]);
    assert_eq!(stage.store.device_objects(stage.device.id, None, 99).await.unwrap().len(), 6);
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_a_busy_device_costs_no_try() {
    let stage = Stage::set(DeviceKind::UnityConnection, 3).await;
    let lost = || Fault::Unknown(Complaint::new("timeout", "no answer"));
    stage.script(|script| script.faults.extend([lost(), lost(), busy(7), busy(7), busy(7)]));
    let work = stage.ask(Some(SyncScope::Subscribers)).await;
    let work = stage.ended(work).await;
    assert_eq!((work.state, work.progress.found), (WorkState::Done, 3));

    stage.script(|script| script.faults.extend([lost(), lost(), lost()]));
    let work = stage.ask(Some(SyncScope::Subscribers)).await;
    let work = stage.ended(work).await;
    let Some(WorkOutcome::Failed(complaint)) = work.outcome else { panic!("{work:?}") };
    assert_eq!((work.state, complaint.code.as_str()), (WorkState::Failed, "timeout"));

    stage.script(|script| script.faults.extend([Fault::Rejected(Complaint::new("refused", "no"))]));
    let work = stage.ask(Some(SyncScope::Subscribers)).await;
    assert_eq!(stage.ended(work).await.state, WorkState::Failed);
}

#[tokio::test]
async fn a_device_that_is_exclusive_while_it_is_read_lets_its_steps_end_and_its_orders_wait() {
    let stage = Stage::set(DeviceKind::UnityExpress, 6).await;
    let run = stage.order(40).await;
    stage.until(async |stage| stage.script(|script| script.runs >= 2)).await;
    let work = stage.ask(Some(SyncScope::Subscribers)).await;
    let work = stage.ended(work).await;
    assert_eq!((work.state, work.progress.found), (WorkState::Done, 6));
    assert!(stage.script(|script| script.runs < 40), "the read came after all orders");
    stage.finished(run).await;
    assert!(!stage.script(|script| script.overlapped), "a step ran while the device was read");
    assert_eq!(stage.script(|script| script.runs), 40);
}

#[tokio::test]
async fn a_changed_row_is_noticed_while_the_worker_runs() {
    let stage = Stage::set(DeviceKind::UnityConnection, 1).await;
    let run = stage.order(2).await;
    stage.finished(run).await;
    assert_eq!(stage.script(|script| script.logins.clone()), ["first"]);
    stage.store.put_device(&Device { login: "second".to_owned(), ..stage.device.clone() }).await.unwrap();
    stage.until(async |stage| stage.script(|script| script.logins.len() == 2)).await;
    assert_eq!(stage.script(|script| script.logins.clone()), ["first", "second"]);
}
