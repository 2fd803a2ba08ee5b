//! The tables of the device's database that clients read, as its data dictionary has them.

use super::models;
use super::objects::Objects;
use super::refusal::Refusal;
use super::route_plan::PATTERNS;
use super::table_of_phones;
use super::table_rows::{
    DEVICES, PROTOCOLS, Rows, associations, button_users, buttons, devices, enumerated, forwards, groups_of_users,
    logins, members, of_class, patterns, picked_up, pickup_groups, primary_extensions, subscribed_services, users,
};

/// A table with its columns, whose rows follow from the objects.
pub(super) struct Table {
    name: &'static str,
    pub(super) columns: &'static [&'static str],
    rows: for<'a> fn(&'a Objects) -> Rows<'a>,
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
            "cfnaduration",
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
            "islocaluser",
            "status",
            "fkdirectorypluginconfig",
        ],
        rows: users,
    },
    Table {
        name: "enduserdevicemap",
        columns: &["fkenduser", "fkdevice", "defaultprofile", "tkuserassociation"],
        rows: |objects| associations(objects, "user"),
    },
    Table {
        name: "applicationuserdevicemap",
        columns: &["fkapplicationuser", "fkdevice", "defaultprofile", "tkuserassociation"],
        rows: |objects| associations(objects, "appUser"),
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
        rows: |objects| groups_of_users(objects, "user"),
    },
    Table {
        name: "applicationuserdirgroupmap",
        columns: &["fkapplicationuser", "fkdirgroup"],
        rows: |objects| groups_of_users(objects, "appUser"),
    },
    Table {
        name: "applicationuser",
        columns: &["pkid", "name", "isstandard"],
        rows: |objects| of_class(objects, "appUser", &["userid", "isStandard"]),
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
        rows: |objects| {
            of_class(
                objects,
                "remoteDestination",
                &["name", "destination", "ownerUserId", "remoteDestinationProfileName"],
            )
        },
    },
    Table {
        name: "registrationdynamic",
        columns: &["pkid", "fkdevice", "lastknownipaddress", "lastknownucm", "lastseen"],
        rows: |objects| {
            of_class(objects, "registrationDynamic", &["device", "lastKnownIpAddress", "lastKnownUcm", "lastSeen"])
        },
    },
    Table {
        name: "processconfig",
        columns: &["pkid", "fkprocessnode", "paramname", "paramvalue"],
        rows: |objects| of_class(objects, "serviceParameter", &["processNodeName", "name", "value"]),
    },
    Table {
        name: "mgcp",
        columns: &["pkid", "domainname", "description", "fkcallmanagergroup"],
        rows: |objects| of_class(objects, "gateway", &["domainName", "description", "callManagerGroupName"]),
    },
    Table {
        name: "mgcpdevicemember",
        columns: &["fkdevice", "fkmgcp", "slot", "subunit"],
        rows: |objects| of_class(objects, "gatewayEndpointAnalogAccess", &["domainName", "unit", "subunit"]),
    },
    Table {
        name: "facinfo",
        columns: &["pkid", "name", "code", "authorizationlevel"],
        rows: |objects| of_class(objects, "facInfo", &["name", "code", "authorizationLevel"]),
    },
    Table {
        name: "functionrole",
        columns: &["pkid", "name", "description"],
        rows: |objects| of_class(objects, "functionRole", &["name", "description"]),
    },
    Table {
        name: "functionroleresourcemap",
        columns: &["pkid", "fkfunctionrole", "tkresource", "permission"],
        rows: |objects| of_class(objects, "functionRoleResource", &["fkfunctionrole", "tkresource", "permission"]),
    },
    Table {
        name: "ucservice",
        columns: &["pkid", "name", "description", "hostnameorip", "port", "tkucproduct"],
        rows: |objects| of_class(objects, "ucService", &["name", "description", "hostnameorip", "port", "tkucproduct"]),
    },
    Table {
        name: "ucservicexml",
        columns: &["pkid", "fkucservice", "xml"],
        rows: |objects| of_class(objects, "ucServiceXml", &["fkucservice", "xml"]),
    },
    Table {
        name: "telecasterservice",
        columns: &["pkid", "name", "nameascii", "description", "urltemplate"],
        rows: |objects| {
            of_class(
                objects,
                "ipPhoneServices",
                &["serviceName", "asciiServiceName", "serviceDescription", "serviceUrl"],
            )
        },
    },
    Table {
        name: "callmanager",
        columns: &["pkid", "name", "description", "fkprocessnode"],
        rows: |objects| of_class(objects, "callManager", &["name", "description", "processNodeName"]),
    },
    Table {
        name: "processnode",
        columns: &["pkid", "name", "description"],
        rows: |objects| of_class(objects, "processNode", &["name", "description"]),
    },
    Table {
        name: "routepartition",
        columns: &["pkid", "name", "description"],
        rows: |objects| of_class(objects, "routePartition", &["name", "description"]),
    },
    Table {
        name: "callingsearchspace",
        columns: &["pkid", "name", "description"],
        rows: |objects| of_class(objects, "css", &["name", "description"]),
    },
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
        rows: |objects| of_class(objects, "devicePool", POOL),
    },
    Table {
        name: "extensionmobilitydynamic",
        columns: &["fkdevice", "fkenduser", "fkdevice_currentloginprofile", "logintime", "loginduration"],
        rows: logins,
    },
    Table {
        name: "callingsearchspacemember",
        columns: &["fkcallingsearchspace", "fkroutepartition", "sortorder"],
        rows: |objects| members(objects, "css", &["routePartitionName", "index"]),
    },
    Table {
        name: "linegroupnumplanmap",
        columns: &["fklinegroup", "fknumplan", "lineselectionorder"],
        rows: |objects| members(objects, "lineGroup", &["directoryNumber", "lineSelectionOrder"]),
    },
    named("location", |objects| of_class(objects, "location", &["name"])),
    named("phonetemplate", |objects| of_class(objects, "phoneButtonTemplate", &["name"])),
    named("softkeytemplate", |objects| of_class(objects, "softKeyTemplate", &["name"])),
    named("commonphoneconfig", |objects| of_class(objects, "commonPhoneConfig", &["name"])),
    named("sipprofile", |objects| of_class(objects, "sipProfile", &["name"])),
    named("securityprofile", |objects| of_class(objects, "phoneSecurityProfile", &["name"])),
    named("region", |objects| of_class(objects, "region", &["name"])),
    named("callmanagergroup", |objects| of_class(objects, "callManagerGroup", &["name"])),
    named("datetimesetting", |objects| of_class(objects, "dateTimeGroup", &["name"])),
    named("voicemessagingprofile", |objects| of_class(objects, "voiceMailProfile", &["name"])),
    named("mediaresourcelist", |objects| of_class(objects, "mediaResourceList", &["name"])),
    named("mediaresourcegroup", |objects| of_class(objects, "mediaResourceGroup", &["name"])),
    named("recordingprofile", |objects| of_class(objects, "recordingProfile", &["name"])),
    named("credentialpolicy", |objects| of_class(objects, "credentialPolicy", &["name"])),
    named("commondeviceconfig", |objects| of_class(objects, "commonDeviceConfig", &["name"])),
    named("routefilter", |objects| of_class(objects, "routeFilter", &["name"])),
    named("timeperiod", |objects| of_class(objects, "timePeriod", &["name"])),
    named("timeschedule", |objects| of_class(objects, "timeSchedule", &["name"])),
    named("ucserviceprofile", |objects| of_class(objects, "serviceProfile", &["name"])),
    named("linegroup", |objects| of_class(objects, "lineGroup", &["name"])),
    named("dirgroup", |objects| of_class(objects, "userGroup", &["name"])),
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

const fn named(name: &'static str, rows: for<'a> fn(&'a Objects) -> Rows<'a>) -> Table {
    Table { name, columns: &["pkid", "name"], rows }
}

/// A table of the names that numbers have.
const fn numbered(name: &'static str, rows: for<'a> fn(&'a Objects) -> Rows<'a>) -> Table {
    Table { name, columns: &["enum", "name"], rows }
}

impl Table {
    pub(super) fn named(name: &str) -> Result<&'static Self, Refusal> {
        TABLES.iter().find(|table| table.name == name).ok_or_else(|| Refusal::no_table(name))
    }

    pub(super) fn rows<'a>(&self, objects: &'a Objects) -> Rows<'a> {
        (self.rows)(objects)
    }
}
