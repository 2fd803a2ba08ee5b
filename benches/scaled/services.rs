use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::processor::{Processor, Used};

/// The servers, as `tests/services.sh` starts them: PostgreSQL waits for the disk.
pub(crate) struct Services {
    postgres: String,
    postgres_process: u32,
    rabbitmq_process: u32,
}

/// A database of one measurement, which goes with it.
pub(crate) struct Database {
    pub(crate) url: String,
    admin: String,
    name: String,
}

impl Services {
    pub(crate) fn up() -> Self {
        script(&["up"]);
        let environment = script(&["env"]);
        let postgres = environment
            .lines()
            .find_map(|line| line.strip_prefix("export DIALTONE_TEST_POSTGRES_URL="))
            .expect("the address of PostgreSQL");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/services-{SET}/folder"));
        let folder = std::fs::read_to_string(folder).expect("the folder of the services");
        let process = |file: &str| {
            let path = Path::new(folder.trim()).join(file);
            let text = std::fs::read_to_string(path).expect("a server's process");
            text.lines().next().and_then(|line| line.trim().parse().ok()).expect("a process's number")
        };
        Self {
            postgres: postgres.to_owned(),
            postgres_process: process("postgres/cluster/postmaster.pid"),
            rabbitmq_process: process("rabbitmq/pid"),
        }
    }

    /// A database of its own.
    pub(crate) async fn database(&self, name: &str) -> Database {
        let name = format!("bench_{name}_{}_{}", std::process::id(), count());
        execute(&self.postgres, &format!("CREATE DATABASE {name}")).await;
        // What the measurement before left to be written is written now, and not in the middle of this one.
        execute(&self.postgres, "CHECKPOINT").await;
        let (server, _) = self.postgres.rsplit_once('/').expect("a database's address");
        Database { url: format!("{server}/{name}"), admin: self.postgres.clone(), name }
    }

    /// A virtual host of its own on the broker.
    pub(crate) fn vhost(&self, name: &str) -> String {
        script(&["vhost", &format!("bench-{name}-{}-{}", std::process::id(), count())]).trim().to_owned()
    }

    /// What the servers, this process and its ended children have used up by now.
    pub(crate) fn processor(&self) -> Processor {
        let own = Used::by(std::process::id()).expect("this process");
        Processor {
            postgres: Used::by_family(self.postgres_process),
            rabbitmq: Used::by(self.rabbitmq_process).map_or(0, |used| used.own),
            roles: 0,
            command: own.ended_children,
            bench: own.own,
        }
    }
}

impl Database {
    pub(crate) async fn drop(self) {
        execute(&self.admin, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

/// The services of measurements, beside those of tests.
const SET: &str = "bench";

fn count() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL");
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
}

fn script(arguments: &[&str]) -> String {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services.sh"))
        .args(arguments)
        .envs([("DIALTONE_TEST_SET", SET), ("PG_FSYNC", "on")])
        .output()
        .expect("tests/services.sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
