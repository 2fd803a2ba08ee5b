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
use crate::ios::{self, CommandLine, Cue, Router, SshFront};
use crate::journal::{self, JournalError, LogEntry};
use crate::phone_system::PhoneSystem;
use crate::recording::Recording;
use crate::server::{self, Device, Front};
use crate::unified_cm::{self, UnifiedCm};
use crate::unity_connection::UnityConnection;

/// Simulated devices that listen on loopback until they are stopped.
///
/// Dropping it cuts every connection at once, as when the devices lose power; [`Simulator::stop`] lets the requests in
/// hand finish.
#[derive(Debug)]
pub struct Simulator {
    ca_pem: String,
    ca_file: Option<PathBuf>,
    host_key: Option<String>,
    stop: watch::Sender<bool>,
    devices: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    protocol: Protocol,
    /// The device's version; empty where the protocol has none.
    version: String,
    address: SocketAddr,
    device: Arc<dyn Device>,
    faults: Arc<Faults>,
    gate: Arc<Gate>,
    /// Who has a session; `None` where a session is the connection itself.
    access: Option<Arc<Access>>,
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
    recording: Option<PathBuf>,
    clock: Arc<dyn Clock>,
    phone_system: Option<u16>,
    unified_cm: Vec<(String, u16)>,
    unity_connection: Option<u16>,
    ios: Option<u16>,
    cue: Option<u16>,
    privileged: bool,
    old_ssh: bool,
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
    /// A version of Unified CM whose schema isn't known.
    #[error("version {version} of Unified CM can't be simulated")]
    Version {
        /// The version that was asked for.
        version: String,
    },
    /// There is no key to show over SSH.
    #[error(transparent)]
    HostKey(#[from] ios::HostKeyError),
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
            recording: None,
            clock: Arc::new(DeviceClock),
            phone_system: None,
            unified_cm: Vec::new(),
            unity_connection: None,
            ios: None,
            cue: None,
            privileged: true,
            old_ssh: false,
        }
    }

    /// Where the Phone System listens, if there is one.
    pub fn phone_system(&self) -> Option<SocketAddr> {
        self.of(Protocol::PhoneSystem).next().map(|running| running.address)
    }

    /// Where Unified CM of each version listens.
    pub fn unified_cm(&self) -> impl Iterator<Item = (&str, SocketAddr)> {
        self.of(Protocol::Axl).map(|running| (running.version.as_str(), running.address))
    }

    /// Where Unity Connection listens, if there is one.
    pub fn unity_connection(&self) -> Option<SocketAddr> {
        self.of(Protocol::Cupi).next().map(|running| running.address)
    }

    /// Where the router with CM Express listens, if there is one.
    pub fn ios(&self) -> Option<SocketAddr> {
        self.of(Protocol::Ios).next().map(|running| running.address)
    }

    /// Where Unity Express listens, if there is one.
    pub fn cue(&self) -> Option<SocketAddr> {
        self.of(Protocol::Cue).next().map(|running| running.address)
    }

    /// The fingerprint of the key that the devices show over SSH, such as `SHA256:…`.
    pub fn host_key(&self) -> Option<&str> {
        self.host_key.as_deref()
    }

    /// The certificate, in PEM, of the authority that vouches for all the devices.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The file that holds it; `None` when nothing is kept on disk.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// Everything that the (first) device of a protocol holds, as `GET /simulator/state` lists it; null when there is
    /// none.
    pub fn state(&self, protocol: Protocol) -> serde_json::Value {
        self.of(protocol).next().map(|running| running.device.state()).unwrap_or_default()
    }

    /// Every request that the (first) device of a protocol has acted on, as `GET /simulator/log` lists them.
    pub fn log(&self, protocol: Protocol) -> io::Result<Vec<LogEntry>> {
        let Some(running) = self.of(protocol).next() else { return Ok(Vec::new()) };
        journal::entries(&running.device.log()?).map_err(|(_, error)| error.into())
    }

    /// Gives the devices of a protocol one more fault from now on.
    pub fn inject(&self, fault: FaultSpec) {
        self.of(fault.protocol).for_each(|running| running.inject(fault.kind.clone()));
    }

    /// Takes all faults of the devices of a protocol away.
    pub fn heal(&self, protocol: Protocol) {
        for running in self.of(protocol) {
            running.faults.clear();
            running.gate.open();
            if let Some(access) = &running.access {
                access.set_rest(None);
            }
            running.device.heal();
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
            Some(FaultKind::Session(rest)) => {
                if let Some(access) = &self.access {
                    access.set_rest(Some(rest));
                }
            }
            Some(fault) => self.device.inject(fault),
            None => {}
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

    /// Writes what goes over the wire of all HTTPS devices to this file, one JSON object an exchange, with whatever
    /// secrets the clients send.
    #[must_use]
    pub fn record(self, file: impl Into<PathBuf>) -> Self {
        Self { recording: Some(file.into()), ..self }
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

    /// Simulates a Unified CM of a version such as `12.5` on this port of loopback; 0 picks a free one. Several versions
    /// may be simulated at once.
    #[must_use]
    pub fn unified_cm(mut self, version: impl Into<String>, port: u16) -> Self {
        self.unified_cm.push((version.into(), port));
        self
    }

    /// Simulates a Unity Connection on this port of loopback; 0 picks a free one.
    #[must_use]
    pub fn unity_connection(self, port: u16) -> Self {
        Self { unity_connection: Some(port), ..self }
    }

    /// Simulates a router with CM Express on this port of loopback; 0 picks a free one. A Unity Express that is simulated
    /// too is the module in its slot `0/0`.
    #[must_use]
    pub fn ios(self, port: u16) -> Self {
        Self { ios: Some(port), ..self }
    }

    /// Simulates a Unity Express on this port of loopback; 0 picks a free one.
    #[must_use]
    pub fn cue(self, port: u16) -> Self {
        Self { cue: Some(port), ..self }
    }

    /// Has the account of the command lines begin with few rights, so that it must `enable`; the password is the same.
    #[must_use]
    pub fn unprivileged(self) -> Self {
        Self { privileged: false, ..self }
    }

    /// Has the command lines offer the SSH of old releases of IOS and nothing younger: key exchanges and checksums with
    /// SHA-1, ciphers in CBC mode, an `ssh-rsa` key. The key is an RSA key, which the data folder must have already, as
    /// `ssh-host-key` in OpenSSH's form.
    #[must_use]
    pub fn old_ssh(self) -> Self {
        Self { old_ssh: true, ..self }
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
        let recording = match &self.recording {
            Some(path) => {
                let failed = |source| StartError::Data { path: path.clone(), source };
                Some(Arc::new(Recording::create(path).map_err(failed)?))
            }
            None => None,
        };
        let tls = TlsAcceptor::from(identity.server_config()?);
        let mut simulator = Simulator {
            ca_file: self.data.as_deref().map(Identity::ca_file),
            ca_pem: identity.ca_pem,
            host_key: None,
            stop: watch::Sender::new(false),
            devices: Vec::new(),
        };
        let mut devices = Vec::new();
        if let Some(port) = self.phone_system {
            let faults = self.new_faults();
            let device =
                PhoneSystem::open(self.journal("phone-system").as_deref(), faults.clone(), self.clock.clone())?;
            devices.push((
                Place { protocol: Protocol::PhoneSystem, version: String::new(), port },
                shared(device),
                faults,
            ));
        }
        for (version, port) in &self.unified_cm {
            let number =
                unified_cm::known_version(version).ok_or_else(|| StartError::Version { version: version.clone() })?;
            let faults = self.new_faults();
            let journal = self.journal(&format!("axl-{version}"));
            let device = UnifiedCm::open(number, journal.as_deref(), faults.clone(), self.clock.clone())?;
            let place = Place { protocol: Protocol::Axl, version: version.clone(), port: *port };
            devices.push((place, shared(device), faults));
        }
        if let Some(port) = self.unity_connection {
            let faults = self.new_faults();
            let device = UnityConnection::open(self.journal("cupi").as_deref(), faults.clone(), self.clock.clone())?;
            devices.push((Place { protocol: Protocol::Cupi, version: String::new(), port }, shared(device), faults));
        }
        for (place, device, faults) in devices {
            let running = self.listen(place, device, faults, &recording, &tls, &simulator.stop).await?;
            simulator.devices.push(running);
        }
        self.listen_to_command_lines(&mut simulator).await?;
        for fault in self.faults {
            simulator.inject(fault);
        }
        Ok(simulator)
    }

    async fn listen_to_command_lines(&self, simulator: &mut Simulator) -> Result<(), StartError> {
        if self.ios.is_none() && self.cue.is_none() {
            return Ok(());
        }
        let host_key = ios::host_key(self.data.as_deref())?;
        simulator.host_key = Some(ios::fingerprint(&host_key));
        let mut module = None;
        if let Some(port) = self.cue {
            let faults = self.new_faults();
            let cue = Arc::new(Cue::open(self.journal("cue").as_deref(), faults.clone(), self.clock.clone())?);
            module = Some(Arc::clone(&cue));
            let front = self.ssh_front(CommandLine::Cue(Arc::clone(&cue)), &host_key);
            simulator.devices.push(listen_over_ssh(Protocol::Cue, port, cue, faults, front, &simulator.stop).await?);
        }
        if let Some(port) = self.ios {
            let faults = self.new_faults();
            let journal = self.journal("ios");
            let router = Arc::new(Router::open(journal.as_deref(), module, faults.clone(), self.clock.clone())?);
            let front = self.ssh_front(CommandLine::Router(Arc::clone(&router)), &host_key);
            simulator.devices.push(listen_over_ssh(Protocol::Ios, port, router, faults, front, &simulator.stop).await?);
        }
        Ok(())
    }

    fn ssh_front(&self, command_line: CommandLine, host_key: &ios::HostKey) -> SshFront {
        SshFront {
            command_line,
            gate: Arc::new(Gate::new(self.clock.clone())),
            clock: self.clock.clone(),
            login: self.login.clone(),
            password: self.password.clone(),
            privileged: self.privileged,
            host_key: host_key.clone(),
            old_algorithms: self.old_ssh,
        }
    }

    fn journal(&self, name: &str) -> Option<PathBuf> {
        self.data.as_ref().map(|folder| folder.join(format!("{name}.jsonl")))
    }

    fn new_faults(&self) -> Arc<Faults> {
        Arc::new(Faults::new(self.seed))
    }

    async fn listen(
        &self,
        place: Place,
        device: Arc<dyn Device>,
        faults: Arc<Faults>,
        recording: &Option<Arc<Recording>>,
        tls: &TlsAcceptor,
        stop: &watch::Sender<bool>,
    ) -> Result<Running, StartError> {
        let Place { protocol, version, port } = place;
        let failed = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let gate = Arc::new(Gate::new(self.clock.clone()));
        // The Phone System asks for login and password with every request; the others open sessions.
        let with_sessions = protocol != Protocol::PhoneSystem;
        let access = Arc::new(Access::new(&self.login, &self.password, with_sessions, self.clock.clone()));
        let front = Front {
            device: Arc::clone(&device),
            gate: Arc::clone(&gate),
            access: Arc::clone(&access),
            clock: self.clock.clone(),
            recording: recording.clone().map(|recording| (format!("{}{version}", protocol.name()), recording)),
        };
        let task = tokio::spawn(server::serve(listener, tls.clone(), front, stop.subscribe()));
        Ok(Running { protocol, version, address, device, faults, gate, access: Some(access), task })
    }
}

async fn listen_over_ssh(
    protocol: Protocol,
    port: u16,
    device: Arc<dyn Device>,
    faults: Arc<Faults>,
    front: SshFront,
    stop: &watch::Sender<bool>,
) -> Result<Running, StartError> {
    let failed = |source| StartError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let gate = Arc::clone(&front.gate);
    let task = tokio::spawn(ios::serve(listener, front, stop.subscribe()));
    Ok(Running { protocol, version: String::new(), address, device, faults, gate, access: None, task })
}

/// What is to listen where.
struct Place {
    protocol: Protocol,
    version: String,
    port: u16,
}

fn shared(device: impl Device) -> Arc<dyn Device> {
    Arc::new(device)
}
