//! The users of Unity Express and their mailboxes, and the rules that they obey.

use super::cue::{new_user, user_key};
use super::cue_commands::UserPart;
use super::section::{Changes, Section, Sections};
use super::session::Work;

pub(super) const USER: &str = "user/";
pub(super) const MAILBOX: &str = "mailbox/";

/// Sets a part of a user, or takes it away.
pub(super) fn set(sections: &Sections, user_id: &str, part: UserPart, value: &str, negative: bool) -> Work {
    let key = user_key(user_id);
    let changed = |section: Section| Ok((String::new(), sections.set(&key, section)));
    let user = sections.get(&key).cloned();
    if part == UserPart::Create {
        return match user {
            Some(_) => Err(format!("Error: user {user_id} already exists\n")),
            None if !is_user_id(user_id) => Err(format!("Error: {user_id} is not a valid user id\n")),
            None => changed(new_user(user_id)),
        };
    }
    let Some(user) = user else { return Err(format!("Error: user {user_id} does not exist\n")) };
    match part {
        UserPart::Create => Ok((String::new(), Changes::new())),
        UserPart::Delete => Ok((String::new(), sections.remove(&key))),
        UserPart::Number if negative => changed(user.without("phonenumber")),
        UserPart::Number => {
            let has_it =
                |(other, section): &(&str, &Section)| *other != user_id && section.get("phonenumber") == Some(value);
            match sections.below(USER).find(has_it) {
                Some((other, _)) => Err(format!("Error: phone number {value} is already assigned to user {other}\n")),
                None => changed(user.with("phonenumber", value)),
            }
        }
        UserPart::Pin if !(3..=16).contains(&value.len()) || value.bytes().any(|byte| !byte.is_ascii_digit()) => {
            Err("Error: the PIN is not valid\n".to_owned())
        }
        UserPart::Password if value.len() < 3 || value.contains(' ') => {
            Err("Error: the password is not valid\n".to_owned())
        }
        UserPart::FullName if value.len() > 64 => Err("Error: the full name is too long\n".to_owned()),
        UserPart::FullName => changed(user.with("fullname", value)),
        UserPart::FirstName => changed(user.with("first", value)),
        UserPart::LastName => changed(user.with("last", value)),
        UserPart::Language => changed(user.with("language", value)),
        UserPart::Group => changed(user.with("group", value)),
        UserPart::Password => changed(user.with("password", value)),
        UserPart::Pin => changed(user.with("pin", value)),
    }
}

/// Makes the mailbox of a user, or finds it.
pub(super) fn make_mailbox(sections: &Sections, user_id: &str, size: Option<&str>) -> Work {
    let key = format!("{MAILBOX}{user_id}");
    if sections.get(&user_key(user_id)).is_none() {
        return Err(format!("Error: user {user_id} does not exist\n"));
    }
    let new = || Section::default().with("mailboxsize", "3000").with("enable", "true");
    let mailbox = sections.get(&key).cloned().unwrap_or_else(new);
    let mailbox = size.into_iter().fold(mailbox, |mailbox, size| mailbox.with("mailboxsize", size));
    Ok((String::new(), sections.set(&key, mailbox)))
}

pub(super) fn unlock(sections: &Sections, user_id: &str) -> Work {
    let key = format!("{MAILBOX}{user_id}");
    match sections.get(&key) {
        Some(mailbox) => Ok((String::new(), sections.set(&key, mailbox.clone().with("unlocked", "true")))),
        None => Err(format!("Error: mailbox of {user_id} does not exist\n")),
    }
}

/// `show users`.
pub(super) fn list(sections: &Sections) -> String {
    sections.below(USER).map(|(user_id, _)| format!("{user_id}\n")).collect()
}

/// `show user detail username …`.
pub(super) fn detail(sections: &Sections, user_id: &str) -> Result<String, String> {
    let user = sections.get(&user_key(user_id)).ok_or_else(|| format!("Error: user {user_id} does not exist\n"))?;
    let of = |name: &str| user.get(name).unwrap_or_default();
    Ok(format!(
        "Full Name:       {}\nFirst Name:      {}\nLast Name:       {}\nNickname:        \nPhone:           {}\n\
         Phone(E.164):    \nLanguage:        {}\n",
        of("fullname"),
        of("first"),
        of("last"),
        of("phonenumber"),
        user.get("language").unwrap_or("systemDefault"),
    ))
}

/// `show voicemail mailboxes`.
pub(super) fn mailboxes(sections: &Sections) -> String {
    let head = "OWNER                           MSGS NEW  SAVED MSGTIME MBXSIZE USED\n";
    let row = |(owner, mailbox): (&str, &Section)| {
        let size = mailbox.get("mailboxsize").unwrap_or_default();
        format!("{owner:<31} 0    0    0     0       {size:<7} 0 %\n")
    };
    std::iter::once(head.to_owned()).chain(sections.below(MAILBOX).map(row)).collect()
}

/// `show voicemail detail mailbox …`.
pub(super) fn mailbox(sections: &Sections, user_id: &str, locked: bool) -> Result<String, String> {
    let mailbox = sections
        .get(&format!("{MAILBOX}{user_id}"))
        .ok_or_else(|| format!("Error: mailbox of {user_id} does not exist\n"))?;
    let of = |name: &str| mailbox.get(name).unwrap_or_default();
    let busy = if locked && mailbox.get("unlocked").is_none() { "locked" } else { "idle" };
    Ok(format!(
        "Owner:                         /sw/local/users/{user_id}\n\
         Type:                          Personal\n\
         Description:                   {}\n\
         Busy state:                    {busy}\n\
         Enabled:                       {}\n\
         Mailbox Size (seconds):        {}\n\
         Message Size (seconds):        {}\n\
         Play Tutorial:                 true\n\
         Space Used (seconds):          0\n\
         Total Message Count:           0\n\
         New Message Count:             0\n\
         Saved Message Count:           0\n\
         Expiration (days):             {}\n\
         Greeting:                      standard\n\
         Zero Out Number:               {}\n",
        of("description"),
        of("enable"),
        of("mailboxsize"),
        mailbox.get("messagesize").unwrap_or("60"),
        mailbox.get("expiration time").unwrap_or("30"),
        of("zerooutnumber"),
    ))
}

/// `show running-config`.
pub(super) fn configuration(sections: &Sections) -> String {
    let mut text = "Generating configuration:\n\n\nclock timezone UTC\n\nhostname se-10-0-0-2\n\n".to_owned();
    for (user_id, user) in sections.below(USER) {
        text.push_str(&format!("username {user_id} create\n"));
        if let Some(number) = user.get("phonenumber") {
            text.push_str(&format!("username {user_id} phonenumber \"{number}\"\n"));
        }
    }
    for (owner, mailbox) in sections.below(MAILBOX) {
        let size = mailbox.get("mailboxsize").unwrap_or_default();
        text.push_str(&format!("\nvoice mailbox owner \"{owner}\" size {size}\n"));
        if let Some(description) = mailbox.get("description") {
            text.push_str(&format!(" description \"{description}\"\n"));
        }
        text.push_str(" end mailbox\n");
    }
    text + "\nend\n"
}

/// 2 to 31 letters, digits, `_`, `.` and `-`, a letter first.
fn is_user_id(text: &str) -> bool {
    (2..=31).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}
