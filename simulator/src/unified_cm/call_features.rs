//! The fields of the codes and numbers that people dial for a feature, in the order of the schema of 12.5.

use super::call_routing::PRESENTATION;
use super::lines::STATUS;
use super::profiles::SECURITY_MODES;
use super::schema::Rule::{Flag, Group, List, Needs, Number, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const FORCED_AUTHORIZATION_CODE: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    need("code", Text(16)),
    may("authorizationLevel", Number(0, 255)).usually("0"),
];

pub(super) const CLIENT_MATTER_CODE: &[Field] =
    &[need("code", Text(16)).changed_as("newCode"), may("description", Text(50))];

pub(super) const CALL_PARK: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Call Park"])).told_only().usually("Call Park"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    need("callManagerName", Needs("callManager")).nil(),
];

pub(super) const DIRECTED_CALL_PARK: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Directed Call Park"])).told_only().usually("Directed Call Park"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    need("retrievalPrefix", Text(50)).nil(),
    may("reversionPattern", Text(50)).nil(),
    may("revertCssName", Needs("css")).nil(),
];

pub(super) const MEET_ME: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Conference"])).told_only().usually("Conference"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("minimumSecurityLevel", Word(SECURITY_MODES)).nil().usually("Non Secure"),
];

pub(super) const CONFERENCE_NOW: &[Field] = &[
    need("conferenceNowNumber", Text(255)).changed_as("newConferenceNowNumber"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("description", Text(255)),
    may("maxWaitTimeForHost", Number(1, 60)).usually("15"),
    may("MohAudioSourceId", Number(0, 51)).nil(),
];

pub(super) const MESSAGE_WAITING: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("description", Text(128)),
    need("messageWaitingIndicator", Flag),
    may("callingSearchSpaceName", Needs("css")).nil(),
];

pub(super) const VOICE_MAIL_PILOT: &[Field] = &[
    need("dirn", Text(255)).nil().changed_as("newDirn"),
    may("description", Text(50)),
    may("cssName", Needs("css")).nil().changed_as("newCssName"),
    need("isDefault", Flag),
];

pub(super) const SIP_ROUTE_PATTERN: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    need("usage", Word(&["Domain Routing", "IP Routing"])).fixed(),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("blockEnable", Flag),
    may("callingPartyTransformationMask", Text(50)).nil(),
    may("useCallingPartyPhoneMask", Word(STATUS)).usually("Default"),
    may("callingPartyPrefixDigits", Text(50)).nil(),
    may("callingLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("callingNamePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("connectedLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("connectedNamePresentationBit", Word(PRESENTATION)).usually("Default"),
    need("sipTrunkName", Needs("sipTrunk")),
    may("dnOrPatternIpv6", Text(255)),
    may("routeOnUserPart", Flag),
    may("useCallerCss", Flag),
    may("domainRoutingCssName", Needs("css")).nil(),
];

pub(super) const ROUTE_FILTER: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    tell("clause"),
    need("dialPlanName", Text(50)),
    tell("dialPlanWizardGenId"),
    keep("members").required(),
];

pub(super) const PHONE_SERVICE: &[Field] = &[
    need("serviceName", Text(128)).changed_as("newServiceName"),
    need("asciiServiceName", Text(128)),
    may("serviceDescription", Text(128)).nil(),
    need("serviceUrl", Text(1_024)).nil(),
    may("secureServiceUrl", Text(1_024)).nil(),
    may("serviceCategory", Word(SERVICE_CATEGORIES)).usually("XML Service"),
    may("serviceType", Word(&["Standard IP Phone Service", "Directories", "Messages"]))
        .usually("Standard IP Phone Service"),
    may("serviceVendor", Text(128)),
    may("serviceVersion", Text(50)),
    may("enabled", Flag).usually("true"),
    may("enterpriseSubscription", Flag).fixed(),
    may("parameters", List("parameter", &Group(SERVICE_PARAMETER))).unlisted(),
];

const SERVICE_CATEGORIES: &[&str] = &["XML Service", "Java MIDlet", "Web Widget", "Web Link", "Android APK"];

const SERVICE_PARAMETER: &[Field] = &[
    need("name", Text(50)),
    need("displayName", Text(50)),
    may("default", Text(100)),
    need("description", Text(255)),
    may("paramRequired", Flag),
    may("paramPassword", Flag),
];

/// When something holds.
pub(super) const TIME_PERIOD: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("startTime", Text(20)).usually("No Office Hours"),
    may("endTime", Text(20)).usually("No Office Hours"),
    may("startDay", Word(DAYS)).usually("None"),
    may("endDay", Word(DAYS)).usually("None"),
    may("monthOfYear", Word(MONTHS)).usually("None"),
    may("dayOfMonth", Number(0, 31)).usually("0"),
    may("description", Text(255)),
    may("isPublished", Flag).fixed(),
    may("todOwnerIdName", Needs("user")).nil().fixed(),
    may("dayOfMonthEnd", Number(0, 31)).usually("0"),
    may("monthOfYearEnd", Word(MONTHS)).usually("None"),
];

const DAYS: &[&str] = &["None", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: &[&str] = &["None", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) const TIME_SCHEDULE: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    need("members", List("member", &Group(&[need("timePeriodName", Needs("timePeriod"))]))).unlisted(),
    may("description", Text(255)),
    may("isPublished", Flag).fixed(),
    may("timeScheduleCategory", Word(&["Regular", "Holiday"])),
    may("todOwnerIdName", Needs("user")).nil().fixed(),
];
