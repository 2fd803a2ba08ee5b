//! A real process of Dialtone, and what can be done to it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::patience::{PATIENCE, comes_true};

/// A process that runs in the background; it is killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says on standard error goes to the file, what it answers to another one beside it.
    pub(crate) fn start(mut command: Command, log: PathBuf) -> Self {
        let answers = File::create(log.with_extension("out")).unwrap();
        let said = File::create(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(answers).stderr(said).spawn().unwrap();
        Self { child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// What it has answered so far.
    pub(crate) fn answered(&self) -> String {
        fs::read_to_string(self.log.with_extension("out")).unwrap()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL. It is gone when this returns.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends the signal of that name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().unwrap();
        assert!(sent.success(), "SIG{name} can't be sent");
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self, what: &str) -> ExitStatus {
        let ended = comes_true(PATIENCE, || !self.is_running());
        assert!(ended, "waited {PATIENCE:?} in vain until {what}: {}", self.said());
        self.child.wait().unwrap()
    }

    /// The crash point at which it ended, if that is how it ended.
    pub(crate) fn crash_point(&self) -> Option<String> {
        let said = self.said();
        let line = said.lines().rev().find_map(|line| line.strip_prefix("crash point "));
        line.and_then(|rest| rest.strip_suffix(" reached")).map(str::to_owned)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself. A stopped process dies of SIGKILL as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
