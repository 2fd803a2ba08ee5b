use std::collections::BTreeMap;

use dialtone_model::{Action, Attributes, Complaint, Fault, LineTarget, UnifiedCmObject};

use super::elements;
use super::node::Node;
use super::schema::{Completeness, Element, Values, WriteError};
use super::version::Version;

/// A class of objects, by the names that its operations have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    /// The element that holds such an object; with a capital letter it ends the names of the operations.
    pub(super) name: &'static str,
    pub(super) elements: &'static [Element],
}

const USER: Class = Class { name: "user", elements: elements::USER };
const PHONE: Class = Class { name: "phone", elements: elements::PHONE };
const LINE: Class = Class { name: "line", elements: elements::LINE };
const DEVICE_PROFILE: Class = Class { name: "deviceProfile", elements: elements::DEVICE_PROFILE };
const REMOTE_DESTINATION_PROFILE: Class =
    Class { name: "remoteDestinationProfile", elements: elements::REMOTE_DESTINATION_PROFILE };
const REMOTE_DESTINATION: Class = Class { name: "remoteDestination", elements: elements::REMOTE_DESTINATION };

impl Class {
    /// What carries a line.
    pub(super) fn of_target(target: LineTarget) -> Self {
        match target {
            LineTarget::Phone => PHONE,
            LineTarget::DeviceProfile => DEVICE_PROFILE,
            LineTarget::RemoteDestinationProfile => REMOTE_DESTINATION_PROFILE,
        }
    }

    /// The class of an object, with the elements by which it is found.
    pub(super) fn of_object(object: &UnifiedCmObject) -> (Self, Vec<Node>) {
        match object {
            UnifiedCmObject::User(user_id) => (USER, vec![Node::text("userid", user_id)]),
            UnifiedCmObject::Phone(name) => (PHONE, vec![Node::text("name", name)]),
            UnifiedCmObject::DirectoryNumber { pattern, partition } => {
                (LINE, dirn(pattern, partition.as_deref().unwrap_or_default()))
            }
            UnifiedCmObject::DeviceProfile(name) => (DEVICE_PROFILE, vec![Node::text("name", name)]),
            UnifiedCmObject::RemoteDestinationProfile(name) => {
                (REMOTE_DESTINATION_PROFILE, vec![Node::text("name", name)])
            }
            UnifiedCmObject::RemoteDestination(number) => (REMOTE_DESTINATION, vec![Node::text("destination", number)]),
        }
    }

    /// Whether its objects are directory numbers, which may be lines of others.
    pub(super) fn is_of_numbers(&self) -> bool {
        self.name == LINE.name
    }

    /// The name of an operation, such as `addPhone`.
    pub(super) fn operation(&self, verb: &str) -> String {
        let (first, rest) = self.name.split_at(1);
        format!("{verb}{}{rest}", first.to_uppercase())
    }
}

/// An object that an action adds.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) class: Class,
    /// The elements by which it is found.
    pub(super) key: Vec<Node>,
    /// All that is sent of it.
    pub(super) content: Vec<Node>,
}

impl Object {
    /// The object of an action that adds one; `None` for any other action.
    pub(super) fn of(action: &Action, version: Version) -> Option<Result<Self, Fault>> {
        let new = |class: Class, key: Vec<Node>, fixed: &[_], attributes: &Attributes, usual: &[_]| {
            let content = write(class.elements, fixed, attributes, usual, version)?;
            Ok(Self { class, key, content })
        };
        Some(match action {
            Action::AddSubscriber { user_id, first_name, last_name, attributes } => {
                let mut fixed = vec![("userid", user_id.as_str()), ("lastName", last_name)];
                fixed.extend(first_name.as_deref().map(|name| ("firstName", name)));
                new(USER, vec![Node::text("userid", user_id)], &fixed, attributes, &[])
            }
            Action::AddPhone { name, phone_type, protocol, owner, attributes } => {
                let mut fixed = vec![("name", name.as_str()), ("product", phone_type), ("protocol", protocol)];
                fixed.extend(owner.as_deref().map(|owner| ("ownerUserName", owner)));
                let usual = Usual::of(phone_type, protocol);
                new(PHONE, vec![Node::text("name", name)], &fixed, attributes, &usual.of_phone())
            }
            Action::AddDirectoryNumber { pattern, partition, attributes } => {
                let partition = partition.as_deref().unwrap_or_default();
                let fixed = [("pattern", pattern.as_str()), ("routePartitionName", partition)];
                new(LINE, dirn(pattern, partition), &fixed, attributes, &[])
            }
            Action::AddDeviceProfile { name, phone_type, protocol, attributes } => {
                let fixed = [("name", name.as_str()), ("product", phone_type), ("protocol", protocol)];
                let usual = Usual::of(phone_type, protocol);
                new(DEVICE_PROFILE, vec![Node::text("name", name)], &fixed, attributes, &usual.of_profile())
            }
            Action::AddRemoteDestinationProfile { name, user_id, attributes } => {
                let fixed = [("name", name.as_str()), ("userId", user_id)];
                new(REMOTE_DESTINATION_PROFILE, vec![Node::text("name", name)], &fixed, attributes, &[])
            }
            Action::AddRemoteDestination { destination, profile, user_id, attributes } => {
                let mut fixed = vec![("destination", destination.as_str()), ("remoteDestinationProfileName", profile)];
                // Before 10.0 the owner is told by the profile alone.
                fixed.extend((version >= Version::new(10, 0)).then_some(("ownerUserId", user_id.as_str())));
                let key = vec![Node::text("destination", destination)];
                new(REMOTE_DESTINATION, key, &fixed, attributes, &[])
            }
            _ => return None,
        })
    }
}

/// The elements by which a number is found.
fn dirn(pattern: &str, partition: &str) -> Vec<Node> {
    let partition = match partition {
        "" => Node::nil("routePartitionName"),
        partition => Node::text("routePartitionName", partition),
    };
    vec![Node::text("pattern", pattern), partition]
}

/// What a new phone or device profile gets where the order doesn't say: the objects that every Unified CM has from the
/// start, by their usual names. Only desk phones, which are called by a number, and analog phones have such names.
struct Usual {
    template: Option<String>,
    security: Option<String>,
}

impl Usual {
    fn of(phone_type: &str, protocol: &str) -> Self {
        let number = phone_type.strip_prefix("Cisco ").filter(|model| model.bytes().all(|byte| byte.is_ascii_digit()));
        // A phone at a port of a voice gateway.
        let analog = (phone_type == "Analog Phone").then(|| "Standard Analog".to_owned());
        Self {
            template: number.map(|model| format!("Standard {model} {protocol}")).or(analog),
            security: number
                .filter(|_| protocol == "SIP")
                .map(|model| format!("Cisco {model} - Standard SIP Non-Secure Profile")),
        }
    }

    fn of_profile(&self) -> Vec<(&str, &str)> {
        self.template.iter().map(|template| ("phoneTemplateName", template.as_str())).collect()
    }

    fn of_phone(&self) -> Vec<(&str, &str)> {
        let mut usual = self.of_profile();
        if let Some(security) = &self.security {
            usual.extend([("securityProfileName", security.as_str()), ("sipProfileName", "Standard SIP Profile")]);
        }
        usual
    }
}

/// The content of a new object: what the order itself says, its attributes, and else what is usual.
fn write(
    elements: &[Element],
    fixed: &[(&str, &str)],
    attributes: &Attributes,
    usual: &[(&str, &str)],
    version: Version,
) -> Result<Vec<Node>, Fault> {
    let mut flat: BTreeMap<&str, &str> = usual.iter().copied().collect();
    flat.extend(attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if let Some((name, _)) = fixed.iter().find(|(name, _)| attributes.contains_key(*name)) {
        return Err(unfit(format!("the attribute {name} is given by the order itself")));
    }
    flat.extend(fixed.iter().copied());
    Values { flat, lists: BTreeMap::new() }.write(elements, version, Completeness::Whole).map_err(Fault::from)
}

impl From<WriteError> for Fault {
    fn from(error: WriteError) -> Self {
        unfit(error.to_string())
    }
}

pub(super) fn unfit(message: String) -> Fault {
    Fault::Rejected(Complaint::new("axl-attribute", message))
}
