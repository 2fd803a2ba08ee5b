//! The commands of the simulated Unity Express, mode by mode.

use super::grammar::Rule;

/// What a line may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Enable,
    Disable,
    Leave,
    End,
    Configure,
    Save,
    Terminal,
    ShowUsers,
    ShowUser,
    ShowMailboxes,
    ShowMailbox,
    ShowVersion,
    ShowClock,
    ShowPrivilege,
    ShowRunning,
    Unlock,
    User(UserPart),
    Mailbox,
    MailboxOfSize,
    MailboxPart,
}

/// What is set of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserPart {
    Create,
    Delete,
    FullName,
    FirstName,
    LastName,
    Language,
    Group,
    Password,
    Pin,
    Number,
}

pub(super) const EXEC: &[Rule<Command>] = &[
    ("enable", Command::Enable),
    ("exit", Command::Leave),
    ("terminal length <0-512>", Command::Terminal),
    ("terminal width <0-512>", Command::Terminal),
    ("show version", Command::ShowVersion),
    ("show software versions", Command::ShowVersion),
    ("show clock", Command::ShowClock),
    ("show clock detail", Command::ShowClock),
    ("show privilege", Command::ShowPrivilege),
];

pub(super) const PRIVILEGED: &[Rule<Command>] = &[
    ("disable", Command::Disable),
    ("configure terminal", Command::Configure),
    ("write", Command::Save),
    ("write memory", Command::Save),
    ("copy running-config startup-config", Command::Save),
    ("show running-config", Command::ShowRunning),
    ("show startup-config", Command::ShowRunning),
    ("show users", Command::ShowUsers),
    ("show user detail username WORD", Command::ShowUser),
    ("show voicemail mailboxes", Command::ShowMailboxes),
    ("show voicemail detail mailbox WORD", Command::ShowMailbox),
    ("voice mailbox unlock owner WORD", Command::Unlock),
    ("username WORD create", Command::User(UserPart::Create)),
    ("username WORD delete", Command::User(UserPart::Delete)),
    ("username WORD fullname display WORD", Command::User(UserPart::FullName)),
    ("username WORD fullname first WORD", Command::User(UserPart::FirstName)),
    ("username WORD fullname last WORD", Command::User(UserPart::LastName)),
    ("username WORD language WORD", Command::User(UserPart::Language)),
    ("username WORD group WORD", Command::User(UserPart::Group)),
    ("username WORD password WORD", Command::User(UserPart::Password)),
    ("username WORD pin WORD", Command::User(UserPart::Pin)),
];

pub(super) const GLOBAL: &[Rule<Command>] = &[
    ("username WORD create", Command::User(UserPart::Create)),
    ("username WORD phonenumber DIAL", Command::User(UserPart::Number)),
    ("voice mailbox owner WORD", Command::Mailbox),
    ("voice mailbox owner WORD size <10-60000>", Command::MailboxOfSize),
    ("exit", Command::Leave),
    ("end", Command::End),
];

pub(super) const IN_MAILBOX: &[Rule<Command>] = &[
    ("description LINE", Command::MailboxPart),
    ("mailboxsize <10-60000>", Command::MailboxPart),
    ("messagesize <10-3600>", Command::MailboxPart),
    ("expiration time <1-365>", Command::MailboxPart),
    ("zerooutnumber DIAL", Command::MailboxPart),
    ("enable", Command::MailboxPart),
    ("exit", Command::Leave),
    ("end", Command::End),
];
