//! The fields of what leads calls to people and to the world outside, in the order of the schema of 12.5; an older version
//! lacks some, or has them elsewhere.

use super::lines::{BUTTON, STATUS};
use super::schema::Rule::{Dirn, Flag, Group, List, Names, NamesOne, Needs, Number, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const CTI_ROUTE_POINT: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    may("description", Text(128)),
    need("product", Word(&["CTI Route Point"])).fixed(),
    tell("model"),
    need("class", Word(&["CTI Route Point"])).fixed(),
    need("protocol", Word(&["SCCP"])),
    may("protocolSide", Word(&["User"])).usually("User"),
    may("callingSearchSpaceName", Needs("css")).nil(),
    need("devicePoolName", Needs("devicePool")).nil(),
    may("commonDeviceConfigName", Needs("commonDeviceConfig")).nil(),
    need("locationName", Needs("location")),
    may("mediaResourceListName", Needs("mediaResourceList")).nil(),
    may("networkHoldMohAudioSourceId", Number(0, 51)).nil(),
    may("userHoldMohAudioSourceId", Number(0, 51)).nil(),
    may("useTrustedRelayPoint", Word(STATUS)).usually("Default"),
    may("cgpnTransformationCssName", Needs("css")).nil(),
    may("useDevicePoolCgpnTransformCss", Flag).usually("true"),
    may("geoLocationName", Text(50)).nil(),
    may("userLocale", Text(64)).nil(),
    may("lines", List("line", &Group(BUTTON))).unlisted(),
];

pub(super) const CALL_PICKUP_GROUP: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(50)),
    may("usage", Word(&["Call Pick Up Group"])).told_only().usually("Call Pick Up Group"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    need("name", Text(100)).changed_as("newName").before(10, 0),
    may("members", List("member", &Group(PICKUP_MEMBER))).unlisted(),
    may("pickupNotification", Word(NOTIFICATIONS)).usually("No Alert"),
    may("pickupNotificationTimer", Number(1, 300)).usually("6"),
    may("callInfoForPickupNotification", Group(&[may("callingPartyInfo", Flag), may("calledPartyInfo", Flag)])),
    need("name", Text(100)).changed_as("newName").from(10, 0),
];

const NOTIFICATIONS: &[&str] = &["No Alert", "Audio Alert", "Visual Alert", "Audio and Visual Alert"];

const PICKUP_MEMBER: &[Field] = &[
    need("priority", Number(1, 255)),
    may("pickupGroupName", Names("callPickupGroup")).if_set(),
    keep("pickupDnAndPartition"),
];

pub(super) const LINE_GROUP: &[Field] = &[
    need("name", Text(50)).changed_as("newName").before(10, 0),
    may("distributionAlgorithm", Word(DISTRIBUTIONS)).usually("Longest Idle Time"),
    may("rnaReversionTimeOut", Number(0, 300)).usually("10"),
    may("huntAlgorithmNoAnswer", Word(HUNTING)).usually(NEXT),
    may("huntAlgorithmBusy", Word(HUNTING)).usually(NEXT),
    may("huntAlgorithmNotAvailable", Word(HUNTING)).usually(NEXT),
    may("members", List("member", &Group(LINE_MEMBER))).unlisted(),
    need("name", Text(50)).changed_as("newName").from(10, 0),
    may("autoLogOffHunt", Flag),
];

const DISTRIBUTIONS: &[&str] = &["Top Down", "Circular", "Longest Idle Time", "Broadcast"];

const NEXT: &str = "Try next member; then, try next group in Hunt List";

const HUNTING: &[&str] = &[
    NEXT,
    "Try next member, but do not go to next group",
    "Skip remaining members, and go directly to next group",
    "Stop hunting",
];

const LINE_MEMBER: &[Field] = &[need("lineSelectionOrder", Number(0, 1_000)), need("directoryNumber", Dirn)];

pub(super) const HUNT_LIST: &[Field] = &[
    need("name", Text(50)).changed_as("newName").before(10, 0),
    may("description", Text(50)),
    need("callManagerGroupName", Needs("callManagerGroup")).nil(),
    may("routeListEnabled", Flag),
    may("voiceMailUsage", Flag),
    may("members", List("member", &Group(HUNT_MEMBER))).unlisted(),
    need("name", Text(50)).changed_as("newName").from(10, 0),
];

const HUNT_MEMBER: &[Field] =
    &[need("lineGroupName", Needs("lineGroup")).nil(), need("selectionOrder", Number(0, 1_000))];

pub(super) const HUNT_PILOT: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Hunt Pilot"])).told_only().usually("Hunt Pilot"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    need("blockEnable", Flag),
    may("calledPartyTransformationMask", Text(50)).nil(),
    may("callingPartyTransformationMask", Text(50)).nil(),
    may("useCallingPartyPhoneMask", Word(STATUS)).usually("Default"),
    may("callingPartyPrefixDigits", Text(50)).nil(),
    may("dialPlanName", Text(50)).nil(),
    may("digitDiscardInstructionName", Text(50)).nil(),
    may("patternUrgency", Flag),
    may("prefixDigitsOut", Text(50)).nil(),
    may("routeFilterName", Text(50)).nil(),
    may("callingLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("callingNamePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("connectedLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("connectedNamePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("patternPrecedence", Text(50)).usually("Default"),
    may("provideOutsideDialtone", Flag).usually("true"),
    may("callingPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("callingPartyNumberType", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberType", Text(50)).usually(CALL_MANAGER),
    need("huntListName", Needs("huntList")),
    keep("parkMonForwardNoRetrieve"),
    may("alertingName", Text(50)),
    may("asciiAlertingName", Text(32)),
    may("e164Mask", Text(255)).nil().unlisted(),
    may("aarNeighborhoodName", Needs("aarGroup")).nil(),
    may("forwardHuntNoAnswer", Group(FORWARD_HUNT)),
    may("forwardHuntBusy", Group(FORWARD_HUNT)),
    may("callPickupGroupName", Names("callPickupGroup")),
    may("maxHuntduration", Number(1, 3_600)).nil(),
    may("releaseClause", Text(50)).usually("No Error"),
    may("displayConnectedNumber", Flag),
    keep("queueCalls"),
];

/// Whether a number or a name is shown to the other side.
pub(super) const PRESENTATION: &[&str] = &["Default", "Allowed", "Restricted"];

/// What kinds of numbers there are is left to the device.
pub(super) const CALL_MANAGER: &str = "Cisco CallManager";

const FORWARD_HUNT: &[Field] = &[
    may("usePersonalPreferences", Flag),
    may("destination", Text(50)).nil(),
    may("callingSearchSpaceName", Needs("css")).nil(),
];

pub(super) const ROUTE_GROUP: &[Field] = &[
    need("name", Text(50)).changed_as("newName").before(10, 0),
    tell("dialPlanWizardGenld"),
    may("distributionAlgorithm", Word(&["Top Down", "Circular"])).usually("Circular"),
    need("members", List("member", &Group(ROUTE_GROUP_MEMBER))).unlisted(),
    need("name", Text(50)).changed_as("newName").from(10, 0),
];

/// Devices that calls leave by.
pub(super) const WAYS_OUT: &[&str] = &["sipTrunk", "h323Gateway", "gatewayEndpointAnalogAccess", "gateway"];

const ROUTE_GROUP_MEMBER: &[Field] = &[
    need("deviceSelectionOrder", Number(0, 1_000)),
    tell("dialPlanWizardGenId"),
    need("deviceName", NamesOne(WAYS_OUT)),
    need("port", Number(0, 65_535)),
];

pub(super) const ROUTE_LIST: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("description", Text(50)),
    need("callManagerGroupName", Needs("callManagerGroup")).nil(),
    may("routeListEnabled", Flag),
    may("members", List("member", &Group(ROUTE_LIST_MEMBER))).unlisted(),
    may("runOnEveryNode", Flag),
];

const ROUTE_LIST_MEMBER: &[Field] = &[
    need("routeGroupName", Needs("routeGroup")).nil(),
    need("selectionOrder", Number(0, 1_000)),
    may("calledPartyTransformationMask", Text(50)).nil(),
    may("callingPartyTransformationMask", Text(50)).nil(),
    tell("dialPlanWizardGenId"),
    may("digitDiscardInstructionName", Text(50)).nil(),
    may("callingPartyPrefixDigits", Text(50)).nil(),
    may("prefixDigitsOut", Text(50)).nil(),
    may("useFullyQualifiedCallingPartyNumber", Word(STATUS)).usually("Default"),
    may("callingPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("callingPartyNumberType", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberType", Text(50)).usually(CALL_MANAGER),
];
