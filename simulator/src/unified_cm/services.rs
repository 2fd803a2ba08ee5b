//! Operations that are about no single class.

use uuid::Uuid;

use super::conditions::{Conditions, LdapSync};
use super::objects::{Changes, Objects, Value, text};
use super::operations::{Outcome, rows};
use super::reading::Reading;
use super::refusal::Refusal;
use super::schema::{Class, Version};
use super::{changes, extension_mobility, fresh, presence, route_plan, soap, sql, sql_update};
use crate::ledger::Ledger;
use crate::xml::Element;

/// The first version with operations that activate single objects and that assign presence nodes.
pub(super) const SINGLE_OBJECTS: Version = (10, 0);

/// The first version that resets the parameters of a service.
const RESETS: Version = (11, 5);

/// What an operation about no single class comes to; `None` for any other operation.
pub(super) fn carry_out(request: &soap::Request, ledger: &Ledger<Objects>, conditions: &Conditions) -> Option<Outcome> {
    let soap::Request { operation, content, version } = request;
    let (objects, version) = (&ledger.holdings, *version);
    let since_10 = version >= SINGLE_OBJECTS;
    Some(match operation.as_str() {
        "getCCMVersion" => Ok((component_version(version), Changes::new())),
        "executeSQLQuery" => query(content, objects),
        "executeSQLUpdate" => update(content, objects, ledger.next_uuid()),
        "listChange" if since_10 => changes::list(content, objects, conditions.queue()),
        "doDeviceReset" => reset_device(content, objects),
        "doDeviceLogin" => extension_mobility::log_in(content, objects, conditions, version),
        "doDeviceLogout" => extension_mobility::log_out(content, objects, version),
        "doChangeDNDStatus" if since_10 => extension_mobility::do_not_disturb(content, objects, version),
        "doAuthenticateUser" => extension_mobility::authenticate(content, objects, version),
        "listRoutePlan" => route_plan::list(content, objects),
        "doServiceParametersReset" if version >= RESETS => reset_parameters(content, objects, version),
        "doLdapSync" => synchronise_ldap(content, objects, conditions),
        "getLdapSyncStatus" => ldap_status(content, objects, conditions),
        "assignPresenceUser" if since_10 => presence::assign(content, objects, true),
        "unassignPresenceUser" if since_10 => presence::assign(content, objects, false),
        "listAssignedPresenceUsers" if since_10 => presence::list(content, objects, true),
        "listUnassignedPresenceUsers" if since_10 => presence::list(content, objects, false),
        _ => return None,
    })
}

fn query(content: &[Element], objects: &Objects) -> Outcome {
    rows(sql::select(statement(content)?, objects)?)
}

fn update(content: &[Element], objects: &Objects, new_id: Uuid) -> Outcome {
    let (count, changes) = sql_update::update(statement(content)?, objects, new_id)?;
    let count = Element::with_text("rowsUpdated", &count.to_string());
    Ok((Element::with_children("return", vec![count]), changes))
}

fn statement(content: &[Element]) -> Result<&str, Refusal> {
    let [sql] = content else { return Err(Refusal::incomplete("request", "sql")) };
    if sql.name == "sql" { Ok(&sql.text) } else { Err(Refusal::schema(&sql.name, "sql")) }
}

fn component_version(version: Version) -> Element {
    let number = format!("{}.1.10000(1)", soap::shown(version));
    let version = Element::with_text("version", &number);
    Element::with_children("return", vec![Element::with_children("componentVersion", vec![version])])
}

fn reset_device(content: &[Element], objects: &Objects) -> Outcome {
    let [device, how] = content else { return Err(Refusal::incomplete("doDeviceReset", "deviceName, isHardReset")) };
    if device.name != "deviceName" || !matches!(how.name.as_str(), "isHardReset" | "deviceResetType") {
        return Err(Refusal::schema(&device.name, "deviceName, isHardReset, deviceResetType"));
    }
    let phones = Class::named("phone").ok_or_else(|| Refusal::not_found("Phone"))?;
    let name = device.text.trim();
    let (_, phone) = objects.get(phones, name)?;
    let changes = objects.note_pending(std::iter::once((name, phone)), false);
    Ok((Element::with_text("return", &phone.uuid), changes))
}

/// Gives all parameters of a service on a node the values that they had at first.
fn reset_parameters(content: &[Element], objects: &Objects, version: Version) -> Outcome {
    let [node, service] = content else {
        return Err(Refusal::incomplete("doServiceParametersReset", "processNodeName, service"));
    };
    for (element, expected) in content.iter().zip(["processNodeName", "service"]) {
        if element.name != expected {
            return Err(Refusal::schema(&element.name, expected));
        }
    }
    let (node, _) = Reading { objects, version }.object("processNode", node)?;
    let node = node.split_once('/').map_or(node, |(_, name)| name);
    let service = service.text.trim();
    let parameters = Class::named("serviceParameter").ok_or_else(|| Refusal::not_found("ServiceParameter"))?;
    let mut changes = Changes::new();
    let mut is_known = false;
    for (key, parameter) in objects.of(parameters) {
        let name = parameter.fields.get("name").map(text).unwrap_or_default();
        let Some(value) = fresh::usual_parameter(node, service, name) else { continue };
        if key == format!("{node}/{name}/{service}") {
            is_known = true;
            let mut fields = parameter.fields.clone();
            fields.insert("value".to_owned(), Value::Text(value.to_owned()));
            changes.extend(objects.set(parameters, key, fields)?);
        }
    }
    if !is_known {
        return Err(Refusal::not_found("Service"));
    }
    Ok((Element::with_text("return", "true"), changes))
}

fn synchronise_ldap(content: &[Element], objects: &Objects, conditions: &Conditions) -> Outcome {
    let directory = directory(content, objects, conditions)?;
    let starts = content.iter().any(|element| element.name == "sync" && element.text.trim() == "true");
    if starts {
        conditions.synchronise();
    }
    Ok((Element::with_text("return", &format!("Sync of {directory} started")), Changes::new()))
}

fn ldap_status(content: &[Element], objects: &Objects, conditions: &Conditions) -> Outcome {
    directory(content, objects, conditions)?;
    let status = match conditions.ldap_sync() {
        LdapSync::Never => "Sync is not performed",
        LdapSync::InProgress => "Sync is in progress",
        LdapSync::Done => "Sync is performed successfully",
    };
    Ok((Element::with_text("return", status), Changes::new()))
}

fn directory(content: &[Element], objects: &Objects, conditions: &Conditions) -> Result<String, Refusal> {
    let name = content.first().map_or("", |element| element.text.trim());
    let class = Class::named("ldapDirectory").ok_or_else(|| Refusal::not_found("LdapDirectory"))?;
    if conditions.ldap().as_deref() != Some(name) {
        objects.get(class, name)?;
    }
    Ok(name.to_owned())
}
