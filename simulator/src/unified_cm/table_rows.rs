//! How the rows of tables follow from the objects.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use uuid::Uuid;

use super::models;
use super::objects::{Fields, Object, Objects, Value as Held, text};
use super::route_plan::PATTERNS;
use super::schema::Class;

/// The value of a column; empty where it is null.
pub(super) type Value<'a> = Cow<'a, str>;

pub(super) type Rows<'a> = Box<dyn Iterator<Item = Vec<Value<'a>>> + 'a>;

/// The classes whose objects are devices, with the number that the database has for the class, and its name there.
pub(super) const DEVICES: [(&str, &str, &str); 5] = [
    ("phone", "1", "Phone"),
    ("sipTrunk", "2", "Gateway"),
    ("ctiRoutePoint", "10", "CTI Route Point"),
    ("remoteDestinationProfile", "20", "Remote Destination Profile"),
    ("deviceProfile", "254", "Device Profile"),
];

pub(super) const PROTOCOLS: [(&str, &str); 2] = [("0", "SCCP"), ("11", "SIP")];

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

/// A row an object: its id, and these fields.
pub(super) fn of_class<'a>(objects: &'a Objects, class: &'static str, fields: &'static [&'static str]) -> Rows<'a> {
    let row = move |object: &'a Object| {
        std::iter::once(pkid(&object.uuid)).chain(fields.iter().map(|name| column(&object.fields, name))).collect()
    };
    Box::new(objects_of(objects, class).map(row))
}

pub(super) fn enumerated<'a>(numbers: impl Iterator<Item = (&'static str, &'static str)> + 'a) -> Rows<'a> {
    Box::new(numbers.map(|(number, name)| vec![number.into(), name.into()]))
}

pub(super) fn devices(objects: &Objects) -> Rows<'_> {
    let of = move |(class, number, _): (&'static str, &'static str, &'static str)| {
        objects_of(objects, class).map(move |object| {
            let of = |name: &str| column(&object.fields, name);
            let protocol = PROTOCOLS.iter().find(|(_, name)| *name == of("protocol"));
            let hoteling = if of("enableExtensionMobility") == "true" { "t" } else { "f" };
            vec![
                pkid(&object.uuid),
                of("name"),
                of("description"),
                number.into(),
                models::number(&of("product")).into(),
                protocol.map_or("", |(number, _)| number).into(),
                of("devicePoolName"),
                of("ownerUserName"),
                of("callingSearchSpaceName"),
                of("locationName"),
                of("phoneTemplateName"),
                of("softkeyTemplateName"),
                of("commonPhoneConfigName"),
                if class == "phone" { of("securityProfileName") } else { Value::default() },
                of("sipProfileName"),
                hoteling.into(),
            ]
        })
    };
    Box::new(DEVICES.into_iter().flat_map(of))
}

pub(super) fn patterns(objects: &Objects) -> Rows<'_> {
    let of = move |(class, _, number): (&'static str, &'static str, &'static str)| {
        let fields = &["pattern", "description", "routePartitionName", "alertingName", "asciiAlertingName"];
        of_class(objects, class, fields).map(move |mut row| {
            row.push(number.into());
            row
        })
    };
    Box::new(PATTERNS.into_iter().flat_map(of))
}

pub(super) fn users(objects: &Objects) -> Rows<'_> {
    let fields = &[
        "userid",
        "firstName",
        "middleName",
        "lastName",
        "mailid",
        "department",
        "manager",
        "title",
        "telephoneNumber",
        "mobileNumber",
    ];
    Box::new(of_class(objects, "user", fields).map(|mut row| {
        // Every user is one of the device's own, and an active one.
        row.extend(["t".into(), "1".into()]);
        row
    }))
}

pub(super) fn buttons(objects: &Objects) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(|(class, ..)| objects_of(objects, class)).flat_map(lines))
}

fn lines(device: &Object) -> impl Iterator<Item = Vec<Value<'_>>> {
    let names = ["dirn", "index", "display", "label", "e164Mask", "maxNumCalls", "busyTrigger"];
    groups(list(&device.fields, "lines")).map(move |line| {
        let of_line = names.iter().map(|name| column(line, name));
        [button_id(&device.uuid, &column(line, "dirn")), pkid(&device.uuid)].into_iter().chain(of_line).collect()
    })
}

/// The users of the lines of each device.
pub(super) fn button_users(objects: &Objects) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(|(class, ..)| objects_of(objects, class)).flat_map(line_users))
}

fn line_users(device: &Object) -> impl Iterator<Item = Vec<Value<'_>>> {
    groups(list(&device.fields, "lines")).flat_map(|line| {
        let button = button_id(&device.uuid, &column(line, "dirn"));
        groups(list(line, "associatedEndusers")).map(move |user| vec![button.clone(), column(user, "userId")])
    })
}

/// The phone services that each device is subscribed to.
pub(super) fn subscribed_services(objects: &Objects) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(|(class, ..)| objects_of(objects, class)).flat_map(services))
}

fn services(device: &Object) -> impl Iterator<Item = Vec<Value<'_>>> {
    let names = ["telecasterServiceName", "name", "url", "urlButtonIndex", "urlLabel", "serviceNameAscii"];
    groups(list(&device.fields, "services")).map(move |service| {
        let of_service = names.iter().map(|name| column(service, name));
        std::iter::once(pkid(&device.uuid)).chain(of_service).collect()
    })
}

/// The id of a number on a device, which is no object here: it follows from both.
fn button_id(device: &str, number: &str) -> Value<'static> {
    let mut hasher = DefaultHasher::new();
    (device, number).hash(&mut hasher);
    let first = hasher.finish();
    (number, device).hash(&mut hasher);
    Uuid::from_u64_pair(first, hasher.finish()).to_string().into()
}

pub(super) fn associations(objects: &Objects) -> Rows<'_> {
    Box::new(objects_of(objects, "user").flat_map(|user| {
        let devices = list(&user.fields, "associatedDevices").iter();
        devices.map(|device| vec![pkid(&user.uuid), pkid(text(device)), "f".into(), "1".into()])
    }))
}

pub(super) fn primary_extensions(objects: &Objects) -> Rows<'_> {
    let row = |user: &'_ Object| {
        let number = user.fields.get("primaryExtension").map(text).map(str::to_owned)?;
        Some(vec![Cow::Owned(pkid(&user.uuid).into_owned()), Cow::Owned(pkid(&number).into_owned()), "1".into()])
    };
    Box::new(objects_of(objects, "user").filter_map(row))
}

pub(super) fn groups_of_users(objects: &Objects) -> Rows<'_> {
    Box::new(objects_of(objects, "user").flat_map(|user| {
        groups(list(&user.fields, "associatedGroups")).map(|group| vec![pkid(&user.uuid), column(group, "name")])
    }))
}

/// The phones that somebody has logged in to.
pub(super) fn logins(objects: &Objects) -> Rows<'_> {
    let names = ["loginUserId", "currentProfileName", "loginTime", "loginDuration"];
    let phones = objects_of(objects, "phone").filter(|phone| phone.fields.contains_key("loginUserId"));
    Box::new(phones.map(move |phone| {
        std::iter::once(pkid(&phone.uuid)).chain(names.iter().map(|name| column(&phone.fields, name))).collect()
    }))
}

/// A row for each member of each object of a class: the object's id, and these fields.
pub(super) fn members<'a>(objects: &'a Objects, class: &'static str, fields: &'static [&'static str]) -> Rows<'a> {
    Box::new(objects_of(objects, class).flat_map(move |object| {
        groups(list(&object.fields, "members")).map(move |member| {
            std::iter::once(pkid(&object.uuid)).chain(fields.iter().map(|name| column(member, name))).collect()
        })
    }))
}

fn groups(list: &[Held]) -> impl Iterator<Item = &Fields> {
    list.iter().filter_map(|member| match member {
        Held::Group(fields) => Some(fields),
        Held::Text(_) | Held::List(_) => None,
    })
}

fn list<'a>(fields: &'a Fields, name: &str) -> &'a [Held] {
    match fields.get(name) {
        Some(Held::List(members)) => members,
        _ => &[],
    }
}
