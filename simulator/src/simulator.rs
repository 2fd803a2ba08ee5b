use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dialtone_model::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::access::Access;
use crate::certificate::{CertificateError, Identity};
use crate::clock::DeviceClock;
use crate::fault::{FaultKind, FaultSpec, Faults, Protocol};
use crate::gate::Gate;
use crate::journal::{self, JournalError, LogEntry};
use crate::phone_system::PhoneSystem;
use crate::server::{self, Device, Front};

/// Simulated devices that listen on loopback until they are stopped.
///
/// Dropping it cuts every connection at once, as when the devices lose power; [`Simulator::stop`] lets the requests in
/// hand finish.
#[derive(Debug)]
pub struct Simulator {
    ca_pem: String,
    ca_file: Option<PathBuf>,
    stop: watch::Sender<bool>,
    devices: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    protocol: Protocol,
    address: SocketAddr,
    device: Arc<dyn Device>,
    faults: Arc<Faults>,
    gate: Arc<Gate>,
    task: JoinHandle<()>,
}

/// Which devices to simulate, and how.
#[derive(Debug)]
pub struct Builder {
    data: Option<PathBuf>,
    login: String,
    password: String,
    seed: u64,
    faults: Vec<FaultSpec>,
    clock: Arc<dyn Clock>,
    phone_system: Option<u16>,
}

/// Why the simulated devices did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder can't be made.
    #[error("{}: {source}", path.display())]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no certificate to show.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A port can't be listened on.
    #[error("port {port}: {source}")]
    Listen {
        /// Which.
        port: u16,
        /// Why.
        source: io::Error,
    },
}

impl Simulator {
    /// Begins with no device, the login `dialtone`, the password `dialtone`, nothing kept on disk and no faults.
    pub fn builder() -> Builder {
        Builder {
            data: None,
            login: "dialtone".to_owned(),
            password: "dialtone".to_owned(),
            seed: 0,
            faults: Vec::new(),
            clock: Arc::new(DeviceClock),
            phone_system: None,
        }
    }

    /// Where the Phone System listens, if there is one.
    pub fn phone_system(&self) -> Option<SocketAddr> {
        self.addresses(Protocol::PhoneSystem).next()
    }

    /// Where the devices of a protocol listen.
    pub fn addresses(&self, protocol: Protocol) -> impl Iterator<Item = SocketAddr> {
        self.of(protocol).map(|running| running.address)
    }

    /// The certificate, in PEM, of the authority that vouches for all the devices.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file that holds it; `None` when nothing is kept on disk.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Everything that the device of a protocol holds, as `GET /simulator/state` lists it; null when there is none.
    pub fn state(&self, protocol: Protocol) -> serde_json::Value {
        self.of(protocol).next().map(|running| running.device.state()).unwrap_or_default()
    }

    /// Every request that the device of a protocol has acted on, as `GET /simulator/log` lists them.
    pub fn log(&self, protocol: Protocol) -> io::Result<Vec<LogEntry>> {
        let Some(running) = self.of(protocol).next() else { return Ok(Vec::new()) };
        journal::entries(&running.device.log()?).map_err(|(_, error)| error.into())
    }

    /// Gives a device one more fault from now on; without effect when there is no such device.
    pub fn inject(&self, fault: FaultSpec) {
        if let Some(running) = self.of(fault.protocol).next() {
            running.inject(fault.kind);
        }
    }

    /// Takes all faults of the devices of a protocol away.
    pub fn heal(&self, protocol: Protocol) {
        if let Some(running) = self.of(protocol).next() {
            running.faults.clear();
            running.gate.open();
        }
    }

    /// Lets the requests in hand finish, then closes everything.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for running in &mut self.devices {
            if let Err(error) = (&mut running.task).await {
                tracing::error!(%error, "a simulated device ended abruptly");
            }
        }
    }

    fn of(&self, protocol: Protocol) -> impl Iterator<Item = &Running> {
        self.devices.iter().filter(move |running| running.protocol == protocol)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        for running in &self.devices {
            running.task.abort();
        }
    }
}

impl Running {
    fn inject(&self, kind: FaultKind) {
        match self.faults.add(kind) {
            Some(FaultKind::Latency(latency)) => self.gate.set_latency(latency),
            Some(FaultKind::Rate(rate)) => self.gate.set_rate(rate),
            Some(FaultKind::Concurrency(concurrency)) => self.gate.set_concurrency(concurrency),
            Some(_) | None => {}
        }
    }
}

impl Builder {
    /// Keeps state, logs and the certificate in this folder, and goes on from what is there.
    #[must_use]
    pub fn data(self, folder: impl Into<PathBuf>) -> Self {
        Self { data: Some(folder.into()), ..self }
    }

    /// The account that the devices know.
    #[must_use]
    pub fn account(self, login: impl Into<String>, password: impl Into<String>) -> Self {
        Self { login: login.into(), password: password.into(), ..self }
    }

    /// What the shares of [`FaultSpec`] are drawn from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// One more fault from the start.
    #[must_use]
    pub fn fault(mut self, fault: FaultSpec) -> Self {
        self.faults.push(fault);
        self
    }

    /// The devices' time, for latency, throttling and the log.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Simulates a Phone System on this port of loopback; 0 picks a free one.
    #[must_use]
    pub fn phone_system(self, port: u16) -> Self {
        Self { phone_system: Some(port), ..self }
    }

    /// Starts to listen.
    pub async fn start(self) -> Result<Simulator, StartError> {
        let identity = match &self.data {
            Some(folder) => {
                std::fs::create_dir_all(folder).map_err(|source| StartError::Data { path: folder.clone(), source })?;
                Identity::kept_in(folder)?
            }
            None => Identity::new()?,
        };
        let tls = TlsAcceptor::from(identity.server_config()?);
        let mut simulator = Simulator {
            ca_file: self.data.as_deref().map(Identity::ca_file),
            ca_pem: identity.ca_pem,
            stop: watch::Sender::new(false),
            devices: Vec::new(),
        };
        if let Some(port) = self.phone_system {
            let faults = Arc::new(Faults::new(self.seed));
            let journal = self.journal(Protocol::PhoneSystem);
            let device = PhoneSystem::open(journal.as_deref(), Arc::clone(&faults), Arc::clone(&self.clock))?;
            let device = Arc::new(device);
            let running = self.listen(Protocol::PhoneSystem, port, device, faults, &tls, &simulator.stop).await?;
            simulator.devices.push(running);
        }
        for fault in self.faults {
            simulator.inject(fault);
        }
        Ok(simulator)
    }

    fn journal(&self, protocol: Protocol) -> Option<PathBuf> {
        self.data.as_ref().map(|folder| folder.join(format!("{}.jsonl", protocol.name())))
    }

    async fn listen(
        &self,
        protocol: Protocol,
        port: u16,
        device: Arc<dyn Device>,
        faults: Arc<Faults>,
        tls: &TlsAcceptor,
        stop: &watch::Sender<bool>,
    ) -> Result<Running, StartError> {
        let failed = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let gate = Arc::new(Gate::new(Arc::clone(&self.clock)));
        let front = Front {
            device: Arc::clone(&device),
            gate: Arc::clone(&gate),
            access: Access::new(&self.login, &self.password),
            clock: Arc::clone(&self.clock),
        };
        let task = tokio::spawn(server::serve(listener, tls.clone(), front, stop.subscribe()));
        Ok(Running { protocol, address, device, faults, gate, task })
    }
}
