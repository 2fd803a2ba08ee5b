use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::patience::wait_until;

pub(crate) const SAMPLE: &str = "sample-data/bulk-assignment-by-name.csv";

/// A data folder, and what is written beside it.
pub(crate) struct Home {
    folder: TempDir,
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With an organization that has this many users, numbers and licences of each kind.
    pub(crate) fn with_organization(users: usize) -> Self {
        let home = Self::new();
        home.import("Test Organization", users, "kind = \"phone_system\"\naddress = \"simulated\"");
        home
    }

    /// Brings in an organization with one device.
    pub(crate) fn import(&self, name: &str, users: usize, device: &str) {
        self.write_organization(name, users, device);
        let folder = self.path("organization");
        self.run([OsStr::new("organization"), OsStr::new("import"), folder.as_os_str()]).done();
    }

    /// Writes an organization with one device, to be brought in.
    pub(crate) fn write_organization(&self, name: &str, users: usize, device: &str) {
        let organization = format!(
            "name = \"{name}\"\n\
             [[licences]]\ncode = \"base\"\nname = \"Base licence\"\nowned = {users}\n\
             [[licences]]\ncode = \"call-recording\"\nname = \"Call recording\"\nowned = {users}\n\
             [[devices]]\nname = \"Phone System\"\n{device}\n"
        );
        let rows = |header: &str, row: &dyn Fn(usize) -> String| {
            (0..users).fold(format!("{header}\n"), |file, index| file + &row(index) + "\n")
        };
        self.write("organization/organization.toml", &organization);
        let user = |index: usize| format!("{},User {index}", uuid(index));
        self.write("organization/users.csv", &rows("Identity UUID,User's Name", &user));
        self.write("organization/numbers.csv", &rows("Number", &|index| number(index)));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the data folder.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a bulk-assignment file for users of the organization.
    pub(crate) fn bulk(&self, users: std::ops::Range<usize>) -> String {
        let name = format!("bulk-{}-{}.csv", users.start, users.end);
        let row = |index: usize| format!("{},{},{}\n", key(index), uuid(index), number(index));
        let text = users.map(row).fold("Ext Key,Identity UUID,Number\n".to_owned(), |file, row| file + &row);
        self.write(&name, &text).display().to_string()
    }

    pub(crate) fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dialtone"));
        command.args(arguments).env("DIALTONE_DATA", self.path("data")).current_dir(env!("CARGO_MANIFEST_DIR"));
        command.env("USER", "tester").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Answer {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a line of words.
    pub(crate) fn line(&self, line: &str) -> Answer {
        self.run(line.split_whitespace())
    }

    /// Starts a command and waits until it has said which run it started; gives the run's id.
    pub(crate) fn start(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Started {
        Started::new(self.command(arguments))
    }

    /// How many effects each object of the simulated Phone System had, by its own log.
    pub(crate) fn effects(&self) -> BTreeMap<String, usize> {
        self.effects_in("phone-system.jsonl")
    }

    /// How many effects each object of a simulated device had, by the device's own log.
    pub(crate) fn effects_in(&self, log: &str) -> BTreeMap<String, usize> {
        let mut effects = BTreeMap::new();
        for entry in self.device_log(log) {
            for change in entry["effects"].as_array().into_iter().flatten() {
                *effects.entry(change["object"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        effects
    }

    /// The log of a simulated device; the line that a killed device was writing isn't in it.
    fn device_log(&self, log: &str) -> Vec<Value> {
        let Ok(devices) = fs::read_dir(self.path("data/simulator")) else { return Vec::new() };
        let mut entries = Vec::new();
        for device in devices {
            let log = fs::read_to_string(device.unwrap().path().join(log)).unwrap_or_default();
            let whole = log.rfind('\n').map_or("", |end| &log[..end]);
            entries.extend(whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        entries
    }

    /// Waits until the device has had so many effects.
    #[track_caller]
    pub(crate) fn await_effects(&self, count: usize) {
        wait_until("the device is worked on", || self.effects().len() >= count);
    }

    /// Asserts that every row of a report has the outcome, and that the device had one effect for each and no other.
    pub(crate) fn assert_all_done_once(&self, report: &Path, keys: impl Iterator<Item = String>) {
        let rows = report_rows(report);
        let effects = self.effects();
        let mut expected = BTreeMap::new();
        for key in keys {
            assert_eq!(rows.get(&key).map(String::as_str), Some("Completed"), "the report's line of {key}");
            expected.insert(format!("extension/{key}"), 1);
        }
        assert_eq!(rows.len(), expected.len(), "lines of the report");
        assert_eq!(effects, expected, "effects on the device");
    }
}

/// The outcomes of a report's rows by ext key.
pub(crate) fn report_rows(report: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(report).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let place = |label: &str| header.iter().position(|cell| *cell == label).unwrap();
    let (key, outcome) = (place("Ext Key"), place("Dialtone Outcome"));
    lines
        .filter(|cells| !cells[outcome].is_empty())
        .map(|cells| (cells[key].to_owned(), cells[outcome].to_owned()))
        .collect()
}

/// The ext key of the user at `index`.
pub(crate) fn key(index: usize) -> String {
    format!("{:05}", 10_000 + index)
}

pub(crate) fn uuid(index: usize) -> String {
    format!("00000000-0000-4000-8000-{index:012}")
}

pub(crate) fn number(index: usize) -> String {
    format!("{}", 6_500_000_000_usize + index)
}

/// A command that has started a run and goes on.
pub(crate) struct Started {
    child: Child,
    messages: BufReader<ChildStderr>,
    pub(crate) run: String,
}

impl Started {
    /// Starts a command and waits until it has said which run it started.
    pub(crate) fn new(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut messages = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let run = loop {
            let mut line = String::new();
            assert_ne!(messages.read_line(&mut line).unwrap(), 0, "it ended without a run: {said}");
            if let Some(run) = line.strip_prefix("run ").and_then(|rest| rest.split(':').next()) {
                break run.to_owned();
            }
            said += &line;
        };
        Self { child, messages, run }
    }

    /// Waits for a message with these words.
    pub(crate) fn message_with(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.messages.read_line(&mut line).unwrap(), 0, "it ended without saying {words:?}");
            if line.contains(words) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Answer {
        let mut stderr = String::new();
        std::io::Read::read_to_string(&mut self.messages, &mut stderr).unwrap();
        let output = self.child.wait_with_output().unwrap();
        Answer { stderr, ..output.into() }
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Answer {
    /// Asserts the exit code; a wrong one shows what was said.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn done(self) -> Self {
        self.code(0)
    }

    /// Asserts that something is said on standard error.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "{words:?} isn't in:\n{}", self.stderr);
        self
    }

    /// The last line of standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {:?}\n{}", self.stdout, self.stderr))
    }

    /// Every line of standard output as JSON.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
