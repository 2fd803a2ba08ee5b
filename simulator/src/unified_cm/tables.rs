//! The tables of the device's database that clients read, as its data dictionary has them.

use std::borrow::Cow;

use super::objects::{Fields, Object, Objects, Value as Held, text};
use super::refusal::Refusal;
use super::schema::Class;

/// The value of a column; empty where it is null.
pub(super) type Value<'a> = Cow<'a, str>;

type Rows<'a> = Box<dyn Iterator<Item = Vec<Value<'a>>> + 'a>;

/// A table with its columns, whose rows follow from the objects.
pub(super) struct Table {
    name: &'static str,
    pub(super) columns: &'static [&'static str],
    rows: for<'a> fn(&'a Objects) -> Rows<'a>,
}

const TABLES: &[Table] = &[
    Table {
        name: "device",
        columns: &["pkid", "name", "description", "tkclass", "fkdevicepool", "fkenduser"],
        rows: devices,
    },
    Table {
        name: "devicenumplanmap",
        columns: &[
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
        columns: &["pkid", "dnorpattern", "description", "fkroutepartition", "alertingname", "tkpatternusage"],
        rows: |objects| {
            of_class(objects, "line", &["pattern", "description", "routePartitionName", "alertingName"], "2")
        },
    },
    Table {
        name: "enduser",
        columns: &["pkid", "userid", "firstname", "lastname", "mailid", "department", "telephonenumber", "status"],
        rows: |objects| {
            let fields = &["userid", "firstName", "lastName", "mailid", "department", "telephoneNumber"];
            of_class(objects, "user", fields, "1")
        },
    },
    Table {
        name: "enduserdevicemap",
        columns: &["fkenduser", "fkdevice", "defaultprofile", "tkuserassociation"],
        rows: associations,
    },
    named("routepartition", |objects| of_class(objects, "routePartition", &["name"], "")),
    named("callingsearchspace", |objects| of_class(objects, "css", &["name"], "")),
    named("devicepool", |objects| of_class(objects, "devicePool", &["name"], "")),
    named("location", |objects| of_class(objects, "location", &["name"], "")),
    named("phonetemplate", |objects| of_class(objects, "phoneButtonTemplate", &["name"], "")),
    named("softkeytemplate", |objects| of_class(objects, "softKeyTemplate", &["name"], "")),
    named("processnode", |objects| of_class(objects, "processNode", &["name"], "")),
];

const fn named(name: &'static str, rows: for<'a> fn(&'a Objects) -> Rows<'a>) -> Table {
    Table { name, columns: &["pkid", "name"], rows }
}

/// The classes whose objects are devices, with the number that the database has for the class.
const DEVICES: [(&str, &str); 3] = [("phone", "1"), ("remoteDestinationProfile", "20"), ("deviceProfile", "254")];

impl Table {
    pub(super) fn named(name: &str) -> Result<&'static Self, Refusal> {
        TABLES.iter().find(|table| table.name == name).ok_or_else(|| Refusal::no_table(name))
    }

    pub(super) fn rows<'a>(&self, objects: &'a Objects) -> Rows<'a> {
        (self.rows)(objects)
    }
}

/// The database writes ids without braces and in small letters.
fn pkid(uuid: &str) -> Value<'_> {
    Cow::Owned(uuid.trim_matches(['{', '}']).to_ascii_lowercase())
}

fn column<'a>(fields: &'a Fields, name: &str) -> Value<'a> {
    match fields.get(name) {
        Some(Held::Text(text)) if text.len() == 38 && text.starts_with('{') => pkid(text),
        Some(Held::Text(text)) => Cow::Borrowed(text.as_str()),
        _ => Cow::Borrowed(""),
    }
}

fn objects_of<'a>(objects: &'a Objects, class: &'static str) -> impl Iterator<Item = &'a Object> {
    Class::named(class).into_iter().flat_map(|class| objects.of(class)).map(|(_, object)| object)
}

/// A row an object: its id, these fields, and, unless it is empty, what stands in the last column of all.
fn of_class<'a>(
    objects: &'a Objects,
    class: &'static str,
    fields: &'static [&'static str],
    last: &'static str,
) -> Rows<'a> {
    let row = move |object: &'a Object| {
        let fields = fields.iter().map(|name| column(&object.fields, name));
        let last = (!last.is_empty()).then_some(Cow::Borrowed(last));
        std::iter::once(pkid(&object.uuid)).chain(fields).chain(last).collect()
    };
    Box::new(objects_of(objects, class).map(row))
}

fn devices(objects: &Objects) -> Rows<'_> {
    let fields = ["name", "description"];
    let of = move |(class, number): (&'static str, &'static str)| {
        objects_of(objects, class).map(move |object| {
            let mut row = vec![pkid(&object.uuid)];
            row.extend(fields.iter().map(|name| column(&object.fields, name)));
            row.push(Cow::Borrowed(number));
            row.extend(["devicePoolName", "ownerUserName"].iter().map(|name| column(&object.fields, name)));
            row
        })
    };
    Box::new(DEVICES.into_iter().flat_map(of))
}

fn buttons(objects: &Objects) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(|(class, _)| objects_of(objects, class)).flat_map(lines))
}

fn lines(device: &Object) -> impl Iterator<Item = Vec<Value<'_>>> {
    let names = ["dirn", "index", "display", "label", "e164Mask", "maxNumCalls", "busyTrigger"];
    list(device, "lines").iter().filter_map(move |line| match line {
        Held::Group(fields) => {
            Some(std::iter::once(pkid(&device.uuid)).chain(names.iter().map(|name| column(fields, name))).collect())
        }
        Held::Text(_) | Held::List(_) => None,
    })
}

fn associations(objects: &Objects) -> Rows<'_> {
    Box::new(objects_of(objects, "user").flat_map(|user| {
        let devices = list(user, "associatedDevices").iter();
        devices.map(|device| vec![pkid(&user.uuid), pkid(text(device)), "f".into(), "1".into()])
    }))
}

fn list<'a>(object: &'a Object, name: &str) -> &'a [Held] {
    match object.fields.get(name) {
        Some(Held::List(members)) => members,
        _ => &[],
    }
}
