//! The tables of the device's database that clients read, as its data dictionary has them.

use super::models;
use super::origin::Origin;
use super::refusal::Refusal;
use super::route_plan::PATTERNS;
use super::table_of_phones;
use super::table_rows::{
    DEVICES, PROTOCOLS, Rows, associations, button_users, buttons, devices, enumerated, forwards, groups_of_users,
    logins, members, nodes, of_class, patterns, picked_up, pickup_groups, primary_extensions, search_spaces,
    subscribed_services, users,
};

/// A table with its columns, whose rows follow from the objects.
pub(super) struct Table {
    name: &'static str,
    pub(super) columns: &'static [&'static str],
    rows: for<'a> fn(Origin<'a>) -> Rows<'a>,
}

const TABLES: &[Table] = &[
    Table {
        name: "device",
        columns: &[
            "pkid",
            "name",
            "description",
            "tkclass",
            "tkmodel",
            "tkdeviceprotocol",
            "fkdevicepool",
            "fkenduser",
            "fkcallingsearchspace",
            "fklocation",
            "fkphonetemplate",
            "fksoftkeytemplate",
            "fkcommonphoneconfig",
            "fksecurityprofile",
            "fksipprofile",
            "allowhotelingflag",
            "fkmediaresourcelist",
            "tkproduct",
            "isactive",
            "fkcommondeviceconfig",
            "fkcallingsearchspace_aar",
            "fkcallingsearchspace_reroute",
            "fkmatrix_presence",
            "unattended_port",
            "allowcticontrolflag",
        ],
        rows: devices,
    },
    Table {
        name: "devicenumplanmap",
        columns: &[
            "pkid",
            "fkdevice",
            "fknumplan",
            "numplanindex",
            "display",
            "label",
            "e164mask",
            "maxnumcalls",
            "busytrigger",
        ],
        rows: buttons,
    },
    Table {
        name: "numplan",
        columns: &[
            "pkid",
            "dnorpattern",
            "description",
            "fkroutepartition",
            "alertingname",
            "alertingnameascii",
            "fkcallingsearchspace_sharedlineappear",
            "fkvoicemessagingprofile",
            "tkpatternusage",
            "cfbdestination",
            "cfbintdestination",
            "cfnadestination",
            "cfnaintdestination",
            "cfurdestination",
            "cfurintdestination",
            "pffdestination",
            "pffintdestination",
            "devicefailuredn",
            "fkcallingsearchspace_cfb",
            "fkcallingsearchspace_cfbint",
            "fkcallingsearchspace_cfna",
            "fkcallingsearchspace_cfnaint",
            "fkcallingsearchspace_cfur",
            "fkcallingsearchspace_cfurint",
            "fkcallingsearchspace_pff",
            "fkcallingsearchspace_pffint",
            "fkcallingsearchspace_devicefailure",
            "cfbvoicemailenabled",
            "cfbintvoicemailenabled",
            "cfnavoicemailenabled",
            "cfnaintvoicemailenabled",
            "cfurvoicemailenabled",
            "cfurintvoicemailenabled",
            "pffvoicemailenabled",
            "pffintvoicemailenabled",
            "cfdfvoicemailenabled",
            "cfnaduration",
            "fkcallingsearchspace_translation",
            "calledpartytransformationmask",
            "callingpartytransformationmask",
            "callingpartyprefixdigits",
            "prefixdigitsout",
            "blockenable",
            "patternurgency",
        ],
        rows: patterns,
    },
    Table {
        name: "enduser",
        columns: &[
            "pkid",
            "userid",
            "firstname",
            "middlename",
            "lastname",
            "mailid",
            "department",
            "manager",
            "title",
            "telephonenumber",
            "mobile",
            "keypadenteredalternateidentifier",
            "enablemobility",
            "enablecti",
            "displayname",
            "directoryuri",
            "fkucserviceprofile",
            "fkmatrix_presence",
            "islocaluser",
            "status",
            "fkdirectorypluginconfig",
            "tkuserprofile",
        ],
        rows: users,
    },
    Table {
        name: "enduserdevicemap",
        columns: &["fkenduser", "fkdevice", "defaultprofile", "tkuserassociation"],
        rows: |origin| associations(origin, "user"),
    },
    Table {
        name: "applicationuserdevicemap",
        columns: &["fkapplicationuser", "fkdevice", "defaultprofile", "tkuserassociation"],
        rows: |origin| associations(origin, "appUser"),
    },
    Table { name: "devicenumplanmapendusermap", columns: &["fkdevicenumplanmap", "fkenduser"], rows: button_users },
    Table {
        name: "telecastersubscribedservice",
        columns: &[
            "fkdevice",
            "fktelecasterservice",
            "servicename",
            "serviceurl",
            "urlbuttonindex",
            "urllabel",
            "servicenameascii",
        ],
        rows: subscribed_services,
    },
    Table { name: "endusernumplanmap", columns: &["fkenduser", "fknumplan", "tkdnusage"], rows: primary_extensions },
    Table {
        name: "enduserdirgroupmap",
        columns: &["fkenduser", "fkdirgroup"],
        rows: |origin| groups_of_users(origin, "user"),
    },
    Table {
        name: "applicationuserdirgroupmap",
        columns: &["fkapplicationuser", "fkdirgroup"],
        rows: |origin| groups_of_users(origin, "appUser"),
    },
    Table {
        name: "applicationuser",
        columns: &["pkid", "name", "isstandard"],
        rows: |origin| of_class(origin, "appUser", &["userid", "isStandard"]),
    },
    Table { name: "devicehlogdynamic", columns: &["fkdevice", "hlog"], rows: table_of_phones::hunting },
    Table { name: "dnddynamic", columns: &["fkdevice", "dndstatus"], rows: table_of_phones::disturbance },
    Table {
        name: "speeddial",
        columns: &["fkdevice", "speeddialindex", "speeddialnumber", "label"],
        rows: table_of_phones::speed_dials,
    },
    Table {
        name: "blfspeeddial",
        columns: &["fkdevice", "blfindex", "blfdest", "label"],
        rows: table_of_phones::busy_lamps,
    },
    Table {
        name: "callforwarddynamic",
        columns: &["fknumplan", "cfadestination", "cfavoicemailenabled", "fkcallingsearchspace_cfa"],
        rows: forwards,
    },
    Table { name: "pickupgroup", columns: &["pkid", "name", "fknumplan_pickup"], rows: pickup_groups },
    Table { name: "pickupgrouplinemap", columns: &["fkpickupgroup", "fknumplan_line"], rows: picked_up },
    Table {
        name: "remotedestination",
        columns: &["pkid", "name", "destination", "fkenduser", "fkdevice_remotedestinationtemplate"],
        rows: |origin| {
            of_class(
                origin,
                "remoteDestination",
                &["name", "destination", "ownerUserId", "remoteDestinationProfileName"],
            )
        },
    },
    Table {
        name: "registrationdynamic",
        columns: &["pkid", "fkdevice", "lastknownipaddress", "lastknownucm", "lastseen"],
        rows: |origin| {
            of_class(origin, "registrationDynamic", &["device", "lastKnownIpAddress", "lastKnownUcm", "lastSeen"])
        },
    },
    Table {
        name: "processconfig",
        columns: &["pkid", "fkprocessnode", "paramname", "paramvalue"],
        rows: |origin| of_class(origin, "serviceParameter", &["processNodeName", "name", "value"]),
    },
    Table {
        name: "mgcp",
        columns: &["pkid", "domainname", "description", "fkcallmanagergroup"],
        rows: |origin| of_class(origin, "gateway", &["domainName", "description", "callManagerGroupName"]),
    },
    Table {
        name: "mgcpdevicemember",
        columns: &["fkdevice", "fkmgcp", "slot", "subunit"],
        rows: |origin| of_class(origin, "gatewayEndpointAnalogAccess", &["domainName", "unit", "subunit"]),
    },
    Table {
        name: "facinfo",
        columns: &["pkid", "name", "code", "authorizationlevel"],
        rows: |origin| of_class(origin, "facInfo", &["name", "code", "authorizationLevel"]),
    },
    Table {
        name: "functionrole",
        columns: &["pkid", "name", "description"],
        rows: |origin| of_class(origin, "functionRole", &["name", "description"]),
    },
    Table {
        name: "functionroleresourcemap",
        columns: &["pkid", "fkfunctionrole", "tkresource", "permission"],
        rows: |origin| of_class(origin, "functionRoleResource", &["fkfunctionrole", "tkresource", "permission"]),
    },
    Table {
        name: "ucservice",
        columns: &["pkid", "name", "description", "hostnameorip", "port", "tkucproduct"],
        rows: |origin| of_class(origin, "ucService", &["name", "description", "hostnameorip", "port", "tkucproduct"]),
    },
    Table {
        name: "ucservicexml",
        columns: &["pkid", "fkucservice", "xml"],
        rows: |origin| of_class(origin, "ucServiceXml", &["fkucservice", "xml"]),
    },
    Table {
        name: "telecasterservice",
        columns: &["pkid", "name", "nameascii", "description", "urltemplate"],
        rows: |origin| {
            of_class(
                origin,
                "ipPhoneServices",
                &["serviceName", "asciiServiceName", "serviceDescription", "serviceUrl"],
            )
        },
    },
    Table {
        name: "callmanager",
        columns: &["pkid", "name", "description", "fkprocessnode"],
        rows: |origin| of_class(origin, "callManager", &["name", "description", "processNodeName"]),
    },
    Table {
        name: "processnode",
        columns: &[
            "pkid",
            "name",
            "description",
            "ipv6name",
            "systemnode",
            "isactive",
            "tknodeusage",
            "tkprocessnoderole",
        ],
        rows: nodes,
    },
    Table {
        name: "routepartition",
        columns: &["pkid", "name", "description"],
        rows: |origin| of_class(origin, "routePartition", &["name", "description"]),
    },
    Table { name: "callingsearchspace", columns: &["pkid", "name", "description", "clause"], rows: search_spaces },
    Table {
        name: "devicepool",
        columns: &[
            "pkid",
            "name",
            "fkregion",
            "fkcallmanagergroup",
            "fkdatetimesetting",
            "fklocation",
            "fkmediaresourcelist",
            "fkcallingsearchspace_autoreg",
        ],
        rows: |origin| of_class(origin, "devicePool", POOL),
    },
    Table {
        name: "extensionmobilitydynamic",
        columns: &["fkdevice", "fkenduser", "fkdevice_currentloginprofile", "logintime", "loginduration"],
        rows: logins,
    },
    Table {
        name: "callingsearchspacemember",
        columns: &["fkcallingsearchspace", "fkroutepartition", "sortorder"],
        rows: |origin| members(origin, "css", &["routePartitionName", "index"]),
    },
    Table {
        name: "linegroupnumplanmap",
        columns: &["fklinegroup", "fknumplan", "lineselectionorder"],
        rows: |origin| members(origin, "lineGroup", &["directoryNumber", "lineSelectionOrder"]),
    },
    named("location", |origin| of_class(origin, "location", &["name"])),
    named("phonetemplate", |origin| of_class(origin, "phoneButtonTemplate", &["name"])),
    named("softkeytemplate", |origin| of_class(origin, "softKeyTemplate", &["name"])),
    named("commonphoneconfig", |origin| of_class(origin, "commonPhoneConfig", &["name"])),
    named("sipprofile", |origin| of_class(origin, "sipProfile", &["name"])),
    named("securityprofile", |origin| of_class(origin, "phoneSecurityProfile", &["name"])),
    named("region", |origin| of_class(origin, "region", &["name"])),
    named("callmanagergroup", |origin| of_class(origin, "callManagerGroup", &["name"])),
    named("datetimesetting", |origin| of_class(origin, "dateTimeGroup", &["name"])),
    named("voicemessagingprofile", |origin| of_class(origin, "voiceMailProfile", &["name"])),
    named("mediaresourcelist", |origin| of_class(origin, "mediaResourceList", &["name"])),
    named("mediaresourcegroup", |origin| of_class(origin, "mediaResourceGroup", &["name"])),
    named("recordingprofile", |origin| of_class(origin, "recordingProfile", &["name"])),
    named("credentialpolicy", |origin| of_class(origin, "credentialPolicy", &["name"])),
    named("commondeviceconfig", |origin| of_class(origin, "commonDeviceConfig", &["name"])),
    named("routefilter", |origin| of_class(origin, "routeFilter", &["name"])),
    named("timeperiod", |origin| of_class(origin, "timePeriod", &["name"])),
    named("timeschedule", |origin| of_class(origin, "timeSchedule", &["name"])),
    named("ucserviceprofile", |origin| of_class(origin, "serviceProfile", &["name"])),
    named("linegroup", |origin| of_class(origin, "lineGroup", &["name"])),
    named("dirgroup", |origin| of_class(origin, "userGroup", &["name"])),
    numbered("typemodel", |_| enumerated(models::numbers())),
    Table {
        name: "typeproduct",
        columns: &["enum", "name", "tkmodel"],
        rows: |_| Box::new(models::numbers().map(|(number, name)| vec![number.into(), name.into(), number.into()])),
    },
    Table {
        name: "systables",
        columns: &["tabname", "tabid"],
        rows: |_| Box::new(TABLES.iter().zip(100..).map(|(table, id)| vec![table.name.into(), id.to_string().into()])),
    },
    Table { name: "syscolumns", columns: &["colname", "tabid", "colno"], rows: |_| all_columns() },
    numbered("typeclass", |_| enumerated(DEVICES.into_iter().map(|(_, number, name)| (number, name)))),
    numbered("typedeviceprotocol", |_| enumerated(PROTOCOLS.into_iter())),
    numbered("typepatternusage", |_| enumerated(PATTERNS.into_iter().map(|(_, name, number)| (number, name)))),
];

const POOL: &[&str] = &[
    "name",
    "regionName",
    "callManagerGroupName",
    "dateTimeSettingName",
    "locationName",
    "mediaResourceListName",
    "autoSearchSpaceName",
];

fn all_columns<'a>() -> Rows<'a> {
    Box::new(TABLES.iter().zip(100..).flat_map(|(table, id)| {
        let columns = table.columns.iter().zip(1..);
        columns.map(move |(name, place)| vec![(*name).into(), id.to_string().into(), place.to_string().into()])
    }))
}

const fn named(name: &'static str, rows: for<'a> fn(Origin<'a>) -> Rows<'a>) -> Table {
    Table { name, columns: &["pkid", "name"], rows }
}

/// A table of the names that numbers have.
const fn numbered(name: &'static str, rows: for<'a> fn(Origin<'a>) -> Rows<'a>) -> Table {
    Table { name, columns: &["enum", "name"], rows }
}

impl Table {
    pub(super) fn named(name: &str) -> Result<&'static Self, Refusal> {
        TABLES.iter().find(|table| table.name == name).ok_or_else(|| Refusal::no_table(name))
    }

    /// Its rows; of an origin with few objects at least those that these make.
    pub(super) fn rows<'a>(&self, origin: Origin<'a>) -> Rows<'a> {
        (self.rows)(origin)
    }

    /// The column, which most tables have first, with the ids of the objects that the rows are made of.
    pub(super) fn by_object(&self) -> Option<usize> {
        match self.name {
            "devicenumplanmap" | "pickupgrouplinemap" => Some(1),
            "devicenumplanmapendusermap" => None,
            _ => Some(0),
        }
    }
}
