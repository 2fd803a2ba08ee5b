use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use dialtone_model::{
    Action, AddOn, Device, DeviceId, DeviceKind, DeviceLimits, Extension, Ids, Licence, LicenceCount, ManualClock,
    OrderId, OrderType, Organization, OrganizationId, Origin, Profile, RunId, RunKind, Step, TemplateId, Tls, User,
    UserId,
};
use dialtone_store::{
    Brings, Claim, ClaimRequest, ExtensionClaim, Lease, NewOrder, NewOrganization, NewRun, NewTemplate, Outcome, Store,
    StoreError, UploadRecord, Vault, Wanted,
};
use jiff::Timestamp;
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

/// The engine that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// A database of one test, with ids and a clock that repeat.
pub(crate) struct Bed {
    pub(crate) store: Store,
    pub(crate) ids: Ids,
    pub(crate) clock: ManualClock,
    place: Place,
    keys: tempfile::TempDir,
}

enum Place {
    Folder(tempfile::TempDir),
    Database { admin: String, name: String, url: String },
}

impl Bed {
    pub(crate) async fn new(engine: Engine) -> Self {
        let clock = ManualClock::new();
        let ids = Ids::new(Arc::new(clock.clone()), 7);
        let (store, place) = match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let store = Store::open_embedded(&folder.path().join("dialtone.db")).await.unwrap();
                (store, Place::Folder(folder))
            }
            Engine::Postgres => postgres().await,
        };
        let keys = tempfile::tempdir().unwrap();
        let mut bed = Self { store, ids, clock, place, keys };
        bed.store = bed.store.clone().with_vault(bed.vault()).await.unwrap();
        bed
    }

    /// The keys that seal credentials in this database.
    pub(crate) fn vault(&self) -> Vault {
        Vault::read_or_make(&self.keys.path().join("key"), random).unwrap()
    }

    /// Removes the database. A test that failed leaves it behind, to be looked at.
    pub(crate) async fn finish(self) {
        self.store.close().await;
        if let Place::Database { admin, name, .. } = &self.place {
            let admin = PgPool::connect(admin).await.unwrap();
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin).await.unwrap();
        }
    }

    /// Another process's view of the same database.
    pub(crate) async fn reopen(&self) -> Result<Store, StoreError> {
        match &self.place {
            Place::Folder(folder) => Store::open_embedded(&folder.path().join("dialtone.db")).await,
            Place::Database { url, .. } => Store::connect(url).await,
        }
    }

    /// Runs SQL behind the store's back: one text for each engine.
    pub(crate) async fn sql(&self, sqlite: &str, postgres: &str) {
        match &self.place {
            Place::Folder(_) => {
                let db = SqlitePool::connect(&self.sqlite_url()).await.unwrap();
                sqlx::raw_sql(sqlx::AssertSqlSafe(sqlite.to_owned())).execute(&db).await.unwrap();
                db.close().await;
            }
            Place::Database { url, .. } => {
                let db = PgPool::connect(url).await.unwrap();
                sqlx::raw_sql(sqlx::AssertSqlSafe(postgres.to_owned())).execute(&db).await.unwrap();
                db.close().await;
            }
        }
    }

    /// What the database holds of the devices' passwords and credentials, as text as far as it is text.
    pub(crate) async fn credentials_at_rest(&self) -> String {
        let rows: Vec<(String, Option<Vec<u8>>)> = match &self.place {
            Place::Folder(_) => {
                let db = SqlitePool::connect(&self.sqlite_url()).await.unwrap();
                sqlx::query_as("SELECT password, credentials FROM devices").fetch_all(&db).await.unwrap()
            }
            Place::Database { url, .. } => {
                let db = PgPool::connect(url).await.unwrap();
                sqlx::query_as("SELECT password, credentials FROM devices").fetch_all(&db).await.unwrap()
            }
        };
        let text = |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
        rows.into_iter().map(|(password, credentials)| password + &text(credentials) + "\n").collect()
    }

    /// Whether a file of the database has the text anywhere; of a server's files nobody knows.
    pub(crate) fn files_contain(&self, text: &str) -> bool {
        let Place::Folder(folder) = &self.place else { return false };
        let contains = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        let mut files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        files.any(|file| contains(&std::fs::read(file).unwrap()))
    }

    pub(crate) fn now(&self) -> Timestamp {
        use dialtone_model::Clock as _;
        self.clock.now()
    }

    fn sqlite_url(&self) -> String {
        match &self.place {
            Place::Folder(folder) => format!("sqlite://{}", folder.path().join("dialtone.db").display()),
            Place::Database { .. } => unreachable!("not on SQLite"),
        }
    }
}

/// What stands in for randomness: other bytes at each call, as well mixed as those of a generator.
pub(crate) fn random(bytes: &mut [u8]) {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    for (place, piece) in bytes.chunks_mut(8).enumerate() {
        let mixed = BuildHasherDefault::<DefaultHasher>::default().hash_one((count, place)).to_le_bytes();
        piece.copy_from_slice(&mixed[..piece.len()]);
    }
}

/// A database made from a migrated template, which the first test makes.
async fn postgres() -> (Store, Place) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let admin = std::env::var("DIALTONE_TEST_POSTGRES_URL")
        .expect("start PostgreSQL with `tests/services.sh up` and then run `eval \"$(tests/services.sh env)\"`");
    let (server, _) = admin.rsplit_once('/').expect("a URL with a database");
    let template = format!("dialtone_template_{:016x}", fingerprint());
    let pool = PgPool::connect(&admin).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    // The tests run in processes of their own: one makes the template, the others wait for it.
    sqlx::query("SELECT pg_advisory_lock(4711)").execute(&mut *connection).await.unwrap();
    let known: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1")
        .bind(&template)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    if known == 0 {
        let draft = format!("{template}_draft");
        for sql in [format!("DROP DATABASE IF EXISTS {draft}"), format!("CREATE DATABASE {draft}")] {
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
        }
        Store::migrate(&format!("{server}/{draft}")).await.unwrap().close().await;
        let sql = format!("ALTER DATABASE {draft} RENAME TO {template}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
    }
    let name = format!("dialtone_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    for sql in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} TEMPLATE {template}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *connection).await.unwrap();
    }
    sqlx::query("SELECT pg_advisory_unlock(4711)").execute(&mut *connection).await.unwrap();
    drop(connection);
    pool.close().await;
    let url = format!("{server}/{name}");
    let store = Store::connect(&url).await.unwrap();
    (store, Place::Database { admin, name, url })
}

/// Tells templates of different schemas apart.
fn fingerprint() -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    migrations("postgres").iter().for_each(|path| std::fs::read(path).unwrap().hash(&mut hasher));
    hasher.finish()
}

/// Where the migrations lie, the oldest first.
pub(crate) fn migrations(engine: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(engine);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A tenant with a device, users, numbers and licences.
pub(crate) struct Tenant {
    pub(crate) id: OrganizationId,
    pub(crate) device: DeviceId,
    pub(crate) users: Vec<UserId>,
}

pub(crate) const SHARD: u16 = 5;

impl Bed {
    /// A tenant with so many users, each with a number, and so many licences of each kind.
    pub(crate) async fn tenant(&self, name: &str, users: usize, licences: i64) -> Tenant {
        let id: OrganizationId = self.ids.next();
        let organization = Organization { id, name: name.to_owned(), profile: Profile::Newer };
        self.store.add_organization(&NewOrganization { organization, at: self.now() }).await.unwrap();
        let device = self.device(id, "phones").await;
        let users: Vec<User> =
            (0..users).map(|index| User { id: self.ids.next(), name: format!("User {index}") }).collect();
        self.store.put_users(id, &users).await.unwrap();
        let numbers: Vec<String> = (0..users.len()).map(number).collect();
        self.store.put_numbers(id, &numbers).await.unwrap();
        let licence = |licence, name: &str| LicenceCount {
            licence,
            name: name.to_owned(),
            owned: licences,
            free: 0,
            reserved: 0,
            used: 0,
        };
        let counts = [licence(Licence::Base, "Base"), licence(Licence::AddOn(recording()), "Call recording")];
        self.store.put_licences(id, &counts).await.unwrap();
        Tenant { id, device, users: users.into_iter().map(|user| user.id).collect() }
    }

    pub(crate) async fn device(&self, organization: OrganizationId, name: &str) -> DeviceId {
        let id: DeviceId = self.ids.next();
        let device = Device {
            id,
            organization,
            name: name.to_owned(),
            kind: DeviceKind::Null,
            address: "simulated".to_owned(),
            version: None,
            login: "dialtone".to_owned(),
            password: "secret".to_owned(),
            secrets: BTreeMap::new(),
            tls: Tls::System,
            settings: BTreeMap::new(),
            limits: DeviceLimits::default(),
        };
        self.store.put_device(&device).await.unwrap();
        id
    }

    /// A draft template.
    pub(crate) async fn template(&self, tenant: &Tenant, name: &str) -> TemplateId {
        let new = self.new_template(tenant, name);
        self.store.add_template(&new).await.unwrap();
        new.id
    }

    /// What a draft template starts with.
    pub(crate) fn new_template(&self, tenant: &Tenant, name: &str) -> NewTemplate {
        NewTemplate {
            id: self.ids.next(),
            organization: tenant.id,
            name: name.to_owned(),
            add_ons: vec![recording()],
            at: self.now(),
            by: "ana".to_owned(),
        }
    }

    /// A run of orders that each provision one of these users.
    pub(crate) fn run(&self, tenant: &Tenant, users: std::ops::Range<usize>) -> NewRun {
        let id: RunId = self.ids.next();
        NewRun {
            id,
            organization: tenant.id,
            kind: RunKind::Single,
            template: None,
            project: None,
            name: "a run".to_owned(),
            profile: Profile::Newer,
            uploads: Vec::new(),
            orders: users.map(|index| self.provision(tenant, index)).collect(),
            brings: Brings::default(),
            at: self.now(),
            by: "ana".to_owned(),
        }
    }

    /// An order that provisions the user with that index.
    pub(crate) fn provision(&self, tenant: &Tenant, index: usize) -> NewOrder {
        let extension = extension(tenant, index);
        self.new_order(
            tenant,
            vec![Action::ProvisionExtension(extension.clone())],
            Some(ExtensionClaim::New(extension)),
        )
    }

    /// An order with these actions on the tenant's device.
    pub(crate) fn new_order(&self, tenant: &Tenant, actions: Vec<Action>, claim: Option<ExtensionClaim>) -> NewOrder {
        let id: OrderId = self.ids.next();
        NewOrder {
            id,
            origin_row: None,
            subject: "User".to_owned(),
            order_type: OrderType::Add,
            product: "Phone System Extension".to_owned(),
            origin: Origin::Batch,
            object: None,
            steps: actions.into_iter().map(|action| Step { device: tenant.device, action }).collect(),
            credentials: BTreeMap::new(),
            shard: SHARD,
            blocked_by: None,
            needs: Vec::new(),
            claim,
            products: Vec::new(),
        }
    }

    /// A record of an upload; its bytes are the same each time.
    pub(crate) fn upload(&self, tenant: &Tenant) -> UploadRecord {
        UploadRecord {
            id: self.ids.next(),
            organization: tenant.id,
            name: "users.csv".to_owned(),
            kind: "bulk-name".to_owned(),
            sha256: "ab".repeat(32),
            size: 1_234,
            storage_key: "uploads/1".to_owned(),
            uploaded_at: self.now(),
            uploaded_by: "ana".to_owned(),
        }
    }

    /// Takes the lease of the tests' shard, whoever has it.
    pub(crate) async fn lease(&self) -> Lease {
        let seen = self.store.leases(SHARD + 1).await.unwrap()[usize::from(SHARD)];
        self.store.take_lease(seen, self.ids.next::<UserId>().0).await.unwrap().unwrap()
    }

    pub(crate) async fn claim(&self, tenant: &Tenant, lease: Lease, limit: u32) -> Vec<Claim> {
        self.store.claim(&self.request(tenant, lease, limit)).await.unwrap()
    }

    pub(crate) fn request(&self, tenant: &Tenant, lease: Lease, limit: u32) -> ClaimRequest {
        ClaimRequest {
            device: tenant.device,
            lease,
            wanted: Wanted::Any,
            limit,
            now: self.now(),
            actor: "worker".to_owned(),
        }
    }

    /// What `event` makes of a claimed order, to be recorded.
    pub(crate) fn outcome(&self, claim: &Claim, event: dialtone_model::Event) -> Outcome {
        let state = dialtone_model::State::Released(dialtone_model::Work {
            status: dialtone_model::WorkStatus::BeingProvisioned,
            at: claim.at,
        });
        let next = state.after(event, claim.life).unwrap();
        let due = next.position().unwrap_or(claim.at).step;
        let device = claim.steps[usize::from(due)].device;
        let failed = !matches!(event, dialtone_model::Event::StepDone);
        Outcome {
            order: claim.order,
            run: claim.run,
            version: claim.version,
            epoch: claim.epoch,
            step: claim.at.step,
            event,
            next,
            reason: failed.then(|| dialtone_model::Reason {
                code: "sample-code".to_owned(),
                message: "it failed".to_owned(),
                repair: Some("mend it".to_owned()),
            }),
            not_before: None,
            next_device: (device, SHARD),
            at: self.now(),
        }
    }
}

pub(crate) fn recording() -> AddOn {
    AddOn("call-recording".to_owned())
}

pub(crate) fn number(index: usize) -> String {
    format!("4930{index:06}")
}

/// The extension of the user with that index.
pub(crate) fn extension(tenant: &Tenant, index: usize) -> Extension {
    Extension {
        key: format!("{:05}", 10_000 + index),
        directory_name: format!("User {index}"),
        user: Some(tenant.users[index]),
        number: Some(number(index)),
        add_ons: vec![recording()],
    }
}

/// An id that nothing has.
pub(crate) fn nobody() -> Uuid {
    Uuid::from_u128(0xdead)
}
