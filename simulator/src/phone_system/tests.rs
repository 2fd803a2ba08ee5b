use http_body_util::BodyExt as _;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::clock::DeviceClock;

fn fresh() -> PhoneSystem {
    PhoneSystem::open(None, Arc::new(Faults::new(0)), Arc::new(DeviceClock)).unwrap()
}

/// Sends `METHOD PATH`, headers as `Name: value`, and a body; gives the status and the body, null when there is none.
fn ask(device: &PhoneSystem, line: &str, headers: &[&str], body: &str) -> (u16, Value) {
    let (method, uri) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(uri);
    for header in headers {
        let (name, value) = header.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    read(device.answer(&request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()).unwrap())
}

fn read(answer: Answer) -> (u16, Value) {
    let status = answer.status().as_u16();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(answer.into_body().collect()).unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

const NEW: &[&str] = &["If-None-Match: *"];

fn body(key: &str, user: u8, number: u8) -> String {
    let user = format!("00000000-0000-0000-0000-0000000000{user:02}");
    json!({ "key": key, "directoryName": "Someone", "user": user, "number": format!("44{number}") }).to_string()
}

fn with(member: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(&body("101", 1, 1)).unwrap();
    body[member] = value;
    body.to_string()
}

#[test]
fn every_refusal_has_its_status_and_a_code_that_the_page_lists() {
    let device = fresh();
    assert_eq!(ask(&device, "PUT /v1/extensions/200", NEW, &body("200", 2, 2)).0, 201);
    let put = |headers: &[&str], body: &str| ask(&device, "PUT /v1/extensions/101", headers, body);
    let good = body("101", 1, 1);
    let refusals = [
        (put(NEW, "{"), 400, "malformed"),
        (put(NEW, &with("colour", json!("red"))), 400, "malformed"),
        (put(&["If-None-Match: \"1\""], &good), 400, "malformed"),
        (put(&["If-Match: 1"], &good), 400, "malformed"),
        (put(&["If-Match: *", "If-None-Match: *"], &good), 400, "malformed"),
        (put(&[], &good), 428, "precondition-required"),
        (put(&["If-Match: *"], &good), 412, "precondition-failed"),
        (put(NEW, &body("102", 1, 1)), 422, "invalid-key"),
        (ask(&device, "PUT /v1/extensions/12", NEW, &body("12", 1, 1)), 422, "invalid-key"),
        (put(NEW, &with("directoryName", json!(""))), 422, "invalid-directory-name"),
        (put(NEW, &with("user", json!("someone"))), 422, "invalid-user"),
        (put(NEW, &with("number", json!("+44"))), 422, "invalid-number"),
        (put(NEW, &with("addOns", json!(["a", "a"]))), 422, "invalid-add-ons"),
        (put(NEW, &body("101", 2, 1)), 409, "user-taken"),
        (put(NEW, &body("101", 1, 2)), 409, "number-taken"),
        (ask(&device, "PUT /v1/extensions/200", NEW, &body("200", 2, 2)), 412, "precondition-failed"),
        (ask(&device, "PUT /v1/extensions/200", &["If-Match: \"9\""], &body("200", 2, 2)), 412, "precondition-failed"),
        (ask(&device, "DELETE /v1/extensions/200", &["If-Match: \"9\""], ""), 412, "precondition-failed"),
        (ask(&device, "DELETE /v1/extensions/101", &[], ""), 404, "not-found"),
        (ask(&device, "GET /v1/extensions/101", &[], ""), 404, "not-found"),
        (ask(&device, "GET /v1/extensions?limit=0", &[], ""), 400, "malformed"),
        (ask(&device, "GET /v1/extensions?page=1", &[], ""), 400, "malformed"),
        (ask(&device, "POST /v1/extensions", &[], ""), 405, "method-not-allowed"),
        (ask(&device, "POST /v1/extensions/101", &[], ""), 405, "method-not-allowed"),
        (ask(&device, "GET /v2", &[], ""), 404, "no-such-path"),
        (read(device.turn_away(TurnedAway::Credentials)), 401, "unauthorized"),
        (read(device.turn_away(TurnedAway::TooLarge)), 413, "too-large"),
        (read(device.turn_away(TurnedAway::Busy)), 503, "busy"),
    ];
    let page = include_str!("../../../docs/phone-system.openapi.yaml");
    for ((status, problem), expected, code) in refusals {
        assert_eq!((status, &problem["code"], &problem["status"]), (expected, &json!(code), &json!(expected)));
        assert!(page.contains(&format!("`{code}`")), "{code} is not on the page");
    }
    assert_eq!(device.state()["extensions"].as_array().unwrap().len(), 1);
}

#[test]
fn an_account_is_told_what_it_may_do_and_may_do_no_more() {
    let device = fresh();
    let account = || ask(&device, "GET /v1/account", &[], "");
    let put = || ask(&device, "PUT /v1/extensions/101", NEW, &body("101", 1, 1));
    assert_eq!(account(), (200, json!({ "product": "Phone System", "version": "1.0", "rights": ["read", "change"] })));
    assert_eq!(ask(&device, "PUT /v1/account", &[], "").0, 405);
    device.inject(FaultKind::Rights(Rights::Read));
    assert_eq!(account().1["rights"], json!(["read"]));
    assert_eq!((put().0, put().1["code"].clone()), (403, json!("forbidden")));
    assert_eq!(ask(&device, "GET /v1/extensions", &[], "").0, 200);
    device.inject(FaultKind::Rights(Rights::None));
    assert_eq!(account().0, 403);
    device.heal();
    assert_eq!(put().0, 201);
}

#[test]
fn a_list_is_paged_by_key() {
    let device = fresh();
    for (user, key) in ["103", "0101", "102"].into_iter().enumerate() {
        let user = u8::try_from(user).unwrap();
        assert_eq!(ask(&device, &format!("PUT /v1/extensions/{key}"), NEW, &body(key, user, user)).0, 201);
    }
    let page = |query: &str| {
        let (_, page) = ask(&device, &format!("GET /v1/extensions{query}"), &[], "");
        let keys: Vec<_> = page["extensions"].as_array().unwrap().iter().map(|e| e["key"].clone()).collect();
        (Value::from(keys), page["next"].clone())
    };
    assert_eq!(page("?limit=2"), (json!(["0101", "102"]), json!("102")));
    assert_eq!(page("?limit=2&after=102"), (json!(["103"]), Value::Null));
    assert_eq!(page("?limit=3"), (json!(["0101", "102", "103"]), Value::Null));
    assert_eq!(page("?after=103"), (json!([]), Value::Null));
}

#[test]
fn a_rename_frees_the_old_key_and_keeps_the_rest() {
    let device = fresh();
    ask(&device, "PUT /v1/extensions/101", NEW, &body("101", 1, 1));
    assert_eq!(ask(&device, "PUT /v1/extensions/101", &["If-Match: \"1\""], &body("102", 1, 1)).0, 204);
    assert_eq!(ask(&device, "GET /v1/extensions/101", &[], "").0, 404);
    assert_eq!(ask(&device, "GET /v1/extensions/102", &[], "").1["number"], json!("441"));
    assert_eq!(ask(&device, "PUT /v1/extensions/101", NEW, &body("101", 1, 3)).1["code"], json!("user-taken"));
    assert_eq!(ask(&device, "PUT /v1/extensions/101", NEW, &body("101", 3, 3)).0, 201);
    assert_eq!(
        ask(&device, "PUT /v1/extensions/101", &["If-Match: *"], &body("102", 3, 3)).1["code"],
        json!("key-taken")
    );
}

proptest! {
    #[test]
    fn no_bytes_upset_the_device(method in "GET|PUT|DELETE|PATCH", path in "/v1/extensions(/[a-z0-9%]{0,6})?(\\?[a-z=&0-9]{0,9})?", body in ".{0,40}") {
        let (status, _) = ask(&fresh(), &format!("{method} {path}"), NEW, &body);
        prop_assert!(status < 500);
    }
}
