use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use dialtone_model::{Clock, Device};
use dialtone_queue::Queue;
use dialtone_store::{Lease, Sightings, Store};
use serde_json::{Value, json};

use crate::backends::{self, Broker};
use crate::clock::SystemClock;
use crate::configuration::{Settings, time};
use crate::context::{Context, Everywhere};
use crate::device_check::{self, CheckState, Checks};
use crate::device_work::await_work;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::output::{print, print_json_lines};

/// How far the database's clock and this machine's may be apart before it is worth a word. Leases compare no clocks; the
/// times of tries and reports do.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);

/// Check everything that Dialtone depends on
///
/// The database with its schema, the broker with its queues, the place of the files, the workers, and every device: that
/// it is reached, which version it has, what the account may do, and its clock. Nothing is changed, apart from a small
/// file that is written and read where the files lie. Exit code 0 means that all is well or has only warnings, 1 that
/// something failed.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone doctor
  dialtone doctor --no-devices --json")]
pub(crate) struct Arguments {
    /// Leave the devices alone
    #[arg(long)]
    no_devices: bool,
    /// How long to wait for a worker to look at the devices
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    wait: Duration,
    #[command(flatten)]
    work: WorkArgs,
}

/// What was found out about one thing.
struct Check {
    name: &'static str,
    state: Found,
    detail: String,
    /// The checks of a device, for programs.
    device: Option<Value>,
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
            Ok(detail) => Self::new(name, Found::Well, detail),
            Err(error) => Self::new(name, Found::Failed, format!("{error:#}")),
        }
    }

    fn warning(name: &'static str, detail: impl Into<String>) -> Self {
        Self::new(name, Found::Warning, detail.into())
    }

    fn new(name: &'static str, state: Found, detail: String) -> Self {
        Self { name, state, detail, device: None }
    }
}

/// Runs the command.
pub(crate) async fn run(
    everywhere: &Everywhere,
    settings: Settings,
    clock: SystemClock,
    arguments: &Arguments,
) -> anyhow::Result<ExitCode> {
    let mut checks = Vec::new();
    let mut shards = None;
    let mut has_workers = true;
    match backends::open_store(&settings).await {
        Ok(store) => {
            checks.push(Check::of("database", database(&store, clock).await));
            checks.extend(clocks(&store, clock).await);
            shards = store.shards().await?;
            if settings.is_scaled_out() {
                let workers = workers(&store, &settings, clock, shards.unwrap_or_default()).await;
                has_workers = workers.state == Found::Well;
                checks.push(workers);
            }
        }
        Err(error) => checks.push(Check::of("database", Err(error))),
    }
    checks.push(broker(&settings, shards).await);
    checks.push(Check::of("files", files(&settings).await));
    if !arguments.no_devices {
        if checks.iter().any(|check| check.state == Found::Failed) || !has_workers {
            checks.push(Check::warning("device", "not looked at: what is told above comes first"));
        } else {
            let context = Context::open(everywhere, settings, clock, Broker::WhenNeeded).await?;
            checks.extend(devices(&context, arguments).await);
            context.operations.queue.close().await;
        }
    }
    tell(everywhere.json, &checks)
}

/// Has every device of every organization looked at by whoever drives it.
async fn devices(context: &Context, arguments: &Arguments) -> Vec<Check> {
    let looked = async {
        let devices = context.operations.store.all_devices().await?;
        let mut ids = Vec::with_capacity(devices.len());
        for device in &devices {
            ids.push(context.operations.probe_device(&context.actor, device.id).await?);
        }
        let work = await_work(context, &arguments.work, &ids, arguments.wait, |_| {}).await?;
        anyhow::Ok((devices, work.context("it was interrupted")?))
    };
    match looked.await {
        Err(error) => vec![Check::of("device", Err(error))],
        Ok((devices, _)) if devices.is_empty() => vec![Check::of("device", Ok("there is none yet".to_owned()))],
        Ok((devices, work)) => {
            devices.iter().zip(&work).map(|(device, work)| of_device(device, &Checks::new(device, work))).collect()
        }
    }
}

/// What was found out about one device, in one line.
fn of_device(device: &Device, checks: &Checks<'_>) -> Check {
    let worst = |state| checks.checks.iter().filter(move |check| check.state == state);
    let trouble: Vec<_> = worst(CheckState::Failed).chain(worst(CheckState::Warning)).collect();
    let state = if checks.is_unsupported() || (checks.is_well() && !trouble.is_empty()) {
        Found::Warning
    } else if checks.is_well() {
        Found::Well
    } else {
        Found::Failed
    };
    let told: Vec<String> = if trouble.is_empty() {
        let of_interest = checks.checks.iter().filter(|check| !["settings", "tls", "login"].contains(&check.check));
        of_interest.map(|check| format!("{} {}", check.check, check.message)).collect()
    } else {
        let repaired = |repair: &String| format!(" ({repair})");
        let told = |check: &&device_check::Check| {
            let repair = check.repair.as_ref().map(repaired).unwrap_or_default();
            format!("{} {}{repair}", check.check, check.message)
        };
        trouble.iter().map(told).collect()
    };
    let detail = format!("{} ({}): {}", device.name, device.kind, told.join("; "));
    Check { device: Some(checks.json()), ..Check::new("device", state, detail) }
}

fn tell(json: bool, checks: &[Check]) -> anyhow::Result<ExitCode> {
    if json {
        print_json_lines(checks.iter().map(|check| {
            let mut line = json!({ "check": check.name, "state": check.state.word(), "detail": check.detail });
            if let Some(device) = &check.device {
                line["device"] = device.clone();
            }
            line
        }))?;
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
            Check::warning("queue", "no queue.url: workers ask the database every worker.pull_every instead")
        } else {
            Check::of("queue", Ok("in the process".to_owned()))
        };
    };
    let Some(shards) = shards else {
        return Check::warning("queue", "not looked at: the database says how many queues there are");
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
