//! The fields of the patterns that dialled numbers are compared with, in the order of the schema of 12.5; an older version
//! lacks some.

use super::call_routing::{CALL_MANAGER, PRESENTATION, WAYS_OUT};
use super::lines::STATUS;
use super::schema::Rule::{Flag, Group, Needs, NeedsOne, Number, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const ROUTE_PATTERN: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Route"])).told_only().usually("Route"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    need("blockEnable", Flag),
    may("calledPartyTransformationMask", Text(50)).nil(),
    may("callingPartyTransformationMask", Text(50)).nil(),
    may("useCallingPartyPhoneMask", Word(STATUS)).usually("Default"),
    may("callingPartyPrefixDigits", Text(50)).nil(),
    may("dialPlanName", Text(50)).nil().changed_as("newDialPlanName"),
    tell("dialPlanWizardGenId"),
    may("digitDiscardInstructionName", Text(50)).nil(),
    may("networkLocation", Word(&["OnNet", "OffNet", "Use System Default"])).usually("OnNet"),
    may("patternUrgency", Flag),
    may("prefixDigitsOut", Text(50)).nil(),
    may("routeFilterName", Text(50)).nil().changed_as("newRouteFilterName"),
    may("callingLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("callingNamePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("connectedLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("connectedNamePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("supportOverlapSending", Flag),
    may("patternPrecedence", Text(50)).usually("Default"),
    may("releaseClause", Text(50)).usually("No Error"),
    may("allowDeviceOverride", Flag),
    may("provideOutsideDialtone", Flag).usually("true"),
    may("callingPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("callingPartyNumberType", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberType", Text(50)).usually(CALL_MANAGER),
    need("destination", Group(DESTINATION)).unlisted(),
    may("authorizationCodeRequired", Flag),
    may("authorizationLevelRequired", Number(0, 255)).usually("0"),
    may("clientCodeRequired", Flag),
    tell("withTag"),
    tell("withValueClause"),
    keep("isdnNsfInfoElement"),
    may("resourcePriorityNamespaceName", Text(50)).nil(),
    may("routeClass", Text(50)).usually("Default"),
    may("enableDccEnforcement", Flag).unlisted(),
    keep("blockedCallPercentage").nil(),
    may("externalCallControl", Text(50)).nil().from(10, 0),
    may("isEmergencyServiceNumber", Flag).from(11, 0),
];

/// One of the two.
const DESTINATION: &[Field] =
    &[may("gatewayName", NeedsOne(WAYS_OUT)).if_set(), may("routeListName", Needs("routeList")).if_set()];

pub(super) const TRANSLATION_PATTERN: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    need("usage", Word(&["Translation"])).fixed(),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("blockEnable", Flag),
    may("calledPartyTransformationMask", Text(50)).nil(),
    may("callingPartyTransformationMask", Text(50)).nil(),
    may("useCallingPartyPhoneMask", Word(STATUS)).usually("Default"),
    may("callingPartyPrefixDigits", Text(50)).nil(),
    may("dialPlanName", Text(50)).nil().changed_as("newDialPlanName"),
    may("digitDiscardInstructionName", Text(50)).nil(),
    may("patternUrgency", Flag).usually("true"),
    may("prefixDigitsOut", Text(50)).nil(),
    may("routeFilterName", Text(50)).nil().changed_as("newRouteFilterName"),
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
    may("callingSearchSpaceName", Needs("css")).nil(),
    may("resourcePriorityNamespaceName", Text(50)).nil(),
    may("routeNextHopByCgpn", Flag),
    may("routeClass", Text(50)).usually("Default"),
    may("callInterceptProfileName", Text(50)).nil(),
    may("releaseClause", Text(50)).usually("No Error"),
    may("useOriginatorCss", Flag).from(10, 0),
    may("dontWaitForIDTOnSubsequentHops", Flag).from(10, 0),
    may("isEmergencyServiceNumber", Flag).from(11, 0),
];

pub(super) const CALLED_PARTY_TRANSFORMATION_PATTERN: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Called Party Number Transformation"]))
        .told_only()
        .usually("Called Party Number Transformation"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("calledPartyTransformationMask", Text(50)).nil(),
    may("dialPlanName", Text(50)).nil().changed_as("newDialPlanName"),
    may("digitDiscardInstructionName", Text(50)).nil(),
    tell("patternUrgency"),
    may("routeFilterName", Text(50)).nil().changed_as("newRouteFilterName"),
    may("calledPartyPrefixDigits", Text(50)).nil(),
    may("calledPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("calledPartyNumberType", Text(50)).usually(CALL_MANAGER),
    may("mlppPreemptionDisabled", Flag).from(10, 0),
];

pub(super) const CALLING_PARTY_TRANSFORMATION_PATTERN: &[Field] = &[
    need("pattern", Text(255)).changed_as("newPattern"),
    may("description", Text(255)),
    may("usage", Word(&["Translation Calling Party Number"])).told_only().usually("Translation Calling Party Number"),
    may("routePartitionName", Needs("routePartition")).nil().changed_as("newRoutePartitionName"),
    may("callingPartyTransformationMask", Text(50)).nil(),
    may("useCallingPartyPhoneMask", Word(STATUS)).usually("Default"),
    may("dialPlanName", Text(50)).nil().changed_as("newDialPlanName"),
    may("digitDiscardInstructionName", Text(50)).nil(),
    tell("patternUrgency"),
    may("callingPartyPrefixDigits", Text(50)).nil(),
    may("routeFilterName", Text(50)).nil().changed_as("newRouteFilterName"),
    may("callingLinePresentationBit", Word(PRESENTATION)).usually("Default"),
    may("callingPartyNumberingPlan", Text(50)).usually(CALL_MANAGER),
    may("callingPartyNumberType", Text(50)).usually(CALL_MANAGER),
    may("mlppPreemptionDisabled", Flag).from(10, 0),
];
