//! PostgreSQL and RabbitMQ of this suite's own, because it kills them.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The servers, and the right to be the only test that uses them now.
pub(crate) struct Services {
    pub(crate) postgres_url: String,
    _turn: MutexGuard<'static, ()>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Server {
    Postgres,
    RabbitMq,
}

impl Server {
    fn word(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::RabbitMq => "rabbitmq",
        }
    }
}

impl Services {
    /// Both are up; another test waits until this is dropped.
    pub(crate) fn up() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        static ENVIRONMENT: OnceLock<String> = OnceLock::new();
        // A test that failed leaves nothing behind that the next one couldn't start with.
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        script(&["up"]);
        let environment = ENVIRONMENT.get_or_init(|| script(&["env"]));
        let postgres_url = environment.lines().find_map(|line| line.strip_prefix("export DIALTONE_TEST_POSTGRES_URL="));
        Self { postgres_url: postgres_url.unwrap().to_owned(), _turn: turn }
    }

    /// A name that no earlier database or virtual host has.
    pub(crate) fn fresh_name() -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        format!("faults-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
    }

    /// The URL of a new virtual host.
    pub(crate) fn virtual_host(&self, name: &str) -> String {
        script(&["vhost", name]).trim().to_owned()
    }

    pub(crate) fn start(&self, server: Server) {
        script(&["start", server.word()]);
    }

    pub(crate) fn stop(&self, server: Server) {
        script(&["stop", server.word()]);
    }

    pub(crate) fn kill(&self, server: Server) {
        script(&["kill", server.word()]);
    }

    /// What `rabbitmqctl` says.
    pub(crate) fn ctl(&self, arguments: &[&str]) -> String {
        let arguments: Vec<&str> = ["ctl"].iter().chain(arguments).copied().collect();
        script(&arguments)
    }
}

fn script(arguments: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/services.sh");
    let run = Command::new(path).args(arguments).env("DIALTONE_TEST_SET", "faults").output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "tests/services.sh {arguments:?}: {said}");
    String::from_utf8(run.stdout).unwrap()
}
