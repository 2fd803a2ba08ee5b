use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Activation, Credential, DeviceId, ExpressAction, Extension, LinePlace, MailboxAction, UnifiedCmObject};

/// One thing that one device is asked to do. A work order is a list of them, run in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Who is asked.
    pub device: DeviceId,
    /// What for.
    pub action: Action,
}

/// Attributes of a device object by the device's own names, as strings; a driver writes them in its schema's order.
pub type Attributes = BTreeMap<String, String>;

/// What a device can be asked to do. Every action is a create under a unique key, a set to a value, or a removal, so
/// that asking twice has one effect (invariant I2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Phone System: a new extension, whole, in one request.
    ProvisionExtension(Extension),
    /// Phone System: other values for an extension; `from` is its present key.
    ChangeExtension {
        /// The key that it has now.
        from: String,
        /// What it becomes, whole.
        to: Extension,
    },
    /// Phone System that keeps passwords: an extension gets another one.
    RenewExtensionPassword {
        /// Its key.
        key: String,
    },
    /// Phone System: an extension goes.
    DeleteExtension {
        /// Its key.
        key: String,
    },

    /// Unified CM: an end user, before the first product of a subscriber who isn't there yet.
    AddSubscriber {
        /// The login.
        user_id: String,
        /// First name, where there is one.
        first_name: Option<String>,
        /// Last name.
        last_name: String,
        /// Further attributes.
        attributes: Attributes,
    },
    /// Unified CM: settings of an end user, such as mobility or presence.
    SetSubscriber {
        /// The login.
        user_id: String,
        /// What to set.
        attributes: Attributes,
    },
    /// Unified CM: a phone without lines.
    AddPhone {
        /// The device name, such as `SEP0011AABBCCDD`.
        name: String,
        /// The model, such as `Cisco 7965`.
        phone_type: String,
        /// `SCCP` or `SIP`.
        protocol: String,
        /// The login of its owner; `None` for a phone without a user.
        owner: Option<String>,
        /// Further attributes; device pool, location, common phone profile and button template among them.
        attributes: Attributes,
    },
    /// Unified CM: a directory number.
    AddDirectoryNumber {
        /// The number.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
        /// Further attributes, shared by every line with this number and partition.
        attributes: Attributes,
    },
    /// Unified CM: a directory number on a button of a phone, a device profile or a remote destination profile.
    AttachLine {
        /// What carries the button.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
        /// The position, from 1.
        index: u16,
        /// The number.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
        /// The end user to associate with the line.
        associated_user: Option<String>,
        /// Attributes of this line alone, such as its display.
        attributes: Attributes,
    },
    /// Unified CM: a phone, device profile or remote destination profile on the list of an end user.
    AssociateDevice {
        /// The login.
        user_id: String,
        /// What is associated.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
    },
    /// Unified CM: a device profile, which extension mobility logs in to.
    AddDeviceProfile {
        /// Its name.
        name: String,
        /// The model.
        phone_type: String,
        /// `SCCP` or `SIP`.
        protocol: String,
        /// Further attributes.
        attributes: Attributes,
    },
    /// Unified CM: a remote destination profile.
    AddRemoteDestinationProfile {
        /// Its name.
        name: String,
        /// The login of its user.
        user_id: String,
        /// Further attributes.
        attributes: Attributes,
    },
    /// Unified CM: a number outside, such as a mobile phone's, that rings with the lines of a remote destination profile.
    AddRemoteDestination {
        /// The number, as Unified CM dials it.
        destination: String,
        /// The name of the profile.
        profile: String,
        /// The login of its owner.
        user_id: String,
        /// Further attributes.
        attributes: Attributes,
    },

    /// Unified CM: attributes of an object that is there. What isn't named stays; an empty value unsets.
    ChangeObject {
        /// Which.
        object: UnifiedCmObject,
        /// What to set. For a directory number they reach every line with it.
        attributes: Attributes,
    },
    /// Unified CM: another key for an object. It keeps all else, and whatever refers to it still does.
    RenameObject {
        /// Which, by the key that it has now.
        object: UnifiedCmObject,
        /// What it is called from then on; of the same kind.
        to: UnifiedCmObject,
    },
    /// Unified CM: an object goes. The lines of a phone or profile stay as directory numbers.
    RemoveObject {
        /// Which.
        object: UnifiedCmObject,
    },
    /// Unified CM: what the line at a position is: its number, and attributes of this line alone. Its users stay. A line
    /// that was moved since, or has another number by now, isn't changed.
    ChangeLine {
        /// What carries the line.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
        /// The line as it is before: its number, and its position, which it keeps.
        from: LinePlace,
        /// The number that it has from then on.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
        /// What to set; what isn't named stays.
        attributes: Attributes,
    },
    /// Unified CM: the positions of lines of a phone or profile, in one write, so that two may change places.
    PlaceLines {
        /// What carries the lines.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
        /// Where each goes; a line that isn't named keeps its position.
        places: Vec<LinePlace>,
    },
    /// Unified CM: a line goes from a phone or profile; its directory number stays.
    DetachLine {
        /// What carries the line.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
        /// The number.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
    },
    /// Unified CM: an end user beside those who are associated with a line.
    AssociateLineUser {
        /// What carries the line.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
        /// The number.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
        /// The login.
        user_id: String,
    },
    /// Unified CM: the only end user associated with a line no longer is. Of several one can't be unset.
    DissociateLineUser {
        /// What carries the line.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
        /// The number.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
        /// The login.
        user_id: String,
    },
    /// Unified CM: calls to a line of a remote destination profile ring a remote destination of it as well.
    AssociateDestinationLine {
        /// The number of the remote destination.
        destination: String,
        /// The number of the line.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
    },
    /// Unified CM: calls to a line no longer ring a remote destination.
    DissociateDestinationLine {
        /// The number of the remote destination.
        destination: String,
        /// The number of the line.
        pattern: String,
        /// Its partition.
        partition: Option<String>,
    },
    /// Unified CM: a phone or device profile goes from the list of an end user.
    DissociateDevice {
        /// The login.
        user_id: String,
        /// What was associated.
        target: LineTarget,
        /// The name of the phone or profile.
        name: String,
    },
    /// Unified CM: an end user who gave a wrong PIN or password too often may try again.
    UnlockSubscriber {
        /// The login.
        user_id: String,
        /// What was given wrong.
        credential: Credential,
    },
    /// Unified CM: what an end user logs in with. Its value isn't in the step; see [`Step::sets_credential`].
    SetSubscriberCredential {
        /// The login.
        user_id: String,
        /// Which.
        credential: Credential,
    },
    /// Unified CM: a phone, or all phones with a directory number, take over what was changed.
    ActivateObject {
        /// The phone or the directory number.
        object: UnifiedCmObject,
        /// How.
        how: Activation,
    },
    /// IM & Presence: the node that serves an end user.
    AssignPresenceNode {
        /// The login.
        user_id: String,
        /// The name of the node.
        node: String,
    },
    /// IM & Presence: no node serves an end user any more.
    UnassignPresenceNode {
        /// The login.
        user_id: String,
    },
    /// Unified CM: the users of an LDAP directory, as it has them now.
    SynchroniseLdap {
        /// The name of the directory's configuration on the device.
        directory: String,
    },

    /// Unity Connection: a user with a mailbox, made from a template.
    AddMailbox {
        /// The alias.
        alias: String,
        /// The extension.
        extension: String,
        /// The alias of the user template.
        template: String,
        /// Further attributes, by CUPI's names.
        attributes: Attributes,
    },
    /// Unity Connection: attributes of a user, by CUPI's names; the extension is one of them. An empty value unsets.
    SetMailbox {
        /// The alias.
        alias: String,
        /// What to set.
        attributes: Attributes,
    },
    /// Unity Connection: a unified messaging account of a user.
    AddUnifiedMessaging {
        /// The alias of the user.
        alias: String,
        /// The display name of the external service.
        service: String,
        /// The address at that service.
        email: String,
    },

    /// Unity Connection: what else becomes of a user with a mailbox.
    Mailbox(MailboxAction),

    /// CM Express and Unity Express.
    Express(ExpressAction),
}

/// What carries a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineTarget {
    /// A phone.
    Phone,
    /// A device profile.
    DeviceProfile,
    /// A remote destination profile.
    RemoteDestinationProfile,
}

impl Step {
    /// The objects of the device that the step reads and changes. A holder never runs two steps that name the same
    /// object at once, because a list such as a user's devices is read, changed and written back whole.
    pub fn objects(&self) -> Vec<String> {
        let number = |pattern: &String, partition: &Option<String>| {
            UnifiedCmObject::DirectoryNumber { pattern: pattern.clone(), partition: partition.clone() }.lock()
        };
        match &self.action {
            Action::ProvisionExtension(extension) => vec![format!("extension/{}", extension.key)],
            Action::ChangeExtension { from, to } if *from != to.key => {
                vec![format!("extension/{from}"), format!("extension/{}", to.key)]
            }
            Action::ChangeExtension { from: key, .. }
            | Action::RenewExtensionPassword { key }
            | Action::DeleteExtension { key } => {
                vec![format!("extension/{key}")]
            }
            Action::AddSubscriber { user_id, .. } | Action::SetSubscriber { user_id, .. } => {
                vec![format!("user/{user_id}")]
            }
            Action::AddPhone { name, .. } => vec![format!("phone/{name}")],
            Action::AddDirectoryNumber { pattern, partition, .. } => vec![number(pattern, partition)],
            Action::AttachLine { target, name, pattern, partition, .. } => {
                vec![target.object(name), number(pattern, partition)]
            }
            Action::AssociateDevice { user_id, target, name } => {
                vec![format!("user/{user_id}"), target.object(name)]
            }
            Action::AddDeviceProfile { name, .. } => vec![LineTarget::DeviceProfile.object(name)],
            Action::AddRemoteDestinationProfile { name, user_id, .. } => {
                vec![LineTarget::RemoteDestinationProfile.object(name), format!("user/{user_id}")]
            }
            Action::AddRemoteDestination { destination, profile, .. } => {
                vec![format!("remote-destination/{destination}"), LineTarget::RemoteDestinationProfile.object(profile)]
            }
            Action::ChangeObject { object, .. }
            | Action::RemoveObject { object }
            | Action::ActivateObject { object, .. } => vec![object.lock()],
            Action::RenameObject { object, to } => vec![object.lock(), to.lock()],
            Action::ChangeLine { target, name, from, pattern, partition, .. } => {
                let mut objects = vec![target.object(name), number(pattern, partition)];
                let before = number(&from.pattern, &from.partition);
                if !objects.contains(&before) {
                    objects.push(before);
                }
                objects
            }
            Action::DetachLine { target, name, pattern, partition } => {
                vec![target.object(name), number(pattern, partition)]
            }
            Action::AssociateLineUser { target, name, user_id, .. }
            | Action::DissociateLineUser { target, name, user_id, .. }
            | Action::DissociateDevice { user_id, target, name } => {
                vec![format!("user/{user_id}"), target.object(name)]
            }
            Action::AssociateDestinationLine { destination, pattern, partition }
            | Action::DissociateDestinationLine { destination, pattern, partition } => {
                vec![format!("remote-destination/{destination}"), number(pattern, partition)]
            }
            Action::PlaceLines { target, name, .. } => vec![target.object(name)],
            Action::UnlockSubscriber { user_id, .. }
            | Action::SetSubscriberCredential { user_id, .. }
            | Action::AssignPresenceNode { user_id, .. }
            | Action::UnassignPresenceNode { user_id } => vec![format!("user/{user_id}")],
            Action::SynchroniseLdap { directory } => vec![format!("ldap-directory/{directory}")],
            Action::AddMailbox { alias, .. }
            | Action::SetMailbox { alias, .. }
            | Action::AddUnifiedMessaging { alias, .. } => vec![format!("mailbox/{alias}")],
            Action::Mailbox(action) => action.objects(),
            Action::Express(action) => action.objects(),
        }
    }

    /// Whether it sets a password or PIN that the order was given. Steps are stored, logged and reported, so the value
    /// is kept beside them, sealed, and reaches the driver with the call alone.
    pub fn sets_credential(&self) -> bool {
        matches!(
            self.action,
            Action::SetSubscriberCredential { .. }
                | Action::Mailbox(MailboxAction::SetCredential { .. })
                | Action::Express(ExpressAction::SetCredential { .. })
        )
    }

    /// What people read in reports and histories, such as `add phone SEP0011AABBCCDD`.
    pub fn title(&self) -> String {
        match &self.action {
            Action::ProvisionExtension(extension) => format!("provision extension {}", extension.key),
            Action::ChangeExtension { from, .. } => format!("change extension {from}"),
            Action::RenewExtensionPassword { key } => format!("renew the password of extension {key}"),
            Action::DeleteExtension { key } => format!("delete extension {key}"),
            Action::AddSubscriber { user_id, .. } => format!("add user {user_id}"),
            Action::SetSubscriber { user_id, .. } => format!("set user {user_id}"),
            Action::AddPhone { name, .. } => format!("add phone {name}"),
            Action::AddDirectoryNumber { pattern, .. } => format!("add directory number {pattern}"),
            Action::AttachLine { name, pattern, .. } => format!("put line {pattern} on {name}"),
            Action::AssociateDevice { user_id, name, .. } => format!("associate {name} with {user_id}"),
            Action::AddDeviceProfile { name, .. } => format!("add device profile {name}"),
            Action::AddRemoteDestinationProfile { name, .. } => format!("add remote destination profile {name}"),
            Action::AddRemoteDestination { destination, .. } => format!("add remote destination {destination}"),
            Action::ChangeObject { object, .. } => format!("change {object}"),
            Action::RenameObject { object, to } => format!("rename {object} to {}", to.key()),
            Action::RemoveObject { object } => format!("remove {object}"),
            Action::ChangeLine { name, from, .. } => format!("change line {} of {name}", from.index),
            Action::PlaceLines { name, .. } => format!("place the lines of {name}"),
            Action::DetachLine { name, pattern, .. } => format!("take line {pattern} off {name}"),
            Action::AssociateLineUser { name, pattern, user_id, .. } => {
                format!("associate line {pattern} of {name} with {user_id}")
            }
            Action::DissociateLineUser { name, pattern, user_id, .. } => {
                format!("dissociate line {pattern} of {name} from {user_id}")
            }
            Action::AssociateDestinationLine { destination, pattern, .. } => {
                format!("let calls to {pattern} ring {destination}")
            }
            Action::DissociateDestinationLine { destination, pattern, .. } => {
                format!("let calls to {pattern} no longer ring {destination}")
            }
            Action::DissociateDevice { user_id, name, .. } => format!("dissociate {name} from {user_id}"),
            Action::UnlockSubscriber { user_id, credential } => format!("unlock the {credential} of {user_id}"),
            Action::SetSubscriberCredential { user_id, credential } => format!("set the {credential} of {user_id}"),
            Action::ActivateObject { object, how } => format!("{how} {object}"),
            Action::AssignPresenceNode { user_id, node } => format!("let {node} serve {user_id}"),
            Action::UnassignPresenceNode { user_id } => format!("let no presence node serve {user_id}"),
            Action::SynchroniseLdap { directory } => format!("synchronise LDAP directory {directory}"),
            Action::AddMailbox { alias, .. } => format!("add mailbox {alias}"),
            Action::SetMailbox { alias, .. } => format!("set mailbox {alias}"),
            Action::AddUnifiedMessaging { alias, .. } => format!("add unified messaging for {alias}"),
            Action::Mailbox(action) => action.title(),
            Action::Express(action) => action.title(),
        }
    }
}

impl LineTarget {
    pub(crate) fn object(self, name: &str) -> String {
        let kind = match self {
            Self::Phone => "phone",
            Self::DeviceProfile => "device-profile",
            Self::RemoteDestinationProfile => "remote-destination-profile",
        };
        format!("{kind}/{name}")
    }
}
