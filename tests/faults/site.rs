//! A whole installation for one test: a database, a virtual host, devices, and the roles as processes.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::chance::Chance;
use crate::database::Database;
use crate::device::Device;
use crate::patience::wait_until;
use crate::process::Process;
use crate::services::Services;

/// Users of each organization, where a test doesn't need more.
const USERS: usize = 8_000;
/// More than that have no ext key of five digits.
const MOST_USERS: usize = 90_000;
/// Shards of an installation. Fewer than usual are declared sooner.
pub(crate) const SHARDS: u16 = 4;

/// How a command ends whose files are refused.
const REFUSED: i32 = 3;

/// An installation. It is stopped when it is dropped.
pub(crate) struct Site {
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) database: Database,
    pub(crate) services: Services,
    pub(crate) chance: Chance,
    pub(crate) database_url: String,
    pub(crate) queue_url: String,
    virtual_host: String,
    folder: TempDir,
    environment: Vec<(String, String)>,
    started: Cell<usize>,
}

/// An organization with one device, and the files that were run in it.
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) device: Device,
    users: usize,
    /// The first user of the next file.
    next_user: Cell<usize>,
}

/// A file of users, and the process that runs it.
pub(crate) struct Submission {
    pub(crate) process: Process,
    file: PathBuf,
    is_repeated: bool,
}

impl Site {
    /// One with so many organizations, whose devices have these faults.
    pub(crate) fn new(test: &str, tenants: usize, faults: &[&str]) -> Self {
        Self::with_users(test, tenants, faults, USERS)
    }

    /// One whose organizations have so many users.
    pub(crate) fn with_users(test: &str, tenants: usize, faults: &[&str], users: usize) -> Self {
        let mut chance = Chance::of(test);
        let services = Services::up();
        let name = Services::fresh_name();
        let database_url = Database::create(&services.postgres_url, &name);
        let queue_url = services.virtual_host(&name);
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        fs::write(&key, format!("{}\n", "5a".repeat(32))).unwrap();
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let environment = vec![
            variable("DIALTONE_DATABASE_URL", &database_url),
            variable("DIALTONE_QUEUE_URL", &queue_url),
            variable("DIALTONE_KEY_FILE", key.to_str().unwrap()),
            // The simulated devices are on this machine.
            variable("DIALTONE_DEVICES_ALLOW", "127.0.0.1"),
            variable("DIALTONE_FILES_URL", &format!("file://{}", folder.path().join("files").display())),
            variable("DIALTONE_SHARDS", &SHARDS.to_string()),
            variable("DIALTONE_LEASE_TTL", "1s"),
            variable("DIALTONE_RETRY_AFTER", "50ms"),
            variable("DIALTONE_TRIES", "12"),
            variable("DIALTONE_LOG", "info,lapin=off"),
            variable("USER", "tester"),
        ];
        let tenants: Vec<Tenant> = (0..tenants)
            .map(|index| {
                let name = format!("organization-{index}");
                let seed = chance.number(0..=usize::from(u16::MAX)) as u64;
                let device = Device::start(&folder.path().join(&name), faults, seed);
                Tenant { users: users.min(MOST_USERS), ..Tenant::new(&name, device) }
            })
            .collect();
        let database = Database::open(&database_url);
        let started = Cell::new(0);
        let site = Self {
            tenants,
            database,
            services,
            chance,
            database_url,
            queue_url,
            virtual_host: name,
            folder,
            environment,
            started,
        };
        site.run(&["migrate"]);
        for tenant in &site.tenants {
            let files = tenant.write(&site.folder.path().join(format!("{}-import", tenant.name)));
            site.run(&["organization", "import", files.to_str().unwrap()]);
        }
        site.database.audit();
        site
    }

    /// Sets a variable for every process from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// After how many further effects something happens.
    pub(crate) fn chance_of_effects(&mut self) -> usize {
        self.chance.number(5..=60)
    }

    /// A command of the program against this installation.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialtone"));
        self.prepare(&mut command, arguments);
        command
    }

    /// The same, started by another program that is given the command line.
    pub(crate) fn command_under(&self, launcher: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new(launcher[0]);
        command.args(&launcher[1..]).arg(env!("CARGO_BIN_EXE_dialtone"));
        self.prepare(&mut command, arguments);
        command
    }

    fn prepare(&self, command: &mut Command, arguments: &[&str]) {
        command.args(arguments).envs(self.environment.iter().cloned()).current_dir(self.folder.path());
        command.env("DIALTONE_DATA", self.folder.path().join("data"));
    }

    /// Runs a command to its good end and gives what it answered.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "dialtone {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a command in the background.
    pub(crate) fn start(&self, command: Command) -> Process {
        self.started.set(self.started.get() + 1);
        Process::start(command, self.folder.path().join(format!("process-{}.log", self.started.get())))
    }

    pub(crate) fn worker(&self) -> Process {
        self.start(self.command(&["worker"]))
    }

    pub(crate) fn scheduler(&self) -> Process {
        self.start(self.command(&["scheduler"]))
    }

    /// Begins to run a file of so many users of an organization who were in no file before.
    pub(crate) fn submit(&self, tenant: &Tenant, rows: usize) -> Submission {
        let file = tenant.next_file(self.folder.path(), rows);
        Submission::of(self.submission_of(tenant, &file), file)
    }

    /// Runs the file again, whoever ran it having gone: Dialtone knows it by its content.
    pub(crate) fn resubmit(&self, tenant: &Tenant, submission: &mut Submission) {
        submission.process.kill();
        submission.process = self.submission_of(tenant, &submission.file);
        submission.is_repeated = true;
    }

    fn submission_of(&self, tenant: &Tenant, file: &Path) -> Process {
        self.start(self.command(&["run", file.to_str().unwrap(), "--json", "--organization", &tenant.name]))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many effects all devices have had.
    pub(crate) fn effects(&self) -> usize {
        self.tenants.iter().map(|tenant| tenant.device.effects()).sum()
    }

    /// Waits until the devices have had so many effects more than `before`.
    #[track_caller]
    pub(crate) fn await_effects(&self, before: usize, more: usize) {
        wait_until("the devices are worked on", || self.effects() >= before + more);
    }

    /// Whether a run goes on.
    pub(crate) fn is_working(&self) -> bool {
        self.database.number("SELECT count(*)::text FROM runs WHERE ended_at IS NULL") > 0
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The broker would keep its queues in memory for all further tests.
        self.services.ctl(&["delete_vhost", &self.virtual_host]);
    }
}

impl Submission {
    pub(crate) fn of(process: Process, file: PathBuf) -> Self {
        Self { process, file, is_repeated: false }
    }

    /// Waits until the run has ended and its report is written. A file that is run again after its run has ended is
    /// refused, because its users have their extensions already.
    #[track_caller]
    pub(crate) fn end(&mut self) {
        let status = self.process.end("the run ends");
        let is_over_already = self.is_repeated && status.code() == Some(REFUSED);
        assert!(status.success() || is_over_already, "{status}: {}", self.process.said());
    }
}

impl Tenant {
    pub(crate) fn new(name: &str, device: Device) -> Self {
        Self { name: name.to_owned(), device, users: USERS, next_user: Cell::new(0) }
    }

    /// Writes what `dialtone organization import` reads.
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let Device { address, certificate, .. } = &self.device;
        let organization = format!(
            "name = \"{}\"\n[[licences]]\ncode = \"base\"\nname = \"Base licence\"\nowned = {}\n\
             [[devices]]\nname = \"Phone System\"\nkind = \"phone_system\"\naddress = \"{address}\"\n\
             login = \"dialtone\"\npassword = \"dialtone\"\nca = \"\"\"\n{certificate}\"\"\"\n",
            self.name, self.users
        );
        fs::write(folder.join("organization.toml"), organization).unwrap();
        let users = (0..self.users).map(|user| format!("{},User {user}\n", identity(user))).collect::<String>();
        fs::write(folder.join("users.csv"), format!("Identity UUID,User's Name\n{users}")).unwrap();
        let numbers = (0..self.users).map(|user| format!("{}\n", number(user))).collect::<String>();
        fs::write(folder.join("numbers.csv"), format!("Number\n{numbers}")).unwrap();
        folder.to_owned()
    }

    pub(crate) fn next_file(&self, folder: &Path, rows: usize) -> PathBuf {
        let first = self.next_user.get();
        let users = first..first + rows;
        assert!(users.end <= self.users, "{} has no users left", self.name);
        self.next_user.set(users.end);
        let rows = users.map(|user| format!("{},{},{}\n", key(user), identity(user), number(user))).collect::<String>();
        let file = folder.join(format!("{}-{first}.csv", self.name));
        fs::write(&file, format!("Ext Key,Identity UUID,Number\n{rows}")).unwrap();
        file
    }

    /// The ext keys of all rows that were put into files.
    pub(crate) fn ordered(&self) -> impl Iterator<Item = String> {
        (0..self.next_user.get()).map(key)
    }
}

fn key(user: usize) -> String {
    format!("{}", 10_000 + user)
}

fn identity(user: usize) -> String {
    format!("00000000-0000-4000-8000-{user:012}")
}

fn number(user: usize) -> String {
    format!("{}", 6_500_000_000_usize + user)
}
