//! What one order costs the store, in microseconds, on a fresh database, for 15,000 and for 150,000 orders in ten
//! organizations: added with its run, claimed, recorded, read for the report. The two lines should be alike: the cost
//! doesn't grow with the number of orders. Beside the time that passed stands the time that the processors worked for
//! this process, which tells more on a busy machine.
//!
//! `cargo bench -p dialtone-store` measures SQLite, in a folder of its own under the system's temporary one;
//! `DIALTONE_BENCH_POSTGRES_URL=postgres://…/empty` measures that database instead.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dialtone_model::{
    Action, AddOn, Clock as _, Device, DeviceKind, DeviceLimits, Event, Extension, Ids, Licence, LicenceCount,
    ManualClock, OrderId, OrderType, Organization, OrganizationId, Origin, Profile, RowRef, RunId, RunKind, State,
    Step, Tls, UploadId, User, Work, WorkStatus,
};
use dialtone_store::{
    Brings, Claim, ClaimRequest, ExtensionClaim, NewOrder, NewOrganization, NewRun, Outcome, Store, UploadRecord,
    Wanted,
};

const ORGANIZATIONS: usize = 10;
/// How many orders a holder claims, and records, at a time.
const GROUP: u32 = 256;
const SHARD: u16 = 0;

#[tokio::main]
async fn main() {
    println!("µs an order: passed / worked");
    println!("{:>8} {:>15} {:>15} {:>15} {:>15}", "orders", "add_run", "claim", "record", "run_orders");
    for orders in [15_000, 150_000] {
        let folder = tempfile::tempdir().expect("a folder");
        let store = match std::env::var("DIALTONE_BENCH_POSTGRES_URL") {
            Ok(url) => Store::migrate(&url).await.expect("a store"),
            Err(_) => Store::open_embedded(&folder.path().join("dialtone.db")).await.expect("a store"),
        };
        let costs = measure(&store, orders).await;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / orders as f64;
        let [add, claim, record, read] =
            costs.map(|cost| format!("{:.2} / {:.2}", each(cost.passed), each(cost.worked)));
        println!("{orders:>8} {add:>15} {claim:>15} {record:>15} {read:>15}");
        store.close().await;
    }
}

/// The time of adding, claiming, recording and reading so many orders.
async fn measure(store: &Store, orders: usize) -> [Cost; 4] {
    let clock = ManualClock::new();
    // Another seed each time, because both rounds may share a database.
    let ids = Ids::new(Arc::new(clock.clone()), orders as u64);
    let mut tenants = Vec::new();
    for _ in 0..ORGANIZATIONS {
        tenants.push(tenant(store, &ids, &clock, orders / ORGANIZATIONS).await);
    }
    let seen = store.leases(SHARD + 1).await.expect("leases")[usize::from(SHARD)];
    let lease = store.take_lease(seen, ids.next::<RunId>().0).await.expect("a lease").expect("nobody else");

    let mut costs = [Cost::default(); 4];
    let mut runs = Vec::new();
    for tenant in &tenants {
        let run = tenant.run(&ids, &clock);
        runs.push(run.id);
        let begin = Moment::now();
        store.add_run(&run).await.expect("a run");
        costs[0].add(&begin);
    }
    for tenant in &tenants {
        loop {
            let request = ClaimRequest {
                device: tenant.device,
                lease,
                wanted: Wanted::Any,
                limit: GROUP,
                now: clock.now(),
                actor: "worker".to_owned(),
            };
            let begin = Moment::now();
            let claims = store.claim(&request).await.expect("claims");
            costs[1].add(&begin);
            if claims.is_empty() {
                break;
            }
            let begin = Moment::now();
            let outcomes: Vec<Outcome> = claims.iter().map(|claim| done(claim, &clock)).collect();
            store.record(lease, "worker", &outcomes).await.expect("verdicts");
            costs[2].add(&begin);
        }
    }
    let mut read = 0;
    let begin = Moment::now();
    for run in runs {
        let mut after = None;
        loop {
            let page = store.run_orders(run, after, 1_000).await.expect("orders");
            read += page.len();
            let Some(last) = page.last() else { break };
            assert_eq!(last.state, State::Completed);
            after = Some(last.id);
        }
    }
    costs[3].add(&begin);
    assert_eq!(read, orders);
    costs
}

struct Tenant {
    id: OrganizationId,
    device: dialtone_model::DeviceId,
    upload: UploadId,
    users: Vec<User>,
}

async fn tenant(store: &Store, ids: &Ids, clock: &ManualClock, users: usize) -> Tenant {
    let id: OrganizationId = ids.next();
    let organization = Organization { id, name: format!("Organization {id}"), profile: Profile::Newer };
    store.add_organization(&NewOrganization { organization, at: clock.now() }).await.expect("an organization");
    let users: Vec<User> = (0..users).map(|user| User { id: ids.next(), name: format!("User {user}") }).collect();
    store.put_users(id, &users).await.expect("users");
    let licence = |licence| LicenceCount {
        licence,
        name: "A licence".to_owned(),
        owned: users.len() as i64,
        free: 0,
        reserved: 0,
        used: 0,
    };
    let licences = [licence(Licence::Base), licence(Licence::AddOn(add_on()))];
    store.put_licences(id, &licences).await.expect("licences");
    let device = ids.next();
    let phones = Device {
        id: device,
        organization: id,
        name: "phones".to_owned(),
        kind: DeviceKind::Null,
        address: "simulated".to_owned(),
        version: None,
        login: String::new(),
        password: String::new(),
        secrets: BTreeMap::new(),
        tls: Tls::System,
        settings: BTreeMap::new(),
        limits: DeviceLimits::default(),
    };
    store.put_device(&phones).await.expect("a device");
    let upload = UploadRecord {
        id: ids.next(),
        organization: id,
        name: "users.csv".to_owned(),
        kind: "bulk-uuid".to_owned(),
        sha256: "0".repeat(64),
        size: 1,
        storage_key: "users".to_owned(),
        uploaded_at: clock.now(),
        uploaded_by: "bench".to_owned(),
    };
    store.add_upload(&upload, &[]).await.expect("an upload");
    Tenant { id, device, upload: upload.id, users }
}

impl Tenant {
    fn run(&self, ids: &Ids, clock: &ManualClock) -> NewRun {
        let order = |(index, user): (usize, &User)| {
            let extension = Extension {
                key: format!("{index:05}"),
                directory_name: user.name.clone(),
                user: Some(user.id),
                number: Some(format!("4930{index:07}")),
                add_ons: vec![add_on()],
            };
            NewOrder {
                id: ids.next::<OrderId>(),
                origin_row: Some(RowRef { upload: self.upload, row: index as u32 + 2 }),
                subject: user.name.clone(),
                order_type: OrderType::Add,
                product: "Phone System Extension".to_owned(),
                origin: Origin::Batch,
                object: None,
                steps: vec![Step { device: self.device, action: Action::ProvisionExtension(extension.clone()) }],
                credentials: BTreeMap::new(),
                shard: SHARD,
                blocked_by: None,
                needs: Vec::new(),
                claim: Some(ExtensionClaim::New(extension)),
                products: Vec::new(),
            }
        };
        NewRun {
            id: ids.next(),
            organization: self.id,
            kind: RunKind::Assignment,
            template: None,
            project: None,
            name: "A run".to_owned(),
            profile: Profile::Newer,
            uploads: vec![self.upload],
            orders: self.users.iter().enumerate().map(order).collect(),
            brings: Brings::default(),
            at: clock.now(),
            by: "bench".to_owned(),
        }
    }
}

fn done(claim: &Claim, clock: &ManualClock) -> Outcome {
    let state = State::Released(Work { status: WorkStatus::BeingProvisioned, at: claim.at });
    Outcome {
        order: claim.order,
        run: claim.run,
        version: claim.version,
        epoch: claim.epoch,
        step: claim.at.step,
        event: Event::StepDone,
        next: state.after(Event::StepDone, claim.life).expect("a state"),
        reason: None,
        not_before: None,
        next_device: (claim.steps[0].device, SHARD),
        at: clock.now(),
    }
}

fn add_on() -> AddOn {
    AddOn("call-recording".to_owned())
}

/// What something cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    passed: Duration,
    worked: Duration,
}

impl Cost {
    fn add(&mut self, begin: &Moment) {
        let end = Moment::now();
        self.passed += end.time - begin.time;
        self.worked += end.worked.saturating_sub(begin.worked);
    }
}

struct Moment {
    time: Instant,
    worked: Duration,
}

impl Moment {
    #[expect(clippy::disallowed_methods, reason = "a measurement reads the real clock")]
    fn now() -> Self {
        Self { time: Instant::now(), worked: worked() }
    }
}

/// The time that the processors have worked for the threads of this process, as Linux tells it; zero elsewhere.
fn worked() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}
