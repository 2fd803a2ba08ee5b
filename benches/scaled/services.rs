use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The servers, as `tests/services.sh` starts them: PostgreSQL waits for the disk.
pub(crate) struct Services {
    postgres: String,
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
        Self { postgres: postgres.to_owned() }
    }

    /// A database of its own.
    pub(crate) async fn database(&self, name: &str) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("bench_{name}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        execute(&self.postgres, &format!("CREATE DATABASE {name}")).await;
        let (server, _) = self.postgres.rsplit_once('/').expect("a database's address");
        Database { url: format!("{server}/{name}"), admin: self.postgres.clone(), name }
    }

    /// A virtual host of its own on the broker.
    pub(crate) fn vhost(&self, name: &str) -> String {
        script(&["vhost", &format!("bench-{name}-{}", std::process::id())]).trim().to_owned()
    }
}

impl Database {
    pub(crate) async fn drop(self) {
        execute(&self.admin, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}

pub(crate) async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("PostgreSQL");
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
}

fn script(arguments: &[&str]) -> String {
    let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services.sh"))
        .args(arguments)
        .envs([("DIALTONE_TEST_SET", "bench"), ("PG_FSYNC", "on")])
        .output()
        .expect("tests/services.sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
