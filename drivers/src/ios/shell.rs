use std::sync::{Arc, Mutex, PoisonError};

use dialtone_model::{Complaint, ExposeSecret as _, Fault};
use russh::client::{self, AuthResult, Config, Handler, KeyboardInteractiveAuthResponse};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelMsg, Error};
use tokio::time::{Instant, timeout_at};

use super::screen::Screen;
use super::target::{HostKey, Target};
use crate::dial::DialError;
use crate::http::credentials_refused;

/// A terminal on a device.
pub(super) struct Shell {
    /// Kept, because the connection ends with it.
    _connection: client::Handle<KeyCheck>,
    channel: Channel<client::Msg>,
    /// What has come and nobody has read yet.
    received: Screen,
}

/// Why nothing more comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    Closed,
    Timeout,
    /// More has come than any answer has.
    TooMuch,
}

/// No configuration of such a device comes near this.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;
/// Wide enough that no line is wrapped.
const COLUMNS: u32 = 511;
const MORE: &[u8] = b"--More--";

impl Shell {
    /// Connects, logs in, and gets a terminal. Whatever goes wrong, the device has done nothing.
    pub(super) async fn open(target: &Target, deadline: Instant) -> Result<Self, Fault> {
        let opened = timeout_at(deadline, Self::connect(target)).await;
        opened
            .unwrap_or_else(|_| {
                let Target { host, port, .. } = target;
                Err(Complaint::new("timeout", format!("{host}:{port} let nobody in within the time of the call")))
            })
            .map_err(not_sent)
    }

    async fn connect(target: &Target) -> Result<Self, Complaint> {
        let Target { host, port, .. } = target;
        let unreachable = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::ConnectionRefused {
                Complaint::new("connection-refused", format!("{host}:{port} refuses connections"))
            } else {
                Complaint::new("unreachable", format!("{host}:{port} can't be reached: {error}"))
            }
        };
        let stream = target.dialler.connect(host, *port).await.map_err(|error| match error {
            DialError::Io(error) => unreachable(error),
            DialError::NotAllowed(complaint) => complaint,
        })?;
        // Every line is short and waits for its answer.
        stream.set_nodelay(true).map_err(unreachable)?;
        let config = Config { preferred: target.algorithms(), ..Config::default() };
        let shown = Arc::new(Mutex::new(String::new()));
        let check = KeyCheck { wanted: target.host_key.clone(), shown: Arc::clone(&shown) };
        let mut connection = client::connect_stream(Arc::new(config), stream, check).await.map_err(|error| {
            let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
            handshake_failed(target, &shown, &error)
        })?;
        let lost = |error: Error| {
            Complaint::new("connection-lost", format!("{host}:{port} closed the connection at the login: {error}"))
        };
        if !log_in(&mut connection, target).await.map_err(lost)? {
            return Err(credentials_refused().complaint().clone());
        }
        let channel = connection.channel_open_session().await.map_err(lost)?;
        channel.request_pty(false, "vt100", COLUMNS, 0, 0, 0, &[]).await.map_err(lost)?;
        channel.request_shell(false).await.map_err(lost)?;
        Ok(Self { _connection: connection, channel, received: Screen::default() })
    }

    /// Types a line.
    pub(super) async fn send(&mut self, line: &str, deadline: Instant) -> Result<(), Silence> {
        let bytes = format!("{line}\r").into_bytes();
        match timeout_at(deadline, self.channel.data_bytes(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Silence::Closed),
            Err(_) => Err(Silence::Timeout),
        }
    }

    /// Reads until `found` finds in the last line, which isn't finished, what is waited for; gives all of it.
    pub(super) async fn read_until<T>(
        &mut self,
        found: impl Fn(&str) -> Option<T>,
        deadline: Instant,
    ) -> Result<(String, T), Silence> {
        let in_last_line = |received: &Screen| found(&String::from_utf8_lossy(received.last_line()));
        self.read(in_last_line, deadline).await
    }

    /// Reads until `found` finds what is waited for in what has come so far; gives all of it.
    pub(super) async fn read<T>(
        &mut self,
        found: impl Fn(&Screen) -> Option<T>,
        deadline: Instant,
    ) -> Result<(String, T), Silence> {
        loop {
            if let Some(found) = found(&self.received) {
                return Ok((self.received.take(), found));
            }
            if self.received.last_line().trim_ascii().ends_with(MORE) {
                self.turn_page(deadline).await?;
            }
            match timeout_at(deadline, self.channel.wait()).await {
                Ok(Some(ChannelMsg::Data { data })) => self.received.show(&data),
                Ok(Some(ChannelMsg::Eof | ChannelMsg::Close) | None) => return Err(Silence::Closed),
                Ok(Some(_)) => {}
                Err(_) => return Err(Silence::Timeout),
            }
            if self.received.text().len() > LARGEST_ANSWER {
                return Err(Silence::TooMuch);
            }
        }
    }

    /// The device pages although it was told not to: it wants a key for the next page.
    async fn turn_page(&mut self, deadline: Instant) -> Result<(), Silence> {
        self.received.clear_last_line();
        match timeout_at(deadline, self.channel.data_bytes(&b" "[..])).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Silence::Closed),
            Err(_) => Err(Silence::Timeout),
        }
    }
}

/// By password, or as answer to the one question that an authentication server asks.
async fn log_in(connection: &mut client::Handle<KeyCheck>, target: &Target) -> Result<bool, Error> {
    let password = target.password.expose_secret();
    let remaining = match connection.authenticate_password(&target.login, password).await? {
        AuthResult::Success => return Ok(true),
        AuthResult::Failure { remaining_methods, .. } => remaining_methods,
    };
    if !remaining.contains(&russh::MethodKind::KeyboardInteractive) {
        return Ok(false);
    }
    let mut reply = connection.authenticate_keyboard_interactive_start(&target.login, None).await?;
    loop {
        match reply {
            KeyboardInteractiveAuthResponse::Success => return Ok(true),
            KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } if prompts.len() > 1 => return Ok(false),
            KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => {
                let answers = prompts.iter().map(|_| password.to_owned()).collect();
                reply = connection.authenticate_keyboard_interactive_respond(answers).await?;
            }
        }
    }
}

/// Compares the key that the device shows with the one that is known.
#[derive(Debug)]
struct KeyCheck {
    wanted: HostKey,
    shown: Arc<Mutex<String>>,
}

impl Handler for KeyCheck {
    type Error = Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else { return Ok(false) };
        let shown = key.fingerprint(HashAlg::Sha256).to_string();
        let known = match &self.wanted {
            HostKey::Pinned(wanted) => *wanted == shown,
            HostKey::Unknown => false,
            HostKey::Any => true,
        };
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
        Ok(known)
    }
}

fn handshake_failed(target: &Target, shown: &str, error: &Error) -> Complaint {
    let Target { host, port, host_key, legacy_algorithms, .. } = target;
    match (error, host_key) {
        (Error::UnknownKey, HostKey::Unknown) => Complaint::new(
            "host-key-unknown",
            format!("{host}:{port} shows the key {shown}, which nobody has vouched for"),
        )
        .repair(format!("Compare it with the device's own and set ssh.host-key to {shown}.")),
        (Error::UnknownKey, HostKey::Pinned(wanted)) => Complaint::new(
            "host-key-changed",
            format!("{host}:{port} shows the key {shown}, but {wanted} is known: it may be somebody else"),
        )
        .repair("Find out why; if the device has a new key, set ssh.host-key to it."),
        (Error::NoCommonAlgo { kind, theirs, .. }, _) => {
            let offers = format!("{host}:{port} offers no {kind:?} algorithm that is safe, only {}", theirs.join(", "));
            let complaint = Complaint::new("ssh-algorithms", offers);
            if *legacy_algorithms {
                complaint
            } else {
                complaint.repair("Renew the device's software, or set ssh.legacy-algorithms to yes.")
            }
        }
        _ => Complaint::new(
            "connection-closed",
            format!(
                "{host}:{port} ended the connection before anybody could log in ({error}): its lines may all be taken"
            ),
        ),
    }
}

fn not_sent(complaint: Complaint) -> Fault {
    Fault::NotSent { complaint, retry_after: None }
}
