//! The fields of the servers of a cluster and of what they are told, in the order of the schema of 12.5; an older version
//! lacks some.

use super::schema::Rule::{NamesOne, Needs, Number, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const PROCESS_NODE: &[Field] = &[
    need("name", Text(255)).changed_as("newName"),
    may("description", Text(50)),
    may("mac", Text(12)).if_set(),
    may("ipv6Name", Text(255)),
    may("nodeUsage", Word(&["Publisher", "Subscriber"])).told_only().usually("Subscriber"),
    keep("lbmHubGroup").nil(),
    need("processNodeRole", Word(&[VOICE, PRESENCE])).fixed().from(10, 0),
    may("cupDomain", Text(255)).unlisted().from(10, 0),
];

/// What a node does.
pub(super) const VOICE: &str = "CUCM Voice/Video";
pub(super) const PRESENCE: &str = "CUCM IM and Presence";

pub(super) const CALL_MANAGER: &[Field] = &[
    may("name", Text(100)).changed_as("newName"),
    may("description", Text(50)),
    keep("autoRegistration"),
    keep("ports"),
    may("processNodeName", Needs("processNode")).told_only(),
    keep("lbmGroup").nil(),
];

pub(super) const SERVICE_PARAMETER: &[Field] = &[
    may("processNodeName", Needs("processNode")).told_only(),
    may("name", Text(255)).told_only(),
    may("service", Text(255)).told_only(),
    may("value", Text(4_096)).nil(),
    may("valueType", Text(20)).told_only(),
];

/// How a device was last seen.
pub(super) const REGISTRATION: &[Field] = &[
    may("device", NamesOne(REGISTERED)).told_only(),
    may("lastKnownIpAddress", Text(64)).told_only(),
    may("lastKnownUcm", Text(255)).told_only(),
    may("lastKnownConfigVersion", Text(255)).told_only(),
    may("locationDetails", Text(255)).told_only(),
    may("endpointConnection", Text(20)).told_only().if_set(),
    may("portOrSsid", Text(50)).told_only(),
    may("lastSeen", Number(0, 4_294_967_295)).told_only(),
    may("risStatus", Text(20)).told_only().from(14, 0),
];

const REGISTERED: &[&str] = &["conferenceBridge", "mtp", "mohServer", "annunciator"];

pub(super) const PHONE_NTP: &[Field] = &[
    need("ipAddress", Text(64)).changed_as("newIpAddress"),
    may("ipv6Address", Text(64)).changed_as("newIpv6Address").from(12, 0),
    may("description", Text(255)),
    may("mode", Word(&["Unicast", "Multicast", "Anycast", "Directed Broadcast"])).usually("Directed Broadcast"),
];

/// The place of devices whose pool follows from where they are.
pub(super) const DEVICE_MOBILITY: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    need("subNet", Text(64)).before(12, 0),
    need("subNetMaskSz", Text(3)).before(12, 0),
    keep("subNetDetails").required().from(12, 0),
    keep("members").required(),
];

pub(super) const LOCAL_ROUTE_GROUP: &[Field] = &[need("name", Text(50)), may("description", Text(100))];

pub(super) const AAR_GROUP: &[Field] = &[need("name", Text(32)).changed_as("newName"), tell("relatedGroups")];

pub(super) const CUSTOM_USER_FIELD: &[Field] = &[need("field", Text(50)).changed_as("newField")];
