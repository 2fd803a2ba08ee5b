//! The SQL that clients of AXL change the database with.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::columns::{Changeable, Naming};
use super::lines::BUTTON;
use super::objects::{Changes, Fields, Objects, Value, text};
use super::reading::{braced, flag};
use super::refusal::Refusal;
use super::schema::{Class, Field, Rule};
use super::sql;
use super::sql_query::{Assigned, Statement};

/// The columns of a number on a device that may be set.
const OF_BUTTONS: [(&str, &str); 5] = [
    ("display", "display"),
    ("label", "label"),
    ("e164mask", "e164Mask"),
    ("maxnumcalls", "maxNumCalls"),
    ("busytrigger", "busyTrigger"),
];

const BUTTONS: &str = "devicenumplanmap";

/// The function of the database that makes an id.
pub(super) const NEW_ID: &str = "newid";

/// How many rows a statement changes, and what that takes. What is added gets the new id, unless the statement has one.
pub(super) fn update(sql: &str, objects: &Objects, new_id: Uuid) -> Result<(usize, Changes), Refusal> {
    match Statement::parse(sql, objects)? {
        Statement::Update { table, values, rows } => {
            let rows = sql::rows(&rows, objects)?;
            let changes = match table.as_str() {
                BUTTONS => set_buttons(objects, &rows, &values)?,
                _ => set_objects(objects, changeable(&table)?, &rows, &values)?,
            };
            Ok((rows.len(), changes))
        }
        Statement::Delete { table, rows } => {
            let rows = sql::rows(&rows, objects)?;
            let changes = match Naming::of(&table) {
                Some(naming) => name_objects(objects, naming, &rows, false)?,
                None => {
                    changeable(&table).ok().filter(|known| known.whole).ok_or_else(|| Refusal::no_table(&table))?;
                    let gone: Vec<String> = rows.iter().flatten().map(|(_, pkid)| braced(pkid)).collect();
                    objects.remove_all(&gone.iter().map(String::as_str).collect::<Vec<_>>())?
                }
            };
            Ok((rows.len(), changes))
        }
        Statement::Insert { table, values } => {
            let changes = match Naming::of(&table) {
                Some(naming) => name_objects(objects, naming, &[values], true)?,
                None => add(objects, changeable(&table)?, &values, new_id)?,
            };
            Ok((1, changes))
        }
    }
}

/// The columns that tell which rows of a table are to be changed.
pub(super) fn known_by(table: &str) -> Vec<&'static str> {
    match Naming::of(table) {
        Some(naming) => vec![naming.holder.0, naming.named.0],
        None if table == BUTTONS => vec!["fkdevice", "fknumplan"],
        None => vec![Changeable::named(table).map_or("pkid", |known| known.id)],
    }
}

fn changeable(table: &str) -> Result<&'static Changeable, Refusal> {
    Changeable::named(table).ok_or_else(|| Refusal::no_table(table))
}

fn set_objects(
    objects: &Objects,
    table: &Changeable,
    rows: &[Row],
    values: &[(String, Assigned)],
) -> Result<Changes, Refusal> {
    let mut changed = Changes::new();
    for row in rows {
        let uuid = braced(of(row, table.id));
        let found = table.classes.iter().filter_map(|class| Class::named(class));
        let found = found.filter_map(|class| Some((class, objects.with_uuid(class, &uuid).ok()?.1))).next();
        let Some((class, object)) = found else { continue };
        let mut fields = object.fields.clone();
        set_values(objects, class.fields, table.columns, &values_of(values, row), &mut fields)?;
        changed.extend(set(objects, class, &uuid, fields)?);
    }
    Ok(changed)
}

/// Adds a row as an object of its table's class.
fn add(objects: &Objects, table: &Changeable, values: &[(String, String)], new_id: Uuid) -> Result<Changes, Refusal> {
    if !table.whole {
        return Err(Refusal::no_table(table.table));
    }
    let class = class(table.classes[0])?;
    let (ids, values): (Vec<_>, Vec<_>) = values.iter().cloned().partition(|(column, _)| column == table.id);
    let mut fields = Fields::new();
    set_values(objects, class.fields, table.columns, &values, &mut fields)?;
    let column_of = |field: &str| table.columns.iter().find(|(_, known)| *known == field).map(|(column, _)| *column);
    let missing = class.key.iter().filter(|field| !fields.contains_key(**field)).find_map(|field| column_of(field));
    if let Some(column) = missing {
        return Err(Refusal::null(table.table, column));
    }
    let id = match ids.first() {
        Some((_, id)) if id != NEW_ID => braced(id),
        _ => braced(&new_id.to_string()),
    };
    if objects.any_with_uuid(&id).is_some() {
        return Err(Refusal::duplicate());
    }
    objects.add(class, id, fields)
}

/// Sets values of numbers on devices; each row has the ids of both.
fn set_buttons(objects: &Objects, rows: &[Row], values: &[(String, Assigned)]) -> Result<Changes, Refusal> {
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
                set_values(objects, BUTTON, &OF_BUTTONS, &values_of(values, row), line)?;
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

/// What is set in a row.
fn values_of(values: &[(String, Assigned)], row: &Row) -> Row {
    let value = |assigned: &Assigned| match assigned {
        Assigned::Value(value) => value.clone(),
        Assigned::Column(name) => of(row, name).to_owned(),
    };
    values.iter().map(|(column, assigned)| (column.clone(), value(assigned))).collect()
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
        let (_, path) = columns.iter().find(|(name, _)| name == column).ok_or_else(|| Refusal::no_column(column))?;
        let (name, within) = path.split_once('.').map_or((*path, None), |(group, field)| (group, Some(field)));
        let Some(field) = known.iter().find(|known| known.name == name) else { continue };
        if let (Some(within), Rule::Group(members)) = (within, &field.rule) {
            let group = fields.entry(field.name.to_owned()).or_insert_with(|| Value::Group(Fields::new()));
            if let Value::Group(group) = group {
                set_values(objects, members, &[(column, within)], &[(column.clone(), value.clone())], group)?;
            }
            continue;
        }
        if value.is_empty() || value == "null" {
            fields.remove(field.name);
            continue;
        }
        let value = match &field.rule {
            Rule::Needs(class) | Rule::Names(class) => {
                let class = Class::named(class).ok_or_else(Refusal::no_reference)?;
                objects.with_uuid(class, &braced(value)).map_err(|_| Refusal::no_reference())?.1.uuid.clone()
            }
            Rule::Flag => flag(value).ok_or_else(|| Refusal::invalid(column, "it is t or f"))?.to_string(),
            _ => value.clone(),
        };
        fields.insert(field.name.to_owned(), Value::Text(value));
    }
    Ok(())
}

/// Puts objects into the lists of others, or takes them out; each row has both ids.
fn name_objects(objects: &Objects, naming: &Naming, rows: &[Row], comes: bool) -> Result<Changes, Refusal> {
    let (holder_column, holder_class) = naming.holder;
    let (named_column, named_classes) = naming.named;
    let holders = class(holder_class)?;
    let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let (holder_id, named_id) = (braced(of(row, holder_column)), braced(of(row, named_column)));
        let (_, holder) = objects.with_uuid(holders, &holder_id).map_err(|_| Refusal::no_reference())?;
        let mut classes = named_classes.iter().filter_map(|class| Class::named(class));
        if !classes.any(|class| objects.with_uuid(class, &named_id).is_ok()) {
            return Err(Refusal::no_reference());
        }
        let there = match holder.fields.get(naming.list) {
            Some(Value::List(members)) => members.clone(),
            _ => Vec::new(),
        };
        let members = lists.entry(holder_id).or_insert(there);
        let is_it = |member: &Value| match (member, naming.field) {
            (Value::Group(fields), Some(field)) => fields.get(field).map(text) == Some(&named_id),
            (member, _) => text(member) == named_id,
        };
        match (comes, members.iter().any(is_it)) {
            (true, true) => return Err(Refusal::duplicate()),
            (true, false) => members.push(match naming.field {
                Some(field) => Value::Group(Fields::from([(field.to_owned(), Value::Text(named_id.clone()))])),
                None => Value::Text(named_id.clone()),
            }),
            (false, _) => members.retain(|member| !is_it(member)),
        }
    }
    let mut changes = Changes::new();
    for (holder_id, members) in lists {
        let (_, holder) = objects.with_uuid(holders, &holder_id)?;
        let mut fields = holder.fields.clone();
        fields.insert(naming.list.to_owned(), Value::List(members));
        changes.extend(set(objects, holders, &holder_id, fields)?);
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
