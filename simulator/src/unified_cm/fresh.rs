//! What a fresh device has beside what [`super::models::built_in`] names: objects with fields of their own.

use super::models;
use super::objects::{Fields, Objects, Value};
use super::schema::{Class, Field, Rule};
use super::servers::{PRESENCE, VOICE};

type Delivered = (&'static str, &'static [(&'static str, &'static str)]);

/// The node that calls go by.
const NODE: &str = "cucm-1";
/// Stands for all nodes where a parameter is the same for all.
pub(super) const EVERYWHERE: &str = "EnterpriseWideData";

/// The ids of what is delivered follow from its place here, and what is kept names them: new ones come last.
const DELIVERED: &[Delivered] = &[
    ("processNode", &[("name", NODE), ("nodeUsage", "Publisher"), ("processNodeRole", VOICE)]),
    ("processNode", &[("name", EVERYWHERE), ("nodeUsage", "Subscriber"), ("processNodeRole", VOICE)]),
    ("callManager", &[("name", "CM_cucm-1"), ("description", NODE), ("processNodeName", NODE)]),
    ("conferenceBridge", &[("name", "CFB_2"), ("product", "Cisco Conference Bridge Software"), POOL, PLACE]),
    ("mtp", &[("name", "MTP_2"), ("mtpType", "Cisco Media Termination Point Software"), POOL]),
    ("annunciator", &[("name", "ANN_2"), ("serverName", NODE), POOL, PLACE]),
    ("mohServer", &[("name", "MOH_2"), ("processNodeName", NODE), ("runFlag", "true"), POOL, PLACE]),
    ("mohAudioSource", &[("sourceId", "1"), ("name", "SampleAudioSource"), ("sourceFile", "SampleAudioSource.xml")]),
    ("credentialPolicy", &[("name", "Default Credential Policy")]),
    ("sipTrunkSecurityProfile", &[("name", "Non Secure SIP Trunk Profile")]),
    ("phoneSecurityProfile", &[("name", UNIVERSAL), ("phoneType", "Universal Device Template"), ("protocol", "SIP")]),
    ("localRouteGroup", &[("name", "Standard Local Route Group")]),
    ("ldapSystem", &[("ldapServer", "Microsoft Active Directory"), ("userIdAttribute", "sAMAccountName")]),
    ("ldapAuthentication", &[]),
    ("appUser", &[("userid", "CCMSysUser"), ("isStandard", "true")]),
    ("appUser", &[("userid", "CCMQRTSysUser"), ("isStandard", "true")]),
    ("appUser", &[("userid", "CUCService"), ("isStandard", "true")]),
    ("appUser", &[("userid", "IPMASysUser"), ("isStandard", "true")]),
    ("appUser", &[("userid", "TabSyncSysUser"), ("isStandard", "true")]),
    ("appUser", &[("userid", "WDSysUser"), ("isStandard", "true")]),
    ("registrationDynamic", &[("device", "CFB_2"), ADDRESS, MANAGER, SEEN, REGISTERED]),
    ("registrationDynamic", &[("device", "MTP_2"), ADDRESS, MANAGER, SEEN, REGISTERED]),
    ("registrationDynamic", &[("device", "ANN_2"), ADDRESS, MANAGER, SEEN, REGISTERED]),
    ("registrationDynamic", &[("device", "MOH_2"), ADDRESS, MANAGER, SEEN, REGISTERED]),
];

/// The security profile that fits phones of any model.
const UNIVERSAL: &str = "Universal Device Template - Model-independent Security Profile";

const POOL: (&str, &str) = ("devicePoolName", "Default");
const PLACE: (&str, &str) = ("locationName", "Hub_None");
const ADDRESS: (&str, &str) = ("lastKnownIpAddress", "192.0.2.10");
const MANAGER: (&str, &str) = ("lastKnownUcm", NODE);
const SEEN: (&str, &str) = ("lastSeen", "1700000000");
const REGISTERED: (&str, &str) = ("risStatus", "Registered");

/// The parameters of services: node, service, name, type, and the value that they have until somebody changes it.
const PARAMETERS: &[[&str; 5]] = &[
    [NODE, CALL_MANAGER, "CdrEnabled", "boolean", "F"],
    [NODE, CALL_MANAGER, "CdrLogCallsWithZeroDurationFlag", "boolean", "F"],
    [NODE, CALL_MANAGER, "CallDiagnosticsEnabled", "long", "0"],
    [NODE, CALL_MANAGER, "TimerT302_msec", "long", "15000"],
    [NODE, CALL_MANAGER, "ForwardNoAnswerTimeout", "long", "12"],
    [NODE, CALL_MANAGER, "ForwardMaximumHopCount", "long", "12"],
    [NODE, CALL_MANAGER, "StationKeepaliveInterval", "long", "30"],
    [NODE, "Cisco Tftp", "EnableCachingConstantAndBinFiles", "boolean", "T"],
    [EVERYWHERE, "Enterprise Wide", "ClusterID", "string", "StandAloneCluster"],
];

const CALL_MANAGER: &str = "Cisco CallManager";

/// The value that a parameter has until somebody changes it.
pub(super) fn usual_parameter(node: &str, service: &str, name: &str) -> Option<&'static str> {
    let found = PARAMETERS.iter().find(|known| known[..3] == [node, service, name]);
    found.map(|known| known[4])
}

/// Puts all that into a device that has what is built in.
pub(super) fn furnish(objects: &mut Objects) {
    for (class, values) in DELIVERED {
        deliver(objects, class, values);
    }
    for [node, service, name, kind, value] in PARAMETERS {
        let values =
            [("processNodeName", *node), ("name", name), ("service", service), ("value", value), ("valueType", kind)];
        deliver(objects, "serviceParameter", &values);
    }
    complete(objects, "processNode", "imp-1", &[("processNodeRole", PRESENCE)]);
    complete(objects, "sipProfile", "Standard SIP Profile", &[]);
    for (name, product, protocol) in models::security_profiles() {
        complete(objects, "phoneSecurityProfile", &name, &[("phoneType", product), ("protocol", protocol)]);
    }
}

fn deliver(objects: &mut Objects, class: &str, values: &[(&str, &str)]) {
    if let Some(class) = Class::named(class) {
        let fields = usual(class, values, objects);
        objects.deliver(class, fields);
    }
}

/// Gives what is built in by its name the rest of its fields.
fn complete(objects: &mut Objects, class: &str, name: &str, values: &[(&str, &str)]) {
    let Some(class) = Class::named(class) else { return };
    let mut fields = usual(class, values, objects);
    fields.insert("name".to_owned(), Value::Text(name.to_owned()));
    if let Ok(changes) = objects.set(class, name, fields) {
        objects.take(changes);
    }
}

/// These values, and what is usual for the rest.
fn usual(class: &Class, values: &[(&str, &str)], objects: &Objects) -> Fields {
    let of = |field: &Field| {
        let given = values.iter().find(|(name, _)| *name == field.name).map(|(_, value)| *value);
        let is_off = matches!(field.rule, Rule::Flag).then_some("false");
        let value = given.or(field.usual).or(is_off)?;
        let value = match &field.rule {
            Rule::Needs(class) | Rule::Names(class) => found(objects, &[class], value)?,
            Rule::NeedsOne(classes) | Rule::NamesOne(classes) => found(objects, classes, value)?,
            _ => value.to_owned(),
        };
        Some((field.name.to_owned(), Value::Text(value)))
    };
    class.fields.iter().filter_map(of).collect()
}

fn found(objects: &Objects, classes: &[&str], key: &str) -> Option<String> {
    let mut classes = classes.iter().filter_map(|class| Class::named(class));
    classes.find_map(|class| Some(objects.get(class, key).ok()?.1.uuid.clone()))
}
