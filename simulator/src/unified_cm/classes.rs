//! The classes of objects that the device keeps.

use super::schema::{Class, class};
use super::{
    call_features, call_routing, directories, gateways, infrastructure, lines, media, mobility, patterns, phones,
    profiles, servers, sql_classes, trunks, users,
};

/// The classes that AXL operations of this device exist for.
pub(super) const CLASSES: &[Class] = &[
    class("user", "User", users::USER).keyed(&["userid"]).in_any_case().by(&[
        "firstName",
        "lastName",
        "userid",
        "department",
        "customerName",
    ]),
    class("phone", "Phone", phones::PHONE)
        .by(&["name", "description", "protocol", "callingSearchSpaceName", "devicePoolName", "securityProfileName"])
        .taken_over_by(ALL),
    class("line", "Line", lines::LINE)
        .keyed(PATTERN)
        .by(&["pattern", "description", "usage", "routePartitionName"])
        .taken_over_by(ALL),
    class("deviceProfile", "DeviceProfile", phones::DEVICE_PROFILE),
    class("remoteDestinationProfile", "RemoteDestinationProfile", mobility::REMOTE_DESTINATION_PROFILE).by(&["name"]),
    class("remoteDestination", "RemoteDestination", mobility::REMOTE_DESTINATION).keyed(&["destination"]).by(&[
        "name",
        "remoteDestinationProfileName",
        "ctiRemoteDeviceName",
        "dualModeDeviceName",
    ]),
    class("routePartition", "RoutePartition", infrastructure::PARTITION).taken_over_by(&["apply", "restart"]),
    class("css", "Css", infrastructure::CALLING_SEARCH_SPACE).by(&["description", "partitionUsage", "name"]),
    class("devicePool", "DevicePool", infrastructure::DEVICE_POOL)
        .by(&["name", "callManagerGroupName", "regionName"])
        .taken_over_by(ALL),
    class("region", "Region", infrastructure::REGION).by(&["name"]).taken_over_by(&["apply", "restart"]),
    class("location", "Location", infrastructure::LOCATION).by(&["name"]),
    class("callManagerGroup", "CallManagerGroup", infrastructure::CALL_MANAGER_GROUP)
        .by(&["name"])
        .taken_over_by(&["apply", "reset"]),
    class("dateTimeGroup", "DateTimeGroup", infrastructure::DATE_TIME_GROUP)
        .by(&["name", "timeZone"])
        .taken_over_by(&["apply", "reset"]),
    class("srst", "Srst", infrastructure::SRST).by(&["name", "ipAddress"]).taken_over_by(ALL),
    class("commonPhoneConfig", "CommonPhoneConfig", infrastructure::COMMON_PHONE_CONFIG)
        .by(&["name"])
        .taken_over_by(&["apply", "reset"]),
    class("presenceGroup", "PresenceGroup", infrastructure::PRESENCE_GROUP),
    class("phoneButtonTemplate", "PhoneButtonTemplate", infrastructure::PHONE_BUTTON_TEMPLATE)
        .by(&["name"])
        .taken_over_by(&["apply", "restart"]),
    class("softKeyTemplate", "SoftKeyTemplate", infrastructure::SOFT_KEY_TEMPLATE).taken_over_by(&["apply", "restart"]),
    class("sipProfile", "SipProfile", profiles::SIP_PROFILE).taken_over_by(&["apply", "restart"]),
    class("phoneSecurityProfile", "PhoneSecurityProfile", profiles::PHONE_SECURITY_PROFILE)
        .taken_over_by(&["apply", "reset"]),
    class("voiceMailProfile", "VoiceMailProfile", infrastructure::VOICE_MAIL_PROFILE).by(&["name"]).taken_over_by(ALL),
    class("serviceProfile", "ServiceProfile", infrastructure::SERVICE_PROFILE),
    class("processNode", "ProcessNode", servers::PROCESS_NODE).by(&["name", "description", "processNodeRole"]),
    class("ldapDirectory", "LdapDirectory", directories::LDAP_DIRECTORY).by(&["name", "ldapDn", "userSearchBase"]),
    class("gateway", "Gateway", gateways::GATEWAY)
        .keyed(&["domainName"])
        .by(&["domainName", "description", "product", "protocol"])
        .taken_over_by(ALL),
    class("ctiRoutePoint", "CtiRoutePoint", call_routing::CTI_ROUTE_POINT)
        .by(&["name", "description", "callingSearchSpaceName", "devicePoolName"])
        .taken_over_by(ALL),
    class("callPickupGroup", "CallPickupGroup", call_routing::CALL_PICKUP_GROUP).or_keyed(PATTERN).by(PATTERNS),
    class("lineGroup", "LineGroup", call_routing::LINE_GROUP).by(&["name"]),
    class("huntList", "HuntList", call_routing::HUNT_LIST).taken_over_by(&["apply", "reset"]),
    class("huntPilot", "HuntPilot", call_routing::HUNT_PILOT).keyed(PATTERN).by(PATTERNS),
    class("sipTrunk", "SipTrunk", trunks::SIP_TRUNK)
        .by(&["name", "description", "callingSearchSpaceName", "devicePoolName"])
        .taken_over_by(&["restart", "reset"]),
    class("routeGroup", "RouteGroup", call_routing::ROUTE_GROUP).by(&["name"]),
    class("routeList", "RouteList", call_routing::ROUTE_LIST).taken_over_by(&["apply", "reset"]),
    class("routePattern", "RoutePattern", patterns::ROUTE_PATTERN).keyed(PATTERN).by(DIALLED_PATTERNS),
    class("transPattern", "TransPattern", patterns::TRANSLATION_PATTERN).keyed(PATTERN).by(DIALLED_PATTERNS),
    class(
        "calledPartyTransformationPattern",
        "CalledPartyTransformationPattern",
        patterns::CALLED_PARTY_TRANSFORMATION_PATTERN,
    )
    .keyed(PATTERN)
    .by(TRANSFORMATIONS),
    class(
        "callingPartyTransformationPattern",
        "CallingPartyTransformationPattern",
        patterns::CALLING_PARTY_TRANSFORMATION_PATTERN,
    )
    .keyed(PATTERN)
    .by(TRANSFORMATIONS),
    class("userGroup", "UserGroup", infrastructure::USER_GROUP).by(&["name"]),
    class("ucService", "UcService", infrastructure::UC_SERVICE).by(&["name"]),
    class("appUser", "AppUser", users::APPLICATION_USER).keyed(&["userid"]).in_any_case().by(&["userid"]),
    class("mediaResourceGroup", "MediaResourceGroup", media::MEDIA_RESOURCE_GROUP),
    class("mediaResourceList", "MediaResourceList", media::MEDIA_RESOURCE_LIST).by(&["name"]),
    class("conferenceBridge", "ConferenceBridge", media::CONFERENCE_BRIDGE).by(IN_A_POOL).taken_over_by(ALL),
    class("mtp", "Mtp", media::MEDIA_TERMINATION_POINT).by(IN_A_POOL).taken_over_by(ALL),
    class("transcoder", "Transcoder", media::TRANSCODER).taken_over_by(&["apply", "reset"]),
    class("mohServer", "MohServer", media::MUSIC_ON_HOLD_SERVER).by(IN_A_POOL).only(KNOWN),
    class("mohAudioSource", "MohAudioSource", media::MUSIC_ON_HOLD_SOURCE)
        .keyed(&["sourceId"])
        .by(&["sourceId", "name"])
        .only(&["update", "remove", "get", "list"]),
    class("annunciator", "Annunciator", media::ANNUNCIATOR).by(IN_A_POOL).only(KNOWN),
    class("h323Gateway", "H323Gateway", gateways::H323_GATEWAY)
        .by(&["name", "description", "protocol", "callingSearchSpaceName", "devicePoolName"])
        .taken_over_by(ALL),
    class("gatewayEndpointAnalogAccess", "GatewayEndpointAnalogAccess", gateways::ANALOG_ENDPOINT)
        .only(&["add", "update", "remove", "get"]),
    class("sipTrunkSecurityProfile", "SipTrunkSecurityProfile", profiles::SIP_TRUNK_SECURITY_PROFILE)
        .taken_over_by(&["apply", "reset"]),
    class("commonDeviceConfig", "CommonDeviceConfig", profiles::COMMON_DEVICE_CONFIG)
        .by(&["name"])
        .taken_over_by(&["apply", "reset"]),
    class("recordingProfile", "RecordingProfile", profiles::RECORDING_PROFILE).by(&[
        "name",
        "recordingCssName",
        "recorderDestination",
    ]),
    class("featureControlPolicy", "FeatureControlPolicy", profiles::FEATURE_CONTROL_POLICY).by(&["name"]),
    class("credentialPolicy", "CredentialPolicy", profiles::CREDENTIAL_POLICY).by(&["name"]),
    class("userProfileProvision", "UserProfileProvision", profiles::USER_PROFILE).from(10, 0),
    class("featureGroupTemplate", "FeatureGroupTemplate", profiles::FEATURE_GROUP_TEMPLATE).from(10, 0),
    class("ldapFilter", "LdapFilter", directories::LDAP_FILTER).by(&["name", "filter"]),
    class("ldapAuthentication", "LdapAuthentication", directories::LDAP_AUTHENTICATION)
        .keyed(&[])
        .only(&["update", "get"]),
    class("ldapSystem", "LdapSystem", directories::LDAP_SYSTEM).keyed(&[]).only(&["update", "get"]),
    class("facInfo", "FacInfo", call_features::FORCED_AUTHORIZATION_CODE).or_keyed(&["code"]).by(&[
        "name",
        "code",
        "authorizationLevel",
    ]),
    class("cmcInfo", "CmcInfo", call_features::CLIENT_MATTER_CODE).keyed(&["code"]).by(&["code"]),
    class("callPark", "CallPark", call_features::CALL_PARK).keyed(PATTERN).by(&[
        "pattern",
        "description",
        "routePartitionName",
        "callManagerName",
    ]),
    class("directedCallPark", "DirectedCallPark", call_features::DIRECTED_CALL_PARK)
        .keyed(PATTERN)
        .by(&["pattern", "description", "routePartitionName", "reversionPattern"])
        .taken_over_by(&["apply", "reset"]),
    class("meetMe", "MeetMe", call_features::MEET_ME).keyed(PATTERN).by(PATTERNS),
    class("conferenceNow", "ConferenceNow", call_features::CONFERENCE_NOW)
        .keyed(&["conferenceNowNumber", "routePartitionName"])
        .by(&["conferenceNowNumber", "routePartitionName"])
        .from(11, 0),
    class("messageWaiting", "MessageWaiting", call_features::MESSAGE_WAITING).keyed(PATTERN).by(&[
        "pattern",
        "routePartitionName",
        "description",
        "callingSearchSpaceName",
    ]),
    class("voiceMailPilot", "VoiceMailPilot", call_features::VOICE_MAIL_PILOT).keyed(&["dirn", "cssName"]).by(&[
        "dirn",
        "description",
        "cssName",
    ]),
    class("sipRoutePattern", "SipRoutePattern", call_features::SIP_ROUTE_PATTERN).keyed(PATTERN).by(&[
        "pattern",
        "description",
        "routePartitionName",
        "dnOrPatternIpv6",
    ]),
    class("routeFilter", "RouteFilter", call_features::ROUTE_FILTER).by(&["name"]),
    class("ipPhoneServices", "IpPhoneServices", call_features::PHONE_SERVICE)
        .keyed(&["serviceName"])
        .by(&["serviceName", "serviceDescription"]),
    class("timePeriod", "TimePeriod", call_features::TIME_PERIOD),
    class("timeSchedule", "TimeSchedule", call_features::TIME_SCHEDULE),
    class("callManager", "CallManager", servers::CALL_MANAGER).only(KNOWN).taken_over_by(ALL),
    class("serviceParameter", "ServiceParameter", servers::SERVICE_PARAMETER)
        .keyed(&["processNodeName", "name", "service"])
        .by(&["processNodeName", "service"])
        .only(KNOWN),
    class("registrationDynamic", "RegistrationDynamic", servers::REGISTRATION)
        .keyed(&["device"])
        .by(&["device"])
        .only(&["get", "list"])
        .from(11, 5),
    class("phoneNtp", "PhoneNtp", servers::PHONE_NTP).keyed(&["ipAddress", "ipv6Address"]).by(&[
        "ipAddress",
        "ipv6Address",
        "description",
    ]),
    class("physicalLocation", "PhysicalLocation", infrastructure::DESCRIBED),
    class("deviceMobilityGroup", "DeviceMobilityGroup", infrastructure::DESCRIBED),
    class("deviceMobility", "DeviceMobility", servers::DEVICE_MOBILITY).by(&["name", "subNet", "subNetMaskSz"]),
    class("localRouteGroup", "LocalRouteGroup", servers::LOCAL_ROUTE_GROUP)
        .by(&["name"])
        .only(&["add", "remove", "get", "list"])
        .from(10, 0),
    class("aarGroup", "AarGroup", servers::AAR_GROUP).by(&["name"]),
    class("customUserField", "CustomUserField", servers::CUSTOM_USER_FIELD).keyed(&["field"]).by(&["field"]),
    // What has no title is no operation's.
    class("functionRole", "", sql_classes::FUNCTION_ROLE),
    class("functionRoleResource", "", sql_classes::FUNCTION_ROLE_RESOURCE).keyed(&["fkfunctionrole", "tkresource"]),
    class("ucServiceXml", "", sql_classes::UC_SERVICE_XML).keyed(&["fkucservice"]),
];

/// What is set up with the cluster, and changed only.
const KNOWN: &[&str] = &["update", "get", "list"];

const IN_A_POOL: &[&str] = &["name", "description", "devicePoolName"];

const PATTERN: &[&str] = &["pattern", "routePartitionName"];
const PATTERNS: &[&str] = &["pattern", "description", "routePartitionName"];
const DIALLED_PATTERNS: &[&str] = &["pattern", "description", "routePartitionName", "isEmergencyServiceNumber"];
const TRANSFORMATIONS: &[&str] = &["pattern", "description", "routePartitionName", "dialPlanName", "routeFilterName"];

const ALL: &[&str] = &["apply", "restart", "reset"];
