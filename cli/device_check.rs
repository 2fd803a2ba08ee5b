use dialtone_model::{Complaint, Device, Tls};
use dialtone_scheduler::SIMULATED;
use dialtone_store::{DeviceWork, WorkOutcome};
use serde::Serialize;
use serde_json::{Value, json};

/// How far a device's clock may be off before people are told.
const CLOCK_TOLERANCE: u64 = 60;

/// The complaint of a driver that can't do what is asked.
const UNSUPPORTED: &str = "unsupported-action";

/// What a test of a device found.
#[derive(Debug)]
pub(crate) struct Checks<'a> {
    device: &'a Device,
    work: &'a DeviceWork,
    pub(crate) checks: Vec<Check>,
}

/// One thing that was checked.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// `settings`, `reachable`, `tls`, `login`, `version`, `rights` or `clock`.
    pub(crate) check: &'static str,
    pub(crate) state: CheckState,
    pub(crate) message: String,
    pub(crate) repair: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckState {
    Ok,
    Warning,
    Failed,
    /// What came before failed, or the device doesn't tell.
    Unknown,
}

/// The checks that build on each other: when one fails, those before it are well and nobody knows of those after it.
const CHAIN: [&str; 4] = ["settings", "reachable", "tls", "login"];

impl<'a> Checks<'a> {
    pub(crate) fn new(device: &'a Device, work: &'a DeviceWork) -> Self {
        let checks = match &work.outcome {
            Some(WorkOutcome::Probed(probe)) => {
                let mut checks: Vec<Check> =
                    CHAIN.into_iter().map(|check| passed(check, device, probe.took_ms)).collect();
                checks.push(version(device, probe.version.as_deref()));
                checks.push(rights(&probe.missing_rights));
                checks.push(clock(probe.clock_ahead));
                checks
            }
            Some(WorkOutcome::Failed(complaint)) => failed(device, complaint),
            None => Vec::new(),
        };
        Self { device, work, checks }
    }

    /// Whether nothing failed.
    pub(crate) fn is_well(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(|check| check.state != CheckState::Failed)
    }

    /// Whether nobody can know: the family's driver has no way to ask.
    pub(crate) fn is_unsupported(&self) -> bool {
        matches!(&self.work.outcome, Some(WorkOutcome::Failed(complaint)) if complaint.code == UNSUPPORTED)
    }

    pub(crate) fn json(&self) -> Value {
        let probe = match &self.work.outcome {
            Some(WorkOutcome::Probed(probe)) => Some(probe),
            _ => None,
        };
        json!({
            "id": self.device.id,
            "name": self.device.name,
            "kind": self.device.kind,
            "address": self.device.address,
            "ok": self.is_well(),
            "checks": self.checks,
            "version": probe.and_then(|probe| probe.version.as_ref()),
            "missing_rights": probe.map(|probe| &probe.missing_rights),
            "clock_ahead": probe.and_then(|probe| probe.clock_ahead),
            "took_ms": probe.map(|probe| probe.took_ms),
        })
    }
}

fn check(check: &'static str, state: CheckState, message: impl Into<String>) -> Check {
    Check { check, state, message: message.into(), repair: None }
}

fn passed(name: &'static str, device: &Device, took_ms: u64) -> Check {
    let message = match name {
        "settings" => "complete".to_owned(),
        "reachable" => format!("answered in {took_ms} ms"),
        "tls" => return tls(device),
        _ => "accepted".to_owned(),
    };
    check(name, CheckState::Ok, message)
}

fn tls(device: &Device) -> Check {
    match device.tls {
        _ if device.address == SIMULATED => {
            check("tls", CheckState::Ok, "vouched for by the simulator's own authority")
        }
        Tls::System | Tls::Ca(_) if device.address.starts_with("ssh://") => {
            check("tls", CheckState::Ok, "vouched for by the key in ssh.host-key")
        }
        Tls::System => check("tls", CheckState::Ok, "vouched for by this machine's authorities"),
        Tls::Ca(_) => check("tls", CheckState::Ok, "vouched for by the given authority"),
        Tls::Insecure => Check {
            repair: Some("give its authority: dialtone device set NAME --ca FILE".to_owned()),
            ..check("tls", CheckState::Warning, "not verified: whoever answers there gets the credentials")
        },
    }
}

fn version(device: &Device, told: Option<&str>) -> Check {
    match (told, &device.version) {
        (None, _) => check("version", CheckState::Unknown, "the device doesn't tell"),
        (Some(told), Some(row)) if !told.contains(row.as_str()) => Check {
            repair: Some(format!(
                "set it, if the driver is to speak another one: dialtone device set \"{}\" --version",
                device.name
            )),
            ..check("version", CheckState::Warning, format!("{told}; it is set to {row}"))
        },
        (Some(told), _) => check("version", CheckState::Ok, told),
    }
}

fn rights(missing: &[String]) -> Check {
    if missing.is_empty() {
        return check("rights", CheckState::Ok, "complete");
    }
    check("rights", CheckState::Failed, missing.join("; "))
}

fn clock(ahead: Option<i64>) -> Check {
    let Some(ahead) = ahead else { return check("clock", CheckState::Unknown, "the device doesn't tell") };
    let message = match ahead {
        0 => "as this machine's".to_owned(),
        1.. => format!("{ahead} s ahead of this machine's"),
        _ => format!("{} s behind this machine's", ahead.unsigned_abs()),
    };
    if ahead.unsigned_abs() <= CLOCK_TOLERANCE {
        return check("clock", CheckState::Ok, message);
    }
    Check { repair: Some("have both follow a time server".to_owned()), ..check("clock", CheckState::Warning, message) }
}

/// The checks of a test that failed: the complaint's code tells how far it came.
fn failed(device: &Device, complaint: &Complaint) -> Vec<Check> {
    let at = match complaint.code.as_str() {
        "device-undrivable" | "unity-unsupported" | UNSUPPORTED => 0,
        "certificate-refused" | "tls-failed" | "host-key-unknown" | "host-key-changed" | "ssh-algorithms" => 2,
        "credentials-refused" | "enable-refused" => 3,
        code => match code {
            "connection-refused"
            | "unreachable"
            | "timeout"
            | "connection-lost"
            | "device-unreachable"
            | "connection-closed"
            | "address-not-allowed"
            | "module-refused" => 1,
            // It answered, but not as it should.
            _ => CHAIN.len(),
        },
    };
    let mut checks: Vec<Check> = CHAIN
        .into_iter()
        .enumerate()
        .map(|(index, name)| match index.cmp(&at) {
            std::cmp::Ordering::Less if name == "tls" => tls(device),
            std::cmp::Ordering::Less => {
                check(name, CheckState::Ok, if name == "settings" { "complete" } else { "yes" })
            }
            std::cmp::Ordering::Equal => complained(name, complaint),
            std::cmp::Ordering::Greater => check(name, CheckState::Unknown, "not reached"),
        })
        .collect();
    if at == CHAIN.len() {
        checks.push(complained("rights", complaint));
    }
    checks
}

fn complained(name: &'static str, complaint: &Complaint) -> Check {
    Check {
        check: name,
        state: CheckState::Failed,
        message: format!("{} ({})", complaint.message, complaint.code),
        repair: complaint.repair.clone(),
    }
}
