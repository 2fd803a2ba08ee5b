//! The fields of what administrators set up, in the order of the schema of 12.5; an older version lacks some, or has them
//! elsewhere.

use super::schema::Rule::{Flag, Group, List, Names, Needs, Number, Secret, Text, Word};
use super::schema::{Field, keep, may, need, tell};

/// For the objects of which the name is all that matters here.
pub(super) const NAMED: &[Field] = &[need("name", Text(128)).changed_as("newName")];

/// The same, with a description.
pub(super) const DESCRIBED: &[Field] = &[need("name", Text(100)).changed_as("newName"), may("description", Text(255))];

pub(super) const PHONE_SERVICE: &[Field] = &[
    need("serviceName", Text(128)).changed_as("newServiceName"),
    need("asciiServiceName", Text(128)),
    may("serviceDescription", Text(128)).nil(),
    need("serviceUrl", Text(1024)).nil(),
    may("secureServiceUrl", Text(1024)).nil(),
    need("serviceCategory", Word(&["XML Service", "Java MIDlet"])),
    need("serviceType", Word(&["Standard IP Phone Service", "Directories", "Messages"])),
    may("serviceVendor", Text(255)),
    may("serviceVersion", Text(255)),
    may("enabled", Flag).usually("true"),
    may("enterpriseSubscription", Flag).fixed(),
    keep("parameters"),
];

pub(super) const PARTITION: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("description", Text(200)),
    tell("dialPlanWizardGenId"),
    keep("timeScheduleIdName").nil(),
    keep("useOriginatingDeviceTimeZone"),
    keep("timeZone"),
    keep("partitionUsage"),
];

pub(super) const CALLING_SEARCH_SPACE: &[Field] = &[
    need("name", Text(50)).changed_as("newName").before(10, 0),
    may("description", Text(255)),
    tell("clause"),
    tell("dialPlanWizardGenId"),
    may("members", List("member", &Group(MEMBER))).unlisted(),
    keep("partitionUsage"),
    need("name", Text(50)).changed_as("newName").from(10, 0),
];

const MEMBER: &[Field] = &[need("routePartitionName", Needs("routePartition")), need("index", Number(1, 255))];

pub(super) const DEVICE_POOL: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("autoSearchSpaceName", Needs("css")).nil(),
    need("dateTimeSettingName", Needs("dateTimeGroup")),
    need("callManagerGroupName", Needs("callManagerGroup")),
    keep("mediaResourceListName").nil(),
    need("regionName", Needs("region")),
    keep("networkLocale").nil(),
    need("srstName", Needs("srst")),
    keep("connectionMonitorDuration"),
    may("automatedAlternateRoutingCssName", Needs("css")).nil(),
    need("aarNeighborhoodName", Text(50)).nil(),
    may("locationName", Needs("location")).nil(),
    may("mobilityCssName", Needs("css")).nil(),
    keep("physicalLocationName").nil(),
    keep("deviceMobilityGroupName").nil(),
    keep("revertPriority"),
    keep("singleButtonBarge"),
    keep("joinAcrossLines"),
    may("cgpnTransformationCssName", Needs("css")).nil(),
    may("cdpnTransformationCssName", Needs("css")).nil(),
    keep("localRouteGroupName").nil().before(10, 0),
    keep("localRouteGroupName").from(10, 0),
    keep("geoLocationName").nil(),
    keep("geoLocationFilterName").nil(),
    keep("callingPartyNationalPrefix"),
    keep("callingPartyInternationalPrefix"),
    keep("callingPartyUnknownPrefix"),
    keep("callingPartySubscriberPrefix"),
    may("adjunctCallingSearchSpace", Needs("css")).nil(),
    keep("callingPartyNationalStripDigits").nil(),
    keep("callingPartyInternationalStripDigits").nil(),
    keep("callingPartyUnknownStripDigits").nil(),
    keep("callingPartySubscriberStripDigits").nil(),
    may("callingPartyNationalTransformationCssName", Needs("css")).nil(),
    may("callingPartyInternationalTransformationCssName", Needs("css")).nil(),
    may("callingPartyUnknownTransformationCssName", Needs("css")).nil(),
    may("callingPartySubscriberTransformationCssName", Needs("css")).nil(),
    keep("calledPartyNationalPrefix"),
    keep("calledPartyInternationalPrefix"),
    keep("calledPartyUnknownPrefix"),
    keep("calledPartySubscriberPrefix"),
    keep("calledPartyNationalStripDigits").nil(),
    keep("calledPartyInternationalStripDigits").nil(),
    keep("calledPartyUnknownStripDigits").nil(),
    keep("calledPartySubscriberStripDigits").nil(),
    may("calledPartyNationalTransformationCssName", Needs("css")).nil(),
    may("calledPartyInternationalTransformationCssName", Needs("css")).nil(),
    may("calledPartyUnknownTransformationCssName", Needs("css")).nil(),
    may("calledPartySubscriberTransformationCssName", Needs("css")).nil(),
    keep("imeEnrolledPatternGroupName").nil(),
    may("cntdPnTransformationCssName", Needs("css")).nil().unlisted(),
    keep("localRouteGroup").from(10, 0),
    may("redirectingPartyTransformationCSS", Needs("css")).nil().unlisted().from(10, 0),
    may("callingPartyTransformationCSS", Needs("css")).nil().unlisted().from(10, 0),
    keep("wirelessLanProfileGroup").nil().from(10, 0),
    keep("elinGroup").nil().from(11, 0),
    keep("mraServiceDomain").nil().from(12, 5),
];

pub(super) const REGION: &[Field] =
    &[need("name", Text(50)).changed_as("newName"), keep("relatedRegions"), keep("defaultCodec")];

pub(super) const LOCATION: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    tell("id"),
    keep("kbits").before(10, 0),
    keep("videoKbits").before(10, 0),
    keep("relatedLocations"),
    need("withinAudioBandwidth", Number(0, 2_147_483_647)),
    need("withinVideoBandwidth", Number(0, 2_147_483_647)),
    need("withinImmersiveKbits", Number(0, 2_147_483_647)),
    keep("betweenLocations").required(),
];

pub(super) const CALL_MANAGER_GROUP: &[Field] =
    &[need("name", Text(50)).changed_as("newName"), may("tftpDefault", Flag), keep("members").required()];

pub(super) const DATE_TIME_GROUP: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    need("timeZone", Text(64)),
    need("separator", Text(10)).unlisted(),
    need("dateformat", Text(20)),
    need("timeFormat", Text(20)).unlisted(),
    keep("phoneNtpReferences"),
];

pub(super) const SRST: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    need("port", Number(0, 65_535)),
    need("ipAddress", Text(64)),
    keep("ipv6Address").nil().from(12, 0),
    keep("SipNetwork"),
    need("SipPort", Number(0, 65_535)),
    tell("srstCertificatePort"),
    may("isSecure", Flag),
];

pub(super) const COMMON_PHONE_CONFIG: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("description", Text(128)),
    keep("unlockPwd"),
    keep("dndOption"),
    keep("dndAlertingType"),
    keep("backgroundImage"),
    keep("phonePersonalization"),
    keep("phoneServiceDisplay"),
    keep("sshUserId"),
    may("sshPwd", Secret).unlisted(),
    keep("vendorConfig").nil(),
    keep("alwaysUsePrimeLine"),
    keep("alwaysUsePrimeLineForVoiceMessage"),
    keep("vpnGroupName").nil(),
    keep("vpnProfileName").nil(),
    keep("featureControlPolicy").nil(),
    keep("wifiHotspotProfile").nil().from(10, 0),
];

pub(super) const PRESENCE_GROUP: &[Field] =
    &[need("name", Text(128)).changed_as("newName"), may("description", Text(255)).nil(), keep("presenceGroups")];

pub(super) const PHONE_BUTTON_TEMPLATE: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    need("basePhoneTemplateName", Needs("phoneButtonTemplate")).fixed().untold(),
    tell("isUserModifiable"),
    keep("buttons"),
];

pub(super) const SOFT_KEY_TEMPLATE: &[Field] = &[
    need("name", Text(100)).changed_as("newName"),
    need("description", Text(100)),
    need("baseSoftkeyTemplateName", Needs("softKeyTemplate")).fixed(),
    may("isDefault", Flag).unlisted(),
    keep("applications"),
];

pub(super) const VOICE_MAIL_PROFILE: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    may("description", Text(50)),
    may("isDefault", Flag),
    may("voiceMailboxMask", Text(50)).nil(),
    keep("voiceMailPilot").required(),
];

pub(super) const SERVICE_PROFILE: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    may("description", Text(255)),
    may("isDefault", Flag),
    keep("serviceProfileInfos"),
];

pub(super) const GATEWAY: &[Field] = &[
    need("domainName", Text(64)).changed_as("newDomainName"),
    may("description", Text(100)),
    need("product", Text(128)).fixed(),
    need("protocol", Word(&["MGCP", "SCCP"])).fixed(),
    need("callManagerGroupName", Text(50)),
];

pub(super) const USER_GROUP: &[Field] = &[
    need("name", Text(128)).changed_as("newName").before(10, 0),
    may("members", List("member", &Group(&[need("userId", Names("user"))]))).unlisted(),
    may("userRoles", List("userRole", &Group(&[need("roleName", Text(100))]))).unlisted(),
    need("name", Text(128)).changed_as("newName").from(10, 0),
];

pub(super) const UC_SERVICE: &[Field] = &[
    need("serviceType", Word(UC_SERVICES)).fixed(),
    need("productType", Text(50)).nil().fixed(),
    need("name", Text(50)).changed_as("newName"),
    may("description", Text(100)),
    need("hostnameorip", Text(255)),
    may("port", Number(1, 65_535)).nil(),
    may("protocol", Text(10)).nil(),
    keep("ucServiceXml"),
];

const UC_SERVICES: &[&str] = &[
    "Voicemail",
    "MailStore",
    "Conferencing",
    "Directory",
    "IM and Presence",
    "CTI",
    "Video Conference Scheduling Portal",
    "Jabber Client Configuration (jabber-config.xml)",
];
