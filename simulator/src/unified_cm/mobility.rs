//! The fields of the telephones elsewhere that ring with a number, in the order of the schema of 12.5; an
//! older version lacks some, or has them elsewhere.

use super::lines::{BUTTON, STATUS};
use super::phones::DND;
use super::schema::Rule::{Flag, Group, List, Names, Needs, Number, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const REMOTE_DESTINATION_PROFILE: &[Field] = &[
    need("name", Text(128)).changed_as("newName"),
    may("description", Text(128)),
    need("product", Word(&["Remote Destination Profile"])).fixed(),
    tell("model"),
    need("class", Word(&["Remote Destination Profile"])).fixed(),
    need("protocol", Word(&["Remote Destination"])).fixed(),
    may("protocolSide", Word(&["User"])).fixed().usually("User"),
    may("callingSearchSpaceName", Needs("css")).nil(),
    need("devicePoolName", Needs("devicePool")).nil(),
    may("networkHoldMohAudioSourceId", Number(0, 51)).nil(),
    may("userHoldMohAudioSourceId", Number(0, 51)).nil(),
    may("lines", List("line", &Group(BUTTON))).unlisted(),
    may("callInfoPrivacyStatus", Word(STATUS)).usually("Default"),
    need("userId", Needs("user")).nil(),
    may("ignorePresentationIndicators", Flag),
    may("rerouteCallingSearchSpaceName", Needs("css")).nil(),
    may("cgpnTransformationCssName", Needs("css")).nil(),
    may("automatedAlternateRoutingCssName", Needs("css")).nil().from(10, 0),
    may("useDevicePoolCgpnTransformCss", Flag).usually("true"),
    may("userLocale", Text(64)).nil(),
    may("networkLocale", Text(64)).nil().from(10, 0),
    may("primaryPhoneName", Names("phone")).nil(),
    may("dndOption", Word(DND)),
    may("dndStatus", Flag),
    keep("mobileSmartClientProfileName").nil(),
];

pub(super) const REMOTE_DESTINATION: &[Field] = &[
    may("name", Text(50)).changed_as("newName"),
    need("destination", Text(50)).changed_as("newDestination"),
    may("answerTooSoonTimer", Number(0, 10_000)).usually("1500"),
    may("answerTooLateTimer", Number(10_000, 300_000)).usually("19000"),
    may("delayBeforeRingingCell", Number(0, 30_000)).usually("4000"),
    need("ownerUserId", Needs("user")).from(10, 0).unlisted(),
    keep("enableUnifiedMobility").untold().from(10, 0),
    may("remoteDestinationProfileName", Needs("remoteDestinationProfile")).nil().before(10, 0),
    may("remoteDestinationProfileName", Needs("remoteDestinationProfile")).nil().from(10, 0).before(12, 5),
    may("remoteDestinationProfileName", Needs("remoteDestinationProfile")).nil().from(12, 5),
    keep("enableExtendAndConnect").untold().from(10, 0),
    keep("ctiRemoteDeviceName").nil().from(10, 0),
    // There it stands in the place of a profile, so it is not shown where there is none.
    keep("dualModeDeviceName").nil().before(10, 0),
    may("dualModeDeviceName", Names("phone")).nil().from(10, 0).before(12, 5),
    may("dualModeDeviceName", Names("phone")).nil().from(12, 5),
    may("isMobilePhone", Flag),
    may("enableMobileConnect", Flag).usually("true"),
    keep("lineAssociations"),
    tell("ctiRemoteDeviceLineAssociations").from(12, 0),
    may("timeZone", Text(50)),
    may("todAccessName", Text(50)).nil(),
    keep("mobileSmartClientName").nil(),
    keep("mobilityProfileName").nil(),
    keep("singleNumberReachVoicemail").from(10, 0),
    keep("dialViaOfficeReverseVoicemail").from(10, 0),
    keep("ringSchedule").from(11, 0),
    keep("accessListName").nil().from(11, 0),
];
