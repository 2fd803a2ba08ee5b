//! A simulated Phone System in a process of its own, and its own log of what was asked of it.

use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::patience::wait_until;
use crate::process::Process;

pub(crate) struct Device {
    folder: PathBuf,
    process: Process,
    pub(crate) address: String,
    pub(crate) certificate: String,
    read: RefCell<Read>,
}

/// What was read of the log so far.
#[derive(Default)]
struct Read {
    bytes: u64,
    requests: Vec<Request>,
}

/// One request of the log.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// The object, such as `extension/10001`.
    pub(crate) object: String,
    /// The status of the answer; `None`: the connection was dropped instead.
    pub(crate) status: Option<u64>,
    pub(crate) has_effect: bool,
}

impl Device {
    pub(crate) fn start(folder: &Path, faults: &[&str], seed: u64) -> Self {
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialtone"));
        command.args(["simulator", "--phone-system", "0", "--seed", &seed.to_string(), "--data"]).arg(folder);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let process = Process::start(command, folder.join("simulator.log"));
        wait_until("the simulated device listens", || process.answered().ends_with('\n'));
        let ready: Value = serde_json::from_str(process.answered().trim()).unwrap();
        let certificate = fs::read_to_string(ready["ca_file"].as_str().unwrap()).unwrap();
        let address = ready["phone_system"].as_str().unwrap().to_owned();
        Self { folder: folder.to_owned(), process, address, certificate, read: RefCell::default() }
    }

    /// SIGSTOP or SIGCONT for the device itself.
    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Every request that reached it, in its order.
    pub(crate) fn requests(&self) -> Ref<'_, [Request]> {
        self.read_on();
        Ref::map(self.read.borrow(), |read| read.requests.as_slice())
    }

    /// How many requests had an effect.
    pub(crate) fn effects(&self) -> usize {
        self.requests().iter().filter(|request| request.has_effect).count()
    }

    /// How many effects each object had.
    pub(crate) fn effects_by_object(&self) -> BTreeMap<String, usize> {
        let mut effects = BTreeMap::new();
        for request in self.requests().iter().filter(|request| request.has_effect) {
            *effects.entry(request.object.clone()).or_default() += 1;
        }
        effects
    }

    /// Reads what was added to the log. It is asked for again and again, so nothing is read twice.
    fn read_on(&self) {
        let Ok(mut log) = File::open(self.folder.join("phone-system.jsonl")) else { return };
        let mut read = self.read.borrow_mut();
        let mut added = String::new();
        log.seek(SeekFrom::Start(read.bytes)).unwrap();
        log.read_to_string(&mut added).unwrap();
        // The last line may be half written at this moment.
        let whole = added.rfind('\n').map_or(0, |end| end + 1);
        read.bytes += whole as u64;
        let requests = added[..whole].lines().map(|line| Request::read(&serde_json::from_str(line).unwrap()));
        read.requests.extend(requests);
    }
}

impl Request {
    fn read(line: &Value) -> Self {
        let (method, path) = line["request"].as_str().unwrap().split_once(' ').unwrap();
        Self {
            method: method.to_owned(),
            object: path.replace("/v1/extensions/", "extension/"),
            status: line["status"].as_u64(),
            has_effect: line["effects"].as_array().is_some_and(|effects| !effects.is_empty()),
        }
    }

    /// Whether the device said for certain that it did nothing, so that asking again can't double anything.
    pub(crate) fn was_refused(&self) -> bool {
        matches!(self.status, Some(400..=499 | 503))
    }
}
