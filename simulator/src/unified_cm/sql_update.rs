//! The SQL that clients of AXL change the database with: what users, devices, numbers and numbers on devices are, and which
//! devices a user has.

use std::collections::BTreeMap;

use super::lines::BUTTON;
use super::objects::{Changes, Fields, Objects, Value, text};
use super::reading::braced;
use super::refusal::Refusal;
use super::schema::{Class, Field, Rule};
use super::sql;
use super::sql_query::Statement;

/// A table whose rows may be changed: the classes whose objects they are, and its columns with the fields that they are.
type Settable = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const SETTABLE: [Settable; 3] = [
    (
        "device",
        &["phone", "deviceProfile", "remoteDestinationProfile", "ctiRoutePoint", "sipTrunk"],
        &[
            ("name", "name"),
            ("description", "description"),
            ("fkdevicepool", "devicePoolName"),
            ("fkenduser", "ownerUserName"),
            ("fkcallingsearchspace", "callingSearchSpaceName"),
            ("fklocation", "locationName"),
            ("fkphonetemplate", "phoneTemplateName"),
            ("fksoftkeytemplate", "softkeyTemplateName"),
            ("fkcommonphoneconfig", "commonPhoneConfigName"),
        ],
    ),
    (
        "numplan",
        &["line"],
        &[
            ("dnorpattern", "pattern"),
            ("description", "description"),
            ("fkroutepartition", "routePartitionName"),
            ("alertingname", "alertingName"),
            ("alertingnameascii", "asciiAlertingName"),
        ],
    ),
    (
        "enduser",
        &["user"],
        &[
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
    ),
];

/// The columns of a number on a device that may be set.
const OF_BUTTONS: [(&str, &str); 5] = [
    ("display", "display"),
    ("label", "label"),
    ("e164mask", "e164Mask"),
    ("maxnumcalls", "maxNumCalls"),
    ("busytrigger", "busyTrigger"),
];

const BUTTONS: &str = "devicenumplanmap";
const ASSOCIATIONS: &str = "enduserdevicemap";

/// How many rows a statement changes, and what that takes.
pub(super) fn update(sql: &str, objects: &Objects) -> Result<(usize, Changes), Refusal> {
    match Statement::parse(sql, objects)? {
        Statement::Update { table, values, rows } => {
            let rows = sql::rows(&rows, objects)?;
            let changes = if table == BUTTONS {
                set_buttons(objects, &rows, &values)?
            } else {
                set_objects(objects, &table, &rows, &values)?
            };
            Ok((rows.len(), changes))
        }
        Statement::Delete { table, rows } if table == ASSOCIATIONS => {
            let rows = sql::rows(&rows, objects)?;
            Ok((rows.len(), associate(objects, rows, false)?))
        }
        Statement::Insert { table, values } if table == ASSOCIATIONS => {
            Ok((1, associate(objects, vec![values], true)?))
        }
        Statement::Delete { table, .. } | Statement::Insert { table, .. } => Err(Refusal::no_table(&table)),
    }
}

/// The columns that tell which rows of a table are to be changed.
pub(super) fn known_by(table: &str) -> &'static [&'static str] {
    if table == BUTTONS { &["fkdevice", "fknumplan"] } else { &["pkid"] }
}

fn set_objects(objects: &Objects, table: &str, rows: &[Row], values: &[(String, String)]) -> Result<Changes, Refusal> {
    let (_, classes, columns) =
        SETTABLE.iter().find(|(name, ..)| *name == table).ok_or_else(|| Refusal::no_table(table))?;
    let mut changed = Changes::new();
    for (_, pkid) in rows.iter().flatten() {
        let uuid = braced(pkid);
        let found = classes.iter().filter_map(|class| Class::named(class));
        let found = found.filter_map(|class| Some((class, objects.with_uuid(class, &uuid).ok()?.1))).next();
        let Some((class, object)) = found else { continue };
        let mut fields = object.fields.clone();
        set_values(objects, class.fields, columns, values, &mut fields)?;
        changed.extend(set(objects, class, &uuid, fields)?);
    }
    Ok(changed)
}

/// Sets values of numbers on devices; each row has the ids of both.
fn set_buttons(objects: &Objects, rows: &[Row], values: &[(String, String)]) -> Result<Changes, Refusal> {
    let mut changed: BTreeMap<String, Fields> = BTreeMap::new();
    for row in rows {
        let (device, number) = (braced(of(row, "fkdevice")), braced(of(row, "fknumplan")));
        let Some((_, object)) = objects.any_with_uuid(&device) else { continue };
        let fields = changed.entry(device).or_insert_with(|| object.fields.clone());
        let Some(Value::List(lines)) = fields.get_mut("lines") else { continue };
        for line in lines {
            if let Value::Group(line) = line
                && line.get("dirn").map(text) == Some(&number)
            {
                set_values(objects, BUTTON, &OF_BUTTONS, values, line)?;
            }
        }
    }
    let mut changes = Changes::new();
    for (device, fields) in changed {
        let class = objects.any_with_uuid(&device).and_then(|(key, _)| Class::named(key.split('/').next()?));
        if let Some(class) = class {
            changes.extend(set(objects, class, &device, fields)?);
        }
    }
    Ok(changes)
}

/// Sets fields by the columns that they are; null unsets.
fn set_values(
    objects: &Objects,
    known: &[Field],
    columns: &[(&str, &str)],
    values: &[(String, String)],
    fields: &mut Fields,
) -> Result<(), Refusal> {
    for (column, value) in values {
        let field = columns.iter().find(|(name, _)| name == column).map(|(_, field)| *field);
        let field = known.iter().find(|known| Some(known.name) == field).ok_or_else(|| Refusal::no_column(column))?;
        if value.is_empty() || value == "null" {
            fields.remove(field.name);
            continue;
        }
        let value = match &field.rule {
            Rule::Needs(class) | Rule::Names(class) => {
                let class = Class::named(class).ok_or_else(Refusal::no_reference)?;
                objects.with_uuid(class, &braced(value)).map_err(|_| Refusal::no_reference())?.1.uuid.clone()
            }
            _ => value.clone(),
        };
        fields.insert(field.name.to_owned(), Value::Text(value));
    }
    Ok(())
}

/// Gives users devices, or takes them away; each row has both ids.
fn associate(objects: &Objects, rows: Vec<Row>, give: bool) -> Result<Changes, Refusal> {
    let (users, phones, points) = (class("user")?, class("phone")?, class("ctiRoutePoint")?);
    let mut devices_of: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in &rows {
        let (user, device) = (braced(of(row, "fkenduser")), braced(of(row, "fkdevice")));
        let (_, holder) = objects.with_uuid(users, &user).map_err(|_| Refusal::no_reference())?;
        let found = objects.with_uuid(phones, &device).or_else(|_| objects.with_uuid(points, &device));
        found.map_err(|_| Refusal::no_reference())?;
        let there = match holder.fields.get("associatedDevices") {
            Some(Value::List(devices)) => devices.clone(),
            _ => Vec::new(),
        };
        let devices = devices_of.entry(user).or_insert(there);
        let device = Value::Text(device);
        match (give, devices.contains(&device)) {
            (true, true) => return Err(Refusal::duplicate()),
            (true, false) => devices.push(device),
            (false, _) => devices.retain(|other| *other != device),
        }
    }
    let mut changes = Changes::new();
    for (user, devices) in devices_of {
        let (_, holder) = objects.with_uuid(users, &user)?;
        let mut fields = holder.fields.clone();
        fields.insert("associatedDevices".to_owned(), Value::List(devices));
        changes.extend(set(objects, users, &user, fields)?);
    }
    Ok(changes)
}

fn set(objects: &Objects, class: &Class, uuid: &str, fields: Fields) -> Result<Changes, Refusal> {
    let (key, _) = objects.with_uuid(class, uuid)?;
    objects.set(class, key.split_once('/').map_or("", |(_, key)| key), fields)
}

fn class(name: &'static str) -> Result<&'static Class, Refusal> {
    Class::named(name).ok_or_else(|| Refusal::not_found(name))
}

type Row = Vec<(String, String)>;

/// A column of a row.
fn of<'r>(row: &'r Row, name: &str) -> &'r str {
    row.iter().find(|(column, _)| column == name).map_or("", |(_, value)| value.as_str())
}
