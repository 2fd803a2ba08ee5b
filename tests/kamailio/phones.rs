use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Phones, which SIPp plays, at one server.
pub(crate) struct Phones {
    server: String,
    domain: String,
    folder: TempDir,
    /// Where all of them are reached.
    port: u16,
}

/// The account that a phone is set up with.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) key: String,
    pub(crate) password: String,
}

/// Phones that answer calls, until it is dropped.
pub(crate) struct Answering {
    sipp: Child,
    log: PathBuf,
}

impl Phones {
    pub(crate) fn new(server: String, domain: String) -> Self {
        // A port of its own below the server's, where the system hands out none by itself.
        let port = server.rsplit_once(':').unwrap().1.parse::<u16>().unwrap() - 6_000;
        Self { server, domain, folder: tempfile::tempdir().unwrap(), port }
    }

    /// All of them register; each must be let in.
    pub(crate) fn register<'a>(&self, accounts: impl IntoIterator<Item = &'a Account>) {
        self.play("register.xml", accounts.into_iter().map(|account| (account, "")));
    }

    /// All of them register; each must be refused.
    pub(crate) fn are_refused<'a>(&self, accounts: impl IntoIterator<Item = &'a Account>) {
        self.play("refused.xml", accounts.into_iter().map(|account| (account, "")));
    }

    /// Each calls a number or ext key, which must answer.
    pub(crate) fn call<'a>(&self, calls: impl IntoIterator<Item = (&'a Account, &'a str)>) {
        self.play("call.xml", calls);
    }

    /// Each calls a number or ext key that nobody may be reached at.
    pub(crate) fn find_nobody_at<'a>(&self, calls: impl IntoIterator<Item = (&'a Account, &'a str)>) {
        self.play("gone.xml", calls);
    }

    /// From now on the phones answer.
    pub(crate) fn answer(&self) -> Answering {
        let log = self.folder.path().join("answered.log");
        let mut sipp = self
            .sipp("answer.xml", self.port)
            .args(["-trace_msg", "-message_overwrite", "true", "-message_file"])
            .arg(&log)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !listens(self.port) {
            assert_eq!(sipp.try_wait().unwrap(), None, "the phones don't answer");
            std::thread::yield_now();
        }
        Answering { sipp, log }
    }

    fn play<'a>(&self, scenario: &str, calls: impl IntoIterator<Item = (&'a Account, &'a str)>) {
        let mut rows = "SEQUENTIAL\n".to_owned();
        let mut count = 0;
        for (Account { key, password }, number) in calls {
            writeln!(rows, "{key};[authentication username={key} password={password}];{number}").unwrap();
            count += 1;
        }
        let file = self.folder.path().join("calls.csv");
        fs::write(&file, rows).unwrap();
        let played = self
            .sipp(scenario, free_port())
            .arg("-inf")
            .arg(&file)
            .args(["-m", &count.to_string(), "-r", "200", "-l", "20", "-timeout", "60s"])
            .arg(&self.server)
            .output()
            .unwrap();
        let screen = String::from_utf8_lossy(&played.stdout);
        assert!(played.status.success(), "{scenario} at {}: {}\n{screen}", self.server, played.status);
    }

    fn sipp(&self, scenario: &str, port: u16) -> Command {
        let mut command = Command::new("sipp");
        command
            .arg("-sf")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kamailio").join(scenario))
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-key", "domain", &self.domain])
            .args(["-key", "phones", &self.port.to_string()])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

impl Answering {
    /// Stops them: how many calls each ext key was rung for, and how many of these are recorded.
    pub(crate) fn rung(mut self) -> BTreeMap<String, (usize, usize)> {
        self.sipp.kill().unwrap();
        self.sipp.wait().unwrap();
        let mut rung: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let log = fs::read_to_string(&self.log).unwrap();
        for message in log.split("UDP message received").skip(1) {
            let Some(line) = message.lines().find_map(|line| line.strip_prefix("INVITE sip:")) else { continue };
            let (calls, recorded) = rung.entry(line.split('@').next().unwrap().to_owned()).or_default();
            *calls += 1;
            *recorded += usize::from(message.contains("X-Recording: on"));
        }
        rung
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        // It may have been stopped already.
        drop(self.sipp.kill());
        drop(self.sipp.wait());
    }
}

/// Whether somebody listens there, by the kernel's own list; to try it would keep the phones from doing so.
fn listens(port: u16) -> bool {
    fs::read_to_string("/proc/net/udp").unwrap().contains(&format!(" 0100007F:{port:04X} "))
}

fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
