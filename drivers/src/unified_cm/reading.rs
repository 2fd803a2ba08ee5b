//! What a synchronisation reads: lists, in pages, one class after the other.

use dialtone_model::{Attributes, Complaint, DeviceObject, Fault, ObjectKind, SyncScope};

use super::client::{Axl, AxlError};
use super::elements;
use super::node::Node;
use super::object::Class;
use super::schema::{Element, list_tags, text};
use crate::http::{Deadline, Effect};
use crate::{Page, PageRequest};

/// A class of objects that is listed.
struct Stage {
    kind: ObjectKind,
    class: Class,
    /// The element that the list is asked by; everything has it.
    criterion: &'static str,
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
];

/// How many objects a page has at most. All that lists tell of so many phones is below 8 MB, which is what the device
/// gives at once.
const PAGE: u32 = 1_000;

/// Where a page begins.
struct Place {
    stage: usize,
    skip: u32,
}

impl Place {
    fn read(token: Option<&str>) -> Option<Self> {
        let Some(token) = token else { return Some(Self { stage: 0, skip: 0 }) };
        let (stage, skip) = token.split_once('/')?;
        Some(Self { stage: stage.parse().ok()?, skip: skip.parse().ok()? })
    }

    fn written(&self) -> String {
        format!("{}/{}", self.stage, self.skip)
    }
}

pub(super) async fn read(axl: &Axl, request: &PageRequest, deadline: Deadline) -> Result<Page, Fault> {
    let stages = match request.scope {
        SyncScope::Infrastructure => INFRASTRUCTURE,
        SyncScope::Subscribers => SUBSCRIBERS,
    };
    let lost = || {
        let message = format!("no page begins at {}", request.after.as_deref().unwrap_or_default());
        Fault::Rejected(Complaint::new("axl-no-page", message))
    };
    let mut place = Place::read(request.after.as_deref()).ok_or_else(lost)?;
    let stage = stages.get(place.stage).ok_or_else(lost)?;
    let (rows, whole_page) = list(axl, stage, place.skip, deadline).await?;
    let read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    place = match whole_page {
        true => Place { skip: place.skip + read, ..place },
        false => Place { stage: place.stage + 1, skip: 0 },
    };
    Ok(Page {
        whole: true,
        found: rows.iter().map(|row| object(stage, row)).collect(),
        next: (place.stage < stages.len()).then(|| place.written()),
        ..Page::default()
    })
}

/// The objects of a page, and whether it is full, so that more may follow. A page that is more than the device gives at
/// once is asked for again, smaller.
async fn list(axl: &Axl, stage: &Stage, skip: u32, deadline: Deadline) -> Result<(Vec<Node>, bool), AxlError> {
    let mut first = PAGE;
    loop {
        let content = [
            Node::parent("searchCriteria", vec![Node::text(stage.criterion, "%")]),
            Node::parent("returnedTags", list_tags(stage.class.elements, axl.version)),
            Node::text("skip", skip.to_string()),
            Node::text("first", first.to_string()),
        ];
        match axl.call(&stage.class.operation("list"), &content, Effect::None, deadline).await {
            Ok(reply) => {
                let rows = reply.children;
                let full = rows.len() >= first as usize;
                return Ok((rows, full));
            }
            Err(AxlError::Refused(refusal)) => match refusal.too_large() {
                Some(fewer) if first > 1 => first = fewer.saturating_sub(1).clamp(1, first / 2),
                _ => return Err(AxlError::Refused(refusal)),
            },
            Err(fault) => return Err(fault),
        }
    }
}

fn object(stage: &Stage, row: &Node) -> DeviceObject {
    let mut attributes = Attributes::new();
    attributes.extend(row.uuid.clone().map(|uuid| ("uuid".to_owned(), uuid)));
    flatten(row, "", &mut attributes);
    let key = match stage.kind {
        ObjectKind::DirectoryNumber => {
            format!("{}/{}", row.child_text("pattern"), row.child_text("routePartitionName"))
        }
        _ => row.child_text(stage.criterion).to_owned(),
    };
    DeviceObject { kind: stage.kind, key, attributes }
}

/// What is set, by the path of its element.
fn flatten(node: &Node, prefix: &str, attributes: &mut Attributes) {
    for child in &node.children {
        let path = format!("{prefix}{}", child.name);
        if !child.children.is_empty() {
            flatten(child, &format!("{path}."), attributes);
        } else if !child.text.is_empty() {
            attributes.insert(path, child.text.clone());
        }
    }
}
