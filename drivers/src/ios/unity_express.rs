use std::time::Duration;

use dialtone_model::{
    Action, Attributes, Complaint, Credential, Device, DeviceKind, DeviceObject, ExpressAction, ExpressMailbox, Fault,
    ObjectKind, SecretString, SyncScope,
};
use futures_util::future::BoxFuture;

use super::cm_express::{finish, mark};
use super::command_line::CommandLine;
use super::dialogue::{Console, Dialogue};
use super::mailboxes::{User, find, list, user_id};
use super::probe;
use super::task::rejected;
use crate::device::{no_undo, unsupported};
use crate::dial::Dialler;
use crate::driver::boxed_driver;
use crate::{Call, Done, DriverError, Look, Page, PageRequest, Probe, Ran};

/// Unity Express, over its command line: at an address of its own, or through the router that it is a module of.
#[derive(Debug)]
pub(crate) struct UnityExpress {
    console: Console,
}

/// Each user takes two questions.
const USERS_OF_A_PAGE: usize = 50;

impl UnityExpress {
    pub(crate) fn new(device: &Device, dialler: &Dialler) -> Result<Self, DriverError> {
        Ok(Self { console: Console::new(device, dialler, "cue")? })
    }

    async fn run(&self, call: Call<'_>) -> Result<Ran, Fault> {
        let action = action(&call)?;
        let mut dialogue = self.console.open(call.timeout).await?;
        let ran = match action {
            ExpressAction::Save => save(&mut dialogue).await,
            ExpressAction::AddMailbox(mailbox) => add(&mut dialogue, mailbox, &mark(&call)).await,
            ExpressAction::ChangeMailbox(mailbox) => change(&mut dialogue, mailbox).await,
            ExpressAction::RemoveMailbox { user_id } => remove(&mut dialogue, user_id).await,
            ExpressAction::UnlockMailbox { user_id } => unlock(&mut dialogue, user_id).await,
            ExpressAction::SetCredential { user_id, credential } => match call.given_secret() {
                Ok(secret) => set_credential(&mut dialogue, user_id, *credential, secret).await,
                Err(fault) => Err(fault),
            },
            _ => Err(unsupported(DeviceKind::UnityExpress)),
        };
        finish(dialogue, ran).await
    }

    async fn look(&self, call: Call<'_>) -> Result<Look, Fault> {
        let action = action(&call)?;
        let mut dialogue = self.console.open(call.timeout).await?;
        let seen = see(&mut dialogue, action, &mark(&call)).await;
        finish(dialogue, seen).await
    }

    async fn undo(&self, call: Call<'_>) -> Result<(), Fault> {
        let ExpressAction::AddMailbox(mailbox) = action(&call)? else { return Err(no_undo()) };
        let mut dialogue = self.console.open(call.timeout).await?;
        let undone = take_back(&mut dialogue, mailbox, &mark(&call)).await;
        finish(dialogue, undone).await
    }

    async fn probe(&self, timeout: Duration) -> Result<Probe, Fault> {
        let mut dialogue = self.console.open(timeout).await?;
        let told = probe::cue(&mut dialogue).await;
        finish(dialogue, told).await
    }

    async fn read(&self, request: &PageRequest, timeout: Duration) -> Result<Page, Fault> {
        if request.scope == SyncScope::Infrastructure {
            return Ok(Page { whole: true, ..Page::default() });
        }
        let mut dialogue = self.console.open(timeout).await?;
        let read = page(&mut dialogue, request.after.as_deref()).await;
        finish(dialogue, read).await
    }
}

boxed_driver!(UnityExpress);

fn action<'c>(call: &Call<'c>) -> Result<&'c ExpressAction, Fault> {
    match &call.step.action {
        Action::Express(action) => Ok(action),
        _ => Err(unsupported(DeviceKind::UnityExpress)),
    }
}

async fn see(dialogue: &mut Dialogue<'_>, action: &ExpressAction, mark: &str) -> Result<Look, Fault> {
    let equal_if = |equal: bool| if equal { Look::Equal(Done::default()) } else { Look::Absent };
    Ok(match action {
        ExpressAction::AddMailbox(wanted) => match find(dialogue, &wanted.user_id).await? {
            None => Look::Absent,
            Some(user) if is_begun(&user, wanted, mark) => Look::Absent,
            Some(user) => match user.differences(wanted) {
                differences if differences.is_empty() => equal(&wanted.user_id),
                differences => Look::Different { differences },
            },
        },
        ExpressAction::ChangeMailbox(wanted) => match find(dialogue, &wanted.user_id).await? {
            None => Look::Different { differences: vec![format!("{}: the device has no such user", wanted.user_id)] },
            Some(user) => equal_if(user.differences(wanted).is_empty()),
        },
        ExpressAction::RemoveMailbox { user_id } => equal_if(find(dialogue, user_id).await?.is_none()),
        ExpressAction::UnlockMailbox { user_id } => {
            match find(dialogue, user_id).await?.and_then(|user| user.mailbox) {
                None => Look::Different { differences: vec![format!("{user_id}: the device has no such mailbox")] },
                Some(mailbox) => equal_if(!mailbox.locked),
            }
        }
        // Nothing shows what they are; to set them again does no harm, and so it is with what was saved.
        ExpressAction::SetCredential { .. } | ExpressAction::Save => Look::Absent,
        _ => return Err(unsupported(DeviceKind::UnityExpress)),
    })
}

async fn save(dialogue: &mut Dialogue<'_>) -> Result<Ran, Fault> {
    dialogue.change(&CommandLine::of("write memory")).await?;
    Ok(Ran::Done(Done::default()))
}

/// Makes the user, under a mark in place of the full name until everything else is there.
async fn add(dialogue: &mut Dialogue<'_>, wanted: &ExpressMailbox, mark: &str) -> Result<Ran, Fault> {
    let present = find(dialogue, &wanted.user_id).await?;
    let user = of_user(&wanted.user_id)?;
    if present.as_ref().is_some_and(|present| !is_begun(present, wanted, mark)) {
        return Ok(Ran::AlreadyThere);
    }
    // Every line is made before the first one is sent: a value that can't be written leaves nothing behind.
    let marked = user.clone().then("fullname display").quoted("the mark", mark)?;
    let named = user.clone().then("fullname display").quoted("the full name", &wanted.display_name)?;
    let settings = settings(wanted, present.as_ref())?;
    let made = async {
        if present.is_none() {
            dialogue.change(&user.then("create")).await?;
        }
        dialogue.change(&marked).await?;
        configure(dialogue, &settings).await?;
        let shown = find(dialogue, &wanted.user_id).await?.unwrap_or_default();
        taken(shown.differences_but_for_name(wanted))?;
        dialogue.change(&named).await.map(drop)
    };
    match made.await {
        Ok(()) => Ok(Ran::Done(Done { reference: Some(wanted.user_id.clone()) })),
        Err(Fault::Rejected(complaint)) => match clear(dialogue, &wanted.user_id).await {
            Ok(()) => Err(Fault::Rejected(complaint)),
            Err(Fault::Rejected(other)) => {
                let message = format!("{}; and what was begun can't be removed: {}", complaint.message, other.message);
                Err(Fault::Unknown(Complaint::new(complaint.code, message)))
            }
            Err(fault) => Err(fault),
        },
        Err(fault) => Err(fault),
    }
}

/// Sets what differs. Each value is set by itself, so whoever goes on with it sets the rest; what was there comes back
/// when one is refused.
async fn change(dialogue: &mut Dialogue<'_>, wanted: &ExpressMailbox) -> Result<Ran, Fault> {
    let Some(present) = find(dialogue, &wanted.user_id).await? else { return Err(no_user(&wanted.user_id)) };
    let name = of_user(&wanted.user_id)?.then("fullname display").quoted("the full name", &wanted.display_name)?;
    let settings = settings(wanted, Some(&present))?;
    let changed = async {
        if !present.differences_but_for_name(wanted).is_empty() {
            configure(dialogue, &settings).await?;
        }
        if present.full_name != wanted.display_name {
            dialogue.change(&name).await?;
        }
        let shown = find(dialogue, &wanted.user_id).await?.unwrap_or_default();
        taken(shown.differences(wanted))
    };
    match changed.await {
        Ok(()) => Ok(Ran::Done(Done { reference: Some(wanted.user_id.clone()) })),
        Err(Fault::Rejected(complaint)) => Err(put_back(dialogue, &wanted.user_id, &present, complaint).await),
        Err(fault) => Err(fault),
    }
}

/// What becomes of a refusal after others of an action's lines were taken: what was there before comes back.
async fn put_back(dialogue: &mut Dialogue<'_>, id: &str, before: &User, why: Complaint) -> Fault {
    match restore(dialogue, id, before).await {
        Ok(Restored::AsBefore) => Fault::Rejected(why),
        Ok(Restored::WithoutMessages) => {
            let message = format!("{}; the mailbox is there again, but the messages in it are lost", why.message);
            Fault::Rejected(Complaint { message, ..why })
        }
        Err(Fault::Rejected(other)) => {
            let message = format!("{}; and what was there before doesn't come back: {}", why.message, other.message);
            Fault::Unknown(Complaint::new(why.code, message))
        }
        Err(fault) => fault,
    }
}

/// How far what was there before has come back.
enum Restored {
    AsBefore,
    /// The mailbox is a new one.
    WithoutMessages,
}

/// Sets what differs from what was there before.
async fn restore(dialogue: &mut Dialogue<'_>, id: &str, before: &User) -> Result<Restored, Fault> {
    dialogue.leave_configuration().await?;
    let now = find(dialogue, id).await?.unwrap_or_default();
    let mut lines = Vec::new();
    if now.number != before.number {
        let user = of_user(id)?.then("phonenumber");
        lines.push(match (&before.number, &now.number) {
            (Some(number), _) => user.dialled("the number", number)?,
            (None, Some(number)) => user.dialled("the number", number)?.negated(),
            (None, None) => user.negated(),
        });
    }
    let owned = CommandLine::of("voice mailbox owner").word("the user", user_id(id)?)?;
    match (&before.mailbox, &now.mailbox) {
        (None, Some(_)) => lines.push(owned.negated()),
        (Some(before), now) if now.as_ref() != Some(before) => {
            match (now, before.size) {
                (None, Some(size)) => lines.push(owned.then("size").number(size)),
                (_, size) => {
                    lines.push(owned);
                    lines.extend(size.map(|size| CommandLine::of("mailboxsize").number(size)));
                }
            }
            if before.description.is_some() || now.as_ref().is_some_and(|now| now.description.is_some()) {
                lines.push(described(before.description.as_deref())?);
            }
            let enable = CommandLine::of("enable");
            lines.push(if before.enabled { enable } else { enable.negated() });
        }
        _ => {}
    }
    if !lines.is_empty() {
        configure(dialogue, &lines).await?;
    }
    if now.full_name != before.full_name {
        let name = of_user(id)?.then("fullname display").quoted("the full name", &before.full_name)?;
        dialogue.change(&name).await?;
    }
    let is_new = before.mailbox.is_some() && now.mailbox.is_none();
    Ok(if is_new { Restored::WithoutMessages } else { Restored::AsBefore })
}

/// A removal that breaks off is completed by whoever goes on: the user is there until the mailbox is gone, and nobody has
/// the mailbox without its user. One that is refused halfway is taken back, as far as the device can give anything back.
async fn remove(dialogue: &mut Dialogue<'_>, user_id: &str) -> Result<Ran, Fault> {
    let Some(present) = find(dialogue, user_id).await? else { return Ok(Ran::Done(Done::default())) };
    match clear(dialogue, user_id).await {
        Ok(()) => Ok(Ran::Done(Done::default())),
        Err(Fault::Rejected(complaint)) => Err(put_back(dialogue, user_id, &present, complaint).await),
        Err(fault) => Err(fault),
    }
}

async fn unlock(dialogue: &mut Dialogue<'_>, id: &str) -> Result<Ran, Fault> {
    let line = CommandLine::of("voice mailbox unlock owner").word("the user", user_id(id)?)?;
    match find(dialogue, id).await?.and_then(|user| user.mailbox) {
        None => return Err(rejected("cue-no-mailbox", format!("the device has no mailbox of {id}"))),
        Some(mailbox) if !mailbox.locked => {}
        Some(_) => drop(dialogue.change(&line).await?),
    }
    Ok(Ran::Done(Done::default()))
}

async fn set_credential(
    dialogue: &mut Dialogue<'_>,
    id: &str,
    credential: Credential,
    secret: &SecretString,
) -> Result<Ran, Fault> {
    let user = of_user(id)?;
    let line = match credential {
        Credential::Password => user.then("password").quoted_secret("the password", secret)?,
        Credential::Pin => user.then("pin").secret_digits("the PIN", secret)?,
    };
    if find(dialogue, id).await?.is_none() {
        return Err(no_user(id));
    }
    dialogue.change(&line).await?;
    Ok(Ran::Done(Done::default()))
}

async fn take_back(dialogue: &mut Dialogue<'_>, wanted: &ExpressMailbox, mark: &str) -> Result<(), Fault> {
    let Some(user) = find(dialogue, &wanted.user_id).await? else { return Ok(()) };
    let differences = user.differences(wanted);
    if is_begun(&user, wanted, mark) || differences.is_empty() {
        return clear(dialogue, &wanted.user_id).await;
    }
    Err(rejected("cue-changed-since", format!("it was changed since: {}", differences.join("; "))))
}

/// The mailbox goes before its user: without one nobody could remove it.
async fn clear(dialogue: &mut Dialogue<'_>, id: &str) -> Result<(), Fault> {
    dialogue.leave_configuration().await?;
    let Some(user) = find(dialogue, id).await? else { return Ok(()) };
    if user.mailbox.is_some() {
        dialogue.configure().await?;
        let mailbox = CommandLine::of("voice mailbox owner").word("the user", user_id(id)?)?;
        dialogue.change(&mailbox.negated()).await?;
        dialogue.leave_configuration().await?;
    }
    dialogue.change(&of_user(id)?.then("delete")).await.map(drop)
}

/// What is set in the configuration mode: the number, then what is the mailbox's.
fn settings(wanted: &ExpressMailbox, present: Option<&User>) -> Result<Vec<CommandLine>, Fault> {
    let number = of_user(&wanted.user_id)?.then("phonenumber").dialled("the number", &wanted.number)?;
    let owned = CommandLine::of("voice mailbox owner").word("the user", user_id(&wanted.user_id)?)?;
    let there = present.and_then(|user| user.mailbox.as_ref());
    let mut lines = vec![number];
    match (there, wanted.size) {
        (None, Some(size)) => lines.push(owned.then("size").number(size)),
        (None, None) => lines.push(owned),
        // The size that the first line can give is a new mailbox's.
        (Some(there), size) => {
            let other = size.filter(|size| there.size != Some(*size));
            lines.push(owned);
            lines.extend(other.map(|size| CommandLine::of("mailboxsize").number(size)));
        }
    }
    if wanted.description.is_some() || there.is_some_and(|mailbox| mailbox.description.is_some()) {
        lines.push(described(wanted.description.as_deref())?);
    }
    lines.push(CommandLine::of("enable"));
    Ok(lines)
}

fn described(description: Option<&str>) -> Result<CommandLine, Fault> {
    match description {
        Some(text) => CommandLine::of("description").quoted("the description", text),
        None => Ok(CommandLine::of("description").negated()),
    }
}

async fn configure(dialogue: &mut Dialogue<'_>, settings: &[CommandLine]) -> Result<(), Fault> {
    dialogue.configure().await?;
    for line in settings {
        dialogue.change(line).await?;
    }
    dialogue.leave_configuration().await
}

async fn page(dialogue: &mut Dialogue<'_>, after: Option<&str>) -> Result<Page, Fault> {
    let ids = list(dialogue).await?;
    let rest: Vec<&String> = ids.iter().filter(|id| after.is_none_or(|after| id.as_str() > after)).collect();
    let mut found = Vec::new();
    for id in rest.iter().take(USERS_OF_A_PAGE) {
        // A user may go while the others are read.
        if let Some(user) = find(dialogue, id).await? {
            found.push(object(id, user));
        }
    }
    let next = (rest.len() > USERS_OF_A_PAGE).then(|| rest[USERS_OF_A_PAGE - 1].clone());
    Ok(Page { whole: true, found, next, ..Page::default() })
}

fn object(id: &str, user: User) -> DeviceObject {
    let kind = if user.mailbox.is_some() { ObjectKind::Mailbox } else { ObjectKind::User };
    let mailbox = user.mailbox.unwrap_or_default();
    let flag = |set: bool| set.then(|| "true".to_owned());
    let attributes = [
        ("fullname", Some(user.full_name)),
        ("phonenumber", user.number),
        ("description", mailbox.description),
        ("mailboxsize", mailbox.size.map(|size| size.to_string())),
        ("enabled", flag(mailbox.enabled)),
        ("locked", flag(mailbox.locked)),
    ];
    let attributes: Attributes =
        attributes.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    DeviceObject { kind, key: id.to_owned(), attributes }
}

/// Whether the user is this step's own unfinished work, or was made and never filled by anybody.
fn is_begun(user: &User, wanted: &ExpressMailbox, mark: &str) -> bool {
    user.full_name == mark || user.is_blank(&wanted.user_id)
}

fn taken(missing: Vec<String>) -> Result<(), Fault> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(rejected("cue-not-taken", format!("the device has not taken it: {}", missing.join("; "))))
}

fn of_user(id: &str) -> Result<CommandLine, Fault> {
    CommandLine::of("username").word("the user", user_id(id)?)
}

fn no_user(id: &str) -> Fault {
    rejected("cue-no-user", format!("the device has no user {id}"))
}

fn equal(id: &str) -> Look {
    Look::Equal(Done { reference: Some(id.to_owned()) })
}
