use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::home::{Answer, Home};
use crate::patience::wait_until;

/// A scaled-out installation of one test: a database and a virtual host of its own, and the processes that run on it.
pub(crate) struct Installation {
    pub(crate) home: Home,
    environment: Vec<(&'static str, String)>,
    database: String,
    virtual_host: Option<String>,
    roles: Vec<Child>,
}

impl Installation {
    /// With a database that nobody has migrated yet, and without a broker.
    pub(crate) fn unmigrated() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let database = format!("dialtone_cli_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        sql(&admin(), &[format!("DROP DATABASE IF EXISTS {database}"), format!("CREATE DATABASE {database}")]);
        let (server, _) = admin_parts();
        let home = Home::new();
        let key = home.write("key", &"5a".repeat(32));
        let environment = vec![
            ("DIALTONE_DATABASE_URL", format!("{server}/{database}")),
            // A holder that dies is missed soon.
            ("DIALTONE_LEASE_TTL", "1s".to_owned()),
            ("DIALTONE_KEY_FILE", key.display().to_string()),
            // The simulated devices are on this machine.
            ("DIALTONE_DEVICES_ALLOW", "127.0.0.1".to_owned()),
        ];
        Self { home, environment, database, virtual_host: None, roles: Vec::new() }
    }

    /// Migrated, with a broker.
    pub(crate) fn new() -> Self {
        let mut installation = Self::unmigrated();
        let name = installation.database.replace('_', "-");
        installation.environment.push(("DIALTONE_QUEUE_URL", services(&["vhost", &name])));
        installation.virtual_host = Some(name);
        installation.line("migrate").done();
        installation
    }

    /// A command on the installation.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.home.command(arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a line of words to its end.
    pub(crate) fn line(&self, line: &str) -> Answer {
        self.command(line.split_whitespace()).output().unwrap().into()
    }

    /// Starts a scheduler or worker; gives its process id. It ends with the installation.
    pub(crate) fn start(&mut self, line: &str) -> u32 {
        let child = self.command(line.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let id = child.id();
        self.roles.push(child);
        id
    }

    /// The same, with what it says in a file.
    pub(crate) fn start_logging(&mut self, line: &str, log: &Path) -> u32 {
        let log = std::fs::File::create(log).unwrap();
        let child = self.command(line.split_whitespace()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let id = child.id();
        self.roles.push(child);
        id
    }

    /// Sends a signal to a role that was started, and waits for its end; gives the exit code.
    pub(crate) fn end(&mut self, id: u32, name: &str) -> Option<i32> {
        signal(id, name);
        self.wait(id)
    }

    /// Waits for the end of what was started; gives the exit code.
    #[track_caller]
    pub(crate) fn wait(&mut self, id: u32) -> Option<i32> {
        let place = self.roles.iter().position(|role| role.id() == id).unwrap();
        wait_until("the process ends", || self.roles[place].try_wait().unwrap().is_some());
        self.roles.swap_remove(place).wait().unwrap().code()
    }

    /// Sets an environment variable for what is started from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.environment.push((name, value.to_owned()));
    }

    /// Runs SQL on its database.
    pub(crate) fn sql(&self, statement: &str) {
        let (server, _) = admin_parts();
        sql(&format!("{server}/{}", self.database), &[statement.to_owned()]);
    }

    /// Does something while every statement on a table of its database waits.
    pub(crate) fn while_locked(&mut self, table: &str, act: impl FnOnce(&mut Self)) {
        let (server, _) = admin_parts();
        let url = format!("{server}/{}", self.database);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut connection = runtime.block_on(PgConnection::connect(&url)).unwrap();
        let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        runtime.block_on(sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut connection)).unwrap();
        act(self);
        runtime.block_on(connection.close()).unwrap();
    }

    /// Cuts everybody off its database, or lets them in again.
    pub(crate) fn let_nobody_connect(&self, nobody: bool) {
        let database = &self.database;
        let mut statements = vec![format!("ALTER DATABASE {database} ALLOW_CONNECTIONS {}", !nobody)];
        if nobody {
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname =";
            statements.push(format!("{others} '{database}'"));
        }
        sql(&admin(), &statements);
    }

    /// The numbers that a statement selects from its database.
    pub(crate) fn numbers(&self, statement: &str) -> Vec<i64> {
        let (server, _) = admin_parts();
        let url = format!("{server}/{}", self.database);
        block_on(async {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_all(&mut connection).await.unwrap()
        })
    }

    /// Waits until a statement selects these numbers.
    #[track_caller]
    pub(crate) fn await_numbers(&self, statement: &str, wanted: impl Fn(&[i64]) -> bool) {
        wait_until(statement, || wanted(&self.numbers(statement)));
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        for role in &mut self.roles {
            // It may have ended by itself.
            let _ = role.kill();
            let _ = role.wait();
        }
        sql(&admin(), &[format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database)]);
        // A broker with thousands of queues is slow for all further tests.
        if let Some(name) = &self.virtual_host {
            services(&["ctl", "-q", "delete_vhost", name]);
        }
    }
}

/// Simulated devices in a process of their own.
pub(crate) struct Simulator {
    child: Child,
    pub(crate) ready: Value,
}

impl Simulator {
    /// Starts it with a Phone System, below the home's `data/simulator`, where a home looks for a device's log.
    pub(crate) fn start(home: &Home, faults: &[&str]) -> Self {
        Self::of(home, &["--phone-system", "0"], faults)
    }

    /// Starts it with one device of each family that the demo organization has.
    pub(crate) fn of_all(home: &Home, faults: &[&str]) -> Self {
        Self::of(home, &["--phone-system", "0", "--axl", "12.5=0", "--cupi", "0"], faults)
    }

    fn of(home: &Home, devices: &[&str], faults: &[&str]) -> Self {
        let mut command = home.command(["simulator"]);
        command.args(devices).arg("--data");
        command.arg(home.path("data/simulator/apart")).args(faults.iter().flat_map(|fault| ["--fault", fault]));
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, ready: serde_json::from_str(&line).unwrap() }
    }

    /// The device as an organization names it.
    pub(crate) fn device(&self) -> String {
        format!("kind = \"phone_system\"\n{}", self.reached(&self.ready["phone_system"]))
    }

    /// The demo organization with the addresses of these devices.
    pub(crate) fn addressed(&self, organization: &str) -> String {
        let devices = [&self.ready["phone_system"], &self.ready["axl"]["12.5"], &self.ready["cupi"]];
        devices.into_iter().fold(organization.to_owned(), |text, device| {
            text.replacen("address = \"simulated\"", &self.reached(device), 1)
        })
    }

    fn reached(&self, address: &Value) -> String {
        let ca = std::fs::read_to_string(self.ready["ca_file"].as_str().unwrap()).unwrap();
        format!("address = {address}\nlogin = \"dialtone\"\npassword = \"dialtone\"\nca = '''\n{ca}'''")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn signal(id: u32, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().unwrap().success());
}

fn admin() -> String {
    std::env::var("DIALTONE_TEST_POSTGRES_URL")
        .expect("start PostgreSQL with `tests/services.sh up` and then run `eval \"$(tests/services.sh env)\"`")
}

fn admin_parts() -> (String, String) {
    let admin = admin();
    let (server, database) = admin.rsplit_once('/').unwrap();
    (server.to_owned(), database.to_owned())
}

/// What `tests/services.sh` answers.
fn services(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services.sh");
    let done = Command::new(script).args(arguments).output().unwrap();
    // A test that has failed is told of by its own failure.
    let is_done = done.status.success() || std::thread::panicking();
    assert!(is_done, "services.sh {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

fn sql(url: &str, statements: &[String]) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut connection).await.unwrap();
        }
    });
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
