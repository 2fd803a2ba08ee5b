use dialtone_model::{ExpressNumber, Fault};

use super::command_line::CommandLine;
use super::configuration::{Configuration, Kind, Slot};
use super::edit::Edit;
use super::task::{Plan, Task, Writing, difference, equal, rejected, removal, removed, same};
use crate::Look;

/// Two channels, so that a call can be held or transferred while another one is taken.
const DUAL_LINE: &str = "dual-line";

pub(super) fn look_at_new(task: &Task<'_>, number: &ExpressNumber, configuration: &Configuration) -> Look {
    if task.begun(configuration).is_some() {
        return Look::Absent;
    }
    match configuration.numbers(&number.number).next() {
        None => Look::Absent,
        Some(slot) => compared(slot, number),
    }
}

pub(super) fn look_at_changed(task: &Task<'_>, from: &str, to: &ExpressNumber, configuration: &Configuration) -> Look {
    if task.begun(configuration).is_some() {
        return Look::Absent;
    }
    let old = configuration.own(from).next();
    let other = configuration.numbers(&to.number).find(|slot| Some(*slot) != old);
    match (other, old) {
        // The values from before are no obstacle: to set them anew is what the step is for.
        (None, Some(old)) => match compared(old, to) {
            Look::Different { .. } => Look::Absent,
            look => look,
        },
        (Some(slot), None) => compared(slot, to),
        (Some(slot), Some(_)) => {
            Look::Different { differences: vec![format!("{}: {} has it already", to.number, slot.title())] }
        }
        (None, None) => Look::Different { differences: vec![format!("{from}: the device has no such number")] },
    }
}

/// Takes a slot for the number. What the slot has first is the mark, then the number; the mark goes last.
pub(super) fn add(task: &Task<'_>, number: &ExpressNumber, configuration: &Configuration) -> Result<Plan, Fault> {
    let kind = Kind::of_numbers(number.protocol);
    let channels = if kind == Kind::EphoneDn { DUAL_LINE } else { "" };
    let tag = match task.begun(configuration) {
        Some(begun) => begun.tag,
        None if configuration.numbers(&number.number).next().is_some() => return Ok(Plan::AlreadyThere),
        None => configuration.free_tag(kind, channels).ok_or_else(|| full(kind, configuration))?,
    };
    let slot = CommandLine::of(kind.command()).number(tag);
    let enter = if kind == Kind::EphoneDn { slot.clone().then(DUAL_LINE) } else { slot.clone() };
    let mut lines = vec![
        CommandLine::of("name").word("the mark", &task.mark)?,
        CommandLine::of("number").dialled("the number", &number.number)?,
    ];
    lines.extend(text_line("label", number.label.as_deref())?);
    Ok(Writing {
        enter: Some(enter),
        lines,
        finish: vec![text_or_none("name", number.name.as_deref())?],
        back: vec![slot.negated()],
        reference: Some(format!("{} {tag}", kind.command())),
    }
    .into())
}

pub(super) fn change(
    task: &Task<'_>,
    from: &str,
    to: &ExpressNumber,
    configuration: &Configuration,
) -> Result<Plan, Fault> {
    let begun = task.begun(configuration);
    let slot = match begun.or_else(|| configuration.own(from).next()) {
        Some(slot) => slot,
        None if configuration.numbers(&to.number).next().is_some() => return Ok(Plan::AlreadyThere),
        None => return Err(rejected("ios-no-number", format!("the device has no number {from}"))),
    };
    if slot.kind != Kind::of_numbers(to.protocol) {
        let message = format!("{} is for phones of another protocol, which a number can't change", slot.title());
        return Err(rejected("ios-protocol", message));
    }
    if configuration.numbers(&to.number).any(|other| other != slot) {
        return Ok(Plan::AlreadyThere);
    }
    let (mut lines, mut back) = (Vec::new(), Vec::new());
    if slot.number() != Some(to.number.as_str()) {
        lines.push(with_tail(CommandLine::of("number").dialled("the number", &to.number)?, slot)?);
        if let Some(number) = slot.number() {
            back.push(with_tail(CommandLine::of("number").dialled("the number", number)?, slot)?);
        }
    }
    if !same(slot.value("label"), to.label.as_deref()) {
        lines.push(text_or_none("label", to.label.as_deref())?);
        back.push(text_or_none("label", slot.value("label"))?);
    }
    Edit { slot, begun: begun.is_some(), lines, back, text: "name", wanted: to.name.as_deref() }.plan(task)
}

/// A number that no phone has any more goes, from every slot that it has.
pub(super) fn remove(number: &str, configuration: &Configuration) -> Result<Plan, Fault> {
    let own: Vec<&Slot> = configuration.own(number).collect();
    if let Some(other) = configuration.numbers(number).find(|slot| !own.contains(slot)) {
        let message = format!("{number} is the second number of {}, which doesn't go with it", other.title());
        return Err(rejected("ios-in-use", message));
    }
    own.iter().try_for_each(|slot| refuse_in_use(number, slot, configuration))?;
    Ok(removed(&own))
}

/// The number goes that an addition has made; another one by then isn't that addition's.
pub(super) fn take_back(number: &str, configuration: &Configuration) -> Result<Plan, Fault> {
    let Some(slot) = configuration.numbers(number).next() else { return Ok(Plan::Nothing) };
    refuse_in_use(number, slot, configuration)?;
    Ok(removal(slot))
}

fn refuse_in_use(number: &str, slot: &Slot, configuration: &Configuration) -> Result<(), Fault> {
    let carriers: Vec<String> = configuration.carriers(slot).into_iter().map(Slot::title).collect();
    if carriers.is_empty() {
        return Ok(());
    }
    Err(rejected("ios-in-use", format!("{number} is still on a button of {}", carriers.join(", "))))
}

/// What the slot under the mark, or the one with the number, lacks; its name is set last.
pub(super) fn not_taken(task: &Task<'_>, number: &ExpressNumber, configuration: &Configuration) -> Vec<String> {
    match task.begun(configuration).or_else(|| configuration.numbers(&number.number).next()) {
        Some(slot) => differences(slot, number),
        None => vec![format!("{}: the device shows nothing of it", number.number)],
    }
}

fn compared(slot: &Slot, number: &ExpressNumber) -> Look {
    let mut differences = differences(slot, number);
    differences.extend(difference("name", slot.value("name"), number.name.as_deref()));
    if differences.is_empty() { equal(slot) } else { Look::Different { differences } }
}

/// What differs, but for the name.
fn differences(slot: &Slot, number: &ExpressNumber) -> Vec<String> {
    let wanted = Kind::of_numbers(number.protocol);
    let all = [
        difference("kind", Some(slot.kind.command()), Some(wanted.command())),
        difference("number", slot.number(), Some(&number.number)),
        difference("label", slot.value("label"), number.label.as_deref()),
    ];
    all.into_iter().flatten().collect()
}

pub(super) fn text_line(command: &'static str, value: Option<&str>) -> Result<Option<CommandLine>, Fault> {
    value.map(|value| CommandLine::of(command).rest(&format!("the {command}"), value)).transpose()
}

/// Sets a text, or takes it away.
pub(super) fn text_or_none(command: &'static str, value: Option<&str>) -> Result<CommandLine, Fault> {
    Ok(text_line(command, value)?.unwrap_or_else(|| CommandLine::of(command).negated()))
}

/// The line with what stands behind the number in the slot: a second number, and where it is registered.
fn with_tail(line: CommandLine, slot: &Slot) -> Result<CommandLine, Fault> {
    let words = slot.value("number").unwrap_or_default().split(' ').skip(1);
    words.into_iter().try_fold(line, |line, word| line.word("the second number", word))
}

/// No slot is free, or the device was never told how many there may be.
pub(super) fn full(kind: Kind, configuration: &Configuration) -> Fault {
    let command = kind.command();
    let message = match configuration.limit(kind) {
        Some(most) => format!("each of the {most} slots that `{command}` may have is taken"),
        None => format!("the device doesn't say how many `{command}` it may have: it isn't set up for them"),
    };
    rejected("ios-slots-full", message)
}

#[cfg(test)]
mod tests {
    use dialtone_model::PhoneProtocol;

    use super::*;

    fn removed_lines(number: &str, read: &Configuration) -> Result<Vec<String>, String> {
        match remove(number, read) {
            Ok(Plan::Write(writing)) => Ok(writing.lines.iter().map(|line| line.text().to_owned()).collect()),
            Ok(_) => Ok(Vec::new()),
            Err(fault) => Err(fault.to_string()),
        }
    }

    #[test]
    fn a_number_goes_from_all_its_slots_and_no_other_number_goes_with_it() {
        let slots = "ephone-dn  1  dual-line\n number 1001 secondary 5551001\nephone-dn  2  dual-line\n number 1001\n";
        let read = Configuration::read(slots);
        assert_eq!(removed_lines("1001", &read).unwrap(), ["no ephone-dn 1", "no ephone-dn 2"]);
        assert!(removed_lines("5551001", &read).unwrap_err().contains("the second number of ephone-dn 1"));
        assert_eq!(removed_lines("1009", &read).unwrap(), [""; 0]);
        let carried = format!("{slots}ephone  1\n mac-address 0011.2233.4455\n button  1:2\n");
        assert!(removed_lines("1001", &Configuration::read(&carried)).unwrap_err().contains("on a button of ephone 1"));
    }

    #[test]
    fn a_text_is_the_same_however_many_spaces_were_typed() {
        let read = Configuration::read("ephone-dn  1  dual-line\n number 1001\n label Tony J\n name Tony  Jones\n");
        let (name, label) = (Some("Tony   Jones".to_owned()), Some("Tony  J".to_owned()));
        let number = ExpressNumber { number: "1001".to_owned(), protocol: PhoneProtocol::Sccp, name, label };
        assert!(matches!(compared(read.own("1001").next().unwrap(), &number), Look::Equal(_)));
    }
}
