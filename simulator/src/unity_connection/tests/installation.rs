use serde_json::json;

use super::{JSON, NEW, XML, ask, fresh, json_of};
use crate::server::Device as _;

#[test]
fn a_user_has_what_the_system_gives_to_users() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001","Country":"US"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let user = json_of(&device, &format!("GET {one}"));
    let cos = json_of(&device, "GET coses?query=(DisplayName%20is%20Voice%20Mail%20User%20COS)");
    assert_eq!(user["CosObjectId"], cos["Cos"]["ObjectId"]);
    assert_eq!(json_of(&device, "GET users")["User"], user);
    for (id, uri, kept) in [
        ("CosObjectId", "CosURI", "coses"),
        ("LocationObjectId", "LocationURI", "locations/connectionlocations"),
        ("PartitionObjectId", "PartitionURI", "partitions"),
        ("MediaSwitchObjectId", "PhoneSystemURI", "phonesystems"),
        ("CallHandlerObjectId", "CallhandlerURI", "handlers/callhandlers"),
    ] {
        let uri = user[uri].as_str().unwrap().strip_prefix("/vmrest/").unwrap();
        let there = json_of(&device, &format!("GET {uri}"));
        assert_eq!(there["ObjectId"], user[id], "{there}");
        assert!(uri.starts_with(kept), "{uri}");
    }
    let other = json_of(&device, "GET coses?query=(DisplayName%20is%20System)")["Cos"]["ObjectId"].clone();
    assert_eq!(ask(&device, &format!("PUT {one}"), JSON, &json!({ "CosObjectId": other }).to_string()).0, 204);
    let changed = json_of(&device, &format!("GET {one}"));
    assert_eq!(changed["CosURI"], format!("/vmrest/coses/{}", other.as_str().unwrap()));
    assert_eq!(ask(&device, &format!("PUT {one}"), JSON, r#"{"CosObjectId":"none"}"#).0, 400);
    assert_eq!(ask(&device, &format!("DELETE coses/{}", other.as_str().unwrap()), JSON, "").0, 400, "it is in use");
    // Whoever reads a user may send all of it back.
    assert_eq!(ask(&device, &format!("PUT {one}"), JSON, &changed.to_string()).0, 204);
    assert_eq!(json_of(&device, &format!("GET {one}")), changed);
}

#[test]
fn the_system_tells_what_it_is_set_up_with() {
    let device = fresh();
    let names = |path: &str, member: &str, field: &str| {
        let list = json_of(&device, &format!("GET {path}"));
        let members = list[member].as_array().cloned().unwrap_or_else(|| vec![list[member].clone()]);
        assert_eq!(list["@total"], members.len().to_string());
        members.iter().map(|member| member[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("cluster", "Server", "HostName"), ["cuc-1"]);
    assert_eq!(names("mailboxstores", "MailboxStore", "DisplayName"), ["Unity Messaging Database -1"]);
    assert_eq!(names("schedulesets", "ScheduleSet", "DisplayName"), ["Weekdays", "All Hours", "Holidays"]);
    assert_eq!(names("distributionlists", "DistributionList", "Alias").len(), 3);
    assert_eq!(names("callhandlertemplates", "CallhandlerTemplate", "DisplayName"), ["System Call Handler Template"]);
    let rules = names("authenticationrules", "AuthenticationRule", "ObjectId");
    assert_eq!(rules, names("credentialpolicies", "CredentialPolicy", "ObjectId"));
    let rule = "<AuthenticationRule><DisplayName>Strict</DisplayName><MinLength>12</MinLength></AuthenticationRule>";
    let (status, path) = ask(&device, "POST authenticationrules", XML, rule);
    assert_eq!(status, 201);
    let one = path.strip_prefix("/vmrest/").unwrap();
    assert!(
        ask(&device, &format!("GET {one}"), XML, "")
            .1
            .contains("<AuthenticationRule><DisplayName>Strict</DisplayName>")
    );
    assert_eq!(ask(&device, "POST authenticationrules", XML, rule).0, 400);
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    for (line, status) in [
        ("POST partitions", 405),
        ("DELETE cluster", 405),
        ("PUT mailboxstores/none", 405),
        ("GET mailboxstores/none", 404),
        ("GET locations", 404),
        ("GET handlers/callhandlers/none/greetings", 404),
    ] {
        assert_eq!(ask(&device, line, JSON, "{}").0, status, "{line}");
    }
}

#[test]
fn a_user_has_several_extensions() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let list = format!("{one}/alternateextensions");
    let add = |index: &str, number: &str| {
        let body = format!(r#"{{"IdIndex":"{index}","DtmfAccessId":"{number}"}}"#);
        ask(&device, &format!("POST {list}"), JSON, &body)
    };
    let first = json_of(&device, &format!("GET {list}"))["AlternateExtension"].clone();
    assert_eq!((&first["IdIndex"], &first["DtmfAccessId"]), (&json!("0"), &json!("1001")));
    let (status, path) = add("1", "2000");
    assert_eq!(status, 201);
    let second = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(json_of(&device, &format!("GET {second}"))["DtmfAccessId"], "2000");
    assert_eq!((add("1", "2001").0, add("2", "2000").0, add("2", "1001").0, add("12", "2001").0), (400, 400, 400, 400));
    assert_eq!(ask(&device, NEW, JSON, r#"{"Alias":"jane","DtmfAccessId":"2000"}"#).0, 400);
    assert_eq!(ask(&device, &format!("PUT {second}"), JSON, r#"{"DtmfAccessId":"2002"}"#).0, 204);
    let of_first = first["URI"].as_str().unwrap().strip_prefix("/vmrest/").unwrap();
    assert_eq!(ask(&device, &format!("PUT {of_first}"), JSON, r#"{"DtmfAccessId":"1009"}"#).0, 204);
    assert_eq!(json_of(&device, &format!("GET {one}"))["DtmfAccessId"], "1009");
    assert_eq!(ask(&device, &format!("DELETE {of_first}"), JSON, "").0, 400);
    assert_eq!(ask(&device, NEW, JSON, r#"{"Alias":"jane","DtmfAccessId":"2000"}"#).0, 201);
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(ask(&device, &format!("GET {list}"), JSON, "").0, 404);
    assert_eq!(device.state()["alternateextensions"], json!([]));
}

#[test]
fn lists_have_members_until_these_go() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let user = path.strip_prefix("/vmrest/users/").unwrap();
    let (status, path) = ask(&device, "POST distributionlists", JSON, r#"{"Alias":"sales","DisplayName":"Sales"}"#);
    assert_eq!(status, 201);
    let list = path.strip_prefix("/vmrest/").unwrap();
    let members = format!("{list}/distributionlistmembers");
    let body = json!({ "MemberUserObjectId": user }).to_string();
    let (status, path) = ask(&device, &format!("POST {members}"), JSON, &body);
    assert_eq!(status, 201, "{path}");
    assert_eq!(json_of(&device, &format!("GET {members}"))["DistributionListMember"]["Alias"], "tony");
    let post = |body: &str| ask(&device, &format!("POST {members}"), JSON, body).0;
    assert_eq!((post(&body), post("{}"), post(r#"{"MemberUserObjectId":"none"}"#)), (400, 400, 400));
    let one = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(json_of(&device, &format!("GET {one}"))["MemberUserObjectId"], user);
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(post(&body), 201);
    assert_eq!(ask(&device, &format!("DELETE users/{user}"), JSON, "").0, 204);
    assert_eq!(json_of(&device, &format!("GET {members}")), json!({ "@total": "0" }));
    assert_eq!(ask(&device, &format!("DELETE {list}"), JSON, "").0, 204);
    assert_eq!(ask(&device, &format!("GET {members}"), JSON, "").0, 404);
}

#[test]
fn call_handlers_are_the_systems_and_one_is_each_users() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001","DisplayName":"Tony"}"#);
    let user = json_of(&device, &format!("GET {}", path.strip_prefix("/vmrest/").unwrap()));
    let own = format!("handlers/callhandlers/{}", user["CallHandlerObjectId"].as_str().unwrap());
    let handler = json_of(&device, &format!("GET {own}"));
    assert_eq!((&handler["DisplayName"], &handler["IsPrimary"]), (&json!("Tony"), &json!("true")));
    assert_eq!(handler["RecipientSubscriberObjectId"], user["ObjectId"]);
    let hours = json_of(&device, "GET schedulesets?query=(DisplayName%20is%20All%20Hours)");
    let set = json!({ "ScheduleSetObjectId": hours["ScheduleSet"]["ObjectId"] }).to_string();
    assert_eq!(ask(&device, &format!("PUT {own}"), JSON, &set).0, 204);
    assert_eq!(json_of(&device, &format!("GET {own}"))["ScheduleSetObjectId"], hours["ScheduleSet"]["ObjectId"]);
    assert_eq!(ask(&device, &format!("PUT {own}"), JSON, r#"{"ScheduleSetObjectId":"none"}"#).0, 400);
    assert_eq!(ask(&device, &format!("DELETE {own}"), JSON, "").0, 400);
    assert_eq!(json_of(&device, "GET handlers/callhandlers")["@total"], "4");
    let template = json_of(&device, "GET callhandlertemplates")["CallhandlerTemplate"]["ObjectId"].clone();
    let post = format!("POST handlers/callhandlers?templateObjectId={}", template.as_str().unwrap());
    let (status, path) = ask(&device, &post, JSON, r#"{"DisplayName":"Sales","DtmfAccessId":"1900"}"#);
    assert_eq!(status, 201, "{path}");
    let added = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(json_of(&device, &format!("GET {added}"))["IsPrimary"], "false");
    assert_eq!(ask(&device, "POST handlers/callhandlers", JSON, r#"{"DisplayName":"Others"}"#).0, 400);
    assert_eq!(
        ask(&device, "POST handlers/callhandlers?templateObjectId=x", JSON, r#"{"DisplayName":"Others"}"#).0,
        400
    );
    assert_eq!(ask(&device, &format!("PUT {added}"), JSON, r#"{"DisplayName":"Selling"}"#).0, 204);
    assert_eq!(ask(&device, &format!("DELETE {added}"), JSON, "").0, 204);
    assert_eq!(ask(&device, &format!("DELETE users/{}", user["ObjectId"].as_str().unwrap()), JSON, "").0, 204);
    assert_eq!(ask(&device, &format!("GET {own}"), JSON, "").0, 404);
    assert_eq!(json_of(&device, "GET handlers/callhandlers")["@total"], "3");
}

#[test]
fn a_call_handler_greets_transfers_and_listens_to_keys() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let user = path.strip_prefix("/vmrest/").unwrap();
    let handler = json_of(&device, &format!("GET {user}"))["CallHandlerObjectId"].as_str().unwrap().to_owned();
    let one = format!("handlers/callhandlers/{handler}");
    let shown = json_of(&device, &format!("GET {one}"));
    assert_eq!(shown["GreetingsURI"], format!("/vmrest/{one}/greetings"));
    let enabled = |part: &str, member: &str| {
        let list = json_of(&device, &format!("GET {one}/{part}"));
        let members = list[member].as_array().unwrap();
        let on = members.iter().filter(|member| member["Enabled"] == "true");
        let kind = format!("{member}Type");
        (members.len(), on.map(|member| member[&kind].as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(enabled("greetings", "Greeting"), (7, vec!["Error".to_owned(), "Standard".to_owned()]));
    assert_eq!(enabled("transferoptions", "TransferOption"), (3, vec!["Standard".to_owned()]));
    let put = |place: &str, body: &str| ask(&device, &format!("PUT {one}/{place}"), JSON, body).0;
    assert_eq!(put("greetings/Alternate", r#"{"TimeExpires":"","Enabled":true}"#), 204);
    assert_eq!(enabled("greetings", "Greeting").1, ["Alternate", "Error", "Standard"]);
    assert_eq!(put("greetings/Alternate", r#"{"Enabled":"false"}"#), 204);
    assert_eq!(enabled("greetings", "Greeting").1, ["Error", "Standard"]);
    for (ends, on) in [("2999-01-01 00:00:00.0", true), ("1999-01-01 00:00:00.0", false)] {
        let body = json!({ "TimeExpires": ends, "Action": "1", "Extension": "1002" });
        assert_eq!(put("transferoptions/Off%20Hours", &body.to_string()), 204);
        let option = json_of(&device, &format!("GET {one}/transferoptions/Off%20Hours"));
        assert_eq!((&option["Enabled"], &option["Extension"]), (&json!(on.to_string()), &json!("1002")), "{option}");
    }
    assert_eq!(put("menuentries/1", r#"{"Action":"7","TransferNumber":"1003"}"#), 204);
    assert_eq!(json_of(&device, &format!("GET {one}/menuentries/1"))["TransferNumber"], "1003");
    assert_eq!(json_of(&device, &format!("GET {one}/menuentries"))["@total"], "12");
    for (line, status) in [
        (format!("PUT {one}/greetings/Alternate"), 400),
        (format!("PUT {one}/greetings/Morning"), 404),
        (format!("PUT {one}/colours/red"), 404),
        (format!("GET {one}/menuentries/a"), 404),
        (format!("POST {one}/greetings"), 405),
    ] {
        assert_eq!(ask(&device, &line, JSON, r#"{"Enabled":"perhaps"}"#).0, status, "{line}");
    }
    assert_eq!(ask(&device, &format!("DELETE {user}"), JSON, "").0, 204);
    assert_eq!(device.state()["greetings"], json!([]), "all of it goes with the user");
}

#[test]
fn call_handler_templates_are_made_from_one_another() {
    let device = fresh();
    let first = json_of(&device, "GET callhandlertemplates")["CallhandlerTemplate"]["ObjectId"].clone();
    let first = first.as_str().unwrap();
    let new = format!("POST callhandlertemplates?templateObjectId={first}");
    let (status, path) = ask(&device, &new, JSON, r#"{"DisplayName":"Sales"}"#);
    assert_eq!(status, 201);
    let one = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(ask(&device, &format!("PUT {one}"), JSON, r#"{"MaxMsgLen":"60"}"#).0, 204);
    let id = json_of(&device, &format!("GET {one}"))["ObjectId"].as_str().unwrap().to_owned();
    let handler = format!("POST handlers/callhandlers?templateObjectId={id}");
    assert_eq!(ask(&device, &handler, JSON, r#"{"DisplayName":"Sales"}"#).0, 201);
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(ask(&device, &format!("DELETE callhandlertemplates/{first}"), JSON, "").0, 400);
}

#[test]
fn a_mailbox_lights_a_lamp_from_the_start_and_more_where_told() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let user = json_of(&device, &format!("GET {one}"));
    let list = user["MwisURI"].as_str().unwrap().strip_prefix("/vmrest/").unwrap();
    let first = json_of(&device, &format!("GET {list}"))["Mwi"].clone();
    assert_eq!((&first["MwiExtension"], &first["UsePrimaryExtension"]), (&json!("1001"), &json!("true")));
    assert_eq!((&first["Active"], &first["MediaSwitchDisplayName"]), (&json!("true"), &json!("PhoneSystem")));
    let of_first = first["URI"].as_str().unwrap().strip_prefix("/vmrest/").unwrap();
    let extension = || json_of(&device, &format!("GET {of_first}"))["MwiExtension"].clone();
    // It follows the user's extension until somebody names another, and does so again when it is told to.
    for (path, body, expected) in [
        (one, r#"{"DtmfAccessId":"1002"}"#, "1002"),
        (of_first, &first.to_string(), "1002"),
        (of_first, r#"{"MwiExtension":"2001"}"#, "2001"),
        (one, r#"{"DtmfAccessId":"1003"}"#, "2001"),
        (of_first, r#"{"UsePrimaryExtension":"true"}"#, "1003"),
    ] {
        assert_eq!(ask(&device, &format!("PUT {path}"), JSON, body).0, 204, "{body}");
        assert_eq!(extension(), expected, "{body}");
    }
    let switch = first["MediaSwitchObjectId"].as_str().unwrap();
    let new = format!(
        "<Mwi><DisplayName>Lobby</DisplayName><MwiExtension>2002</MwiExtension><MediaSwitchObjectId>{switch}</MediaSwitchObjectId></Mwi>"
    );
    let (status, path) = ask(&device, &format!("POST {list}"), XML, &new);
    assert_eq!(status, 201);
    let second = path.strip_prefix("/vmrest/").unwrap();
    let lobby = json_of(&device, &format!("GET {second}"));
    assert_eq!((&lobby["MwiExtension"], &lobby["Active"]), (&json!("2002"), &json!("false")));
    assert_eq!(ask(&device, &format!("POST {list}"), XML, &new).0, 400, "the name is in use");
    assert_eq!(ask(&device, &format!("POST {list}"), JSON, r#"{"DisplayName":"Hall"}"#).0, 400);
    assert_eq!(ask(&device, &format!("PUT {second}"), JSON, r#"{"MediaSwitchObjectId":"none"}"#).0, 400);
    assert_eq!(ask(&device, &format!("PATCH {list}"), JSON, "{}").0, 405);
    for (path, left) in [(of_first, "1"), (second, "0")] {
        assert_eq!(ask(&device, &format!("DELETE {path}"), JSON, "").0, 204, "{path}");
        assert_eq!(ask(&device, &format!("DELETE {path}"), JSON, "").0, 404, "{path}");
        assert_eq!(json_of(&device, &format!("GET {list}"))["@total"], left, "{path}");
    }
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(device.state()["mwis"], json!([]), "nothing is left of the user");
}

#[test]
fn a_mailbox_tells_devices_of_messages() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let list = format!("{one}/notificationdevices");
    let all = json_of(&device, &format!("GET {list}"));
    let named = |field: &str| {
        let devices = all["NotificationDevice"].as_array().unwrap();
        devices.iter().map(|device| device[field].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named("DisplayName"), ["Pager", "Home Phone", "Mobile Phone", "Work Phone", "SMTP", "HTML"]);
    assert_eq!(named("Type"), ["2", "1", "1", "1", "4", "8"]);
    assert!(named("Undeletable").iter().all(|stays| stays == "true"));
    let phones = json_of(&device, &format!("GET {list}/phonedevices?query=(DisplayName%20startswith%20W)"));
    let work = phones["PhoneDevice"]["URI"].as_str().unwrap().strip_prefix("/vmrest/").unwrap();
    let id = phones["PhoneDevice"]["ObjectId"].as_str().unwrap();
    let whole = json_of(&device, &format!("GET {list}/{id}"));
    assert_eq!((&whole["DisplayName"], &whole["Type"]), (&json!("Work Phone"), &json!("1")));
    let mail = json!({ "DisplayName": "Text", "SmtpAddress": "tony@example.com", "Active": "true" }).to_string();
    let (status, path) = ask(&device, &format!("POST {list}/smtpdevices"), JSON, &mail);
    assert_eq!(status, 201);
    let text = path.strip_prefix("/vmrest/").unwrap();
    let text_id = path.rsplit('/').next().unwrap();
    let instead = format!(r#"{{"PhoneNumber":"3475","Active":"true","FailDeviceObjectId":"{text_id}"}}"#);
    for (line, body, status) in [
        (format!("PUT {work}"), r#"{"Active":"true"}"#, 400),
        (format!("PUT {work}"), r#"{"RepeatNotify":"true"}"#, 400),
        (format!("PUT {work}"), r#"{"FailDeviceObjectId":"none"}"#, 400),
        (format!("PUT {work}"), r#"{"DisplayName":"Home Phone"}"#, 400),
        (format!("PUT {work}"), r#"{"DisplayName":""}"#, 400),
        (format!("PUT {work}"), r#"{"ScheduleSetObjectId":"none"}"#, 400),
        (format!("PUT {work}"), instead.as_str(), 204),
        (format!("PUT {work}"), r#"{"RepeatNotify":"true","RepeatInterval":"15"}"#, 204),
        (format!("DELETE {work}"), "", 400),
        (format!("DELETE {list}/{id}"), "", 405),
        (format!("POST {list}"), "{}", 405),
        (format!("POST {list}/smtpdevices"), mail.as_str(), 400),
        (format!("POST {list}/pagerdevices"), r#"{"DisplayName":"On call"}"#, 400),
        (format!("GET {list}/none"), "", 404),
        (format!("GET {list}/htmldevices/{id}"), "", 404),
        ("GET users/none/notificationdevices".to_owned(), "", 404),
    ] {
        let (found, answer) = ask(&device, &line, JSON, body);
        assert_eq!(found, status, "{line} {body}: {answer}");
    }
    assert_eq!(json_of(&device, &format!("GET {work}"))["FailDeviceObjectId"], text_id);
    assert_eq!(ask(&device, &format!("DELETE {text}"), JSON, "").0, 204);
    let left = json_of(&device, &format!("GET {work}"));
    assert_eq!((&left["FailDeviceObjectId"], &left["PhoneNumber"]), (&json!(null), &json!("3475")));
    // Whoever reads a device may send all of it back.
    assert_eq!(ask(&device, &format!("PUT {work}"), JSON, &left.to_string()).0, 204);
    assert_eq!(json_of(&device, &format!("GET {work}")), left);
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(device.state()["phonedevices"], json!([]), "nothing is left of the user");
}
