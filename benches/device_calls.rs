//! How many calls a second a driver gets from a simulated device in its own process, over TLS, journal on disk.
//!
//! `cargo bench --bench device_calls [-- CALLS [CONCURRENCY]]`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dialtone_drivers::{Call, Driver, for_device};
use dialtone_model::{
    Action, AddOn, Device, DeviceId, DeviceKind, DeviceLimits, Extension, OrderId, OrganizationId, Step, Tls, UserId,
};
use dialtone_simulator::Simulator;
use tokio::task::JoinSet;
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if arguments.first().is_some_and(|role| role == "device") {
        return runtime.block_on(simulate(&arguments.swap_remove(1)));
    }
    let number = |index: usize, default: u64| arguments.get(index).map_or(Ok(default), |number| number.parse());
    let (calls, concurrency) = (number(0, 90_000)?, number(1, 16)?);
    runtime.block_on(measure(calls, concurrency))
}

/// The device's process: it listens until its parent closes its standard input.
async fn simulate(folder: &str) -> Result<()> {
    let simulator = Simulator::builder().data(folder).phone_system(0).start().await?;
    println!("{}", simulator.phone_system().ok_or("no address")?);
    tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0])).await??;
    simulator.stop().await;
    Ok(())
}

async fn measure(calls: u64, concurrency: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (mut child, address) = start_device(folder.path().to_str().ok_or("an odd folder")?)?;
    let device = Device {
        id: DeviceId(Uuid::nil()),
        organization: OrganizationId(Uuid::nil()),
        name: "bench".to_owned(),
        kind: DeviceKind::PhoneSystem,
        address: format!("https://{address}"),
        version: None,
        login: "dialtone".to_owned(),
        password: "dialtone".to_owned(),
        secrets: BTreeMap::new(),
        tls: Tls::Ca(std::fs::read_to_string(folder.path().join("ca.pem"))?),
        settings: BTreeMap::new(),
        limits: DeviceLimits { concurrency: u16::try_from(concurrency)?, ..DeviceLimits::default() },
    };
    let driver = for_device(&device)?;
    let next = Arc::new(AtomicU64::new(0));
    let start = now();
    let mut callers: JoinSet<Result<()>> = JoinSet::new();
    for _ in 0..concurrency {
        let (driver, next) = (Arc::clone(&driver), Arc::clone(&next));
        callers.spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= calls {
                    return Ok(());
                }
                provision(&*driver, index).await?;
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = calls as f64 / seconds;
    println!("phone-system: {calls} calls, {concurrency} at once: {seconds:.2} s, {rate:.0} calls/s");
    drop(child.stdin.take());
    child.wait()?;
    Ok(())
}

/// One call: a new extension, or for more calls than there are keys, other values for an old one.
async fn provision(driver: &dyn Driver, index: u64) -> Result<()> {
    let key = format!("{:05}", index % 100_000);
    let extension = Extension {
        directory_name: format!("Sample user {index}"),
        user: Some(UserId(Uuid::from_u128(index.into()))),
        number: Some(format!("4420{index:08}")),
        add_ons: vec![AddOn("call-recording".to_owned())],
        key: key.clone(),
    };
    let action = if index < 100_000 {
        Action::ProvisionExtension(extension)
    } else {
        Action::ChangeExtension { from: key, to: extension }
    };
    let step = Step { device: DeviceId(Uuid::nil()), action };
    let order = OrderId(Uuid::from_u128(index.into()));
    driver.run(Call { order, index: 0, step: &step, secret: None, timeout: Duration::from_secs(10) }).await?;
    Ok(())
}

fn start_device(folder: &str) -> Result<(Child, String)> {
    let mut device = Command::new(std::env::current_exe()?);
    let mut child = device.args(["device", folder]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut address)?;
    Ok((child, address.trim().to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
