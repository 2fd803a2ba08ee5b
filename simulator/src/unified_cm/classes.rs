//! The classes of objects that the device keeps.

use super::schema::{Class, class};
use super::{call_routing, infrastructure, lines, mobility, patterns, phones, trunks, users};

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
    class("sipProfile", "SipProfile", infrastructure::DESCRIBED).in_part().taken_over_by(&["apply", "restart"]),
    class("phoneSecurityProfile", "PhoneSecurityProfile", infrastructure::DESCRIBED)
        .in_part()
        .taken_over_by(&["apply", "reset"]),
    class("voiceMailProfile", "VoiceMailProfile", infrastructure::VOICE_MAIL_PROFILE).by(&["name"]).taken_over_by(ALL),
    class("serviceProfile", "ServiceProfile", infrastructure::SERVICE_PROFILE),
    class("processNode", "ProcessNode", infrastructure::DESCRIBED).in_part().by(&[
        "name",
        "description",
        "processNodeRole",
    ]),
    class("ldapDirectory", "LdapDirectory", infrastructure::NAMED).in_part().by(&["name", "ldapDn", "userSearchBase"]),
    class("gateway", "Gateway", infrastructure::GATEWAY)
        .in_part()
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
    class("ipPhoneServices", "IpPhoneServices", infrastructure::PHONE_SERVICE)
        .keyed(&["serviceName"])
        .by(&["serviceName", "serviceDescription"]),
];

const PATTERN: &[&str] = &["pattern", "routePartitionName"];
const PATTERNS: &[&str] = &["pattern", "description", "routePartitionName"];
const DIALLED_PATTERNS: &[&str] = &["pattern", "description", "routePartitionName", "isEmergencyServiceNumber"];
const TRANSFORMATIONS: &[&str] = &["pattern", "description", "routePartitionName", "dialPlanName", "routeFilterName"];

const ALL: &[&str] = &["apply", "restart", "reset"];
