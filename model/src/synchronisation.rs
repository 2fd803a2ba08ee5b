use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Attributes;
use crate::order::words;

words! {
    /// What a synchronisation reads. Infrastructure comes first, because subscribers' objects refer to it.
    SyncScope {
        /// What an administrator of the device sets up: partitions, button templates, voice gateways.
        Infrastructure = "infrastructure", "infrastructure";
        /// What people own: users, phones, lines, mailboxes, extensions.
        Subscribers = "subscribers", "subscribers";
    }
}

words! {
    /// The kinds of objects that devices hold and that Dialtone keeps an inventory of.
    ObjectKind {
        /// A device pool.
        DevicePool = "device_pool", "device pool";
        /// A location.
        Location = "location", "location";
        /// A partition of directory numbers.
        Partition = "partition", "partition";
        /// A calling search space.
        CallingSearchSpace = "calling_search_space", "calling search space";
        /// A phone button template.
        PhoneButtonTemplate = "phone_button_template", "phone button template";
        /// A softkey template.
        SoftkeyTemplate = "softkey_template", "softkey template";
        /// A common phone profile.
        CommonPhoneProfile = "common_phone_profile", "common phone profile";
        /// A UC service profile.
        ServiceProfile = "service_profile", "UC service profile";
        /// A voice gateway and its ports.
        VoiceGateway = "voice_gateway", "voice gateway";
        /// A template that mailboxes are made from.
        UserTemplate = "user_template", "user template";
        /// An external messaging service.
        ExternalService = "external_service", "external service";
        /// What PINs and passwords of mailboxes have to be like, and how long somebody is locked out.
        AuthenticationRule = "authentication_rule", "authentication rule";
        /// An end user.
        User = "user", "user";
        /// A phone.
        Phone = "phone", "phone";
        /// A directory number.
        DirectoryNumber = "directory_number", "directory number";
        /// A device profile, which extension mobility logs in to.
        DeviceProfile = "device_profile", "device profile";
        /// A remote destination profile.
        RemoteDestinationProfile = "remote_destination_profile", "remote destination profile";
        /// A number that rings beside a remote destination profile's lines.
        RemoteDestination = "remote_destination", "remote destination";
        /// A user with a mailbox.
        Mailbox = "mailbox", "mailbox";
        /// An extension of a Phone System.
        Extension = "extension", "extension";
    }
}

words! {
    /// What a device's holder is asked to do beside the orders.
    WorkKind {
        /// To ask the device who it is.
        Probe = "probe", "test";
        /// To read what it holds.
        Read = "read", "synchronisation";
    }
}

words! {
    /// How far such work is.
    WorkState {
        /// No holder has taken it up yet.
        Waiting = "waiting", "waiting";
        /// A holder is at it, or was when it died.
        Running = "running", "running";
        /// It is done.
        Done = "done", "done";
        /// It failed, and says why.
        Failed = "failed", "failed";
    }
}

words! {
    /// How an object of a device differs from what was known of it.
    ObjectChange {
        /// It wasn't there.
        Added = "added", "added";
        /// It had other attributes.
        Changed = "changed", "changed";
        /// It is gone.
        Removed = "removed", "removed";
        /// An order made it during a read that didn't come across it.
        Ordered = "ordered", "ordered";
    }
}

impl ObjectKind {
    /// Which read comes across objects of this kind.
    pub const fn scope(self) -> SyncScope {
        match self {
            Self::DevicePool
            | Self::Location
            | Self::Partition
            | Self::CallingSearchSpace
            | Self::PhoneButtonTemplate
            | Self::SoftkeyTemplate
            | Self::CommonPhoneProfile
            | Self::ServiceProfile
            | Self::VoiceGateway
            | Self::UserTemplate
            | Self::ExternalService
            | Self::AuthenticationRule => SyncScope::Infrastructure,
            Self::User
            | Self::Phone
            | Self::DirectoryNumber
            | Self::DeviceProfile
            | Self::RemoteDestinationProfile
            | Self::RemoteDestination
            | Self::Mailbox
            | Self::Extension => SyncScope::Subscribers,
        }
    }

    /// The kind and key of an object that [`crate::Step::objects`] names; `None` where no inventory is kept of it.
    pub fn of_step_object(object: &str) -> Option<(Self, &str)> {
        let (kind, key) = object.split_once('/')?;
        let kind = match kind {
            "number" => Self::DirectoryNumber,
            "device-profile" => Self::DeviceProfile,
            "remote-destination-profile" => Self::RemoteDestinationProfile,
            "remote-destination" => Self::RemoteDestination,
            other => Self::from_word(other)?,
        };
        Some((kind, key))
    }
}

/// One object as a device tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceObject {
    /// What it is.
    pub kind: ObjectKind,
    /// Its key, unique among the device's objects of that kind: a device name, `number/partition`, an alias.
    pub key: String,
    /// What else is known of it, by the device's own names. A list has one entry a member: `lines[1].pattern`.
    pub attributes: Attributes,
}
