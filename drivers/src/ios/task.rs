//! What an action comes to on a configuration: what of it is there, and which commands bring it about. Nothing here
//! talks to a device.

use dialtone_model::{Complaint, ExpressAction, Fault};

use super::command_line::CommandLine;
use super::configuration::{Configuration, Slot};
use super::{commands, lines, numbers, phones};
use crate::{Done, Look};

/// An action, with what tells its own unfinished work from everybody else's.
#[derive(Debug)]
pub(super) struct Task<'a> {
    pub(super) action: &'a ExpressAction,
    /// What stands in a slot while it is being filled for this order and step. A process that dies in between leaves it
    /// there, and whoever goes on finds the slot by it.
    pub(super) mark: String,
    /// The commands that the site allows for numbers, beside those that are known.
    pub(super) site_commands: &'a [String],
}

/// Which commands bring an action about.
#[derive(Debug)]
pub(super) enum Plan {
    /// Something is there. A look tells whether it is what is wanted.
    AlreadyThere,
    /// Nothing is left to do.
    Nothing,
    Write(Writing),
}

/// Commands, in the configuration mode.
#[derive(Debug, Default)]
pub(super) struct Writing {
    /// Enters the section that the others are about.
    pub(super) enter: Option<CommandLine>,
    pub(super) lines: Vec<CommandLine>,
    /// What is said last, when the configuration shows that the others were taken.
    pub(super) finish: Vec<CommandLine>,
    /// Brings back what was there before.
    pub(super) back: Vec<CommandLine>,
    /// The slot, as the report names it.
    pub(super) reference: Option<String>,
}

impl Task<'_> {
    /// Whether the effect is there.
    pub(super) fn look(&self, configuration: &Configuration) -> Result<Look, Fault> {
        match self.action {
            ExpressAction::AddPhone(phone) => phones::look_at_new(self, phone, configuration),
            ExpressAction::ChangePhone { name, to } => phones::look_at_changed(self, name, to, configuration),
            ExpressAction::RemovePhone { name } => Ok(gone(configuration.phone(&phones::mac(name)?).is_some())),
            ExpressAction::AddNumber(number) => Ok(numbers::look_at_new(self, number, configuration)),
            ExpressAction::ChangeNumber { number, to } => Ok(numbers::look_at_changed(self, number, to, configuration)),
            ExpressAction::RemoveNumber { number } => Ok(gone(configuration.numbers(number).next().is_some())),
            ExpressAction::AttachLine { phone, number, position } => {
                lines::look_at_attached(phone, number, *position, configuration)
            }
            ExpressAction::DetachLine { phone, number } => lines::look_at_detached(phone, number, configuration),
            ExpressAction::SetCommands { number, commands } => {
                commands::look_at_set(self, number, commands, configuration)
            }
            ExpressAction::StopForwarding { number } => Ok(commands::look_at_stopped(number, configuration)),
            _ => Err(unsupported()),
        }
    }

    /// Which commands bring the effect about.
    pub(super) fn plan(&self, configuration: &Configuration) -> Result<Plan, Fault> {
        match self.action {
            ExpressAction::AddPhone(phone) => phones::add(self, phone, configuration),
            ExpressAction::ChangePhone { name, to } => phones::change(self, name, to, configuration),
            ExpressAction::RemovePhone { name } => {
                Ok(configuration.phone(&phones::mac(name)?).map_or(Plan::Nothing, removal))
            }
            ExpressAction::AddNumber(number) => numbers::add(self, number, configuration),
            ExpressAction::ChangeNumber { number, to } => numbers::change(self, number, to, configuration),
            ExpressAction::RemoveNumber { number } => numbers::remove(number, configuration),
            ExpressAction::AttachLine { phone, number, position } => {
                lines::attach(phone, number, *position, configuration)
            }
            ExpressAction::DetachLine { phone, number } => lines::detach(phone, number, configuration),
            ExpressAction::SetCommands { number, commands } => commands::set(self, number, commands, configuration),
            ExpressAction::StopForwarding { number } => commands::stop(number, configuration),
            _ => Err(unsupported()),
        }
    }

    /// What the device hasn't taken of the lines of a writing; its last ones don't count yet.
    pub(super) fn not_taken(&self, configuration: &Configuration) -> Result<Vec<String>, Fault> {
        match self.action {
            ExpressAction::AddPhone(phone) | ExpressAction::ChangePhone { to: phone, .. } => {
                phones::not_taken(self, phone, configuration)
            }
            ExpressAction::AddNumber(number) | ExpressAction::ChangeNumber { to: number, .. } => {
                Ok(numbers::not_taken(self, number, configuration))
            }
            _ => Ok(match self.look(configuration)? {
                Look::Equal(_) => Vec::new(),
                Look::Different { differences } => differences,
                Look::Absent => vec!["the device shows nothing of it".to_owned()],
            }),
        }
    }

    /// Which commands take the effect of an addition back; `None`: its earlier values aren't known.
    pub(super) fn reversal(&self, configuration: &Configuration) -> Option<Result<Plan, Fault>> {
        match self.action {
            ExpressAction::AddPhone(phone) => {
                Some(phones::mac(&phone.name).map(|mac| configuration.phone(&mac).map_or(Plan::Nothing, removal)))
            }
            ExpressAction::AddNumber(number) => Some(numbers::take_back(&number.number, configuration)),
            ExpressAction::AttachLine { phone, number, .. } => Some(lines::detach(phone, number, configuration)),
            ExpressAction::SetCommands { number, commands } => commands::unset(self, number, commands, configuration),
            _ => None,
        }
    }

    /// The slot that was begun for this task and isn't finished.
    pub(super) fn begun<'c>(&self, configuration: &'c Configuration) -> Option<&'c Slot> {
        configuration.marked(&self.mark)
    }
}

impl From<Writing> for Plan {
    fn from(writing: Writing) -> Self {
        Self::Write(writing)
    }
}

/// Takes a slot away.
pub(super) fn removal(slot: &Slot) -> Plan {
    removed(&[slot])
}

/// Takes slots away.
pub(super) fn removed(slots: &[&Slot]) -> Plan {
    let lines: Vec<CommandLine> = slots.iter().map(|slot| entering(slot).negated()).collect();
    match slots.first() {
        Some(first) => Writing { lines, reference: Some(first.title()), ..Writing::default() }.into(),
        None => Plan::Nothing,
    }
}

/// Enters a slot that is there.
pub(super) fn entering(slot: &Slot) -> CommandLine {
    CommandLine::of(slot.kind.command()).number(slot.tag)
}

/// A removal has happened when nothing is there any more.
pub(super) fn gone(there: bool) -> Look {
    if there { Look::Absent } else { Look::Equal(Done::default()) }
}

pub(super) fn equal(slot: &Slot) -> Look {
    Look::Equal(Done { reference: Some(slot.title()) })
}

/// What differs, as reports print it; empty values are told as such.
pub(super) fn difference(what: &str, device: Option<&str>, order: Option<&str>) -> Option<String> {
    let shown = |value: Option<&str>| value.map_or_else(|| "nothing".to_owned(), str::to_owned);
    (!same(device, order)).then(|| format!("{what}: device has {}, the order says {}", shown(device), shown(order)))
}

/// Whether two texts are one to the device, which doesn't tell how many spaces were typed between words.
pub(super) fn same(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.split_whitespace().eq(other.split_whitespace()),
        (one, other) => one == other,
    }
}

pub(super) fn rejected(code: &str, message: impl Into<String>) -> Fault {
    Fault::Rejected(Complaint::new(code, message))
}

fn unsupported() -> Fault {
    crate::device::unsupported(dialtone_model::DeviceKind::CmExpress)
}
