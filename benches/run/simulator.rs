use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use serde_json::Value;

use crate::DIALTONE;

/// The account of the device.
pub(crate) const USER: &str = "bench";
/// Its password.
pub(crate) const PASSWORD: &str = "bench";

/// A simulated Phone System in a process of its own.
pub(crate) struct Simulator {
    child: Child,
    pub(crate) address: String,
    pub(crate) ca: String,
    data: PathBuf,
}

impl Simulator {
    pub(crate) fn start(data: &Path, faults: &[&str]) -> Self {
        let mut command = Command::new(DIALTONE);
        command.args(["simulator", "--phone-system", "0", "--user", USER, "--password", PASSWORD, "--data"]).arg(data);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("dialtone simulator");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its first line");
        let ready: Value = serde_json::from_str(&line).expect("one JSON object");
        let text = |key: &str| ready[key].as_str().expect("a text").to_owned();
        let ca = std::fs::read_to_string(text("ca_file")).expect("the certificate");
        Self { child, address: text("phone_system"), ca, data: data.to_owned() }
    }

    /// The device's own log has one effect a row.
    pub(crate) fn assert_log(&self, rows: u32) {
        let log = self.log();
        let effects = log.lines().filter(|line| line.contains("\"effects\"")).count();
        assert_eq!(effects, rows as usize, "effects in the device's log");
    }

    /// Requests a second, from the first to the last as the device's own log has them.
    pub(crate) fn rate(&self) -> f64 {
        let times: Vec<Timestamp> = self
            .log()
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("an entry")["at"].as_str().expect("a time").parse())
            .collect::<Result<_, _>>()
            .expect("times");
        let first = times.iter().min().expect("a request");
        let last = times.iter().max().expect("a request");
        (times.len() - 1) as f64 / last.duration_since(*first).as_secs_f64()
    }

    /// The device's own log, one request a line.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("phone-system.jsonl")).expect("the device's log")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
