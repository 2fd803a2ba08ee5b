use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dialtone_model::Clock;
use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Response, Session as Ssh};
use russh::{Channel, ChannelId, MethodKind, MethodSet, Preferred, Pty, SshId, cipher, kex, mac};
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::cue::{Cue, CueSession};
use super::router::{Router, RouterSession};
use super::session::Session;
use super::terminal::{End, Printed, Terminal};
use crate::gate::Gate;
use crate::server::{Device, stopped};

/// A command line behind a listener.
#[derive(Clone, Debug)]
pub(crate) enum CommandLine {
    Router(Arc<Router>),
    Cue(Arc<Cue>),
}

/// What a listener needs beside its socket.
#[derive(Clone)]
pub(crate) struct SshFront {
    pub(crate) command_line: CommandLine,
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) login: String,
    pub(crate) password: String,
    /// Whether the account may do everything without `enable`.
    pub(crate) privileged: bool,
    pub(crate) host_key: PrivateKey,
    /// Whether it offers what releases of IOS before 2014 offer, and nothing that came later.
    pub(crate) old_algorithms: bool,
}

/// What a recent IOS has; the younger exchanges of OpenSSH it doesn't know.
const KEY_EXCHANGES: &[kex::Name] = &[
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::DH_G14_SHA256,
    kex::DH_G16_SHA512,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

const RECENT: Preferred = Preferred { kex: Cow::Borrowed(KEY_EXCHANGES), ..Preferred::DEFAULT };

const OLD: Preferred = Preferred {
    kex: Cow::Borrowed(&[kex::DH_G14_SHA1, kex::DH_G1_SHA1]),
    key: Cow::Borrowed(&[Algorithm::Rsa { hash: None }]),
    cipher: Cow::Borrowed(&[cipher::AES_128_CBC, cipher::AES_256_CBC]),
    mac: Cow::Borrowed(&[mac::HMAC_SHA1]),
    ..Preferred::DEFAULT
};

/// Bytes between the socket and the protocol; a window of SSH has room in it.
const BUFFER: usize = 64 * 1024;

/// Serves until `stop` turns true. Dropping it cuts all connections.
pub(crate) async fn serve(listener: TcpListener, front: SshFront, mut stop: watch::Receiver<bool>) {
    let config = Arc::new(front.config());
    let mut connections = JoinSet::new();
    let connections_stop = stop.clone();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, Arc::clone(&config), front.clone(), connections_stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    connections.join_next().await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// One connection. The protocol runs behind a pipe, so that a line can be cut in the middle of anything.
async fn converse(mut stream: TcpStream, config: Arc<Config>, front: SshFront, mut stop: watch::Receiver<bool>) {
    let Some(_line) = front.gate.take_line() else {
        // Before its own version a server may say what it likes.
        let _ = stream.write_all(b"% Connection refused, no free line\r\n").await;
        return;
    };
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let (mut near, far) = tokio::io::duplex(BUFFER);
    let (cut, mut is_cut) = watch::channel(false);
    let handler = Login { front, cut, who: String::new(), terminal: None };
    let protocol = async {
        match russh::server::run_stream(config, far, handler).await {
            Ok(running) => {
                if let Err(error) = running.await {
                    tracing::debug!(%error, "an SSH connection ended");
                }
            }
            Err(error) => tracing::debug!(%error, "an SSH handshake failed"),
        }
    };
    let pipe = copy_bidirectional(&mut stream, &mut near);
    tokio::select! {
        () = stopped(&mut stop) => {}
        () = stopped(&mut is_cut) => {}
        // What the protocol said last is still in the pipe when it ends, so the pipe is what is waited for.
        (_, _) = async { tokio::join!(pipe, protocol) } => {}
    }
}

impl SshFront {
    fn config(&self) -> Config {
        Config {
            server_id: SshId::Standard("SSH-2.0-Cisco-1.25".into()),
            methods: MethodSet::from([MethodKind::Password, MethodKind::KeyboardInteractive].as_slice()),
            auth_rejection_time: Duration::ZERO,
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: vec![self.host_key.clone()],
            preferred: if self.old_algorithms { OLD } else { RECENT },
            ..Config::default()
        }
    }
}

impl CommandLine {
    /// What `ssh HOST simulator state` and `ssh HOST simulator log` print, which are no part of any protocol.
    fn told(&self, line: &[u8]) -> Option<Vec<u8>> {
        let device: &dyn Device = match self {
            Self::Router(router) => router.as_ref(),
            Self::Cue(cue) => cue.as_ref(),
        };
        match line {
            b"simulator state" => Some(device.state().to_string().into_bytes()),
            b"simulator log" => device.log().ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for SshFront {
    /// Without the password and the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SshFront").field("command_line", &self.command_line).finish_non_exhaustive()
    }
}

/// One connection's login.
struct Login {
    front: SshFront,
    /// Cuts the connection.
    cut: watch::Sender<bool>,
    who: String,
    terminal: Option<Terminal>,
}

impl Login {
    fn session(&self) -> Box<dyn Session> {
        let SshFront { password, privileged, .. } = &self.front;
        match &self.front.command_line {
            CommandLine::Router(router) => {
                Box::new(RouterSession::new(Arc::clone(router), &self.who, password, *privileged))
            }
            CommandLine::Cue(cue) => Box::new(CueSession::new(Arc::clone(cue), password, *privileged)),
        }
    }

    fn admit(&mut self, user: &str, password: &[u8]) -> Auth {
        if user == self.front.login && password == self.front.password.as_bytes() {
            self.who = user.to_owned();
            return Auth::Accept;
        }
        Auth::reject()
    }

    fn print(&self, channel: ChannelId, printed: Printed, ssh: &mut Ssh) -> Result<(), russh::Error> {
        if !printed.bytes.is_empty() {
            ssh.data(channel, printed.bytes)?;
        }
        match printed.end {
            Some(End::Cut) => {
                self.cut.send_replace(true);
            }
            Some(End::Left) => {
                ssh.exit_status_request(channel, 0)?;
                ssh.eof(channel)?;
                ssh.close(channel)?;
            }
            None => {}
        }
        Ok(())
    }
}

impl Handler for Login {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.admit(user, password.as_bytes()))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            let prompts = vec![("Password: ".into(), false)].into();
            return Ok(Auth::Partial { name: "".into(), instructions: "".into(), prompts });
        };
        let password: Bytes = response.next().unwrap_or_default();
        Ok(self.admit(user, &password))
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _ssh: &mut Ssh,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _term: &str,
        _columns: u32,
        _rows: u32,
        _width: u32,
        _height: u32,
        _modes: &[(Pty, u32)],
        ssh: &mut Ssh,
    ) -> Result<(), Self::Error> {
        ssh.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, ssh: &mut Ssh) -> Result<(), Self::Error> {
        ssh.channel_success(channel)?;
        let terminal = Terminal::new(self.session());
        ssh.data(channel, terminal.greeting())?;
        self.terminal = Some(terminal);
        Ok(())
    }

    async fn exec_request(&mut self, channel: ChannelId, line: &[u8], ssh: &mut Ssh) -> Result<(), Self::Error> {
        ssh.channel_success(channel)?;
        if let Some(told) = self.front.command_line.told(line) {
            return self.print(channel, Printed { bytes: told, end: Some(End::Left) }, ssh);
        }
        let mut terminal = Terminal::new(self.session());
        let mut printed = terminal.command(&String::from_utf8_lossy(line));
        printed.end.get_or_insert(End::Left);
        self.print(channel, printed, ssh)
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], ssh: &mut Ssh) -> Result<(), Self::Error> {
        let Some(mut terminal) = self.terminal.take() else { return Ok(()) };
        let mut printed = Printed::default();
        for &key in data {
            if terminal.ends_a_line(key) {
                let latency = self.front.gate.latency();
                if !latency.is_zero() {
                    self.front.clock.sleep(latency).await;
                }
            }
            terminal.key(key, &mut printed);
            if printed.end.is_some() {
                break;
            }
        }
        self.terminal = Some(terminal);
        self.print(channel, printed, ssh)
    }
}
