//! People who log in to a phone that isn't theirs, and what is asked of people's credentials.

use super::conditions::Conditions;
use super::objects::{Changes, Fields, Objects, Value, text};
use super::operations::Outcome;
use super::reading::{Reading, braced, flag};
use super::refusal::Refusal;
use super::schema::{Class, Version};
use crate::xml::Element;

/// What a phone says of the person who has logged in to it.
const LOGIN: [&str; 4] = ["loginUserId", "currentProfileName", "loginTime", "loginDuration"];

/// Lets a user log in to a phone with one of the user's profiles.
pub(super) fn log_in(content: &[Element], objects: &Objects, conditions: &Conditions, version: Version) -> Outcome {
    let [device, duration, profile, user] = content else {
        return Err(Refusal::incomplete("doDeviceLogin", "deviceName, loginDuration, profileName, userId"));
    };
    for (element, expected) in content.iter().zip(["deviceName", "loginDuration", "profileName", "userId"]) {
        if element.name != expected {
            return Err(Refusal::schema(&element.name, expected));
        }
    }
    let reading = Reading { objects, version };
    let (key, phone) = reading.object("phone", device)?;
    let (_, profile) = reading.object("deviceProfile", profile)?;
    let (_, user) = reading.object("user", user)?;
    if duration.text.trim().parse::<u32>().is_err() {
        return Err(Refusal::malformed("loginDuration is no number of seconds"));
    }
    if phone.fields.get("enableExtensionMobility").map(text) != Some("true") {
        return Err(Refusal::login_disabled());
    }
    if !has_profile(&user.fields, &profile.uuid) {
        return Err(Refusal::no_profile());
    }
    if phone.fields.get("loginUserId").is_some_and(|other| text(other) != user.uuid) {
        return Err(Refusal::another_logged_in());
    }
    let mut fields = phone.fields.clone();
    let time = conditions.now().as_second().to_string();
    let values = [user.uuid.clone(), profile.uuid.clone(), time, duration.text.trim().to_owned()];
    fields.extend(LOGIN.into_iter().map(str::to_owned).zip(values.map(Value::Text)));
    done(objects, key, fields)
}

/// Logs whoever is logged in to a phone out of it.
pub(super) fn log_out(content: &[Element], objects: &Objects, version: Version) -> Outcome {
    let [device] = content else { return Err(Refusal::incomplete("doDeviceLogout", "deviceName")) };
    if device.name != "deviceName" {
        return Err(Refusal::schema(&device.name, "deviceName"));
    }
    let (key, phone) = Reading { objects, version }.object("phone", device)?;
    if !phone.fields.contains_key("loginUserId") {
        return Err(Refusal::nobody_logged_in());
    }
    let mut fields = phone.fields.clone();
    fields.retain(|name, _| !LOGIN.contains(&name.as_str()));
    done(objects, key, fields)
}

/// Turns "do not disturb" on or off at all phones that a user owns or controls.
pub(super) fn do_not_disturb(content: &[Element], objects: &Objects, version: Version) -> Outcome {
    let [who, status] = content else { return Err(Refusal::incomplete("doChangeDNDStatus", "userID, uuid")) };
    let users = Class::named("user").ok_or_else(|| Refusal::not_found("User"))?;
    let user = match who.name.as_str() {
        "userID" => Reading { objects, version }.object("user", who)?.1,
        "uuid" => objects.with_uuid(users, &braced(&who.text))?.1,
        other => return Err(Refusal::schema(other, "userID, uuid")),
    };
    if status.name != "dndStatus" {
        return Err(Refusal::schema(&status.name, "dndStatus"));
    }
    let status = flag(status.text.trim()).ok_or_else(|| Refusal::invalid("dndStatus", "it is true or false"))?;
    let status = status.to_string();
    let mut changes = Changes::new();
    let phones = Class::named("phone").ok_or_else(|| Refusal::not_found("Phone"))?;
    for (key, phone) in objects.of(phones) {
        let is_owned = phone.fields.get("ownerUserName").map(text) == Some(&user.uuid);
        if is_owned || list(&user.fields, "associatedDevices").any(|device| text(device) == phone.uuid) {
            let mut fields = phone.fields.clone();
            fields.insert("dndStatus".to_owned(), Value::Text(status.clone()));
            changes.extend(objects.set(phones, key, fields)?);
        }
    }
    Ok((Element::with_text("return", "true"), changes))
}

/// Tells whether a password or a PIN is a user's.
pub(super) fn authenticate(content: &[Element], objects: &Objects, version: Version) -> Outcome {
    let [user, secret] = content else {
        return Err(Refusal::incomplete("doAuthenticateUser", "userid, password, pin"));
    };
    if user.name != "userid" {
        return Err(Refusal::schema(&user.name, "userid"));
    }
    if !matches!(secret.name.as_str(), "password" | "pin") {
        return Err(Refusal::schema(&secret.name, "password, pin"));
    }
    let user = Reading { objects, version }.object("user", user).ok();
    let kept = user.and_then(|(_, user)| user.fields.get(&secret.name));
    let is_right = kept.is_some_and(|kept| text(kept) == secret.text);
    let mut found = vec![
        Element::with_text("userAuthenticated", &is_right.to_string()),
        Element::with_text("code", if is_right { "0" } else { "1" }),
        Element::with_text("daysToExpiry", "0"),
    ];
    if version >= (11, 0) {
        found.push(Element::with_text("isWarningNeeded", "false"));
    }
    Ok((Element::with_children("return", found), Changes::new()))
}

fn has_profile(user: &Fields, profile: &str) -> bool {
    list(user, "phoneProfiles").any(|own| text(own) == profile)
}

fn list<'a>(fields: &'a Fields, name: &str) -> impl Iterator<Item = &'a Value> {
    match fields.get(name) {
        Some(Value::List(members)) => members.iter(),
        _ => [].iter(),
    }
}

fn done(objects: &Objects, key: &str, fields: Fields) -> Outcome {
    let phones = Class::named("phone").ok_or_else(|| Refusal::not_found("Phone"))?;
    let key = key.split_once('/').map_or(key, |(_, key)| key);
    Ok((Element::with_text("return", "true"), objects.set(phones, key, fields)?))
}
