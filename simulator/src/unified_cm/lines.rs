//! The fields of directory numbers, and of the buttons that they are on, in the order of the schema of 12.5; an
//! older version lacks some, or has them elsewhere.

use super::schema::Rule::{Dirn, Flag, Group, List, Names, Needs, Number, Text, Word};
use super::schema::{Field, keep, may, need, tell};

/// What may be left to what holds elsewhere.
pub(super) const STATUS: &[&str] = &["Off", "On", "Default"];
pub(super) const RING: &[&str] = &["Use System Default", "Disable", "Flash Only", "Ring Once", "Ring", "Beep Only"];

pub(super) const LINE: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Device", "Device Intercom"])).fixed().usually("Device"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("aarNeighborhoodName", Needs("aarGroup")).nil(),
    may("aarDestinationMask", Text(128)).nil(),
    may("aarKeepCallHistory", Flag),
    may("aarVoiceMailEnabled", Flag),
    may("callForwardAll", Group(FORWARD_ALL)).unlisted(),
    may("callForwardBusy", Group(FORWARD)).unlisted(),
    may("callForwardBusyInt", Group(FORWARD)).unlisted(),
    may("callForwardNoAnswer", Group(FORWARD_LATER)).unlisted(),
    may("callForwardNoAnswerInt", Group(FORWARD_LATER)).unlisted(),
    may("callForwardNoCoverage", Group(FORWARD)).unlisted(),
    may("callForwardNoCoverageInt", Group(FORWARD)).unlisted(),
    may("callForwardOnFailure", Group(FORWARD)).unlisted(),
    keep("callForwardAlternateParty"),
    may("callForwardNotRegistered", Group(FORWARD)).unlisted(),
    may("callForwardNotRegisteredInt", Group(FORWARD)).unlisted(),
    may("callPickupGroupName", Names("callPickupGroup")),
    may("autoAnswer", Word(&["Auto Answer Off", "Auto Answer with Headset", "Auto Answer with Speakerphone"])),
    may("networkHoldMohAudioSourceId", Number(0, 51)).nil(),
    may("userHoldMohAudioSourceId", Number(0, 51)).nil(),
    keep("callingIdPresentationWhenDiverted").from(12, 5),
    may("alertingName", Text(50)),
    may("asciiAlertingName", Text(32)),
    may("presenceGroupName", Needs("presenceGroup")),
    may("shareLineAppearanceCssName", Needs("css")).nil(),
    may("voiceMailProfileName", Needs("voiceMailProfile")).nil(),
    may("patternPrecedence", Text(50)),
    may("releaseClause", Text(50)),
    may("hrDuration", Number(0, 86_400)).nil(),
    may("hrInterval", Number(0, 86_400)).nil(),
    may("cfaCssPolicy", Text(50)),
    keep("defaultActivatedDeviceName").nil(),
    keep("parkMonForwardNoRetrieveDn").nil(),
    keep("parkMonForwardNoRetrieveIntDn").nil(),
    keep("parkMonForwardNoRetrieveVmEnabled"),
    keep("parkMonForwardNoRetrieveIntVmEnabled"),
    keep("parkMonForwardNoRetrieveCssName").nil(),
    keep("parkMonForwardNoRetrieveIntCssName").nil(),
    keep("parkMonReversionTimer").nil(),
    may("partyEntranceTone", Word(STATUS)),
    keep("directoryURIs"),
    may("allowCtiControlFlag", Flag).usually("true"),
    may("rejectAnonymousCall", Flag),
    may("patternUrgency", Flag).from(10, 0).unlisted(),
    keep("confidentialAccess").from(10, 0),
    keep("externalCallControlProfile").nil().from(10, 0),
    keep("enterpriseAltNum").from(10, 0),
    keep("e164AltNum").from(10, 0),
    keep("pstnFailover").from(10, 0),
    keep("callControlAgentProfile").from(10, 0),
    tell("associatedDevices").from(10, 0),
    keep("useEnterpriseAltNum").from(10, 0),
    keep("useE164AltNum").from(10, 0),
    keep("active").from(10, 0),
    keep("externalPresentationInfo").from(12, 5),
];

const FORWARD_ALL: &[Field] = &[
    may("forwardToVoiceMail", Flag),
    may("callingSearchSpaceName", Needs("css")).nil(),
    may("secondaryCallingSearchSpaceName", Needs("css")).nil(),
    may("destination", Text(50)).nil(),
];

const FORWARD: &[Field] = &[
    may("forwardToVoiceMail", Flag),
    may("callingSearchSpaceName", Needs("css")).nil(),
    may("destination", Text(50)).nil(),
];

const FORWARD_LATER: &[Field] = &[
    may("forwardToVoiceMail", Flag),
    may("callingSearchSpaceName", Needs("css")).nil(),
    may("destination", Text(50)).nil(),
    may("duration", Number(0, 300)).nil(),
];

const RECORDING: &[&str] = &["Gateway Preferred", "Phone Preferred"];

/// A number on a button.
pub(super) const BUTTON: &[Field] = &[
    need("index", Number(1, 100)),
    may("label", Text(50)),
    keep("asciiLabel").before(10, 0),
    may("display", Text(50)),
    need("dirn", Dirn),
    may("ringSetting", Word(RING)),
    may("consecutiveRingSetting", Word(RING)).nil(),
    may("ringSettingIdlePickupAlert", Word(RING)).nil(),
    may("ringSettingActivePickupAlert", Word(RING)).nil(),
    may("displayAscii", Text(50)),
    may("e164Mask", Text(255)).nil(),
    tell("dialPlanWizardId"),
    may("mwlPolicy", Text(50)),
    may("maxNumCalls", Number(0, 200)),
    may("busyTrigger", Number(0, 200)),
    may(
        "callInfoDisplay",
        Group(&[
            may("callerName", Flag).usually("true"),
            may("callerNumber", Flag),
            may("redirectedNumber", Flag),
            may("dialedNumber", Flag).usually("true"),
        ]),
    ),
    may("recordingProfileName", Needs("recordingProfile")).nil(),
    may("monitoringCssName", Needs("css")).nil(),
    may("recordingFlag", Text(50)),
    may("audibleMwi", Word(STATUS)),
    may("speedDial", Text(255)).nil(),
    may("partitionUsage", Text(50)),
    may("associatedEndusers", List("enduser", &Group(&[need("userId", Names("user"))]))),
    may("missedCallLogging", Flag).usually("true"),
    may("recordingMediaSource", Word(RECORDING)).from(10, 0),
];
