//! The stage of a story: who is on it, and what can happen.

use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use dialtone_files::Files;
use dialtone_model::{
    Actor, AddOn, Clock, Device, DeviceKind, HoldReason, Ids, ManualClock, OrderId, OrganizationId, RetryPolicy, RunId,
    RunState, State, User, Work, WorkStatus,
};
use dialtone_queue::{Queue, Subscription};
use dialtone_scheduler::{DeviceImport, LicenceImport, Mode, NamedBytes, NewDraft, Operations, OrganizationImport};
use dialtone_store::{OrderRecord, PersonalAct, Store};
use dialtone_worker::{DriverFactory, Tenure, Worker, WorkerSettings};
use jiff::SignedDuration;
use rand::RngExt;
use rand::rngs::SmallRng;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::device::{Mischief, StoryDevice};

const TTL: Duration = Duration::from_secs(30);
const SHARDS: u16 = 4;

pub(crate) struct Stage {
    pub(crate) operations: Operations,
    pub(crate) actor: Actor,
    pub(crate) organization: OrganizationId,
    pub(crate) device: Arc<StoryDevice>,
    pub(crate) run: RunId,
    pub(crate) rows: u32,
    pub(crate) owned: i64,
    clock: ManualClock,
    hints: Subscription,
    workers: [Option<OnStage>; 2],
    lives: u64,
    seed: u64,
    /// Orders seen completed, with how many runs the device had counted by then.
    completed: HashMap<OrderId, usize>,
    _folder: TempDir,
}

struct OnStage {
    task: JoinHandle<()>,
    queue: Queue,
}

impl Stage {
    pub(crate) async fn set(seed: u64, random: &mut SmallRng) -> Self {
        let folder = memory_folder();
        let clock = ManualClock::new();
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let store = Store::open_embedded(&folder.path().join("dialtone.db")).await.unwrap();
        let queue = Queue::in_process();
        let operations = Operations {
            store,
            queue: queue.clone(),
            files: Files::local(folder.path().join("files")),
            clock: Arc::clone(&shared),
            ids: Ids::new(Arc::clone(&shared), seed),
            shards: SHARDS,
        };
        let actor = Actor::local("story");
        let rows = random.random_range(1..40);
        let spare = random.random_range(0..3);
        let organization = import(&operations, &actor, rows, rows + spare, random).await;
        let mischief = mischief(random);
        let device = StoryDevice::start(shared, seed, mischief).await;
        let run = assign(&operations, &actor, organization, rows).await;
        let mut hints = queue.subscribe();
        hints.hold(&(0..SHARDS).collect::<Vec<u16>>());
        let mut stage = Self {
            hints,
            operations,
            actor,
            organization,
            device,
            run,
            rows,
            owned: i64::from(rows + spare),
            clock,
            workers: [None, None],
            lives: 0,
            seed,
            completed: HashMap::new(),
            _folder: folder,
        };
        stage.enter(0, random);
        stage.enter(1, random);
        stage
    }

    /// Lets everybody go on until all wait for the clock or for a hint.
    pub(crate) async fn settle(&self) {
        let mut quiet = 0;
        while quiet < 24 {
            tokio::task::yield_now().await;
            let waits = self.operations.store.connections_in_use() > 0 || self.device.is_on_the_wire();
            quiet = if waits { 0 } else { quiet + 1 };
        }
    }

    pub(crate) async fn something_happens(&mut self, random: &mut SmallRng) {
        match random.random_range(0..100) {
            0..50 => self.pass_to_next_sleeper(),
            50..62 => self.pass(Duration::from_millis(random.random_range(1..20_000))).await,
            62..78 => self.deliver_hints(random).await,
            78..86 => self.die(random).await,
            86..92 => self.change_run(random).await,
            92..97 => self.person_acts(random).await,
            _ => self.pass(TTL * 2).await,
        }
    }

    /// Writes down which orders are completed; the device must never again be asked to run one of them.
    pub(crate) async fn look_for_repeats(&mut self) -> Result<(), String> {
        let runs = self.device.runs();
        for order in self.orders().await {
            if order.state == State::Completed {
                let seen = *self.completed.entry(order.id).or_insert(runs.len());
                if runs[seen..].contains(&order.id) {
                    return Err(format!("I3: order {} was run after it was completed", order.number));
                }
            }
        }
        Ok(())
    }

    /// The trouble ends: the device answers, both workers are there, and a paused run goes on.
    pub(crate) async fn heal(&mut self, random: &mut SmallRng) {
        self.device.heal();
        // Nobody moves between the look at the run and the act on it.
        self.settle().await;
        let run = self.operations.store.run(self.run).await.unwrap();
        if run.state == RunState::Paused {
            self.operations.resume_run(&self.actor, self.run).await.unwrap();
        }
        for place in 0..2 {
            if self.workers[place].is_none() {
                self.enter(place, random);
            }
        }
    }

    /// Moves the clock until nothing is worked on, retries what failed, and goes on until everything is through.
    pub(crate) async fn play_to_the_end(&mut self) -> Result<(), String> {
        for _ in 0..6 {
            self.play_until_quiet().await?;
            self.look_for_repeats().await?;
            let cancelled = self.operations.store.run(self.run).await.unwrap().state == RunState::Cancelled;
            let failed: Vec<OrderRecord> =
                self.orders().await.into_iter().filter(|order| is_recoverable(order.state)).collect();
            if failed.is_empty() || cancelled {
                return Ok(());
            }
            for order in failed {
                self.operations.act_on_order(&self.actor, &order, PersonalAct::Retry).await.unwrap();
            }
        }
        Err("I8: with a healthy device, retries still fail".to_owned())
    }

    pub(crate) async fn orders(&self) -> Vec<OrderRecord> {
        self.operations.store.run_orders(self.run, None, 10_000).await.unwrap()
    }

    async fn play_until_quiet(&mut self) -> Result<(), String> {
        for _ in 0..4_000 {
            self.settle().await;
            let run = self.operations.store.run(self.run).await.unwrap();
            if run.state != RunState::Running
                && self.orders().await.iter().all(|order| !order.state.is_worked_on() && !order.claimed)
            {
                return Ok(());
            }
            self.pass_to_next_sleeper();
        }
        let waiting: Vec<_> = self.orders().await.into_iter().filter(|order| order.state.is_worked_on()).collect();
        Err(format!("I8: the run doesn't end; it waits for {waiting:?}"))
    }

    /// Lets time pass as it does: nobody's sleep ends before a shorter one, and whoever wakes acts before time goes on.
    async fn pass(&self, time: Duration) {
        let end = self.clock.monotonic() + time;
        while let Some(left) = end.checked_sub(self.clock.monotonic()).filter(|left| !left.is_zero()) {
            self.clock.advance(self.clock.until_next_sleeper().unwrap_or(left).min(left));
            self.settle().await;
        }
    }

    fn pass_to_next_sleeper(&self) {
        self.clock.advance(self.clock.until_next_sleeper().unwrap_or(Duration::from_secs(1)));
    }

    /// Hints get lost, come twice, and come in any order, to either worker.
    async fn deliver_hints(&mut self, random: &mut SmallRng) {
        let mut hints = Vec::new();
        while let Some(delivery) = futures_util::FutureExt::now_or_never(self.hints.next()) {
            for _ in 0..random.random_range(0..3) {
                hints.insert(random.random_range(0..=hints.len()), delivery.hint.clone());
            }
        }
        for hint in hints {
            if let Some(worker) = &self.workers[random.random_range(0..2)] {
                worker.queue.send(vec![hint]);
            }
        }
    }

    /// A worker dies wherever it is, and after a while another one comes, or at once.
    async fn die(&mut self, random: &mut SmallRng) {
        let place = random.random_range(0..2);
        if let Some(worker) = self.workers[place].take() {
            for _ in 0..random.random_range(0..40) {
                tokio::task::yield_now().await;
            }
            worker.task.abort();
            // It is gone only when its task has been dropped; an error says that it died of something else.
            let ended = worker.task.await.unwrap_err();
            assert!(ended.is_cancelled(), "a worker died by itself: {ended}");
        }
        if random.random_bool(0.7) {
            self.enter(place, random);
        }
    }

    async fn change_run(&mut self, random: &mut SmallRng) {
        let run = self.operations.store.run(self.run).await.unwrap();
        match run.state {
            RunState::Running if random.random_bool(0.1) => {
                self.operations.cancel_run(&self.actor, self.run).await.unwrap();
            }
            RunState::Running => self.operations.pause_run(&self.actor, self.run).await.unwrap(),
            RunState::Paused => self.operations.resume_run(&self.actor, self.run).await.unwrap(),
            RunState::Finished | RunState::Cancelled => {}
        }
    }

    /// A person does something to an order as they see it. What is refused, is refused for a reason.
    async fn person_acts(&mut self, random: &mut SmallRng) {
        let orders = self.orders().await;
        let order = &orders[random.random_range(0..orders.len())];
        let act = match order.state {
            State::Released(Work { status: WorkStatus::RecoverableError, .. }) => PersonalAct::Retry,
            State::Hold { .. } => PersonalAct::Unhold,
            _ if random.random_bool(0.5) => PersonalAct::Abort,
            _ => PersonalAct::Cancel,
        };
        let _refusal = self.operations.act_on_order(&self.actor, order, act).await;
    }

    fn enter(&mut self, place: usize, random: &mut SmallRng) {
        self.lives += 1;
        let offset = SignedDuration::from_secs(random.random_range(-3_600..3_600));
        let clock: Arc<dyn Clock> = Arc::new(self.clock.with_wall_offset(offset));
        let identity = Ids::new(Arc::clone(&clock), self.seed ^ (self.lives << 32));
        let queue = Queue::in_process();
        let settings = WorkerSettings {
            name: format!("worker {place}, life {}", self.lives),
            identity: identity.next(),
            shards: SHARDS,
            tenure: Tenure::Heartbeat { ttl: TTL },
            orders: true,
            retry: RetryPolicy { tries: 3, ..RetryPolicy::default() },
            pull_every: Duration::from_secs(5),
            seed: self.seed + self.lives,
        };
        let device = Arc::clone(&self.device);
        let drivers: DriverFactory = Arc::new(move |row: Device| {
            let driver = device.driver(&row, place);
            Box::pin(async move { Ok(driver) })
        });
        let (finished, _) = mpsc::unbounded_channel();
        let store = self.operations.store.clone();
        let worker = Worker { settings, store, queue: queue.clone(), drivers, clock, finished, pulse: Arc::default() };
        self.workers[place] = Some(OnStage { task: tokio::spawn(worker.run(pending())), queue });
    }
}

/// In memory where there is such a place: a story is not about power cuts, and waiting for a disk takes most of it.
fn memory_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn is_recoverable(state: State) -> bool {
    matches!(
        state,
        State::Released(Work { status: WorkStatus::RecoverableError, .. })
            | State::Hold { why: HoldReason::RecoverableError, .. }
    )
}

fn mischief(random: &mut SmallRng) -> Mischief {
    let mut share = |most: u32| if random.random_bool(0.5) { random.random_range(0..most) } else { 0 };
    Mischief {
        unreachable: share(25),
        lost_before: share(15),
        lost_after: share(25),
        failed: share(10),
        refused: share(8),
        rate: random.random_bool(0.3).then(|| random.random_range(1..10)),
    }
}

async fn import(
    operations: &Operations,
    actor: &Actor,
    rows: u32,
    owned: u32,
    random: &mut SmallRng,
) -> OrganizationId {
    let licence = |code: &str| LicenceImport { code: code.to_owned(), name: code.to_owned(), owned };
    let import = OrganizationImport {
        name: "Story".to_owned(),
        profile: dialtone_model::Profile::Newer,
        licences: vec![licence("base"), licence("recording")],
        devices: vec![DeviceImport {
            name: "phone-system".to_owned(),
            kind: DeviceKind::PhoneSystem,
            address: "https://story:1".to_owned(),
            version: None,
            login: String::new(),
            password: String::new(),
            password_file: None,
            ca_file: None,
            ca: None,
            insecure: false,
            settings: Default::default(),
            button_templates: Default::default(),
            extension_mobility: Default::default(),
            external_mail: Default::default(),
            concurrency: Some(random.random_range(1..6)),
            rate: random.random_bool(0.3).then(|| random.random_range(1..20)),
        }],
        roles: Default::default(),
        domains: Default::default(),
        service_areas: Default::default(),
        subscribers: Default::default(),
        users: (0..rows).map(|n| User { id: operations.ids.next(), name: format!("User {n}") }).collect(),
        numbers: (0..rows).map(|n| format!("65{n:06}")).collect(),
    };
    operations.import_organization(actor, &import).await.unwrap()
}

async fn assign(operations: &Operations, actor: &Actor, organization: OrganizationId, rows: u32) -> RunId {
    let draft = NewDraft { name: "Story".to_owned(), add_ons: vec![AddOn("recording".to_owned())] };
    let template = operations.create_template(actor, organization, &draft).await.unwrap();
    let lines = (0..rows).map(|n| format!("{:05},User {n},+65{n:06}\n", 100 + n));
    let bytes = format!("Ext Key,User's Name,Number\n{}", lines.collect::<String>()).into_bytes();
    let file = NamedBytes { name: "story.csv".to_owned(), bytes };
    let intake = operations.add_template_files(actor, template, &[file], Mode::Strict).await.unwrap();
    assert_eq!(intake.accepted, rows as usize, "{:?}", intake.findings().collect::<Vec<_>>());
    operations.assign(actor, template).await.unwrap().run
}
