//! How long the synchronisation of a Unified CM takes and how much memory it needs, and how many requests a second the
//! simulated device answers. The device is a process of its own, over TLS.
//!
//! `cargo bench --bench synchronise [-- PHONES]`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dialtone_drivers::{Call, Driver, PageRequest, for_device};
use dialtone_model::{
    Action, Attributes, Device, DeviceId, DeviceKind, DeviceLimits, LineTarget, ObjectKind, OrderId, OrganizationId,
    Step, SyncScope, Tls,
};
use dialtone_simulator::Simulator;
use tokio::task::JoinSet;
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const VERSION: &str = "12.5";
const TIMEOUT: Duration = Duration::from_secs(60);
/// How many requests are under way at once while the device is filled.
const CONCURRENCY: u64 = 16;

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match arguments.first().map(String::as_str) {
        Some("device") => runtime.block_on(simulate()),
        Some("read") => runtime.block_on(read(&arguments[1], &arguments[2])),
        _ => {
            let phones = arguments.pop().map_or(Ok(50_000), |number| number.parse())?;
            runtime.block_on(measure(phones))
        }
    }
}

/// The device's process: it listens until its parent closes its standard input.
async fn simulate() -> Result<()> {
    let simulator = Simulator::builder().unified_cm(VERSION, 0).start().await?;
    let (_, address) = simulator.unified_cm().next().ok_or("no address")?;
    println!("{address} {}", simulator.ca_pem().replace('\n', "|"));
    tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await??;
    simulator.stop().await;
    Ok(())
}

async fn measure(phones: u64) -> Result<()> {
    let mut child = start(&["device"])?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let (address, ca) = line.trim().split_once(' ').ok_or("no address")?;
    fill(connect(address, ca)?, phones).await?;
    let mut reader = start(&["read", address, ca])?;
    let mut said = String::new();
    reader.stdout.take().ok_or("no output")?.read_to_string(&mut said)?;
    print!("{said}");
    let read = reader.wait()?;
    drop(child.stdin.take());
    child.wait()?;
    if read.success() { Ok(()) } else { Err("the reading process failed".into()) }
}

/// Gives the device users, each with a phone and its line.
async fn fill(driver: Arc<dyn Driver>, phones: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let start = now();
    let mut callers: JoinSet<Result<u64>> = JoinSet::new();
    for _ in 0..CONCURRENCY {
        let (driver, next) = (Arc::clone(&driver), Arc::clone(&next));
        callers.spawn(async move {
            let mut done = 0;
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= phones {
                    return Ok(done);
                }
                for action in desk(index) {
                    let step = Step { device: DeviceId(Uuid::nil()), action };
                    let order = OrderId(Uuid::from_u128(index.into()));
                    driver.run(Call { order, index: 0, step: &step, timeout: TIMEOUT, secret: None }).await?;
                    done += 1;
                }
            }
        });
    }
    let mut steps = 0;
    while let Some(ended) = callers.join_next().await {
        steps += ended??;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{steps} steps, {CONCURRENCY} at once: {seconds:.2} s, {:.0} steps/s", steps as f64 / seconds);
    Ok(())
}

fn desk(index: u64) -> [Action; 4] {
    let (user, name, pattern) = (format!("user{index:06}"), format!("SEP{index:012X}"), format!("{}", 100_000 + index));
    let attributes = Attributes::new;
    [
        Action::AddSubscriber {
            user_id: user.clone(),
            first_name: Some("Sample".to_owned()),
            last_name: format!("User {index}"),
            attributes: attributes(),
        },
        Action::AddDirectoryNumber {
            pattern: pattern.clone(),
            partition: Some("Internal".to_owned()),
            attributes: attributes(),
        },
        Action::AddPhone {
            name: name.clone(),
            phone_type: "Cisco 8845".to_owned(),
            protocol: "SIP".to_owned(),
            owner: Some(user.clone()),
            attributes: attributes(),
        },
        Action::AttachLine {
            target: LineTarget::Phone,
            name,
            index: 1,
            pattern,
            partition: Some("Internal".to_owned()),
            associated_user: Some(user),
            attributes: attributes(),
        },
    ]
}

/// The reading process: it drops each page, as whoever stores them does.
async fn read(address: &str, ca: &str) -> Result<()> {
    let driver = connect(address, ca)?;
    let start = now();
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    let mut with_lines = 0;
    let mut request = PageRequest { scope: SyncScope::Subscribers, since: None, after: None };
    loop {
        let page = driver.read(&request, TIMEOUT).await?;
        for object in page.found {
            *found.entry(object.kind.word()).or_default() += 1;
            let has_line = object.attributes.contains_key("lines[1].pattern");
            with_lines += u64::from(object.kind == ObjectKind::Phone && has_line);
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => break,
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("read {found:?}, {with_lines} phones with a line, in {seconds:.2} s; at most {} MB of memory", peak()?);
    Ok(())
}

/// The most memory that this process ever had, in MB.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

fn connect(address: &str, ca: &str) -> Result<Arc<dyn Driver>> {
    Ok(for_device(&Device {
        id: DeviceId(Uuid::nil()),
        organization: OrganizationId(Uuid::nil()),
        name: "bench".to_owned(),
        kind: DeviceKind::UnifiedCm,
        address: format!("https://{address}"),
        version: Some(VERSION.to_owned()),
        login: "dialtone".to_owned(),
        password: "dialtone".to_owned(),
        secrets: BTreeMap::new(),
        tls: Tls::Ca(ca.replace('|', "\n")),
        settings: BTreeMap::new(),
        limits: DeviceLimits { concurrency: u16::try_from(CONCURRENCY)?, ..DeviceLimits::default() },
    })?)
}

fn start(arguments: &[&str]) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    Ok(command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
