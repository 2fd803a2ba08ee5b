use dialtone_model::Fault;

use super::command_line::CommandLine;
use super::configuration::{Button, Configuration, Kind, Slot};
use super::phones::known;
use super::task::{Plan, Writing, entering, equal, gone, rejected};
use crate::Look;

pub(super) fn look_at_attached(
    phone: &str,
    number: &str,
    position: Option<u16>,
    configuration: &Configuration,
) -> Result<Look, Fault> {
    let (phone, number) = match both(phone, number, configuration) {
        Ok(both) => both,
        Err(Fault::Rejected(complaint)) => return Ok(Look::Different { differences: vec![complaint.message] }),
        Err(fault) => return Err(fault),
    };
    let buttons = phone.buttons();
    if let Some(button) = buttons.iter().find(|button| button.tags.contains(&number.tag)) {
        return Ok(match position {
            Some(position) if u32::from(position) != button.position => Look::Different {
                differences: vec![format!("position: device has {}, the order says {position}", button.position)],
            },
            _ => equal(phone),
        });
    }
    let taken = position.and_then(|position| buttons.iter().find(|button| button.position == u32::from(position)));
    Ok(match taken {
        Some(button) => Look::Different { differences: vec![format!("button {} has another number", button.position)] },
        None => Look::Absent,
    })
}

pub(super) fn look_at_detached(phone: &str, number: &str, configuration: &Configuration) -> Result<Look, Fault> {
    let (phone, number) = match both(phone, number, configuration) {
        Ok(both) => both,
        // Neither a phone nor a number that isn't there has anything to lose.
        Err(Fault::Rejected(complaint)) if complaint.code != "ios-mac" => return Ok(gone(false)),
        Err(fault) => return Err(fault),
    };
    Ok(gone(phone.buttons().iter().any(|button| button.tags.contains(&number.tag))))
}

/// Puts a number on a button. All buttons are said, so that those which are there stay whatever the device makes of the
/// line.
pub(super) fn attach(
    phone: &str,
    number: &str,
    position: Option<u16>,
    configuration: &Configuration,
) -> Result<Plan, Fault> {
    let (phone, number) = both(phone, number, configuration)?;
    let buttons = phone.buttons();
    if buttons.iter().any(|button| button.tags.contains(&number.tag)) {
        return Ok(Plan::AlreadyThere);
    }
    let taken = |position: u32| buttons.iter().any(|button| button.position == position);
    let position = match position.map(u32::from) {
        Some(position) if taken(position) => return Ok(Plan::AlreadyThere),
        Some(position) => position,
        None => (1..).find(|position| !taken(*position)).unwrap_or(1),
    };
    let (line, back) = if phone.kind == Kind::Ephone {
        let new = Button { position, separator: ':', tags: vec![number.tag] };
        let mut all: Vec<&Button> = buttons.iter().chain([&new]).collect();
        all.sort_by_key(|button| button.position);
        let mut line = CommandLine::of("button");
        for button in all {
            line = line.word("a button", &written(button))?;
        }
        (line, CommandLine::of("button").word("a button", &written(&new))?.negated())
    } else {
        let line = CommandLine::of("number").number(position);
        (line.clone().then("dn").number(number.tag), line.negated())
    };
    Ok(Writing {
        enter: Some(entering(phone)),
        lines: vec![line],
        back: vec![entering(phone), back],
        reference: Some(phone.title()),
        ..Writing::default()
    }
    .into())
}

/// Takes a number off; a button that has others too keeps them.
pub(super) fn detach(phone: &str, number: &str, configuration: &Configuration) -> Result<Plan, Fault> {
    let (phone, number) = match both(phone, number, configuration) {
        Ok(both) => both,
        Err(Fault::Rejected(complaint)) if complaint.code != "ios-mac" => return Ok(Plan::Nothing),
        Err(fault) => return Err(fault),
    };
    let buttons = phone.buttons();
    let Some(button) = buttons.iter().find(|button| button.tags.contains(&number.tag)) else {
        return Ok(Plan::Nothing);
    };
    let others: Vec<u32> = button.tags.iter().copied().filter(|tag| *tag != number.tag).collect();
    // One line, whatever is left on the button: nothing can be lost between two.
    let line = match (phone.kind, others.as_slice()) {
        (Kind::Ephone, []) => CommandLine::of("button").word("a button", &written(button))?.negated(),
        (Kind::Ephone, _) => {
            // A button of one number doesn't ring like one that several share.
            let separator = if others.len() == 1 { ':' } else { button.separator };
            let kept = Button { position: button.position, separator, tags: others };
            CommandLine::of("button").word("a button", &written(&kept))?
        }
        _ => CommandLine::of("number").number(button.position).negated(),
    };
    let reference = Some(phone.title());
    Ok(Writing { enter: Some(entering(phone)), lines: vec![line], reference, ..Writing::default() }.into())
}

/// The phone and the number, of the same protocol. Of several slots with the number it is the one that the phone has.
fn both<'c>(phone: &str, number: &str, configuration: &'c Configuration) -> Result<(&'c Slot, &'c Slot), Fault> {
    let phone = known(phone, configuration)?;
    let slots: Vec<&Slot> = configuration.own(number).collect();
    let Some(any) = slots.first() else {
        return Err(rejected("ios-no-number", format!("the device has no number {number}")));
    };
    let mut fitting = slots.iter().copied().filter(|slot| slot.kind.protocol() == phone.kind.protocol());
    let buttons = phone.buttons();
    let has = |slot: &&Slot| buttons.iter().any(|button| button.tags.contains(&slot.tag));
    let first = fitting.clone().next();
    fitting.find(has).or(first).map(|slot| (phone, slot)).ok_or_else(|| {
        let message = format!("{} and {} are of different protocols", phone.title(), any.title());
        rejected("ios-protocol", message)
    })
}

fn written(button: &Button) -> String {
    let tags: Vec<String> = button.tags.iter().map(u32::to_string).collect();
    format!("{}{}{}", button.position, button.separator, tags.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number with a slot for each of two phones that speak SCCP, and one for a phone that speaks SIP.
    const SHARED: &str = "telephony-service\n max-dn 9\n\
        voice register dn  1\n number 1001\nvoice register pool  1\n id mac 0011.2233.44AA\n type 7965\n\
        ephone-dn  1  dual-line\n number 1001 secondary 5551001\nephone-dn  5  dual-line\n number 1001\n\
        ephone  1\n mac-address 0011.2233.4455\n button  1:1\nephone  2\n mac-address 0011.2233.44FF\n button  1:5\n";

    fn lines(plan: Plan) -> Vec<String> {
        let Plan::Write(writing) = plan else { return Vec::new() };
        writing.enter.iter().chain(&writing.lines).map(|line| line.text().to_owned()).collect()
    }

    #[test]
    fn of_several_slots_with_a_number_it_is_the_phones_own() {
        let read = Configuration::read(SHARED);
        assert_eq!(lines(detach("SEP0011223344FF", "1001", &read).unwrap()), ["ephone 2", "no button 1:5"]);
        assert_eq!(look_at_detached("SEP0011223344FF", "1001", &read).unwrap(), Look::Absent);
        assert!(matches!(attach("SEP0011223344FF", "1001", None, &read).unwrap(), Plan::AlreadyThere));
        let sip = attach("SEP0011223344AA", "1001", Some(1), &read).unwrap();
        assert_eq!(lines(sip), ["voice register pool 1", "number 1 dn 1"]);
    }

    #[test]
    fn a_second_number_is_no_line_of_its_own() {
        let read = Configuration::read(SHARED);
        assert!(matches!(detach("SEP001122334455", "5551001", &read).unwrap(), Plan::Nothing));
        let fault = attach("SEP0011223344FF", "5551001", None, &read).unwrap_err();
        assert_eq!(fault.complaint().code, "ios-no-number");
    }
}
