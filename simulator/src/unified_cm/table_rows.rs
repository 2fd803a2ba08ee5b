//! How the rows of tables follow from the objects.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use uuid::Uuid;

use super::models;
use super::objects::{Fields, Object, Value as Held, text};
use super::origin::Origin;
use super::route_plan::PATTERNS;
use super::{fresh, servers};

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
pub(super) fn pkid(uuid: &str) -> Value<'_> {
    Cow::Owned(uuid.trim_matches(['{', '}']).to_ascii_lowercase())
}

pub(super) fn column<'a>(fields: &'a Fields, name: &str) -> Value<'a> {
    match fields.get(name) {
        Some(Held::Text(text)) if text.len() == 38 && text.starts_with('{') => pkid(text),
        Some(Held::Text(text)) if text == "true" => Cow::Borrowed("t"),
        Some(Held::Text(text)) if text == "false" => Cow::Borrowed("f"),
        Some(Held::Text(text)) => Cow::Borrowed(text.as_str()),
        _ => Cow::Borrowed(""),
    }
}

/// A row an object: its id, and these fields.
pub(super) fn of_class<'a>(origin: Origin<'a>, class: &'static str, fields: &'static [&'static str]) -> Rows<'a> {
    let row = move |object: &'a Object| {
        std::iter::once(pkid(&object.uuid)).chain(fields.iter().map(|name| column(&object.fields, name))).collect()
    };
    Box::new(origin.of(class).map(row))
}

/// A flag is never null.
fn flag<'a>(fields: &'a Fields, name: &str) -> Value<'a> {
    let value = column(fields, name);
    if value.is_empty() { "f".into() } else { value }
}

pub(super) fn enumerated<'a>(numbers: impl Iterator<Item = (&'static str, &'static str)> + 'a) -> Rows<'a> {
    Box::new(numbers.map(|(number, name)| vec![number.into(), name.into()]))
}

pub(super) fn devices(origin: Origin<'_>) -> Rows<'_> {
    let of = move |(class, number, _): (&'static str, &'static str, &'static str)| {
        origin.of(class).map(move |object| {
            let of = |name: &str| column(&object.fields, name);
            let protocol = PROTOCOLS.iter().find(|(_, name)| *name == of("protocol"));
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
                flag(&object.fields, "enableExtensionMobility"),
                of("mediaResourceListName"),
                models::number(&of("product")).into(),
                "t".into(),
                of("commonDeviceConfigName"),
                of("automatedAlternateRoutingCssName"),
                of("rerouteCallingSearchSpaceName"),
                of("presenceGroupName"),
                flag(&object.fields, "unattendedPort"),
                flag(&object.fields, "allowCtiControlFlag"),
            ]
        })
    };
    Box::new(DEVICES.into_iter().flat_map(of))
}

pub(super) fn patterns(origin: Origin<'_>) -> Rows<'_> {
    const FIELDS: &[&str] = &[
        "pattern",
        "description",
        "routePartitionName",
        "alertingName",
        "asciiAlertingName",
        "shareLineAppearanceCssName",
        "voiceMailProfileName",
    ];
    const FORWARDS: [&str; 9] = [
        "callForwardBusy",
        "callForwardBusyInt",
        "callForwardNoAnswer",
        "callForwardNoAnswerInt",
        "callForwardNotRegistered",
        "callForwardNotRegisteredInt",
        "callForwardNoCoverage",
        "callForwardNoCoverageInt",
        "callForwardOnFailure",
    ];
    const TRANSLATIONS: [&str; 5] = [
        "callingSearchSpaceName",
        "calledPartyTransformationMask",
        "callingPartyTransformationMask",
        "callingPartyPrefixDigits",
        "prefixDigitsOut",
    ];
    let of = move |(class, _, number): (&'static str, &'static str, &'static str)| {
        origin.of(class).map(move |object| {
            let forwards = FORWARDS.map(|group| group_of(&object.fields, group));
            let of_forwards = |field: &'static str| {
                forwards.map(|group| group.map(|fields| column(fields, field)).unwrap_or_default())
            };
            let to_voice_mail =
                forwards.map(|group| group.map_or("f".into(), |fields| flag(fields, "forwardToVoiceMail")));
            let no_answer = group_of(&object.fields, "callForwardNoAnswer");
            std::iter::once(pkid(&object.uuid))
                .chain(FIELDS.iter().map(|name| column(&object.fields, name)))
                .chain([number.into()])
                .chain(of_forwards("destination"))
                .chain(of_forwards("callingSearchSpaceName"))
                .chain(to_voice_mail)
                .chain([no_answer.map(|fields| column(fields, "duration")).unwrap_or_default()])
                .chain(TRANSLATIONS.map(|name| column(&object.fields, name)))
                .chain(["blockEnable", "patternUrgency"].map(|name| flag(&object.fields, name)))
                .collect()
        })
    };
    Box::new(PATTERNS.into_iter().flat_map(of))
}

pub(super) fn users(origin: Origin<'_>) -> Rows<'_> {
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
        "selfService",
        "enableMobility",
        "enableCti",
        "displayName",
        "directoryUri",
        "serviceProfile",
        "presenceGroupName",
    ];
    Box::new(of_class(origin, "user", fields).map(|mut row| {
        // Every user is one of the device's own, and an active one, who comes from no directory and has the usual profile.
        row.extend(["t".into(), "1".into(), Value::default(), "1".into()]);
        row
    }))
}

pub(super) fn buttons(origin: Origin<'_>) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(move |(class, ..)| origin.of(class)).flat_map(lines))
}

fn lines(device: &Object) -> impl Iterator<Item = Vec<Value<'_>>> {
    let names = ["dirn", "index", "display", "label", "e164Mask", "maxNumCalls", "busyTrigger"];
    groups(list(&device.fields, "lines")).map(move |line| {
        let of_line = names.iter().map(|name| column(line, name));
        [button_id(&device.uuid, &column(line, "dirn")), pkid(&device.uuid)].into_iter().chain(of_line).collect()
    })
}

/// The users of the lines of each device.
pub(super) fn button_users(origin: Origin<'_>) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(move |(class, ..)| origin.of(class)).flat_map(line_users))
}

fn line_users(device: &Object) -> impl Iterator<Item = Vec<Value<'_>>> {
    groups(list(&device.fields, "lines")).flat_map(|line| {
        let button = button_id(&device.uuid, &column(line, "dirn"));
        groups(list(line, "associatedEndusers")).map(move |user| vec![button.clone(), column(user, "userId")])
    })
}

/// The phone services that each device is subscribed to.
pub(super) fn subscribed_services(origin: Origin<'_>) -> Rows<'_> {
    Box::new(DEVICES.into_iter().flat_map(move |(class, ..)| origin.of(class)).flat_map(services))
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

/// Who may control which devices: end users or application users.
pub(super) fn associations<'a>(origin: Origin<'a>, class: &'static str) -> Rows<'a> {
    Box::new(origin.of(class).flat_map(|user| {
        let devices = list(&user.fields, "associatedDevices").iter();
        devices.map(|device| vec![pkid(&user.uuid), pkid(text(device)), "f".into(), "1".into()])
    }))
}

pub(super) fn primary_extensions<'a>(origin: Origin<'a>) -> Rows<'a> {
    let row = |user: &'a Object| {
        let number = user.fields.get("primaryExtension").map(text)?;
        Some(vec![pkid(&user.uuid), pkid(number), "1".into()])
    };
    Box::new(origin.of("user").filter_map(row))
}

pub(super) fn groups_of_users<'a>(origin: Origin<'a>, class: &'static str) -> Rows<'a> {
    Box::new(origin.of(class).flat_map(|user| {
        groups(list(&user.fields, "associatedGroups")).map(|group| vec![pkid(&user.uuid), column(group, "name")])
    }))
}

/// Where all calls to numbers go instead.
pub(super) fn forwards(origin: Origin<'_>) -> Rows<'_> {
    Box::new(origin.of("line").map(|line| {
        let all = group_of(&line.fields, "callForwardAll");
        let of = |name: &str| all.map(|all| column(all, name)).unwrap_or_default();
        let to_voice_mail = all.map_or("f".into(), |all| flag(all, "forwardToVoiceMail"));
        vec![pkid(&line.uuid), of("destination"), to_voice_mail, of("callingSearchSpaceName")]
    }))
}

/// Pickup groups, each of which is a pattern as well.
pub(super) fn pickup_groups<'a>(origin: Origin<'a>) -> Rows<'a> {
    let row = |group: &'a Object| vec![pkid(&group.uuid), column(&group.fields, "name"), pkid(&group.uuid)];
    Box::new(origin.of("callPickupGroup").map(row))
}

/// The nodes of the cluster, of which one stands for all of them.
pub(super) fn nodes<'a>(origin: Origin<'a>) -> Rows<'a> {
    let row = |node: &'a Object| {
        let of = |name: &str| column(&node.fields, name);
        let stands_for_all = if of("name") == fresh::EVERYWHERE { "t" } else { "f" };
        let usage = if of("nodeUsage") == "Publisher" { "0" } else { "1" };
        let role = if of("processNodeRole") == servers::PRESENCE { "2" } else { "1" };
        let named = [pkid(&node.uuid), of("name"), of("description"), of("ipv6Name")];
        named.into_iter().chain([stands_for_all, "t", usage, role].map(Value::Borrowed)).collect()
    };
    Box::new(origin.of("processNode").map(row))
}

/// Calling search spaces, with the names of their partitions in a text of their own.
pub(super) fn search_spaces<'a>(origin: Origin<'a>) -> Rows<'a> {
    Box::new(origin.of("css").map(move |space| {
        let members = groups(list(&space.fields, "members")).map(|member| {
            let place = column(member, "index").parse::<usize>().unwrap_or_default();
            (place, member.get("routePartitionName").map_or("", |uuid| origin.name_of(text(uuid))))
        });
        let mut members: Vec<_> = members.collect();
        members.sort_unstable();
        let clause = members.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(":");
        let of = |name: &str| column(&space.fields, name);
        vec![pkid(&space.uuid), of("name"), of("description"), clause.into()]
    }))
}

/// The numbers that are in pickup groups.
pub(super) fn picked_up(origin: Origin<'_>) -> Rows<'_> {
    let lines = origin.of("line").filter(|line| line.fields.contains_key("callPickupGroupName"));
    Box::new(lines.map(|line| vec![column(&line.fields, "callPickupGroupName"), pkid(&line.uuid)]))
}

/// The phones that somebody has logged in to.
pub(super) fn logins(origin: Origin<'_>) -> Rows<'_> {
    let names = ["loginUserId", "currentProfileName", "loginTime", "loginDuration"];
    let phones = origin.of("phone").filter(|phone| phone.fields.contains_key("loginUserId"));
    Box::new(phones.map(move |phone| {
        std::iter::once(pkid(&phone.uuid)).chain(names.iter().map(|name| column(&phone.fields, name))).collect()
    }))
}

/// A row for each member of each object of a class: the object's id, and these fields.
pub(super) fn members<'a>(origin: Origin<'a>, class: &'static str, fields: &'static [&'static str]) -> Rows<'a> {
    Box::new(origin.of(class).flat_map(move |object| {
        groups(list(&object.fields, "members")).map(move |member| {
            std::iter::once(pkid(&object.uuid)).chain(fields.iter().map(|name| column(member, name))).collect()
        })
    }))
}

pub(super) fn groups(list: &[Held]) -> impl Iterator<Item = &Fields> {
    list.iter().filter_map(|member| match member {
        Held::Group(fields) => Some(fields),
        Held::Text(_) | Held::List(_) => None,
    })
}

fn group_of<'a>(fields: &'a Fields, name: &str) -> Option<&'a Fields> {
    match fields.get(name) {
        Some(Held::Group(group)) => Some(group),
        _ => None,
    }
}

pub(super) fn list<'a>(fields: &'a Fields, name: &str) -> &'a [Held] {
    match fields.get(name) {
        Some(Held::List(members)) => members,
        _ => &[],
    }
}
