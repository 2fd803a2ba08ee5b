use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::processor::{Processor, Used};
use crate::services::{Database, Services};
use crate::simulator::{PASSWORD, Simulator, USER};
use crate::{DIALTONE, assignment, now, rest};

/// How often the database is asked how far a run is. It counts itself among what is measured, so not more often.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The number of leases that a whole installation has.
const SHARDS: i64 = 64;

/// A scheduler and workers, each a process of its own, on a database and a virtual host of their own.
pub(crate) struct Installation {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
    database: Database,
    roles: Vec<Role>,
}

/// A process that goes with the measurement, however that ends.
struct Role(Child);

impl Drop for Role {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What an organization has.
#[derive(Clone, Copy)]
pub(crate) struct Tenant<'a> {
    pub(crate) name: &'a str,
    /// Its users, numbers and licences, and the rows of its upload.
    pub(crate) rows: u32,
    pub(crate) device: &'a str,
}

/// A device that does nothing, at once.
pub(crate) const NULL: &str = "kind = \"null\"\naddress = \"null\"\nconcurrency = 512\n";

/// What one run took.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) rows: u32,
    /// From the start of the command until the orders were in the store.
    pub(crate) submitted: Duration,
    /// From the start of the command to the last order recorded.
    pub(crate) worked: Duration,
    /// The command, with start, file, checks and report.
    pub(crate) whole: Duration,
    /// What all processes used up meanwhile.
    pub(crate) processor: Processor,
}

impl Measured {
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.rows) / self.worked.as_secs_f64()
    }

    /// Microseconds a row.
    pub(crate) fn each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / f64::from(self.rows)
    }
}

impl Installation {
    /// A migrated database without any process on it.
    pub(crate) async fn new(services: &Services) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = services.database("orders").await;
        let key = folder.path().join("key");
        std::fs::write(&key, "5a".repeat(32)).expect("a written file");
        let environment = vec![
            ("DIALTONE_DATABASE_URL", database.url.clone()),
            ("DIALTONE_QUEUE_URL", services.vhost("orders")),
            ("DIALTONE_KEY_FILE", key.display().to_string()),
            // The simulated devices are on this machine.
            ("DIALTONE_DEVICES_ALLOW", "127.0.0.1".to_owned()),
        ];
        let installation = Self { folder, environment, database, roles: Vec::new() };
        done(installation.command(&["migrate"]));
        installation
    }

    /// With one organization, a scheduler and so many workers.
    pub(crate) async fn start(services: &Services, tenant: Tenant<'_>, workers: usize) -> Self {
        let mut installation = Self::new(services).await;
        installation.import(tenant);
        installation.start_roles(workers).await;
        installation
    }

    /// Starts a scheduler and so many workers, and waits until these hold all shards.
    pub(crate) async fn start_roles(&mut self, workers: usize) {
        for role in ["scheduler"].into_iter().chain(std::iter::repeat_n("worker", workers)) {
            let mut command = self.command(&[role]);
            let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect(role);
            self.roles.push(Role(child));
        }
        let mut store = self.connect().await;
        let sql = "SELECT count(*), count(DISTINCT holder) FROM shard_leases WHERE holder IS NOT NULL AND shard < $1";
        while sqlx::query_as(sql).bind(SHARDS).fetch_one(&mut store).await.ok() != Some((SHARDS, workers as i64)) {
            rest(LOOK_EVERY);
        }
    }

    /// Brings in an organization, and writes an upload that gives each of its users an extension.
    pub(crate) fn import(&self, tenant: Tenant<'_>) {
        let Tenant { name, rows, device } = tenant;
        let source = assignment::write(self.folder.path(), name, rows, device);
        let mut import = self.command(&["organization", "import"]);
        import.arg(source);
        done(import);
    }

    /// A command on this installation.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(DIALTONE);
        command.arg("--data").arg(self.folder.path().join("data")).args(words);
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Hands an organization's upload over; the command waits for the end of the run and writes the report.
    pub(crate) fn submit(&self, tenant: &str) -> Child {
        let mut command = self.command(&["run", "--json", "--organization", tenant]);
        command.arg(self.folder.path().join(format!("{tenant}.csv")));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dialtone run")
    }

    /// Runs an organization's upload, and checks that every row of it was completed. PostgreSQL is asked on this
    /// machine, so its answers are as good as instants.
    pub(crate) async fn run(&self, services: &Services, tenant: Tenant<'_>) -> Measured {
        let mut store = self.connect().await;
        let before = self.processor(services);
        let start = now();
        let child = self.submit(tenant.name);
        let ended = tokio::task::spawn_blocking(move || {
            let output = child.wait_with_output().expect("dialtone run");
            (output, start.elapsed())
        });
        let mut submitted = None;
        let worked = loop {
            let progress = self.progress(&mut store, tenant.name).await;
            if progress.submitted && submitted.is_none() {
                submitted = Some(start.elapsed());
            }
            if progress.over {
                break start.elapsed();
            }
            assert!(!ended.is_finished() || progress.submitted, "{:?}", ended.await);
            rest(LOOK_EVERY);
        };
        let (output, whole) = ended.await.expect("dialtone run");
        assert_completed(&output, tenant.rows);
        let processor = self.processor(services) - before;
        let sql = "SELECT count(*) FROM order_events e JOIN orders o ON o.id = e.order_id \
                   JOIN organizations t ON t.id = o.organization_id WHERE t.name = $1 AND o.state = 'completed'";
        let events: i64 = sqlx::query_scalar(sql).bind(tenant.name).fetch_one(&mut store).await.expect("events");
        assert_eq!(events, 2 * i64::from(tenant.rows), "a claim and an outcome of each order");
        Measured { rows: tenant.rows, submitted: submitted.unwrap_or_default(), worked, whole, processor }
    }

    /// Waits until so many orders are in the store, or so many runs are over.
    pub(crate) async fn wait_for(&self, sql: &'static str, count: u32) {
        let mut store = self.connect().await;
        loop {
            let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut store).await.expect("a count");
            if found >= i64::from(count) {
                return;
            }
            rest(LOOK_EVERY);
        }
    }

    /// The writes that each row of the upload caused in each table, as the database itself counts them.
    pub(crate) async fn writes(&self, rows: u32) -> String {
        // A backend tells of what it did once a second.
        rest(Duration::from_millis(1_500));
        let sql = "SELECT relname::text, n_tup_ins, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables \
                   WHERE relname IN ('orders', 'order_events', 'extensions') ORDER BY relname DESC";
        let tables: Vec<(String, i64, i64, i64)> =
            sqlx::query_as(sql).fetch_all(&mut self.connect().await).await.expect("counts");
        let each = |count: i64| count as f64 / f64::from(rows);
        let tables = tables.iter().map(|(table, inserted, updated, hot)| {
            format!(
                "{table} {:.1} inserts, {:.1} updates ({:.1} in place)",
                each(*inserted),
                each(*updated),
                each(*hot)
            )
        });
        tables.collect::<Vec<_>>().join("; ")
    }

    /// The most memory that a worker had, in MB.
    pub(crate) fn worker_peak(&self) -> f64 {
        // The first role is the scheduler.
        self.roles.iter().skip(1).map(|role| peak_kib(&role.0)).max().unwrap_or_default() as f64 * 1024.0 / 1e6
    }

    pub(crate) fn database_url(&self) -> &str {
        &self.database.url
    }

    pub(crate) fn queue_url(&self) -> &str {
        &self.environment[1].1
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.database.url).await.expect("the database")
    }

    /// What all processes of the installation have used up by now.
    pub(crate) fn processor(&self, services: &Services) -> Processor {
        let roles = self.roles.iter().filter_map(|role| Used::by(role.0.id())).map(|used| used.own).sum();
        Processor { roles, ..services.processor() }
    }

    pub(crate) async fn end(mut self) {
        self.roles.clear();
        self.database.drop().await;
    }

    async fn progress(&self, store: &mut PgConnection, tenant: &str) -> Progress {
        let sql = "WITH o AS (SELECT id FROM organizations WHERE name = $1) \
                   SELECT EXISTS (SELECT 1 FROM runs r JOIN o ON r.organization_id = o.id) AS submitted, \
                   EXISTS (SELECT 1 FROM runs r JOIN o ON r.organization_id = o.id WHERE r.ended_at IS NOT NULL) \
                   AS over";
        sqlx::query_as(sql).bind(tenant).fetch_one(store).await.expect("how far it is")
    }
}

#[derive(sqlx::FromRow)]
struct Progress {
    submitted: bool,
    over: bool,
}

/// The device that a simulator is, as an organization's file describes it.
pub(crate) fn phone_system(simulator: &Simulator, limits: &str) -> String {
    let Simulator { address, ca, .. } = simulator;
    format!(
        "kind = \"phone_system\"\naddress = \"{address}\"\nlogin = \"{USER}\"\npassword = \"{PASSWORD}\"\n{limits}\n\
         ca = '''\n{ca}'''\n"
    )
}

/// The command itself says that every row was completed.
pub(crate) fn assert_completed(output: &Output, rows: u32) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(answer["orders"]["completed"], rows, "{answer}");
}

fn done(mut command: Command) {
    let output = command.output().expect("dialtone");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The kernel's high-water mark of a process's memory.
fn peak_kib(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).expect("a role that runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}
