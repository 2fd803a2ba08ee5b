use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use dialtone_model::Clock;
use dialtone_queue::Queue;
use dialtone_store::{Lease, Sightings, Store};
use serde_json::json;

use crate::backends;
use crate::clock::SystemClock;
use crate::configuration::Settings;
use crate::exit::Exit;
use crate::output::{print, print_json_lines};

/// How far the database's clock and this machine's may be apart before it is worth a word. Leases compare no clocks; the
/// times of tries and reports do.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);

/// Check everything that Dialtone depends on
///
/// The database with its schema, the broker with its queues, the place of the files, and the workers. Nothing is
/// changed, apart from a small file that is written and read where the files lie. Exit code 0 means that all is well or
/// has only warnings, 1 that something failed.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone doctor
  dialtone doctor --json")]
pub(crate) struct Arguments {}

/// What was found out about one thing.
struct Check {
    name: &'static str,
    state: Found,
    detail: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Well,
    Warning,
    Failed,
}

impl Found {
    const fn word(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

impl Check {
    fn of(name: &'static str, result: anyhow::Result<String>) -> Self {
        match result {
            Ok(detail) => Self { name, state: Found::Well, detail },
            Err(error) => Self { name, state: Found::Failed, detail: format!("{error:#}") },
        }
    }

    fn warning(name: &'static str, detail: String) -> Self {
        Self { name, state: Found::Warning, detail }
    }
}

/// Runs the command.
pub(crate) async fn run(json: bool, settings: &Settings, clock: SystemClock) -> anyhow::Result<ExitCode> {
    let mut checks = Vec::new();
    let mut shards = None;
    match backends::open_store(settings).await {
        Ok(store) => {
            checks.push(Check::of("database", database(&store, clock).await));
            checks.extend(clocks(&store, clock).await);
            shards = store.shards().await?;
            if settings.is_scaled_out() {
                checks.push(workers(&store, settings, clock, shards.unwrap_or_default()).await);
            }
        }
        Err(error) => checks.push(Check::of("database", Err(error))),
    }
    checks.push(broker(settings, shards).await);
    checks.push(Check::of("files", files(settings).await));
    tell(json, &checks)
}

fn tell(json: bool, checks: &[Check]) -> anyhow::Result<ExitCode> {
    if json {
        print_json_lines(
            checks
                .iter()
                .map(|check| json!({ "check": check.name, "state": check.state.word(), "detail": check.detail })),
        )?;
    } else {
        for check in checks {
            print(format_args!("{:<8} {:<9} {}", check.state.word(), check.name, check.detail))?;
        }
    }
    let failed = checks.iter().any(|check| check.state == Found::Failed);
    Ok(if failed { Exit::Failed.into() } else { ExitCode::SUCCESS })
}

async fn database(store: &Store, clock: SystemClock) -> anyhow::Result<String> {
    let server = store.server().await?;
    let asked = clock.monotonic();
    store.ping().await?;
    let latency = (clock.monotonic() - asked).as_secs_f64() * 1e3;
    Ok(format!("{}, schema {}, answers in {latency:.1} ms", server.name, store.schema_version().await?))
}

/// A word on the clocks where they are far apart.
async fn clocks(store: &Store, clock: SystemClock) -> Option<Check> {
    let theirs = store.server().await.ok()?.now?;
    let apart = theirs.duration_since(clock.now());
    let apart = Duration::try_from(apart.abs()).ok()?;
    (apart > CLOCK_DIFFERENCE).then(|| {
        Check::warning("clock", format!("the database's clock and this machine's are {} s apart", apart.as_secs()))
    })
}

/// Watches the leases for half a time to live, in which a live holder shows itself.
async fn workers(store: &Store, settings: &Settings, clock: SystemClock, shards: u16) -> Check {
    let looked = async {
        let mut sightings = Sightings::default();
        let before = store.leases(shards).await?;
        for lease in &before {
            sightings.note(*lease, Duration::ZERO);
        }
        clock.sleep(settings.lease_ttl / 2).await;
        let after = store.leases(shards).await?;
        let alive: Vec<Lease> = after
            .into_iter()
            .filter(|lease| !lease.is_free() && !sightings.is_stale(lease, Duration::ZERO, Duration::ZERO))
            .collect();
        anyhow::Ok(alive)
    };
    match looked.await {
        Err(error) => Check::of("workers", Err(error)),
        Ok(alive) => {
            let mut holders: Vec<_> = alive.iter().map(|lease| lease.holder).collect();
            holders.sort_unstable();
            holders.dedup();
            let detail = format!("{} alive, {} of {shards} shards held", holders.len(), alive.len());
            if alive.len() == usize::from(shards) {
                Check::of("workers", Ok(detail))
            } else {
                Check::warning("workers", format!("{detail}: start `dialtone worker`"))
            }
        }
    }
}

async fn broker(settings: &Settings, shards: Option<u16>) -> Check {
    let Some(url) = &settings.queue_url else {
        return if settings.is_scaled_out() {
            Check::warning("queue", "no queue.url: workers ask the database every worker.pull_every instead".to_owned())
        } else {
            Check::of("queue", Ok("in the process".to_owned()))
        };
    };
    let Some(shards) = shards else {
        return Check::warning("queue", "not looked at: the database says how many queues there are".to_owned());
    };
    let looked = async {
        let queue = Queue::connect(url, shards, rand::random()).await?;
        let topology = queue.check().await?;
        queue.close().await;
        anyhow::Ok(topology)
    };
    match looked.await {
        Err(error) => Check::of("queue", Err(error)),
        Ok(topology) if !topology.is_sound() => {
            Check::of("queue", Err(anyhow::anyhow!("{topology}; `dialtone migrate` makes what is missing")))
        }
        Ok(topology) if topology.dead_letters > 0 => Check::warning("queue", topology.to_string()),
        Ok(topology) => Check::of("queue", Ok(topology.to_string())),
    }
}

async fn files(settings: &Settings) -> anyhow::Result<String> {
    backends::open_files(settings)?.check().await?;
    Ok("written and read".to_owned())
}
