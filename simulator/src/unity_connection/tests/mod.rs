mod installation;

use http_body_util::BodyExt as _;
use proptest::prelude::*;

use super::*;
use crate::clock::DeviceClock;
use crate::fault::Rights;

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
        (put.as_str(), r#"{"ListInDirectory":"yes"}"#, 400),
        (put.as_str(), r#"{"Alias":""}"#, 400),
        (post.as_str(), account, 400),
        (post.as_str(), r#"{"EmailAddress":"t@example.com"}"#, 400),
        (post.as_str(), r#"{"ExternalServiceObjectId":"x","EmailAddress":"t@example.com"}"#, 400),
        ("POST usertemplates", r#"{"Alias":"sales"}"#, 400),
        ("POST usertemplates?templateAlias=voicemailusertemplate", r#"{"Alias":"VoicemailUserTemplate"}"#, 400),
        ("POST externalservices", r#"{"IsEnabled":"true"}"#, 400),
        ("DELETE externalservices/00000000-0000-0000-0000-000000000002", "", 400),
        ("POST import/users/ldap?templateAlias=voicemailusertemplate", r#"{"pkid":"x","dtmfAccessId":"1"}"#, 400),
        ("GET users/none", "", 404),
        ("GET users/none/credential/pin", "", 404),
        ("PUT users/none", r#"{"Title":"x"}"#, 404),
        ("DELETE users/none", "", 404),
        ("GET nothing", "", 404),
        ("PATCH users", "", 405),
        ("DELETE externalservices", "", 405),
        ("PUT version", "{}", 405),
        ("DELETE import/users/ldap", "", 405),
    ] {
        let (found, body) = ask(&device, line, JSON, body);
        assert_eq!(found, status, "{line}: {body}");
        let error: Value = serde_json::from_str(&body).unwrap();
        assert!(error["errors"]["code"].is_string() && error["errors"]["message"].is_string(), "{body}");
    }
    assert_eq!(ask(&device, NEW, "text/*", user).0, 415);
    assert_eq!(ask(&device, "GET users", "image/png", "").0, 406);
    assert_eq!(ask(&device, "GET users", "*/*", "").0, 200);
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

#[test]
fn fields_that_it_does_not_know_and_ids_are_passed_over() {
    let device = fresh();
    let (status, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001","FromTheFuture":"x"}"#);
    assert_eq!(status, 201);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let mut whole = json_of(&device, &format!("GET {one}"));
    assert!(whole.get("FromTheFuture").is_none());
    // A client may read a user, change it, and send all of it back.
    whole["City"] = json!("London");
    assert_eq!(ask(&device, &format!("PUT {one}"), JSON, &whole.to_string()).0, 204);
    assert_eq!(json_of(&device, &format!("GET {one}")), whole);
}

#[test]
fn the_version_is_told_to_everybody_who_may_use_it() {
    let device = fresh();
    assert_eq!(json_of(&device, "GET version"), json!({ "name": "vmrest", "version": "12.5.1.11900-57" }));
    let (_, xml) = ask(&device, "GET version/product", XML, "");
    assert!(
        xml.ends_with("<VersionInformation><name>vmrest</name><version>12.5.1.11900-57</version></VersionInformation>")
    );
    device.inject(FaultKind::Rights(Rights::Read));
    assert_eq!(ask(&device, "GET users", JSON, "").0, 200);
    let (status, error) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    assert!(status == 403 && error.contains("NOT_AUTHORIZED"), "{error}");
    device.inject(FaultKind::Rights(Rights::None));
    assert_eq!(ask(&device, "GET version", JSON, "").0, 403);
    device.heal();
    assert_eq!(ask(&device, "GET version", JSON, "").0, 200);
}

#[test]
fn users_of_the_ldap_directory_are_imported_once() {
    let device = fresh();
    assert_eq!(json_of(&device, "GET import/users/ldap"), json!({ "@total": "0" }));
    device.inject(FaultKind::Ldap("tony.soprano,jane".to_owned()));
    let user = json_of(&device, "GET import/users/ldap?query=(alias%20is%20tony.soprano)");
    assert_eq!((&user["@total"], &user["ImportUser"]["lastName"]), (&json!("1"), &json!("soprano")));
    let pkid = user["ImportUser"]["pkid"].as_str().unwrap();
    let import = "POST import/users/ldap?templateAlias=voicemailusertemplate";
    let body = format!(
        "<ImportUser><alias>tony.soprano</alias><pkid>{pkid}</pkid><dtmfAccessId>1001</dtmfAccessId></ImportUser>"
    );
    let (status, path) = ask(&device, import, XML, &body);
    assert_eq!(status, 201, "{path}");
    assert_eq!(ask(&device, import, XML, &body).0, 400, "twice");
    let one = path.strip_prefix("/vmrest/").unwrap();
    let user = json_of(&device, &format!("GET {one}"));
    assert_eq!(
        (&user["Alias"], &user["FirstName"], &user["LdapType"]),
        (&json!("tony.soprano"), &json!("tony"), &json!("3"))
    );
    assert_eq!(json_of(&device, "GET import/users/ldap")["ImportUser"]["alias"], "jane");
    let put = |body: &str| ask(&device, &format!("PUT {one}"), JSON, body).0;
    assert_eq!(
        (put(r#"{"Alias":"anthony"}"#), put(r#"{"FirstName":"Anthony"}"#), put(r#"{"City":"London"}"#)),
        (400, 400, 204)
    );
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(json_of(&device, "GET import/users/ldap")["@total"], "2", "who was removed may be imported again");
}

#[test]
fn a_large_directory_is_listed_to_those_who_set_a_limit() {
    let device = fresh();
    let aliases: Vec<String> = (0..2_001).map(|index| format!("user{index}")).collect();
    device.inject(FaultKind::Ldap(aliases.join(",")));
    assert_eq!(ask(&device, "GET import/users/ldap", JSON, "").0, 400);
    let page = json_of(&device, "GET import/users/ldap?offset=1999&limit=5");
    assert_eq!((&page["@total"], page["ImportUser"].as_array().unwrap().len()), (&json!("2001"), 2));
    assert_eq!(ask(&device, "GET import/users/ldap?limit=x", JSON, "").0, 400);
}

#[test]
fn a_credential_is_set_and_unlocked_and_never_shown() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    let credential = |which: &str| json_of(&device, &format!("GET {one}/credential/{which}"));
    let put = |which: &str, body: &str| ask(&device, &format!("PUT {one}/credential/{which}"), JSON, body).0;
    assert_eq!(
        (&credential("pin")["CredentialType"], &credential("password")["CredentialType"]),
        (&json!("4"), &json!("3"))
    );
    let lock = "cupi:lock=alias:tony".parse::<crate::FaultSpec>().unwrap();
    assert_eq!(device.faults.add(lock.kind), None);
    assert_eq!(credential("pin")["HackCount"], "5");
    assert_eq!(put("pin", r#"{"HackCount":"0","TimeHacked":""}"#), 204);
    assert_eq!((&credential("pin")["HackCount"], &credential("pin")["TimeHacked"]), (&json!("0"), &json!("")));
    assert_eq!(credential("password")["HackCount"], "5", "each has its own count");
    assert_eq!(put("pin", r#"{"Credentials":"635241","CredMustChange":"true"}"#), 204);
    assert_eq!((&credential("pin")["Credentials"], &credential("pin")["CredMustChange"]), (&json!(""), &json!("true")));
    assert_eq!((put("pin", r#"{"Credentials":"12a4"}"#), put("pin", r#"{"Credentials":"123"}"#)), (400, 400));
    assert_eq!((put("password", r#"{"Credentials":"short"}"#), put("voice", "{}")), (400, 404));
    let xml = "<Credential><Credentials>My1stPassword</Credentials></Credential>";
    assert_eq!(ask(&device, &format!("PUT {one}/credential/password"), XML, xml).0, 204);
    ask(&device, &format!("DELETE {one}"), JSON, "");
    assert_eq!(device.state()["credentials"], json!([]));
}

#[test]
fn templates_and_services_are_added_changed_and_removed() {
    let device = fresh();
    let template = "<UserTemplate><Alias>sales</Alias><DisplayName>Sales</DisplayName></UserTemplate>";
    let (status, path) = ask(&device, "POST usertemplates?templateAlias=voicemailusertemplate", XML, template);
    assert_eq!(status, 201);
    assert_eq!(
        ask(&device, "POST users?templateAlias=sales", JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#).0,
        201
    );
    let one = path.strip_prefix("/vmrest/").unwrap();
    assert_eq!(ask(&device, &format!("PUT {one}"), JSON, r#"{"DisplayName":"Sales people"}"#).0, 204);
    assert_eq!(json_of(&device, &format!("GET {one}"))["DisplayName"], "Sales people");
    assert_eq!(ask(&device, &format!("DELETE {one}"), JSON, "").0, 204);
    assert_eq!(ask(&device, &format!("GET {one}"), JSON, "").0, 404);
    assert_eq!(ask(&device, "POST externalservices", JSON, r#"{"DisplayName":"Exchange"}"#).0, 201);
    assert_eq!(json_of(&device, "GET externalservices")["ExternalService"].as_array().unwrap().len(), 2);
}

#[test]
fn a_request_that_changes_nothing_has_no_effect() {
    let device = fresh();
    let (_, path) = ask(&device, NEW, JSON, r#"{"Alias":"tony","DtmfAccessId":"1001"}"#);
    let one = path.strip_prefix("/vmrest/").unwrap();
    for _ in 0..2 {
        assert_eq!(ask(&device, &format!("PUT {one}"), JSON, r#"{"City":"London"}"#).0, 204);
    }
    let log = String::from_utf8(device.log().unwrap()).unwrap();
    let effects: Vec<bool> = log.lines().map(|line| line.contains("\"effects\"")).collect();
    assert_eq!(effects, [true, true, false]);
}

proptest! {
    #[test]
    fn no_bytes_upset_the_device(
        method in "GET|POST|PUT|DELETE|PATCH",
        path in "(users|usertemplates|coses|handlers/callhandlers|distributionlists|version|import/users/ldap)(/[a-z0-9]{0,3}){0,4}",
        query in "(\\?(query|sort|rowsPerPage|pageNumber|limit|templateAlias)=[a-z0-9()%+]{0,12}(&[a-z=]{0,6})?)?",
        format in "application/(json|xml)",
        body in ".{0,40}|\\{\"Alias\":\"[a-z]{0,3}\",\"DtmfAccessId\":\"[0-9]{0,3}\"\\}",
    ) {
        let (status, _) = ask(&fresh(), &format!("{method} {path}{query}"), &format, &body);
        prop_assert!(status < 500, "{status}");
    }
}
