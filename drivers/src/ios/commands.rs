//! Commands for a number that an operator gives, such as where its calls go that nobody answers.

use dialtone_model::Fault;

use super::command_line::CommandLine;
use super::configuration::{Configuration, Kind, Slot};
use super::task::{Plan, Task, Writing, entering, equal, gone, rejected};
use crate::Look;

/// What may be said of a number beside its own values; each is about this number and nothing else. The site can allow
/// more.
const KNOWN: &[&str] = &[
    "call-forward",
    "call-waiting",
    "corlist",
    "ephone-dn-template",
    "hold-alert",
    "huntstop",
    "mwi",
    "night-service",
    "pickup-group",
    "preference",
    "transfer-mode",
    "transfer-recall",
    "translate",
    "translation-profile",
];
/// What a voicemail order sets, and what its end takes away.
const FORWARDING: [&str; 2] = ["call-forward busy", "call-forward noan"];
const SIP_FORWARDING: [&str; 2] = ["call-forward b2bua busy", "call-forward b2bua noan"];

pub(super) fn look_at_set(
    task: &Task<'_>,
    number: &str,
    commands: &[String],
    configuration: &Configuration,
) -> Result<Look, Fault> {
    let Some(slot) = configuration.numbers(number).next() else {
        return Ok(Look::Different { differences: vec![format!("{number}: the device has no such number")] });
    };
    let wanted = read(task, commands, slot.kind)?;
    Ok(if wanted.iter().all(|line| is_there(slot, line)) { equal(slot) } else { Look::Absent })
}

pub(super) fn look_at_stopped(number: &str, configuration: &Configuration) -> Look {
    gone(configuration.numbers(number).any(|slot| !forwarding(slot).is_empty()))
}

pub(super) fn set(
    task: &Task<'_>,
    number: &str,
    commands: &[String],
    configuration: &Configuration,
) -> Result<Plan, Fault> {
    let slot = known(number, configuration)?;
    let lines = read(task, commands, slot.kind)?;
    let lines: Vec<CommandLine> = lines.into_iter().filter(|line| !is_there(slot, line)).collect();
    if lines.is_empty() {
        return Ok(Plan::Nothing);
    }
    written(slot, lines)
}

pub(super) fn stop(number: &str, configuration: &Configuration) -> Result<Plan, Fault> {
    let Some(slot) = configuration.numbers(number).next() else { return Ok(Plan::Nothing) };
    let lines: Vec<CommandLine> =
        forwarding(slot).into_iter().map(|command| CommandLine::of(command).negated()).collect();
    if lines.is_empty() {
        return Ok(Plan::Nothing);
    }
    written(slot, lines)
}

/// What takes forwarding back; of other commands nobody knows what was there before.
pub(super) fn unset(
    task: &Task<'_>,
    number: &str,
    commands: &[String],
    configuration: &Configuration,
) -> Option<Result<Plan, Fault>> {
    let slot = configuration.numbers(number).next()?;
    let lines = match read(task, commands, slot.kind) {
        Ok(lines) => lines,
        Err(fault) => return Some(Err(fault)),
    };
    let forwards =
        |line: &CommandLine| FORWARDING.iter().chain(&SIP_FORWARDING).any(|command| line.text().starts_with(command));
    lines.iter().all(forwards).then(|| stop(number, configuration))
}

/// The commands as they are sent. Forwarding is read and written anew, because phones of the two protocols have
/// different words for it.
fn read(task: &Task<'_>, commands: &[String], kind: Kind) -> Result<Vec<CommandLine>, Fault> {
    let allowed: Vec<&str> = KNOWN.iter().copied().chain(task.site_commands.iter().map(String::as_str)).collect();
    let read = |command: &String| {
        let checked = CommandLine::of_operator(command, &allowed)?;
        let words: Vec<&str> = checked.text().split(' ').collect();
        let [busy, noan] = if kind == Kind::RegisterDn { SIP_FORWARDING } else { FORWARDING };
        match words.as_slice() {
            ["call-forward", "busy", to] => CommandLine::of(busy).dialled("where busy calls go", to),
            ["call-forward", "noan", to, "timeout", seconds] => {
                let seconds: u32 =
                    seconds.parse().ok().filter(|seconds| (3..=60_000).contains(seconds)).ok_or_else(|| {
                        rejected("cli-command", format!("`{}`: the timeout is from 3 to 60000 seconds", checked.text()))
                    })?;
                Ok(CommandLine::of(noan).dialled("where unanswered calls go", to)?.then("timeout").number(seconds))
            }
            ["call-forward", "busy" | "noan", ..] => {
                let message = format!(
                    "`{}` has neither the form `call-forward busy NUMBER` nor `call-forward noan NUMBER timeout SECONDS`",
                    checked.text()
                );
                Err(rejected("cli-command", message))
            }
            _ => Ok(checked),
        }
    };
    commands.iter().map(read).collect()
}

/// Whether the slot shows that a command was taken.
fn is_there(slot: &Slot, line: &CommandLine) -> bool {
    match line.text().strip_prefix("no ") {
        Some(positive) => {
            slot.lines.iter().any(|own| own == line.text())
                || slot.lines.iter().all(|own| own != positive && !own.starts_with(&format!("{positive} ")))
        }
        None => slot.lines.iter().any(|own| own == line.text()),
    }
}

fn written(slot: &Slot, lines: Vec<CommandLine>) -> Result<Plan, Fault> {
    let mut back = vec![entering(slot)];
    for line in &lines {
        back.push(before(slot, line)?);
    }
    let reference = Some(slot.title());
    Ok(Writing { enter: Some(entering(slot)), lines, back, reference, ..Writing::default() }.into())
}

/// What makes a command as if it had not been said.
fn before(slot: &Slot, line: &CommandLine) -> Result<CommandLine, Fault> {
    let said = line.text().strip_prefix("no ").unwrap_or(line.text());
    let command = FORWARDING.into_iter().chain(SIP_FORWARDING).find(|command| said.starts_with(command));
    match command.and_then(|command| Some((command, slot.value(command)?))) {
        Some((command, value)) => CommandLine::of(command).rest("the earlier forwarding", value),
        None => Ok(line.clone().negated()),
    }
}

fn forwarding(slot: &Slot) -> Vec<&'static str> {
    let commands = FORWARDING.into_iter().chain(SIP_FORWARDING);
    commands.filter(|command| slot.value(command).is_some()).collect()
}

fn known<'c>(number: &str, configuration: &'c Configuration) -> Result<&'c Slot, Fault> {
    let found = configuration.numbers(number).next();
    found.ok_or_else(|| rejected("ios-no-number", format!("the device has no number {number}")))
}
