//! The SQL that clients of AXL change the database with: texts of users, devices and numbers, and which devices a user has.

use std::collections::BTreeMap;

use super::objects::{Changes, Fields, Objects, Value};
use super::refusal::Refusal;
use super::schema::Class;
use super::sql;
use super::sql_parser::Statement;

/// The columns that may be set, by table: the classes whose objects are its rows, and the field of each column.
type Settable = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const SETTABLE: [Settable; 3] = [
    ("device", &["phone", "deviceProfile", "remoteDestinationProfile"], &[("description", "description")]),
    ("numplan", &["line"], &[("description", "description"), ("alertingname", "alertingName")]),
    (
        "enduser",
        &["user"],
        &[
            ("firstname", "firstName"),
            ("lastname", "lastName"),
            ("mailid", "mailid"),
            ("department", "department"),
            ("telephonenumber", "telephoneNumber"),
        ],
    ),
];

const ASSOCIATIONS: &str = "enduserdevicemap";

/// How many rows a statement changes, and what that takes.
pub(super) fn update(sql: &str, objects: &Objects) -> Result<(usize, Changes), Refusal> {
    match Statement::parse(sql, objects)? {
        Statement::Update { table, values, rows } => {
            let (_, classes, columns) =
                SETTABLE.iter().find(|(name, ..)| *name == table).ok_or_else(|| Refusal::no_table(&table))?;
            let mut changed = Changes::new();
            let rows = sql::rows(&rows, objects)?;
            for (_, pkid) in rows.iter().flatten() {
                let uuid = uuid(pkid);
                let found = classes.iter().filter_map(|class| Class::named(class));
                let found = found.filter_map(|class| Some((class, objects.with_uuid(class, &uuid).ok()?.1))).next();
                let Some((class, object)) = found else { continue };
                let mut fields = object.fields.clone();
                for (column, value) in &values {
                    let field = columns.iter().find(|(name, _)| name == column);
                    let (_, field) = field.ok_or_else(|| Refusal::no_column(column))?;
                    fields.insert((*field).to_owned(), Value::Text(value.clone()));
                }
                changed.extend(set(objects, class, &uuid, fields)?);
            }
            Ok((rows.len(), changed))
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

/// Gives users devices, or takes them away; each row has both ids.
fn associate(objects: &Objects, rows: Vec<Vec<(String, String)>>, give: bool) -> Result<Changes, Refusal> {
    let (users, phones) = (class("user")?, class("phone")?);
    let mut devices_of: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in &rows {
        let of = |name: &str| row.iter().find(|(column, _)| column == name).map_or("", |(_, value)| value.as_str());
        let (user, device) = (uuid(of("fkenduser")), uuid(of("fkdevice")));
        let (_, holder) = objects.with_uuid(users, &user).map_err(|_| Refusal::no_reference())?;
        objects.with_uuid(phones, &device).map_err(|_| Refusal::no_reference())?;
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

/// An id as objects have it, from one as the database writes it.
fn uuid(pkid: &str) -> String {
    format!("{{{}}}", pkid.trim_matches(['{', '}']).to_uppercase())
}
