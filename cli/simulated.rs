use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use dialtone_drivers::{AddressRule, Driver, for_device, for_device_within};
use dialtone_model::{Device, DeviceId, DeviceKind, Tls};
use dialtone_scheduler::SIMULATED;
use dialtone_simulator::{FaultSpec, Simulator};
use dialtone_worker::DriverFactory;
use tokio::sync::Mutex;

/// The account of the devices that this process simulates.
const ACCOUNT: &str = "dialtone";

/// The devices that this process simulates: each is started when it is first driven, also one that is added while the
/// process runs.
pub(crate) struct SimulatedDevices {
    folder: PathBuf,
    faults: Vec<FaultSpec>,
    /// Where other devices may be called.
    rule: AddressRule,
    running: Mutex<HashMap<DeviceId, Running>>,
}

#[derive(Debug)]
struct Running {
    simulator: Simulator,
    kind: DeviceKind,
    version: Option<String>,
}

impl SimulatedDevices {
    /// None yet. What they hold is kept in the folder, and all have these faults. Devices that aren't simulated are called
    /// as the rule allows.
    pub(crate) fn new(folder: PathBuf, faults: &[FaultSpec], rule: AddressRule) -> Arc<Self> {
        Arc::new(Self { folder, faults: faults.to_vec(), rule, running: Mutex::default() })
    }

    /// The drivers of all devices; a simulated one is reached where it listens in this process.
    pub(crate) fn drivers(self: &Arc<Self>) -> DriverFactory {
        let simulated = Arc::clone(self);
        Arc::new(move |device| {
            let simulated = Arc::clone(&simulated);
            Box::pin(async move { simulated.driver(device).await })
        })
    }

    /// Stops them all.
    pub(crate) async fn stop(&self) {
        for (_, running) in self.running.lock().await.drain() {
            running.simulator.stop().await;
        }
    }

    async fn driver(&self, device: Device) -> Result<Arc<dyn Driver>, String> {
        let driver = if device.address == SIMULATED && device.kind != DeviceKind::Null {
            for_device(&self.reached(device).await?)
        } else {
            for_device_within(&device, Arc::clone(&self.rule))
        };
        driver.map_err(|error| error.to_string())
    }

    /// The row of a simulated device as one that can be reached.
    async fn reached(&self, device: Device) -> Result<Device, String> {
        let mut all = self.running.lock().await;
        let fits = |running: &Running| running.kind == device.kind && running.version == device.version;
        if !all.get(&device.id).is_some_and(fits) {
            if let Some(outdated) = all.remove(&device.id) {
                outdated.simulator.stop().await;
            }
            let simulator = self.start(&device).await?;
            let running = Running { simulator, kind: device.kind, version: device.version.clone() };
            all.insert(device.id, running);
        }
        let simulator = all.get(&device.id).map(|running| &running.simulator);
        let Some((simulator, address)) = simulator.and_then(|simulator| Some((simulator, address(simulator)?))) else {
            return Err(format!("the simulated {} listens nowhere", device.name));
        };
        let mut settings = device.settings;
        settings.extend(simulator.host_key().map(|key| ("ssh.host-key".to_owned(), key.to_owned())));
        Ok(Device {
            address,
            tls: Tls::Ca(simulator.ca_pem().to_owned()),
            login: ACCOUNT.to_owned(),
            password: ACCOUNT.to_owned(),
            settings,
            ..device
        })
    }

    async fn start(&self, device: &Device) -> Result<Simulator, String> {
        let mut builder = Simulator::builder().data(self.folder.join(device.id.to_string())).account(ACCOUNT, ACCOUNT);
        builder = match device.kind {
            DeviceKind::PhoneSystem => builder.phone_system(0),
            DeviceKind::UnifiedCm => {
                let version = device.version.clone();
                builder.unified_cm(version.ok_or_else(|| format!("the simulated {} has no version", device.name))?, 0)
            }
            DeviceKind::UnityConnection => builder.unity_connection(0),
            DeviceKind::CmExpress => builder.ios(0),
            DeviceKind::UnityExpress => builder.cue(0),
            kind @ (DeviceKind::Kamailio | DeviceKind::Unity | DeviceKind::ImPresence | DeviceKind::Null) => {
                return Err(format!("no {kind} can be simulated"));
            }
        };
        for fault in &self.faults {
            builder = builder.fault(fault.clone());
        }
        builder.start().await.map_err(|error| format!("the simulated device {} did not start: {error}", device.name))
    }
}

/// Where the one device of a simulator is reached.
fn address(simulator: &Simulator) -> Option<String> {
    let https = simulator
        .phone_system()
        .or_else(|| simulator.unity_connection())
        .or_else(|| simulator.unified_cm().next().map(|(_, address)| address));
    let ssh = simulator.ios().or_else(|| simulator.cue());
    https.map(|at| format!("https://{at}")).or_else(|| ssh.map(|at| format!("ssh://{at}")))
}
