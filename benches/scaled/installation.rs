use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::services::{Database, Services};

const DIALTONE: &str = env!("CARGO_BIN_EXE_dialtone");

/// A scheduler and a worker on a database and a virtual host of their own, with an organization whose device is null.
pub(crate) struct Installation {
    folder: tempfile::TempDir,
    environment: Vec<(&'static str, String)>,
    database: Database,
    scheduler: Child,
    worker: Child,
    rows: u32,
}

/// What one run took.
pub(crate) struct Measured {
    /// Until the orders were in the store.
    pub(crate) submitted: Duration,
    /// From the start of submitting to the last order recorded.
    pub(crate) worked: Duration,
    /// The command, with start, file, checks and report.
    pub(crate) whole: Duration,
    /// The most memory that the worker had.
    pub(crate) worker_peak_kib: u64,
}

impl Installation {
    pub(crate) async fn start(services: &Services, rows: u32) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = services.database("orders").await;
        let key = folder.path().join("key");
        std::fs::write(&key, "5a".repeat(32)).expect("a written file");
        let environment = vec![
            ("DIALTONE_DATABASE_URL", database.url.clone()),
            ("DIALTONE_QUEUE_URL", services.vhost(&database.url.rsplit('/').next().expect("a name").replace('_', "-"))),
            ("DIALTONE_KEY_FILE", key.display().to_string()),
        ];
        let command = |words: &[&str]| {
            let mut command = Command::new(DIALTONE);
            command.arg("--data").arg(folder.path().join("data")).args(words);
            command.envs(environment.iter().map(|(name, value)| (*name, value)));
            command
        };
        done(command(&["migrate"]));
        let source = organization(&folder, rows);
        let mut import = command(&["organization", "import"]);
        import.arg(source);
        done(import);
        let role = |name: &str| command(&[name]).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect(name);
        let (scheduler, worker) = (role("scheduler"), role("worker"));
        Self { folder, environment, database, scheduler, worker, rows }
    }

    /// Runs the file once. PostgreSQL's own clock is this machine's.
    pub(crate) async fn run(&self) -> Measured {
        let mut store = PgConnection::connect(&self.database.url).await.expect("the database");
        let mut leases = 0;
        while leases == 0 {
            let sql = "SELECT count(*) FROM shard_leases WHERE holder IS NOT NULL";
            leases = sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut store).await.expect("leases");
        }
        let mut command = Command::new(DIALTONE);
        command.arg("--data").arg(self.folder.path().join("data")).args(["run", "--json"]);
        command.arg(self.folder.path().join("upload.csv"));
        command.envs(self.environment.iter().map(|(name, value)| (*name, value)));
        let start = crate::now();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dialtone run");
        let ended = tokio::task::spawn_blocking(move || {
            let output = child.wait_with_output().expect("dialtone run");
            (output, start.elapsed())
        });
        let (mut submitting, mut submitted) = (None, None);
        let worked = loop {
            // A template's version is set at the start of submitting, the run is there at its end.
            let sql = "SELECT (SELECT count(*) FROM templates), (SELECT count(*) FROM runs), \
                       (SELECT count(*) FROM runs WHERE ended_at IS NOT NULL)";
            let (templates, runs, over): (i64, i64, i64) =
                sqlx::query_as(sql).fetch_one(&mut store).await.expect("counts");
            if templates > 0 && submitting.is_none() {
                submitting = Some(start.elapsed());
            }
            if runs > 0 && submitted.is_none() {
                submitted = Some(start.elapsed());
            }
            if over > 0 {
                break start.elapsed();
            }
            tokio::task::yield_now().await;
        };
        let (output, whole) = ended.await.expect("dialtone run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let sql = "SELECT (SELECT count(*) FROM orders WHERE state = 'completed'), (SELECT count(*) FROM order_events)";
        let counts: (i64, i64) = sqlx::query_as(sql).fetch_one(&mut store).await.expect("counts");
        assert_eq!(counts, (i64::from(self.rows), 2 * i64::from(self.rows)), "orders completed, and their events");
        let begun = submitting.unwrap_or_default();
        Measured {
            submitted: submitted.unwrap_or_default().saturating_sub(begun),
            worked: worked.saturating_sub(begun),
            whole,
            worker_peak_kib: peak_kib(&self.worker),
        }
    }

    pub(crate) async fn end(mut self) {
        for role in [&mut self.scheduler, &mut self.worker] {
            role.kill().expect("a role that runs");
            role.wait().expect("its end");
        }
        self.database.drop().await;
    }
}

/// Writes an organization and an upload of so many rows.
fn organization(folder: &tempfile::TempDir, rows: u32) -> PathBuf {
    let source = folder.path().join("organization");
    std::fs::create_dir_all(&source).expect("a folder");
    let organization = format!(
        "name = \"bench\"\n\n[[licences]]\ncode = \"base\"\nname = \"Base\"\nowned = {rows}\n\n\
         [[devices]]\nname = \"phone-system\"\nkind = \"null\"\naddress = \"null\"\nconcurrency = 512\n"
    );
    let mut users = String::from("Identity UUID,User's Name\n");
    let mut numbers = String::from("Number\n");
    let mut upload = String::from("Ext Key,User's Name,Number\n");
    for row in 0..rows {
        let _ = writeln!(users, "00000000-0000-4000-8000-{row:012},User {row}");
        let _ = writeln!(numbers, "+6500{row:06}");
        let _ = writeln!(upload, "{:05},User {row},+6500{row:06}", 10_000 + row);
    }
    for (file, text) in [("organization.toml", organization), ("users.csv", users), ("numbers.csv", numbers)] {
        std::fs::write(source.join(file), text).expect("a written file");
    }
    std::fs::write(folder.path().join("upload.csv"), upload).expect("a written file");
    source
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
