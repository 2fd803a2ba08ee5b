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
/// What numbers have unless they are told otherwise, which is when the device shows it.
const USUAL: &[&str] = &["huntstop", "call-waiting beep"];
/// What a voicemail order sets, and what its end takes away.
const FORWARDING: [&str; 2] = ["call-forward busy", "call-forward noan"];
const SIP_FORWARDING: [&str; 2] = ["call-forward b2bua busy", "call-forward b2bua noan"];

pub(super) fn look_at_set(
    task: &Task<'_>,
    number: &str,
    commands: &[String],
    configuration: &Configuration,
) -> Result<Look, Fault> {
    let Some(slot) = configuration.own(number).next() else {
        return Ok(Look::Different { differences: vec![format!("{number}: the device has no such number")] });
    };
    let wanted = read(task, commands, slot.kind)?;
    Ok(if wanted.iter().all(|line| is_there(slot, line)) { equal(slot) } else { Look::Absent })
}

pub(super) fn look_at_stopped(number: &str, configuration: &Configuration) -> Look {
    gone(configuration.own(number).any(|slot| !forwarding(slot).is_empty()))
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
    let forwards = |slot: &&Slot| !forwarding(slot).is_empty();
    let slots: Vec<&Slot> = configuration.own(number).filter(forwards).collect();
    let Some(first) = slots.first() else { return Ok(Plan::Nothing) };
    let (mut lines, mut back) = (Vec::new(), Vec::new());
    for slot in &slots {
        for lines in [&mut lines, &mut back] {
            lines.push(entering(slot));
        }
        for command in forwarding(slot) {
            let line = CommandLine::of(command).negated();
            back.extend(before(slot, &line)?);
            lines.push(line);
        }
    }
    let reference = Some(first.title());
    Ok(Writing { lines, back, reference, ..Writing::default() }.into())
}

/// What takes forwarding back; of other commands nobody knows what was there before.
pub(super) fn unset(
    task: &Task<'_>,
    number: &str,
    commands: &[String],
    configuration: &Configuration,
) -> Option<Result<Plan, Fault>> {
    let slot = configuration.own(number).next()?;
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
        Some(positive) if USUAL.contains(&positive) => slot.lines.iter().any(|own| own == line.text()),
        Some(positive) => {
            slot.lines.iter().any(|own| own == line.text())
                || slot.lines.iter().all(|own| own != positive && !own.starts_with(&format!("{positive} ")))
        }
        None if USUAL.contains(&line.text()) => {
            let negative = line.clone().negated();
            slot.lines.iter().all(|own| own != negative.text())
        }
        None => slot.lines.iter().any(|own| own == line.text()),
    }
}

fn written(slot: &Slot, lines: Vec<CommandLine>) -> Result<Plan, Fault> {
    let mut back = vec![entering(slot)];
    for line in &lines {
        back.extend(before(slot, line)?);
    }
    let reference = Some(slot.title());
    Ok(Writing { enter: Some(entering(slot)), lines, back, reference, ..Writing::default() }.into())
}

/// What makes a command as if it had not been said: it goes, and what the slot has said by the same command comes again.
fn before(slot: &Slot, line: &CommandLine) -> Result<Vec<CommandLine>, Fault> {
    let command =
        |text: &str| text.strip_prefix("no ").unwrap_or(text).split(' ').next().unwrap_or_default().to_owned();
    let word = command(line.text());
    let earlier = slot.lines.iter().filter(|own| command(own) == word);
    let earlier: Vec<CommandLine> =
        earlier.map(|own| CommandLine::of_operator(own, &[&word])).collect::<Result<_, Fault>>()?;
    // What a `no` has taken away is there again once it is said again.
    let is_gone = line.text().starts_with("no ") && !earlier.is_empty();
    Ok((!is_gone).then(|| line.clone().negated()).into_iter().chain(earlier).collect())
}

fn forwarding(slot: &Slot) -> Vec<&'static str> {
    let commands = FORWARDING.into_iter().chain(SIP_FORWARDING);
    commands.filter(|command| slot.value(command).is_some()).collect()
}

fn known<'c>(number: &str, configuration: &'c Configuration) -> Result<&'c Slot, Fault> {
    let found = configuration.own(number).next();
    found.ok_or_else(|| rejected("ios-no-number", format!("the device has no number {number}")))
}

#[cfg(test)]
mod tests {
    use dialtone_model::ExpressAction;

    use super::*;

    const SLOTS: &str = "ephone-dn  1  dual-line\n number 1001\n preference 5\n call-forward busy 4000\n\
        ephone-dn  2  dual-line\n number 1001\n call-forward noan 4000 timeout 9\n";

    fn texts(lines: &[CommandLine]) -> Vec<&str> {
        lines.iter().map(CommandLine::text).collect()
    }

    /// What commands come to on a configuration, and whether they are there.
    fn planned(commands: &[&str], read: &Configuration) -> (Plan, Look) {
        let commands: Vec<String> = commands.iter().map(|&command| command.to_owned()).collect();
        let task = Task { action: &ExpressAction::Save, mark: "dialtone-1".to_owned(), site_commands: &[] };
        let plan = set(&task, "1001", &commands, read).unwrap();
        (plan, look_at_set(&task, "1001", &commands, read).unwrap())
    }

    #[test]
    fn what_a_refused_command_has_replaced_comes_back() {
        let (plan, look) = planned(&["preference 2", "call-forward noan 5000 timeout 20"], &Configuration::read(SLOTS));
        assert_eq!(look, Look::Absent);
        let Plan::Write(writing) = plan else { panic!("there is something to do") };
        assert_eq!(
            texts(&writing.back),
            [
                "ephone-dn 1",
                "no preference 2",
                "preference 5",
                "no call-forward noan 5000 timeout 20",
                "call-forward busy 4000",
            ]
        );
    }

    #[test]
    fn what_a_number_has_unless_told_otherwise_is_told() {
        let plain = Configuration::read(SLOTS);
        let (plan, look) = planned(&["no huntstop"], &plain);
        let Plan::Write(writing) = plan else { panic!("there is something to do") };
        assert_eq!(
            (texts(&writing.lines), texts(&writing.back)),
            (vec!["no huntstop"], vec!["ephone-dn 1", "huntstop"])
        );
        assert_eq!(look, Look::Absent);
        let told = Configuration::read("ephone-dn  1  dual-line\n number 1001\n no huntstop\n");
        assert!(matches!(planned(&["no huntstop"], &told), (Plan::Nothing, Look::Equal(_))));
        assert!(matches!(planned(&["huntstop"], &told), (Plan::Write(_), Look::Absent)));
        assert!(matches!(planned(&["huntstop", "no preference 2"], &plain), (Plan::Nothing, Look::Equal(_))));
    }

    #[test]
    fn forwarding_stops_in_every_slot_of_a_number() {
        let Plan::Write(writing) = stop("1001", &Configuration::read(SLOTS)).unwrap() else { panic!("there is some") };
        assert_eq!(
            texts(&writing.lines),
            ["ephone-dn 1", "no call-forward busy", "ephone-dn 2", "no call-forward noan"]
        );
        assert_eq!(
            texts(&writing.back),
            ["ephone-dn 1", "call-forward busy 4000", "ephone-dn 2", "call-forward noan 4000 timeout 9"]
        );
        assert_eq!(look_at_stopped("1001", &Configuration::read(SLOTS)), Look::Absent);
    }
}
