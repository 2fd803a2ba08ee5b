use serde::{Deserialize, Serialize};

use crate::Credential;

/// What CM Express and Unity Express can be asked to do.
///
/// CM Express keeps phones and numbers in numbered slots of its configuration. Nobody names a slot here: a phone is
/// known by its MAC address and a number by itself, and the driver finds the slot or takes a free one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpressAction {
    /// CM Express: a phone without lines.
    AddPhone(ExpressPhone),
    /// CM Express: other values for a phone, whole; its lines stay. With another name it is another set on the same desk.
    ChangePhone {
        /// The device name that it has now.
        name: String,
        /// What it becomes.
        to: ExpressPhone,
    },
    /// CM Express: a phone goes. Its numbers stay.
    RemovePhone {
        /// The device name.
        name: String,
    },
    /// CM Express: a number, on two channels (dual-line) for SCCP.
    AddNumber(ExpressNumber),
    /// CM Express: other values for a number, whole; the phones that have it keep it.
    ChangeNumber {
        /// The number that it has now.
        number: String,
        /// What it becomes.
        to: ExpressNumber,
    },
    /// CM Express: a number goes, which no phone may have any more.
    RemoveNumber {
        /// The number.
        number: String,
    },
    /// CM Express: a number on a button of a phone of the same protocol.
    AttachLine {
        /// The device name of the phone.
        phone: String,
        /// The number.
        number: String,
        /// The button, from 1; `None`: the first free one.
        position: Option<u16>,
    },
    /// CM Express: a number off the buttons of a phone.
    DetachLine {
        /// The device name of the phone.
        phone: String,
        /// The number.
        number: String,
    },
    /// CM Express: commands for a number, as a voicemail order's *Voicemail Configuration Template* gives them.
    SetCommands {
        /// The number.
        number: String,
        /// The commands, such as `call-forward busy 5000`, in their order.
        commands: Vec<String>,
    },
    /// CM Express: a number no longer forwards calls that find it busy or that nobody answers.
    StopForwarding {
        /// The number.
        number: String,
    },
    /// CM Express: a phone takes its configuration anew.
    RestartPhone {
        /// The device name.
        name: String,
        /// Whether it starts from nothing, with its addresses and its firmware.
        reset: bool,
    },
    /// Both: what is configured outlives the next power cut.
    Save,

    /// Unity Express: a user with a mailbox.
    AddMailbox(ExpressMailbox),
    /// Unity Express: other values for a user and mailbox, whole.
    ChangeMailbox(ExpressMailbox),
    /// Unity Express: a mailbox goes, with its user.
    RemoveMailbox {
        /// The user id.
        user_id: String,
    },
    /// Unity Express: a mailbox that is locked opens again.
    UnlockMailbox {
        /// The user id.
        user_id: String,
    },
    /// Unity Express: what a user logs in with. Its value isn't in the step; see [`crate::Step::sets_credential`].
    SetCredential {
        /// The user id.
        user_id: String,
        /// Which; a PIN is of digits only.
        credential: Credential,
    },
}

/// A phone of CM Express.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpressPhone {
    /// The device name: `SEP` and the MAC address.
    pub name: String,
    /// The protocol that it speaks.
    pub protocol: PhoneProtocol,
    /// The model, such as `Cisco 7965`.
    pub phone_type: String,
    /// What it is called in lists.
    pub description: Option<String>,
    /// Who logs in to the web pages of the phone's owner; SCCP only.
    pub username: Option<String>,
}

/// A number of CM Express.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpressNumber {
    /// The number.
    pub number: String,
    /// The protocol of the phones that shall have it.
    pub protocol: PhoneProtocol,
    /// The name that is shown to those who are called.
    pub name: Option<String>,
    /// What is shown beside the button instead of the number.
    pub label: Option<String>,
}

/// A user of Unity Express with a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpressMailbox {
    /// The user id: 2 to 31 letters, digits, `_`, `.` and `-`, a letter first.
    pub user_id: String,
    /// The full name.
    pub display_name: String,
    /// The number that leads to the mailbox.
    pub number: String,
    /// What it is called in lists.
    pub description: Option<String>,
    /// The length of all its messages, in seconds; `None`: as the device has it.
    pub size: Option<u32>,
}

/// What a phone speaks with its call processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PhoneProtocol {
    /// Skinny.
    #[serde(rename = "SCCP")]
    Sccp,
    /// SIP.
    #[serde(rename = "SIP")]
    Sip,
}

impl ExpressAction {
    /// The objects of the device that it reads and changes.
    pub(crate) fn objects(&self) -> Vec<String> {
        let phone = |name: &str| format!("phone/{name}");
        let number = |number: &str| format!("number/{number}/");
        let mailbox = |user_id: &str| format!("mailbox/{user_id}");
        match self {
            Self::AddPhone(ExpressPhone { name, .. })
            | Self::RemovePhone { name }
            | Self::RestartPhone { name, .. } => vec![phone(name)],
            Self::ChangePhone { name, to } if *name != to.name => vec![phone(name), phone(&to.name)],
            Self::ChangePhone { name, .. } => vec![phone(name)],
            Self::AddNumber(ExpressNumber { number: own, .. })
            | Self::RemoveNumber { number: own }
            | Self::SetCommands { number: own, .. }
            | Self::StopForwarding { number: own } => vec![number(own)],
            Self::ChangeNumber { number: own, to } if *own != to.number => vec![number(own), number(&to.number)],
            Self::ChangeNumber { number: own, .. } => vec![number(own)],
            Self::AttachLine { phone: name, number: own, .. } | Self::DetachLine { phone: name, number: own } => {
                vec![phone(name), number(own)]
            }
            Self::Save => vec!["configuration".to_owned()],
            Self::AddMailbox(ExpressMailbox { user_id, .. })
            | Self::ChangeMailbox(ExpressMailbox { user_id, .. })
            | Self::RemoveMailbox { user_id }
            | Self::UnlockMailbox { user_id }
            | Self::SetCredential { user_id, .. } => vec![mailbox(user_id)],
        }
    }

    /// What people read in reports and histories. The commands of an operator are shown in full.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::AddPhone(phone) => format!("add phone {}", phone.name),
            Self::ChangePhone { name, to } if *name != to.name => format!("replace phone {name} by {}", to.name),
            Self::ChangePhone { name, .. } => format!("change phone {name}"),
            Self::RemovePhone { name } => format!("remove phone {name}"),
            Self::AddNumber(number) => format!("add directory number {}", number.number),
            Self::ChangeNumber { number, .. } => format!("change directory number {number}"),
            Self::RemoveNumber { number } => format!("remove directory number {number}"),
            Self::AttachLine { phone, number, .. } => format!("put line {number} on {phone}"),
            Self::DetachLine { phone, number } => format!("take line {number} off {phone}"),
            Self::SetCommands { number, commands } => format!("set {} for {number}", commands.join("; ")),
            Self::StopForwarding { number } => format!("stop forwarding of {number}"),
            Self::RestartPhone { name, reset: true } => format!("reset phone {name}"),
            Self::RestartPhone { name, reset: false } => format!("restart phone {name}"),
            Self::Save => "save the configuration".to_owned(),
            Self::AddMailbox(mailbox) => format!("add mailbox {}", mailbox.user_id),
            Self::ChangeMailbox(mailbox) => format!("change mailbox {}", mailbox.user_id),
            Self::RemoveMailbox { user_id } => format!("remove mailbox {user_id}"),
            Self::UnlockMailbox { user_id } => format!("unlock mailbox {user_id}"),
            Self::SetCredential { user_id, credential } => format!("set the {credential} of {user_id}"),
        }
    }
}
