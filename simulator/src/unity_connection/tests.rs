use http_body_util::BodyExt as _;

use super::*;
use crate::clock::DeviceClock;

fn fresh() -> UnityConnection {
    UnityConnection::open(None, Arc::new(Faults::new(0)), Arc::new(DeviceClock)).unwrap()
}

/// Sends `METHOD PATH` with a body in a format, and gives status and body.
fn ask(device: &UnityConnection, line: &str, format: &str, body: &str) -> (u16, String) {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("/vmrest/{path}"))
        .header("accept", format)
        .header("content-type", format)
        .body(Bytes::copy_from_slice(body.as_bytes()))
        .unwrap();
    let answer = device.answer(&request).unwrap();
    let status = answer.status().as_u16();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(answer.into_body().collect()).unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const JSON: &str = "application/json";
const XML: &str = "application/xml";
const NEW: &str = "POST users?templateAlias=voicemailusertemplate";

fn json_of(device: &UnityConnection, line: &str) -> Value {
    serde_json::from_str(&ask(device, line, JSON, "").1).unwrap()
}

#[test]
fn a_list_of_one_is_an_object_and_every_value_is_text() {
    let device = fresh();
    assert_eq!(json_of(&device, "GET users"), json!({ "@total": "0" }));
    let (status, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":1001,"ListInDirectory":true}"#);
    assert_eq!(status, 201);
    let id = path.strip_prefix("/vmrest/users/").unwrap();
    let one = json_of(&device, "GET users");
    assert_eq!((&one["@total"], &one["User"]["DtmfAccessId"]), (&json!("1"), &json!("1001")));
    assert_eq!(one["User"]["ListInDirectory"], "true");
    ask(&device, NEW, JSON, r#"{"Alias":"jane","DtmfAccessId":"1002"}"#);
    assert_eq!(json_of(&device, "GET users")["User"].as_array().unwrap().len(), 2);
    assert_eq!(json_of(&device, "GET users?rowsPerPage=0"), json!({ "@total": "2" }));
    assert_eq!(json_of(&device, "GET users?query=(alias%20is%20TONY)")["User"]["ObjectId"], id);
    assert_eq!(json_of(&device, &format!("GET users/{id}"))["Alias"], "tony");
}

#[test]
fn xml_is_spoken_too() {
    let device = fresh();
    let body = "<User><Alias>tony</Alias><DtmfAccessId>1001</DtmfAccessId><LastName>A &amp; B</LastName></User>";
    let (status, path) = ask(&device, NEW, XML, body);
    assert_eq!(status, 201);
    let (_, list) = ask(&device, "GET users", XML, "");
    assert!(list.contains(r#"<Users total="1"><User><Alias>tony</Alias>"#), "{list}");
    assert!(list.contains("<DisplayName>A &amp; B</DisplayName>"), "{list}");
    let one = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(ask(&device, &format!("PUT {one}"), XML, "<User><LastName/></User>"), (204, String::new()));
    assert!(!ask(&device, &format!("GET {one}"), XML, "").1.contains("LastName"));
    let (status, error) = ask(&device, NEW, XML, "<User/>");
    assert_eq!(status, 400);
    assert!(error.contains("<ErrorDetails><errors><code>INVALID_PARAMETER</code><message>Alias is missing"), "{error}");
}

#[test]
fn what_breaks_a_rule_is_refused() {
    let device = fresh();
    let user = r#"{"Alias":"tony","DtmfAccessId":"1001"}"#;
    let (_, path) = ask(&device, NEW, JSON, user);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let accounts = format!("{one}/externalserviceaccounts");
    let account =
        r#"{"ExternalServiceObjectId":"00000000-0000-0000-0000-000000000002","EmailAddress":"t@example.com"}"#;
    assert_eq!(ask(&device, &format!("POST {accounts}"), JSON, account).0, 201);
    let post = format!("POST {accounts}");
    let put = format!("PUT {one}");
    for (line, body, status) in [
        (NEW, user, 400),
        (NEW, r#"{"Alias":"TONY","DtmfAccessId":"1002"}"#, 400),
        (NEW, r#"{"Alias":"jane","DtmfAccessId":"1001"}"#, 400),
        (NEW, r#"{"Alias":"jane"}"#, 400),
        (NEW, "{", 400),
        ("POST users", r#"{"Alias":"jane","DtmfAccessId":"1002"}"#, 400),
        ("POST users?templateAlias=x", r#"{"Alias":"jane","DtmfAccessId":"1002"}"#, 400),
        (put.as_str(), r#"{"ObjectId":"x"}"#, 400),
        (put.as_str(), r#"{"Alias":""}"#, 400),
        (post.as_str(), account, 400),
        (post.as_str(), r#"{"EmailAddress":"t@example.com"}"#, 400),
        (post.as_str(), r#"{"ExternalServiceObjectId":"x","EmailAddress":"t@example.com"}"#, 400),
        ("GET users/none", "", 404),
        ("PUT users/none", r#"{"Title":"x"}"#, 404),
        ("DELETE users/none", "", 404),
        ("GET nothing", "", 404),
        ("PATCH users", "", 405),
        ("DELETE externalservices", "", 405),
    ] {
        let (found, body) = ask(&device, line, JSON, body);
        assert_eq!(found, status, "{line}: {body}");
        let error: Value = serde_json::from_str(&body).unwrap();
        assert!(error["errors"]["code"].is_string() && error["errors"]["message"].is_string(), "{body}");
    }
    assert_eq!(ask(&device, NEW, "text/plain", user).0, 415);
}

#[test]
fn removing_a_user_removes_the_accounts() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let account = r#"{"ExternalServiceObjectId":"00000000-0000-0000-0000-000000000002","EmailAddressUseCorp":"true"}"#;
    let (_, path) = ask(&device, &format!("POST {one}/externalserviceaccounts"), JSON, account);
    let account = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(ask(&device, &format!("PUT {account}"), JSON, r#"{"EmailAddress":"x"}"#).0, 204);
    assert_eq!(json_of(&device, &format!("GET {account}"))["EmailAddress"], "x");
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(device.state()["externalserviceaccounts"], json!([]));
}
