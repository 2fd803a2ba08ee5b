//! The classes of objects that a synchronisation reads.

use dialtone_model::{ObjectKind, SyncScope};

use super::elements;
use super::node::Node;
use super::object::Class;
use super::schema::{Element, text};

/// A class of objects that is listed.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) kind: ObjectKind,
    pub(super) class: Class,
    /// The element that the list is asked by; everything has it.
    pub(super) criterion: &'static str,
}

const fn stage(kind: ObjectKind, name: &'static str, elements: &'static [Element], criterion: &'static str) -> Stage {
    Stage { kind, class: Class { name, elements }, criterion }
}

const NAMED: &[Element] = &[text("name")];
const DESCRIBED: &[Element] = &[text("name"), text("description")];
const GATEWAY: &[Element] = &[text("domainName"), text("description"), text("product"), text("protocol")];

const INFRASTRUCTURE: &[Stage] = &[
    stage(ObjectKind::DevicePool, "devicePool", NAMED, "name"),
    stage(ObjectKind::Location, "location", NAMED, "name"),
    stage(ObjectKind::Partition, "routePartition", DESCRIBED, "name"),
    stage(ObjectKind::CallingSearchSpace, "css", &[text("name").asked_as("name")], "name"),
    stage(ObjectKind::PhoneButtonTemplate, "phoneButtonTemplate", NAMED, "name"),
    stage(ObjectKind::SoftkeyTemplate, "softKeyTemplate", DESCRIBED, "name"),
    stage(ObjectKind::CommonPhoneProfile, "commonPhoneConfig", DESCRIBED, "name"),
    stage(ObjectKind::ServiceProfile, "serviceProfile", DESCRIBED, "name"),
    stage(ObjectKind::VoiceGateway, "gateway", GATEWAY, "domainName"),
];

const SUBSCRIBERS: &[Stage] = &[
    stage(ObjectKind::User, "user", elements::USER, "userid"),
    stage(ObjectKind::Phone, "phone", elements::PHONE, "name"),
    stage(ObjectKind::DirectoryNumber, "line", elements::LINE, "pattern"),
    stage(ObjectKind::DeviceProfile, "deviceProfile", elements::DEVICE_PROFILE, "name"),
    stage(
        ObjectKind::RemoteDestinationProfile,
        "remoteDestinationProfile",
        elements::REMOTE_DESTINATION_PROFILE,
        "name",
    ),
    stage(ObjectKind::RemoteDestination, "remoteDestination", elements::REMOTE_DESTINATION, "name"),
];

impl Stage {
    /// All that a scope reads, in its order.
    pub(super) fn all(scope: SyncScope) -> &'static [Self] {
        match scope {
            SyncScope::Infrastructure => INFRASTRUCTURE,
            SyncScope::Subscribers => SUBSCRIBERS,
        }
    }

    /// The class as changes name it, such as `Phone`.
    pub(super) fn title(&self) -> String {
        self.class.operation("")
    }

    pub(super) fn of_title(scope: SyncScope, title: &str) -> Option<&'static Self> {
        Self::all(scope).iter().find(|stage| stage.title() == title)
    }

    /// The key of an object in the inventory.
    pub(super) fn key(&self, row: &Node) -> String {
        match self.kind {
            ObjectKind::DirectoryNumber => {
                format!("{}/{}", row.child_text("pattern"), row.child_text("routePartitionName"))
            }
            ObjectKind::RemoteDestination => row.child_text("destination").to_owned(),
            _ => row.child_text(self.criterion).to_owned(),
        }
    }

    /// Whether objects of this class are found by another key when this element changes.
    pub(super) fn is_key(&self, element: &str) -> bool {
        match self.kind {
            ObjectKind::DirectoryNumber => matches!(element, "pattern" | "routePartitionName"),
            ObjectKind::RemoteDestination => element == "destination",
            _ => element == self.criterion,
        }
    }
}
