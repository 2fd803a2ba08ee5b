use std::time::Duration;

use dialtone_model::{Action, Complaint, Device, DeviceKind, ExpressAction, Fault, SyncScope};
use futures_util::future::BoxFuture;

use super::command_line::CommandLine;
use super::configuration::{Configuration, Kind};
use super::dialogue::{Console, Dialogue};
use super::phones;
use super::task::{Plan, Task, Writing, rejected};
use super::{probe, reading};
use crate::device::{no_undo, unsupported};
use crate::dial::Dialler;
use crate::driver::boxed_driver;
use crate::said::words;
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// Unified CM Express, over the command line of its router.
#[derive(Debug)]
pub(crate) struct CmExpress {
    console: Console,
}

/// Only the sections that are about phones and numbers.
const RUNNING: &str = "show running-config | section ephone|telephony-service|voice register";

impl CmExpress {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        Ok(Self { console: Console::new(device, dialler, "ios")? })
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let task = self.task(&call)?;
        let mut dialogue = self.console.open(call.timeout).await?;
        let ran = match task.action {
            ExpressAction::Save => save_configuration(&mut dialogue).await,
            ExpressAction::RestartPhone { name, reset } => restart(&mut dialogue, name, *reset).await,
            _ => write(&mut dialogue, &task).await,
        };
        finish(dialogue, ran).await
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let task = self.task(&call)?;
        let mut dialogue = self.console.open(call.timeout).await?;
        let seen = match task.action {
            ExpressAction::Save => look_at_saved(&mut dialogue).await,
            // Nothing tells whether a phone has started anew since; to start it again does no harm.
            ExpressAction::RestartPhone { .. } => Ok(Look::Absent),
            _ => match configuration(&mut dialogue).await {
                Ok(configuration) => task.look(&configuration),
                Err(fault) => Err(fault),
            },
        };
        finish(dialogue, seen).await
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let task = self.task(&call)?;
        let mut dialogue = self.console.open(call.timeout).await?;
        let undone = take_back(&mut dialogue, &task).await;
        finish(dialogue, undone).await
    }

    async fn probe(&self, timeout: Duration) -> Result<Probe, Fault> {
        let mut dialogue = self.console.open(timeout).await?;
        let told = probe::ios(&mut dialogue).await;
        finish(dialogue, told).await
    }

    async fn read(&self, request: &PageRequest, timeout: Duration) -> Result<Page, Fault> {
        let mut dialogue = self.console.open(timeout).await?;
        let read = configuration(&mut dialogue).await.map(|configuration| Page {
            whole: true,
            found: match request.scope {
                SyncScope::Infrastructure => Vec::new(),
                SyncScope::Subscribers => reading::phones_and_numbers(&configuration),
            },
            ..Page::default()
        });
        finish(dialogue, read).await
    }

    fn task<'c>(&'c self, call: &Call<'c>) -> Result<Task<'c>, Fault> {
        let Action::Express(action) = &call.step.action else { return Err(unsupported(DeviceKind::CmExpress)) };
        Ok(Task { action, mark: mark(call), site_commands: self.console.commands() })
    }
}

boxed_driver!(CmExpress);

/// What names an order's step in a slot. It is short enough for a name, and the tail of the order's id is random.
pub(super) fn mark(call: &Call<'_>) -> String {
    let tail = call.order.0.as_u128() & 0xFFFF_FFFF_FFFF;
    format!("dialtone-{tail:012x}-{}", call.index)
}

/// Keeps the terminal for the next call when the device has said all that it had to say.
pub(super) async fn finish<T>(dialogue: Dialogue<'_>, outcome: Result<T, Fault>) -> Result<T, Fault> {
    if matches!(&outcome, Ok(_) | Err(Fault::Rejected(_) | Fault::Busy { .. })) {
        dialogue.finish().await;
    }
    outcome
}

/// What the device has of phones and numbers.
async fn configuration(dialogue: &mut Dialogue<'_>) -> Result<Configuration, Fault> {
    let line = CommandLine::of(RUNNING);
    let line = if dialogue.is_configuring() { line.within_configuration() } else { line };
    Ok(Configuration::read(&dialogue.ask(&line).await?))
}

/// Reads, plans and writes within the configuration mode: a device that lets only one configure at a time holds all
/// others off from before the slot is chosen until it is filled.
async fn write(dialogue: &mut Dialogue<'_>, task: &Task<'_>) -> Result<Ran, Fault> {
    dialogue.configure().await?;
    let configuration = configuration(dialogue).await?;
    match task.plan(&configuration)? {
        Plan::AlreadyThere => Ok(Ran::AlreadyThere),
        Plan::Nothing => Ok(Ran::Done(Done::default())),
        Plan::Write(writing) => carry_out(dialogue, task, writing).await,
    }
}

async fn carry_out(dialogue: &mut Dialogue<'_>, task: &Task<'_>, writing: Writing) -> Result<Ran, Fault> {
    match type_in(dialogue, task, &writing).await {
        Ok(()) => Ok(Ran::Done(Done { reference: writing.reference })),
        Err(Fault::Rejected(complaint)) => {
            for line in &writing.back {
                bring_back(dialogue, line, &complaint).await?;
            }
            Err(Fault::Rejected(complaint))
        }
        Err(fault) => Err(fault),
    }
}

async fn type_in(dialogue: &mut Dialogue<'_>, task: &Task<'_>, writing: &Writing) -> Result<(), Fault> {
    for line in writing.enter.iter().chain(&writing.lines) {
        dialogue.change(line).await?;
    }
    // A command line may pass over a value without a word, so it is asked what it has made of it.
    let missing = task.not_taken(&configuration(dialogue).await?)?;
    if !missing.is_empty() {
        return Err(rejected("ios-not-taken", format!("the device has not taken it: {}", missing.join("; "))));
    }
    for line in &writing.finish {
        dialogue.change(line).await?;
    }
    Ok(())
}

/// What was there before comes back. A device that doesn't let it leaves something half done, which only a look can
/// tell.
async fn bring_back(dialogue: &mut Dialogue<'_>, line: &CommandLine, why: &Complaint) -> Result<(), Fault> {
    match dialogue.change(line).await {
        Ok(_) => Ok(()),
        // What was never set can't be taken away.
        Err(Fault::Rejected(_)) if line.text().starts_with("no ") => Ok(()),
        Err(Fault::Rejected(complaint)) => {
            let message =
                format!("{}; and what was there before doesn't come back: {}", why.message, complaint.message);
            Err(Fault::Unknown(Complaint::new(why.code.clone(), message)))
        }
        Err(fault) => Err(fault),
    }
}

async fn take_back(dialogue: &mut Dialogue<'_>, task: &Task<'_>) -> Result<(), Fault> {
    dialogue.configure().await?;
    let read = configuration(dialogue).await?;
    let Some(reversal) = task.reversal(&read) else { return Err(no_undo()) };
    let plan = match (task.look(&read)?, task.begun(&read)) {
        (_, Some(begun)) => super::task::removal(begun),
        (Look::Absent, None) => return Ok(()),
        (Look::Equal(_), None) => reversal?,
        (Look::Different { differences }, None) => {
            return Err(rejected("ios-changed-since", format!("it was changed since: {}", differences.join("; "))));
        }
    };
    if let Plan::Write(writing) = plan {
        for line in writing.enter.iter().chain(&writing.lines) {
            dialogue.change(line).await?;
        }
    }
    Ok(())
}

async fn restart(dialogue: &mut Dialogue<'_>, name: &str, reset: bool) -> Result<Ran, Fault> {
    let read = configuration(dialogue).await?;
    let phone = phones::known(name, &read)?;
    let slot = CommandLine::of(phone.kind.command()).number(phone.tag);
    let (part, files) = match phone.kind {
        Kind::RegisterPool => ("voice register global", "create profile"),
        _ => ("telephony-service", "create cnf-files"),
    };
    let word = if reset { "reset" } else { "restart" };
    dialogue.configure().await?;
    // What the phone fetches is written anew before it is told to fetch it.
    for line in [CommandLine::of(part), CommandLine::of(files), slot, CommandLine::of(word)] {
        dialogue.change(&line).await?;
    }
    Ok(Ran::Done(Done { reference: Some(phone.title()) }))
}

/// A router says so when it has saved, and what it says otherwise is told in many words.
async fn save_configuration(dialogue: &mut Dialogue<'_>) -> Result<Ran, Fault> {
    saved(&dialogue.change(&CommandLine::of("write memory")).await?)
}

fn saved(said: &str) -> Result<Ran, Fault> {
    if said.contains("[OK]") {
        return Ok(Ran::Done(Done::default()));
    }
    let message = format!("the device doesn't say that it has saved the configuration, but: {}", words(said));
    Err(Fault::Unknown(Complaint::new("ios-not-saved", message)))
}

/// The saved configuration says the same as the running one, but for what they say of themselves.
async fn look_at_saved(dialogue: &mut Dialogue<'_>) -> Result<Look, Fault> {
    let running = dialogue.ask(&CommandLine::of("show running-config")).await?;
    let saved = dialogue.ask_anyway(&CommandLine::of("show startup-config")).await?;
    let said = |text: &str| -> Vec<String> {
        let about_itself = ["!", "Building", "Current configuration", "Using ", "ntp clock-period"];
        let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        lines.filter(|line| !about_itself.iter().any(|word| line.starts_with(word))).map(str::to_owned).collect()
    };
    Ok(if said(&running) == said(&saved) { Look::Equal(Done::default()) } else { Look::Absent })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_saved_when_the_device_says_so() {
        for said in ["Building configuration...\n[OK]\n", "Compressed configuration from 9 bytes to 8 bytes[OK]"] {
            assert!(saved(said).is_ok(), "{said}");
        }
        for said in ["", "Building configuration...\n", "NVRAM is busy"] {
            let fault = saved(said).unwrap_err();
            assert!(matches!(&fault, Fault::Unknown(complaint) if complaint.code == "ios-not-saved"), "{fault:?}");
        }
    }
}
