use dialtone_model::{ExpressPhone, Fault};

use super::command_line::CommandLine;
use super::configuration::{Configuration, Kind, Slot};
use super::edit::Edit;
use super::numbers::{full, text_or_none};
use super::task::{Plan, Task, Writing, difference, equal, rejected};
use crate::Look;

/// The MAC address of a phone that is named `SEP` and it: twelve capital digits.
pub(super) fn mac(name: &str) -> Result<String, Fault> {
    let digits = name.strip_prefix("SEP").unwrap_or_default();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = format!("{name:?} isn't SEP and a MAC address, by which the device knows its phones");
        return Err(rejected("ios-mac", message));
    }
    Ok(digits.to_ascii_uppercase())
}

/// The phone, or why there is none.
pub(super) fn known<'c>(name: &str, configuration: &'c Configuration) -> Result<&'c Slot, Fault> {
    let found = configuration.phone(&mac(name)?);
    found.ok_or_else(|| rejected("ios-no-phone", format!("the device has no phone {name}")))
}

pub(super) fn look_at_new(task: &Task<'_>, phone: &ExpressPhone, configuration: &Configuration) -> Result<Look, Fault> {
    if task.begun(configuration).is_some() {
        return Ok(Look::Absent);
    }
    match configuration.phone(&mac(&phone.name)?) {
        None => Ok(Look::Absent),
        Some(slot) => compared(slot, phone),
    }
}

pub(super) fn look_at_changed(
    task: &Task<'_>,
    from: &str,
    to: &ExpressPhone,
    configuration: &Configuration,
) -> Result<Look, Fault> {
    if task.begun(configuration).is_some() {
        return Ok(Look::Absent);
    }
    let old = configuration.phone(&mac(from)?);
    Ok(match (configuration.phone(&mac(&to.name)?), old) {
        // The values from before are no obstacle: to set them anew is what the step is for.
        (Some(slot), Some(old)) if slot == old => match compared(slot, to)? {
            Look::Different { .. } => Look::Absent,
            look => look,
        },
        (Some(slot), None) => compared(slot, to)?,
        (Some(slot), Some(_)) => {
            Look::Different { differences: vec![format!("{}: {} is it already", to.name, slot.title())] }
        }
        (None, Some(_)) => Look::Absent,
        (None, None) => Look::Different { differences: vec![format!("{from}: the device has no such phone")] },
    })
}

/// Takes a slot for the phone. What the slot has first is the mark, then the address; the mark goes last.
pub(super) fn add(task: &Task<'_>, phone: &ExpressPhone, configuration: &Configuration) -> Result<Plan, Fault> {
    let kind = Kind::of_phones(phone.protocol);
    let mac = mac(&phone.name)?;
    let tag = match task.begun(configuration) {
        Some(begun) => begun.tag,
        None if configuration.phone(&mac).is_some() => return Ok(Plan::AlreadyThere),
        None => configuration.free_tag(kind, "").ok_or_else(|| full(kind, configuration))?,
    };
    let slot = CommandLine::of(kind.command()).number(tag);
    let begun_address = task.begun(configuration).and_then(Slot::mac);
    let mut lines = vec![CommandLine::of("description").word("the mark", &task.mark)?];
    if begun_address.as_deref() != Some(mac.as_str()) {
        lines.extend(begun_address.map(|_| CommandLine::of(kind.address_command()).negated()));
        lines.push(CommandLine::of(kind.address_command()).word("the MAC address", &dotted(&mac))?);
    }
    lines.push(CommandLine::of("type").word("the phone type", model(phone))?);
    lines.extend(username(phone)?);
    Ok(Writing {
        enter: Some(slot.clone()),
        lines,
        finish: vec![text_or_none("description", phone.description.as_deref())?],
        back: vec![slot.negated()],
        reference: Some(format!("{} {tag}", kind.command())),
    }
    .into())
}

pub(super) fn change(
    task: &Task<'_>,
    from: &str,
    to: &ExpressPhone,
    configuration: &Configuration,
) -> Result<Plan, Fault> {
    let mac = mac(&to.name)?;
    let begun = task.begun(configuration);
    let slot = match begun.or(configuration.phone(&self::mac(from)?)) {
        Some(slot) => slot,
        None if configuration.phone(&mac).is_some() => return Ok(Plan::AlreadyThere),
        None => return Err(rejected("ios-no-phone", format!("the device has no phone {from}"))),
    };
    if slot.kind != Kind::of_phones(to.protocol) {
        let message = format!("{} speaks another protocol, which a phone can't change", slot.title());
        return Err(rejected("ios-protocol", message));
    }
    if configuration.phone(&mac).is_some_and(|other| other != slot) {
        return Ok(Plan::AlreadyThere);
    }
    let command = slot.kind.address_command();
    let (mut lines, mut back) = (Vec::new(), Vec::new());
    let address = slot.mac();
    if address.as_ref() != Some(&mac) {
        // A slot doesn't take another address before it has lost the one that it has.
        lines.extend(address.is_some().then(|| CommandLine::of(command).negated()));
        lines.push(CommandLine::of(command).word("the MAC address", &dotted(&mac))?);
        back.push(CommandLine::of(command).negated());
        if let Some(address) = address {
            back.push(CommandLine::of(command).word("the MAC address", &dotted(&address))?);
        }
    }
    if slot.value("type").and_then(|value| value.split(' ').next()) != Some(model(to)) {
        lines.push(CommandLine::of("type").word("the phone type", model(to))?);
        if let Some(model) = slot.value("type") {
            let words = model.split(' ');
            back.push(words.into_iter().try_fold(CommandLine::of("type"), |line, word| line.word("the type", word))?);
        }
    }
    if to.username.is_some() && user_of(slot) != to.username.as_deref() {
        lines.extend(username(to)?);
        if let Some(user) = user_of(slot) {
            back.push(CommandLine::of("username").quoted("the user name", user)?);
        } else {
            back.push(CommandLine::of("username").negated());
        }
    }
    Edit { slot, begun: begun.is_some(), lines, back, text: "description", wanted: to.description.as_deref() }
        .plan(task)
}

/// What the slot under the mark, or the one with the address, lacks; its description is set last.
pub(super) fn not_taken(
    task: &Task<'_>,
    phone: &ExpressPhone,
    configuration: &Configuration,
) -> Result<Vec<String>, Fault> {
    match task.begun(configuration).or(configuration.phone(&mac(&phone.name)?)) {
        Some(slot) => differences(slot, phone),
        None => Ok(vec![format!("{}: the device shows nothing of it", phone.name)]),
    }
}

fn compared(slot: &Slot, phone: &ExpressPhone) -> Result<Look, Fault> {
    let mut differences = differences(slot, phone)?;
    differences.extend(difference("description", slot.value("description"), phone.description.as_deref()));
    Ok(if differences.is_empty() { equal(slot) } else { Look::Different { differences } })
}

/// What differs, but for the description.
fn differences(slot: &Slot, phone: &ExpressPhone) -> Result<Vec<String>, Fault> {
    let wanted = Kind::of_phones(phone.protocol);
    let device_type = slot.value("type").and_then(|value| value.split(' ').next());
    let user = phone.username.as_deref();
    let all = [
        difference("kind", Some(slot.kind.command()), Some(wanted.command())),
        difference("MAC address", slot.mac().as_deref(), Some(&mac(&phone.name)?)),
        difference("type", device_type, Some(model(phone))),
        user.and_then(|user| difference("username", user_of(slot), Some(user))),
    ];
    Ok(all.into_iter().flatten().collect())
}

fn username(phone: &ExpressPhone) -> Result<Option<CommandLine>, Fault> {
    // A SIP phone has a user name only together with the password of its registration.
    let user = phone.username.as_deref().filter(|_| Kind::of_phones(phone.protocol) == Kind::Ephone);
    user.map(|user| CommandLine::of("username").word("the user name", user)).transpose()
}

fn user_of(slot: &Slot) -> Option<&str> {
    slot.value("username").and_then(|value| value.split(' ').next()).map(|user| user.trim_matches('"'))
}

/// The model as the device calls it: the catalogue says `Cisco 7965`, the device `7965`.
fn model(phone: &ExpressPhone) -> &str {
    match phone.phone_type.strip_prefix("Cisco ").unwrap_or(&phone.phone_type) {
        "IP Communicator" => "CIPC",
        "Analog Phone" | "Analog" => "anl",
        model => model,
    }
}

/// `0011.2233.4455`
fn dotted(mac: &str) -> String {
    let groups: Vec<&str> = [0, 4, 8].into_iter().filter_map(|at| mac.get(at..at + 4)).collect();
    groups.join(".")
}
