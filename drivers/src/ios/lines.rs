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

/// The phone and the number, of the same protocol.
fn both<'c>(phone: &str, number: &str, configuration: &'c Configuration) -> Result<(&'c Slot, &'c Slot), Fault> {
    let phone = known(phone, configuration)?;
    let slot = configuration
        .numbers(number)
        .next()
        .ok_or_else(|| rejected("ios-no-number", format!("the device has no number {number}")))?;
    if slot.kind.protocol() != phone.kind.protocol() {
        let message = format!("{} and {} are of different protocols", phone.title(), slot.title());
        return Err(rejected("ios-protocol", message));
    }
    Ok((phone, slot))
}

fn written(button: &Button) -> String {
    let tags: Vec<String> = button.tags.iter().map(u32::to_string).collect();
    format!("{}{}{}", button.position, button.separator, tags.join(","))
}
