//! The tables whose rows clients change with SQL, and what their columns are of the objects.

/// A table whose rows are objects.
#[derive(Debug)]
pub(super) struct Changeable {
    pub(super) table: &'static str,
    /// The classes whose objects the rows are. A new row is an object of the first.
    pub(super) classes: &'static [&'static str],
    /// Columns with the fields that they are, some of which are within a group. A column without a field means nothing
    /// here.
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// The column that has the object's id.
    pub(super) id: &'static str,
    /// Whether rows may be added and deleted, too.
    pub(super) whole: bool,
}

const CHANGEABLE: &[Changeable] = &[
    Changeable {
        columns: &[
            ("name", "name"),
            ("description", "description"),
            ("fkdevicepool", "devicePoolName"),
            ("fkenduser", "ownerUserName"),
            ("fkcallingsearchspace", "callingSearchSpaceName"),
            ("fklocation", "locationName"),
            ("fkphonetemplate", "phoneTemplateName"),
            ("fksoftkeytemplate", "softkeyTemplateName"),
            ("fkcommonphoneconfig", "commonPhoneConfigName"),
            ("fkmediaresourcelist", "mediaResourceListName"),
            ("allowhotelingflag", "enableExtensionMobility"),
        ],
        ..fixed("device", &["phone", "deviceProfile", "remoteDestinationProfile", "ctiRoutePoint", "sipTrunk"])
    },
    Changeable {
        columns: &[
            ("dnorpattern", "pattern"),
            ("description", "description"),
            ("fkroutepartition", "routePartitionName"),
            ("alertingname", "alertingName"),
            ("alertingnameascii", "asciiAlertingName"),
            ("fkcallingsearchspace_sharedlineappear", "shareLineAppearanceCssName"),
            ("fkvoicemessagingprofile", "voiceMailProfileName"),
            ("cfbdestination", "callForwardBusy.destination"),
            ("cfbvoicemailenabled", "callForwardBusy.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfb", "callForwardBusy.callingSearchSpaceName"),
            ("cfbintdestination", "callForwardBusyInt.destination"),
            ("cfbintvoicemailenabled", "callForwardBusyInt.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfbint", "callForwardBusyInt.callingSearchSpaceName"),
            ("cfnadestination", "callForwardNoAnswer.destination"),
            ("cfnavoicemailenabled", "callForwardNoAnswer.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfna", "callForwardNoAnswer.callingSearchSpaceName"),
            ("cfnaintdestination", "callForwardNoAnswerInt.destination"),
            ("cfnaintvoicemailenabled", "callForwardNoAnswerInt.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfnaint", "callForwardNoAnswerInt.callingSearchSpaceName"),
            ("cfurdestination", "callForwardNotRegistered.destination"),
            ("cfurvoicemailenabled", "callForwardNotRegistered.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfur", "callForwardNotRegistered.callingSearchSpaceName"),
            ("cfurintdestination", "callForwardNotRegisteredInt.destination"),
            ("cfurintvoicemailenabled", "callForwardNotRegisteredInt.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfurint", "callForwardNotRegisteredInt.callingSearchSpaceName"),
            ("pffdestination", "callForwardNoCoverage.destination"),
            ("pffvoicemailenabled", "callForwardNoCoverage.forwardToVoiceMail"),
            ("fkcallingsearchspace_pff", "callForwardNoCoverage.callingSearchSpaceName"),
            ("pffintdestination", "callForwardNoCoverageInt.destination"),
            ("pffintvoicemailenabled", "callForwardNoCoverageInt.forwardToVoiceMail"),
            ("fkcallingsearchspace_pffint", "callForwardNoCoverageInt.callingSearchSpaceName"),
            ("devicefailuredn", "callForwardOnFailure.destination"),
            ("cfdfvoicemailenabled", "callForwardOnFailure.forwardToVoiceMail"),
            ("fkcallingsearchspace_devicefailure", "callForwardOnFailure.callingSearchSpaceName"),
            ("cfnaduration", "callForwardNoAnswer.duration"),
        ],
        ..fixed("numplan", &["line"])
    },
    Changeable {
        id: "fknumplan",
        columns: &[
            ("cfadestination", "callForwardAll.destination"),
            ("cfavoicemailenabled", "callForwardAll.forwardToVoiceMail"),
            ("fkcallingsearchspace_cfa", "callForwardAll.callingSearchSpaceName"),
        ],
        ..fixed("callforwarddynamic", &["line"])
    },
    Changeable {
        columns: &[
            ("userid", "userid"),
            ("firstname", "firstName"),
            ("middlename", "middleName"),
            ("lastname", "lastName"),
            ("mailid", "mailid"),
            ("department", "department"),
            ("manager", "manager"),
            ("title", "title"),
            ("telephonenumber", "telephoneNumber"),
            ("mobile", "mobileNumber"),
        ],
        ..fixed("enduser", &["user"])
    },
    Changeable { id: "fkdevice", columns: &[("dndstatus", "dndStatus")], ..fixed("dnddynamic", &["phone"]) },
    Changeable { columns: &[("paramvalue", "value")], ..fixed("processconfig", &["serviceParameter"]) },
    Changeable { columns: NAMED, ..whole("routepartition", &["routePartition"]) },
    Changeable { columns: NAMED, ..whole("callingsearchspace", &["css"]) },
    Changeable { columns: NAMED, ..whole("functionrole", &["functionRole"]) },
    Changeable {
        columns: &[("fkfunctionrole", "fkfunctionrole"), ("tkresource", "tkresource"), ("permission", "permission")],
        ..whole("functionroleresourcemap", &["functionRoleResource"])
    },
    Changeable {
        columns: &[
            ("name", "name"),
            ("description", "description"),
            ("hostnameorip", "hostnameorip"),
            ("port", "port"),
            ("tkucproduct", "tkucproduct"),
            ("tkreset", ""),
            ("resettoggle", ""),
        ],
        ..whole("ucservice", &["ucService"])
    },
    Changeable {
        columns: &[("fkucservice", "fkucservice"), ("xml", "xml")],
        ..whole("ucservicexml", &["ucServiceXml"])
    },
    Changeable {
        columns: &[("name", "name"), ("code", "code"), ("authorizationlevel", "authorizationLevel")],
        ..whole("facinfo", &["facInfo"])
    },
];

const NAMED: &[(&str, &str)] = &[("name", "name"), ("description", "description")];

const fn fixed(table: &'static str, classes: &'static [&'static str]) -> Changeable {
    Changeable { table, classes, columns: &[], id: "pkid", whole: false }
}

const fn whole(table: &'static str, classes: &'static [&'static str]) -> Changeable {
    Changeable { whole: true, ..fixed(table, classes) }
}

impl Changeable {
    pub(super) fn named(table: &str) -> Option<&'static Self> {
        CHANGEABLE.iter().find(|known| known.table == table)
    }
}

/// A table that says which objects the lists of others name.
#[derive(Debug)]
pub(super) struct Naming {
    pub(super) table: &'static str,
    /// The column and the class of who has the list.
    pub(super) holder: (&'static str, &'static str),
    /// The column and the classes of who is in it.
    pub(super) named: (&'static str, &'static [&'static str]),
    pub(super) list: &'static str,
    /// The field of the list's members that names one; without it the members are the names.
    pub(super) field: Option<&'static str>,
}

const NAMINGS: &[Naming] = &[
    Naming {
        table: "enduserdevicemap",
        holder: ("fkenduser", "user"),
        named: ("fkdevice", DEVICES),
        list: "associatedDevices",
        field: None,
    },
    Naming {
        table: "applicationuserdevicemap",
        holder: ("fkapplicationuser", "appUser"),
        named: ("fkdevice", DEVICES),
        list: "associatedDevices",
        field: None,
    },
    Naming {
        table: "enduserdirgroupmap",
        holder: ("fkenduser", "user"),
        named: ("fkdirgroup", &["userGroup"]),
        list: "associatedGroups",
        field: Some("name"),
    },
    Naming {
        table: "applicationuserdirgroupmap",
        holder: ("fkapplicationuser", "appUser"),
        named: ("fkdirgroup", &["userGroup"]),
        list: "associatedGroups",
        field: Some("name"),
    },
];

const DEVICES: &[&str] = &["phone", "ctiRoutePoint"];

impl Naming {
    pub(super) fn of(table: &str) -> Option<&'static Self> {
        NAMINGS.iter().find(|known| known.table == table)
    }
}
