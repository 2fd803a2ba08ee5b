//! The tables of the device's database that clients read, as its data dictionary has them.

use super::models;
use super::objects::Objects;
use super::refusal::Refusal;
use super::route_plan::PATTERNS;
use super::table_rows::{
    DEVICES, PROTOCOLS, Rows, associations, button_users, buttons, devices, enumerated, groups_of_users, logins,
    members, of_class, patterns, primary_extensions, subscribed_services, users,
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
            "tkpatternusage",
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
            "islocaluser",
            "status",
        ],
        rows: users,
    },
    Table {
        name: "enduserdevicemap",
        columns: &["fkenduser", "fkdevice", "defaultprofile", "tkuserassociation"],
        rows: associations,
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
    Table { name: "enduserdirgroupmap", columns: &["fkenduser", "fkdirgroup"], rows: groups_of_users },
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
    named("routepartition", |objects| of_class(objects, "routePartition", &["name"])),
    named("callingsearchspace", |objects| of_class(objects, "css", &["name"])),
    named("devicepool", |objects| of_class(objects, "devicePool", &["name"])),
    named("location", |objects| of_class(objects, "location", &["name"])),
    named("phonetemplate", |objects| of_class(objects, "phoneButtonTemplate", &["name"])),
    named("softkeytemplate", |objects| of_class(objects, "softKeyTemplate", &["name"])),
    named("commonphoneconfig", |objects| of_class(objects, "commonPhoneConfig", &["name"])),
    named("sipprofile", |objects| of_class(objects, "sipProfile", &["name"])),
    named("securityprofile", |objects| of_class(objects, "phoneSecurityProfile", &["name"])),
    named("linegroup", |objects| of_class(objects, "lineGroup", &["name"])),
    named("telecasterservice", |objects| of_class(objects, "ipPhoneServices", &["serviceName"])),
    named("dirgroup", |objects| of_class(objects, "userGroup", &["name"])),
    named("processnode", |objects| of_class(objects, "processNode", &["name"])),
    numbered("typemodel", |_| enumerated(models::numbers())),
    numbered("typeclass", |_| enumerated(DEVICES.into_iter().map(|(_, number, name)| (number, name)))),
    numbered("typedeviceprotocol", |_| enumerated(PROTOCOLS.into_iter())),
    numbered("typepatternusage", |_| enumerated(PATTERNS.into_iter().map(|(_, name, number)| (number, name)))),
];

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
