use dialtone_model::Fault;

use super::command_line::CommandLine;
use super::configuration::Slot;
use super::numbers::text_or_none;
use super::task::{Plan, Task, Writing, entering, same};

/// A change of a slot, as far as it can be told line by line. One text of the slot is where the mark stands until all
/// the lines are there.
pub(super) struct Edit<'a> {
    pub(super) slot: &'a Slot,
    /// Whether the slot has this order's mark already: then nobody knows any more what the text was.
    pub(super) begun: bool,
    /// What changes the slot, but for the text.
    pub(super) lines: Vec<CommandLine>,
    /// What takes them back.
    pub(super) back: Vec<CommandLine>,
    /// The command of the text.
    pub(super) text: &'static str,
    /// What it says in the end.
    pub(super) wanted: Option<&'a str>,
}

impl Edit<'_> {
    pub(super) fn plan(self, task: &Task<'_>) -> Result<Plan, Fault> {
        let Self { slot, begun, mut lines, mut back, text, wanted } = self;
        if lines.is_empty() && same(slot.value(text), wanted) {
            return Ok(Plan::AlreadyThere);
        }
        // A single setting is there or not; only what takes several lines can be left half done.
        if !lines.is_empty() {
            lines.insert(0, CommandLine::of(text).word("the mark", &task.mark)?);
        }
        back.push(text_or_none(text, slot.value(text).filter(|_| !begun))?);
        back.insert(0, entering(slot));
        Ok(Writing {
            enter: Some(entering(slot)),
            lines,
            finish: vec![text_or_none(text, wanted)?],
            back,
            reference: Some(slot.title()),
        }
        .into())
    }
}
