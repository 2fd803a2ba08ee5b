//! The users and mailboxes of Unity Express, as it shows them.

use dialtone_model::{ExpressMailbox, Fault};

use super::command_line::CommandLine;
use super::dialogue::Dialogue;
use super::task::{difference, rejected};

/// A user with what the device shows of the mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    pub(super) full_name: String,
    pub(super) number: Option<String>,
    pub(super) mailbox: Option<Mailbox>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mailbox {
    pub(super) description: Option<String>,
    pub(super) size: Option<u32>,
    pub(super) enabled: bool,
    pub(super) locked: bool,
}

/// A user id, which stands in a command without quotes.
pub(super) fn user_id(text: &str) -> Result<&str, Fault> {
    let whole = (2..=31).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if whole {
        return Ok(text);
    }
    let message = format!("{text:?} is no user id: it is 2 to 31 letters, digits, `_`, `.` and `-`, a letter first");
    Err(rejected("cue-user-id", message))
}

/// The user with the mailbox; `None`: there is no such user.
pub(super) async fn find(dialogue: &mut Dialogue<'_>, id: &str) -> Result<Option<User>, Fault> {
    let id = user_id(id)?;
    let about_user = CommandLine::of("show user detail username").word("the user", id)?;
    let Some(shown) = dialogue.ask_about(&about_user).await? else { return Ok(None) };
    let Some(full_name) = field(&shown, "Full Name") else { return Ok(None) };
    let number = field(&shown, "Phone").filter(|number| !number.is_empty());
    let about_mailbox = CommandLine::of("show voicemail detail mailbox").word("the user", id)?;
    let shown = dialogue.ask_about(&about_mailbox).await?.unwrap_or_default();
    let mailbox = field(&shown, "Owner").map(|_| Mailbox {
        description: field(&shown, "Description").filter(|text| !text.is_empty()).map(str::to_owned),
        size: field(&shown, "Mailbox Size (seconds)").and_then(|size| size.parse().ok()),
        enabled: field(&shown, "Enabled") == Some("true"),
        locked: field(&shown, "Busy state").is_some_and(|state| state.to_ascii_lowercase().contains("lock")),
    });
    Ok(Some(User { full_name: full_name.to_owned(), number: number.map(str::to_owned), mailbox }))
}

/// Every user id.
pub(super) async fn list(dialogue: &mut Dialogue<'_>) -> Result<Vec<String>, Fault> {
    let shown = dialogue.ask(&CommandLine::of("show users")).await?;
    let ids = shown.lines().map(str::trim).filter(|line| user_id(line).is_ok());
    let mut ids: Vec<String> = ids.map(str::to_owned).collect();
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// What is behind `name:`; the device pads it with spaces.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.trim_start().strip_prefix(name)?.trim_start().strip_prefix(':')).map(str::trim)
}

impl User {
    /// Whether nothing was done to it but to make it.
    pub(super) fn is_blank(&self, id: &str) -> bool {
        self.number.is_none() && self.mailbox.is_none() && (self.full_name == id || self.full_name.is_empty())
    }

    /// What differs from what is wanted.
    pub(super) fn differences(&self, wanted: &ExpressMailbox) -> Vec<String> {
        let name = difference("full name", Some(&self.full_name), Some(&wanted.display_name));
        name.into_iter().chain(self.differences_but_for_name(wanted)).collect()
    }

    /// The same without the full name, which stands for the mark while the rest is set.
    pub(super) fn differences_but_for_name(&self, wanted: &ExpressMailbox) -> Vec<String> {
        let mut all = vec![difference("phone number", self.number.as_deref(), Some(&wanted.number))];
        match &self.mailbox {
            None => all.push(Some("mailbox: device has none".to_owned())),
            Some(mailbox) => {
                all.push(difference("description", mailbox.description.as_deref(), wanted.description.as_deref()));
                let (size, wanted) = (mailbox.size.map(|it| it.to_string()), wanted.size.map(|it| it.to_string()));
                all.push(wanted.and_then(|wanted| difference("size", size.as_deref(), Some(&wanted))));
                all.push((!mailbox.enabled).then(|| "mailbox: it is not enabled".to_owned()));
            }
        }
        all.into_iter().flatten().collect()
    }
}
