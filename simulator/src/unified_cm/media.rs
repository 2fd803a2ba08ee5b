//! The fields of what serves calls with media, and of the lists that devices find it by, in the order of the schema of 12.5.

use super::lines::STATUS;
use super::schema::Rule::{Flag, Group, List, Needs, NeedsOne, Number, Secret, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const MEDIA_RESOURCE_GROUP: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("description", Text(50)),
    need("multicast", Flag),
    need("members", List("member", &Group(&[need("deviceName", NeedsOne(RESOURCES))]))).unlisted(),
];

const RESOURCES: &[&str] = &["conferenceBridge", "mtp", "transcoder", "mohServer", "annunciator"];

pub(super) const MEDIA_RESOURCE_LIST: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    tell("clause"),
    may("members", List("member", &Group(LIST_MEMBER))).unlisted(),
];

const LIST_MEMBER: &[Field] =
    &[need("mediaResourceGroupName", Needs("mediaResourceGroup")), need("order", Number(0, 1_000))];

pub(super) const CONFERENCE_BRIDGE: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    may("description", Text(128)),
    need("product", Text(128)),
    need("devicePoolName", Needs("devicePool")).nil(),
    may("commonDeviceConfigName", Needs("commonDeviceConfig")).nil(),
    may("locationName", Needs("location")).usually("Hub_None"),
    may("subUnit", Number(0, 100)).fixed().usually("0"),
    keep("loadInformation").nil(),
    keep("vendorConfig"),
    may("maximumCapacity", Number(0, 10_000)),
    may("useTrustedRelayPoint", Word(STATUS)).usually("Default"),
    keep("securityProfileName").nil(),
    may("destinationAddress", Text(255)),
    may("mcuConferenceBridgeSipPort", Number(0, 65_535)).usually("5060"),
    may("sipProfile", Needs("sipProfile")).nil(),
    may("srtpAllowed", Flag),
    keep("normalizationScript").nil(),
    may("enableTrace", Flag),
    keep("normalizationScriptInfos"),
    may("userName", Text(128)),
    may("password", Secret),
    may("httpPort", Number(0, 65_535)).usually("80"),
    may("useHttps", Flag),
    keep("addresses").from(10, 0),
    may("conferenceBridgePrefix", Text(50)).nil().from(10, 0),
    may("allowCFBControlOfCallSecurityIcon", Flag).nil().from(11, 0),
    may("overrideSIPTrunkAddress", Flag).nil().from(10, 0),
    may("sipTrunkName", Needs("sipTrunk")).from(10, 0),
];

pub(super) const MEDIA_TERMINATION_POINT: &[Field] = &[
    need("mtpType", Text(128)).fixed(),
    need("name", Text(128)).changed_as("newName"),
    may("description", Text(128)),
    need("devicePoolName", Needs("devicePool")).nil(),
    may("trustedRelayPoint", Flag),
];

pub(super) const TRANSCODER: &[Field] = &[
    need("name", Text(255)).changed_as("newName"),
    may("description", Text(128)),
    need("product", Text(128)).fixed(),
    may("subUnit", Number(0, 100)).fixed().usually("0"),
    need("devicePoolName", Needs("devicePool")).nil(),
    may("commonDeviceConfigName", Needs("commonDeviceConfig")).nil(),
    may("loadInformation", Text(255)).nil(),
    keep("vendorConfig"),
    may("isTrustedRelayPoint", Flag),
    may("maximumCapacity", Number(0, 10_000)),
];

pub(super) const MUSIC_ON_HOLD_SERVER: &[Field] = &[
    may("name", Text(100)).changed_as("newName"),
    may("description", Text(128)),
    may("processNodeName", Needs("processNode")).told_only(),
    may("devicePoolName", Needs("devicePool")).nil(),
    may("locationName", Needs("location")),
    may("maxUnicastConnections", Number(0, 1_000)),
    may("maxMulticastConnections", Number(0, 1_000_000)),
    may("fixedAudioSourceDevice", Text(255)),
    may("runFlag", Flag),
    may("useTrustedRelayPoint", Word(STATUS)),
    may("isMultiCastEnabled", Flag),
    may("baseMulticastIpaddress", Text(64)),
    may("baseMulticastPort", Number(0, 65_535)),
    may("multicastIncrementOnIp", Flag),
    keep("audioSources"),
];

pub(super) const MUSIC_ON_HOLD_SOURCE: &[Field] = &[
    may("sourceId", Number(1, 501)).told_only(),
    may("name", Text(50)).changed_as("newName"),
    may("sourceFile", Text(255)),
    may("multicast", Flag),
    may("repeat", Flag).before(10, 0),
    keep("mohFileStatus").nil(),
    keep("initialAnnouncement").nil(),
    keep("periodicAnnouncement").nil(),
    may("periodicAnnouncementInterval", Number(0, 300)),
    may("localeAnnouncement", Text(64)),
    may("initialAnnouncementPlayed", Flag),
    may("isExternalSource", Flag).unlisted().from(11, 5),
];

pub(super) const ANNUNCIATOR: &[Field] = &[
    may("name", Text(100)).changed_as("newName"),
    may("description", Text(128)),
    may("devicePoolName", Needs("devicePool")).nil(),
    may("locationName", Needs("location")),
    may("useTrustedRelayPoint", Word(STATUS)),
    may("serverName", Needs("processNode")).told_only(),
];
