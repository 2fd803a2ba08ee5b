mod administration;
mod call_routing;
mod people;
mod sql;

use http_body_util::BodyExt as _;

use super::*;
use crate::clock::DeviceClock;
use crate::xml::{self, Element};

fn fresh(version: Version) -> UnifiedCm {
    UnifiedCm::open(version, None, Arc::new(Faults::new(0)), Arc::new(DeviceClock)).unwrap()
}

fn post(body: String, action: &str) -> Request<Bytes> {
    Request::builder().method("POST").uri("/axl/").header("soapaction", action).body(body.into()).unwrap()
}

fn read(answer: Answer) -> (u16, String) {
    let status = answer.status().as_u16();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = runtime.block_on(answer.into_body().collect()).unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Sends an operation of version 12.5 and gives the status and the content of the answer's body.
fn ask(device: &UnifiedCm, operation: &str, content: &str) -> (u16, Element) {
    let body = format!(
        r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body><a:{operation} xmlns:a="http://www.cisco.com/AXL/API/12.5">{content}</a:{operation}></e:Body></e:Envelope>"#
    );
    let (status, body) = read(device.answer(&post(body, &format!("\"CUCM:DB ver=12.5 {operation}\""))).unwrap());
    let envelope = xml::parse(&body).unwrap();
    (status, envelope.child("Body").unwrap().children[0].clone())
}

/// The object in the answer to a get.
fn got(device: &UnifiedCm, operation: &str, content: &str) -> Element {
    let (status, response) = ask(device, operation, content);
    assert_eq!(status, 200, "{response:?}");
    response.children[0].children[0].clone()
}

/// Sends an operation that must be refused; gives code and message.
fn refused(device: &UnifiedCm, operation: &str, content: &str) -> (i32, String) {
    let (status, fault) = ask(device, operation, content);
    assert_eq!((status, fault.name.as_str()), (500, "Fault"), "{fault:?}");
    let error = fault.child("detail").unwrap().child("axlError").unwrap();
    assert_eq!(error.child("request").unwrap().text, operation);
    assert_eq!(error.child("axlmessage").unwrap().text, fault.child("faultstring").unwrap().text);
    (error.child("axlcode").unwrap().text.parse().unwrap(), error.child("axlmessage").unwrap().text.clone())
}

const USER: &str = "<user><lastName>Sample</lastName><userid>tony</userid>\
    <presenceGroupName>Standard Presence group</presenceGroupName></user>";
const LINE: &str = "<line><pattern>1001</pattern><usage>Device</usage></line>";

fn phone(name: &str, more: &str) -> String {
    format!(
        r#"<phone><name>{name}</name><product>Cisco 7945</product><class>Phone</class><protocol>SCCP</protocol>
        <protocolSide>User</protocolSide><devicePoolName>Default</devicePoolName>
        <commonPhoneConfigName>Standard Common Phone Profile</commonPhoneConfigName><locationName>Hub_None</locationName>
        <useTrustedRelayPoint>Default</useTrustedRelayPoint>{more}<phoneTemplateName xsi:nil="true"/>
        <primaryPhoneName xsi:nil="true"/><builtInBridgeStatus>Default</builtInBridgeStatus>
        <ownerUserName>tony</ownerUserName><packetCaptureMode>None</packetCaptureMode>
        <certificateOperation>No Pending Operation</certificateOperation>
        <deviceMobilityMode>Default</deviceMobilityMode></phone>"#
    )
}

fn desk() -> UnifiedCm {
    let device = fresh((12, 5));
    let lines = "<lines><line><index>1</index><dirn><pattern>1001</pattern><routePartitionName/></dirn>\
        <associatedEndusers><enduser><userId>tony</userId></enduser></associatedEndusers></line></lines>";
    for (operation, content) in [
        ("addUser", USER.to_owned()),
        ("addLine", LINE.to_owned()),
        ("addPhone", phone("SEP0011AABBCCDD", lines)),
        (
            "updateUser",
            "<userid>tony</userid><associatedDevices><device>SEP0011AABBCCDD</device></associatedDevices>".to_owned(),
        ),
    ] {
        let (status, answer) = ask(&device, operation, &content);
        assert_eq!((status, answer.name), (200, format!("{operation}Response")));
    }
    device
}

#[test]
fn a_get_shows_what_was_asked_for_with_the_uuids_of_what_it_names() {
    let device = desk();
    let key = "<name>SEP0011AABBCCDD</name>";
    let wanted = "<returnedTags><name/><devicePoolName/><lines><line><index/><dirn><pattern/></dirn></line></lines>\
        <phoneTemplateName/><softkeyTemplateName/></returnedTags>";
    let phone = got(&device, "getPhone", &format!("{key}{wanted}"));
    let names: Vec<_> = phone.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["name", "devicePoolName", "lines", "phoneTemplateName", "softkeyTemplateName"]);
    let uuid = &phone.attributes[0].1;
    assert!(uuid.starts_with('{') && uuid.len() == 38);
    assert_eq!(phone.child("phoneTemplateName").unwrap().text, "Standard 7945 SCCP");
    assert_eq!(phone.child("devicePoolName").unwrap().attributes[0].0, "uuid");
    assert_eq!(phone.child("softkeyTemplateName").unwrap().text, "");
    let line = &phone.child("lines").unwrap().children[0];
    assert_eq!(line.child("dirn").unwrap().child("pattern").unwrap().text, "1001");
    assert!(line.child("associatedEndusers").is_none());
    let by_uuid = got(&device, "getPhone", &format!("<uuid>{uuid}</uuid>"));
    assert_eq!(by_uuid.child("associatedPc"), None);
    assert!(by_uuid.children.len() > 50, "without tags it shows all");
}

#[test]
fn removing_an_object_takes_it_from_the_lists_that_name_it_and_not_from_what_needs_it() {
    let device = desk();
    assert_eq!(ask(&device, "removeLine", "<pattern>1001</pattern>").0, 200);
    let phone = got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>");
    assert_eq!(phone.child("lines").unwrap().children, []);
    assert_eq!(ask(&device, "removePhone", "<name>SEP0011AABBCCDD</name>").0, 200);
    let user = got(&device, "getUser", "<userid>tony</userid>");
    assert_eq!(user.child("associatedDevices").unwrap().children, []);
    assert_eq!(refused(&device, "removePresenceGroup", "<name>Standard Presence group</name>").0, -692);
    let log = String::from_utf8(device.log().unwrap()).unwrap();
    assert!(log.contains(r#""request":"removePhone SEP0011AABBCCDD""#), "{log}");
}

#[test]
fn what_breaks_a_rule_is_refused_with_the_devices_own_codes() {
    let device = desk();
    let twice = "<lines><line><index>1</index><dirn><pattern>1001</pattern></dirn></line>\
        <line><index>2</index><dirn><pattern>1001</pattern></dirn></line></lines>";
    let third = "<lines><line><index>3</index><dirn><pattern>1001</pattern></dirn></line></lines>";
    let nowhere = "<lines><line><index>1</index><dirn><pattern>1009</pattern></dirn></line></lines>";
    for (operation, content, code) in [
        ("addUser", USER.to_owned(), -239),
        ("addLine", LINE.to_owned(), -239),
        ("addPhone", phone("SEP0011AABBCCDD", ""), -239),
        ("addPhone", phone("SEP0011AABBCCEE", twice), -239),
        ("addPhone", phone("SEP0011AABBCCEE", third), 35_001),
        ("addPhone", phone("SEP0011AABBCCEE", nowhere), 5007),
        ("addPhone", phone("SEP0011aabbccee", ""), 35_001),
        ("addLine", LINE.replace("1001", "10 01"), 35_001),
        ("addLine", LINE.replace("Device", "Desk"), 35_001),
        ("getUser", "<userid>nobody</userid>".to_owned(), 5007),
        ("updateUser", "<userid>nobody</userid>".to_owned(), 5007),
        ("removeUser", "<uuid>{00000000-0000-0000-0000-0000000000FF}</uuid>".to_owned(), 5007),
        ("updateUser", "<userid>tony</userid><enableMobility/>".to_owned(), 35_001),
        ("updateUser", "<userid>tony</userid><remoteDestinationLimit>11</remoteDestinationLimit>".to_owned(), 35_001),
    ] {
        assert_eq!(refused(&device, operation, &content).0, code, "{operation} {content}");
    }
}

#[test]
fn a_request_must_follow_the_schema() {
    let device = fresh((12, 5));
    for (operation, content, message) in [
        ("addUser", "<user><userid>a</userid><lastName>b</lastName></user>", "starting with element 'userid'"),
        ("addUser", "<user><firstName>a</firstName><lastName>b</lastName></user>", "One of '{userid}' is expected"),
        ("addUser", "<user><colour>red</colour></user>", "starting with element 'colour'"),
        ("addUser", "<phone/>", "starting with element 'phone'"),
        ("addUser", "", "is not complete"),
        ("addUser", "<a:user/>", "is not complete"),
        ("getUser", "<name>a</name>", "starting with element 'name'"),
        ("getUser", "<userid>a</userid><skip>1</skip>", "not found"),
        ("frobUser", "", "there is no operation frobUser"),
        ("addColour", "", "there is no operation addColour"),
        ("add", "", "there is no operation add"),
    ] {
        let (_, found) = refused(&device, operation, content);
        assert!(found.contains(message), "{found}");
    }
    let qualified = "<user><a:lastName>b</a:lastName></user>";
    assert!(refused(&device, "addUser", qualified).1.contains("unqualified"));
}

#[test]
fn a_version_that_it_does_not_speak_gets_599_and_one_it_spoke_before_is_taken() {
    let device = fresh((12, 5));
    let envelope = |version: &str| {
        format!(
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><a:getUser xmlns:a="http://www.cisco.com/AXL/API/{version}"><userid>a</userid></a:getUser></e:Body></e:Envelope>"#
        )
    };
    let ask = |version: &str, action: &str| read(device.answer(&post(envelope(version), action)).unwrap());
    let expected = "Incorrect axl version. Supported axl versions: 10.0,10.5,11.0,11.5,12.0,12.5";
    assert_eq!(ask("14.0", "CUCM:DB ver=14.0 getUser"), (599, expected.to_owned()));
    assert_eq!(ask("9.1", "CUCM:DB ver=9.1 getUser").0, 599);
    assert!(ask("11.5", "\"CUCM:DB ver=11.5 getUser\"").1.contains("<axlcode>5007</axlcode>"));
    assert!(ask("12.5", "\"CUCM:DB ver=12.5\"").1.contains("<axlcode>5007</axlcode>"));
    assert!(ask("12.5", "\"CUCM:DB ver=12.5 GetUSer\"").1.contains("<axlcode>5007</axlcode>"), "letters of any case");
    let (status, body) = ask("12.5", "CUCM:DB ver=11.5 getUser");
    assert_eq!(status, 500);
    assert!(body.contains("the SOAPAction is not CUCM:DB ver=12.5 getUser"), "{body}");
}

#[test]
fn a_list_is_filtered_and_paged() {
    let device = fresh((12, 5));
    for number in 1001..=1003 {
        ask(&device, "addLine", &LINE.replace("1001", &number.to_string()));
    }
    let list = |page: &str| {
        let content = format!(
            "<searchCriteria><pattern>100%</pattern></searchCriteria><returnedTags><pattern/></returnedTags>{page}"
        );
        let (_, response) = ask(&device, "listLine", &content);
        response.children[0].children.iter().map(|line| line.child("pattern").unwrap().text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(list(""), ["1001", "1002", "1003"]);
    assert_eq!(list("<skip>1</skip><first>1</first>"), ["1002"]);
    assert_eq!(list("<skip>3</skip>"), Vec::<String>::new());
}

#[test]
fn clients_may_ask_whether_the_service_is_there() {
    let device = fresh((12, 5));
    let get = |uri: &str| read(device.answer(&Request::builder().uri(uri).body(Bytes::new()).unwrap()).unwrap()).0;
    assert_eq!((get("/axl/"), get("/axl"), get("/other")), (200, 200, 404));
}

#[test]
fn what_means_nothing_here_is_kept_as_it_came_and_in_the_order_of_the_schema() {
    let device = desk();
    let kept = "<vendorConfig><ehookEnable>1</ehookEnable></vendorConfig>";
    ask(&device, "updatePhone", &format!("<name>SEP0011AABBCCDD</name>{kept}<sshUserId>a &amp; b</sshUserId>"));
    let phone = got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>");
    assert_eq!(phone.child("vendorConfig").unwrap().child("ehookEnable").unwrap().text, "1");
    assert_eq!(phone.child("sshUserId").unwrap().text, "a & b");
    assert!(phone.child("speeddials").is_none());
    let late = "<name>SEP0011AABBCCDD</name><sshUserId>a</sshUserId><vendorConfig/>";
    assert!(refused(&device, "updatePhone", late).1.contains("starting with element 'vendorConfig'"));
}

#[test]
fn changes_are_told_from_a_number_on() {
    let device = desk();
    let changes = |content: &str| {
        let (status, response) = ask(&device, "listChange", content);
        assert_eq!((status, response.name.as_str()), (200, "listChangeResponse"), "{response:?}");
        let (info, changes) = (response.children[0].clone(), response.children[1].clone());
        let shown = |change: &Element| {
            let tags = change.child("changedTags").unwrap().children.iter();
            let tags: Vec<_> = tags.map(|tag| format!("{}={}", tag.attributes[0].1, tag.text)).collect();
            format!("{} {} {}", change.child("action").unwrap().text, change.attributes[0].1, tags.join(","))
        };
        (info, changes.children.iter().map(shown).collect::<Vec<_>>())
    };
    let (info, none) = changes("");
    assert!(none.is_empty());
    let (next, queue) =
        (info.child("nextStartChangeId").unwrap().text.clone(), info.child("queueId").unwrap().text.clone());
    let (_, all) = changes("<objectList><object>User</object><object>Phone</object></objectList>");
    assert_eq!(all, ["a User ", "a Phone ", "u User associatedDevices="]);
    ask(&device, "updatePhone", "<name>SEP0011AABBCCDD</name><description>Desk</description>");
    ask(&device, "updateLine", "<pattern>1001</pattern><newPattern>1002</newPattern>");
    ask(&device, "removePhone", "<name>SEP0011AABBCCDD</name>");
    let (_, since) = changes(&format!("<startChangeId queueId='{queue}'>{next}</startChangeId>"));
    assert_eq!(since[0], "u Phone description=Desk");
    assert!(since.contains(&"u Line pattern=1002,routePartitionName=".to_owned()), "{since:?}");
    assert!(since.contains(&"r Phone ".to_owned()), "{since:?}");
    assert_eq!(changes("<startChangeId queueId='another'>1</startChangeId>").1, Vec::<String>::new());
}

#[test]
fn a_list_and_a_get_take_what_the_schema_has_and_nothing_else() {
    let device = desk();
    let list = |criteria: &str, tags: &str, page: &str| {
        format!("<searchCriteria>{criteria}</searchCriteria><returnedTags>{tags}</returnedTags>{page}")
    };
    let name = "<name>SEP%</name>";
    for (content, message) in [
        (list("<colour>%</colour>", "<name/>", ""), "starting with element 'colour'"),
        (list("<ownerUserName>%</ownerUserName>", "<name/>", ""), "starting with element 'ownerUserName'"),
        (list(name, "<colour/>", ""), "starting with element 'colour'"),
        (list(name, "<description/><name/>", ""), "starting with element 'name'"),
        (list(name, "<name/>", "<first>1</first><skip>1</skip>"), "starting with element 'skip'"),
        (list(name, "<name/>", "<last>1</last>"), "starting with element 'last'"),
        (list(name, "<name/>", "<skip>one</skip>"), "skip is no number"),
    ] {
        let (_, found) = refused(&device, "listPhone", &content);
        assert!(found.contains(message), "{content}: {found}");
    }
    let key = "<name>SEP0011AABBCCDD</name>";
    for tags in ["<colour/>", "<lines><line><colour/></line></lines>", "<lines><button/></lines>"] {
        let found = refused(&device, "getPhone", &format!("{key}<returnedTags>{tags}</returnedTags>")).1;
        assert!(found.contains("Invalid content"), "{found}");
    }
    let model = got(&device, "getPhone", &format!("{key}<returnedTags><model/><currentConfig/></returnedTags>"));
    assert_eq!(model.children, [Element::with_text("model", "Cisco 7945")]);
    let user = got(&device, "getUser", "<userid>tony</userid><returnedTags><status/></returnedTags>");
    assert_eq!(user.children, [Element::with_text("status", "1")]);
}

#[test]
fn only_what_the_schema_lets_be_unset_is_unset_with_nil() {
    let device = desk();
    let key = "<name>SEP0011AABBCCDD</name>";
    assert_eq!(ask(&device, "updatePhone", &format!(r#"{key}<ownerUserName xsi:nil="true"/>"#)).0, 200);
    let phone = got(&device, "getPhone", &format!("{key}<returnedTags><ownerUserName/></returnedTags>"));
    assert_eq!(phone.child("ownerUserName").unwrap().text, "");
    let (code, message) = refused(&device, "updatePhone", &format!(r#"{key}<description xsi:nil="true"/>"#));
    assert_eq!(code, -1);
    assert!(message.contains("cvc-elt.3.1") && message.contains("'description'"), "{message}");
    let of_class = r#"<user><lastName xsi:nil="true"/><userid>a</userid><presenceGroupName/></user>"#;
    assert!(refused(&device, "addUser", of_class).1.contains("'lastName'"));
}

#[test]
fn single_partitions_come_to_a_calling_search_space_and_go() {
    let device = fresh((12, 5));
    for name in ["one", "two"] {
        ask(&device, "addRoutePartition", &format!("<routePartition><name>{name}</name></routePartition>"));
    }
    let member = |list: &str, name: &str, index: u8| {
        format!(
            "<{list}><member><routePartitionName>{name}</routePartitionName><index>{index}</index></member></{list}>"
        )
    };
    let css = format!("<css>{}<name>calls</name></css>", member("members", "one", 1));
    assert_eq!(ask(&device, "addCss", &css).0, 200);
    let key = "<name>calls</name>";
    let members = || {
        let css = got(&device, "getCss", key);
        let members = css.child("members").unwrap().children.iter();
        members.map(|member| member.child("routePartitionName").unwrap().text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ask(&device, "updateCss", &format!("{key}{}", member("addMembers", "two", 2))).0, 200);
    assert_eq!(members(), ["one", "two"]);
    assert_eq!(ask(&device, "updateCss", &format!("{key}{}", member("removeMembers", "one", 1))).0, 200);
    assert_eq!(members(), ["two"]);
    assert_eq!(refused(&device, "updateCss", &format!("{key}{}", member("removeMembers", "one", 1))).0, 5007);
    assert_eq!(refused(&device, "removeRoutePartition", "<name>two</name>").0, -692);
}

#[test]
fn what_administrators_set_up_is_added_used_and_removed() {
    let device = desk();
    let pool = |region: &str| {
        format!(
            "<devicePool><name>Paris</name><dateTimeSettingName>CMLocal</dateTimeSettingName>\
             <callManagerGroupName>Default</callManagerGroupName><regionName>{region}</regionName>\
             <srstName>Disable</srstName><aarNeighborhoodName xsi:nil='true'/><locationName>Paris</locationName>\
             </devicePool>"
        )
    };
    let location = "<location><name>Paris</name><withinAudioBandwidth>0</withinAudioBandwidth>\
        <withinVideoBandwidth>0</withinVideoBandwidth><withinImmersiveKbits>0</withinImmersiveKbits>\
        <betweenLocations/></location>";
    assert_eq!(ask(&device, "addLocation", location).0, 200);
    assert_eq!(refused(&device, "addDevicePool", &pool("Paris")).0, 5007);
    assert_eq!(ask(&device, "addRegion", "<region><name>Paris</name></region>").0, 200);
    assert_eq!(ask(&device, "addDevicePool", &pool("Paris")).0, 200);
    assert_eq!(refused(&device, "addDevicePool", &pool("Paris")).0, -239);
    let template = |lines: &str| {
        format!(
            "<phoneButtonTemplate><name>Two</name><basePhoneTemplateName>Standard 7965 SCCP</basePhoneTemplateName>\
             <buttons>{lines}</buttons></phoneButtonTemplate>"
        )
    };
    let button = |number: u8| {
        format!("<button><feature>Line</feature><label>{number}</label><buttonNumber>{number}</buttonNumber></button>")
    };
    assert_eq!(ask(&device, "addPhoneButtonTemplate", &template(&button(1))).0, 200);
    let key = "<name>SEP0011AABBCCDD</name>";
    let uses = "<devicePoolName>Paris</devicePoolName><phoneTemplateName>Two</phoneTemplateName>";
    assert_eq!(ask(&device, "updatePhone", &format!("{key}{uses}")).0, 200);
    ask(&device, "addLine", &LINE.replace("1001", "1002"));
    let second = "<addLines><line><index>2</index><dirn><pattern>1002</pattern></dirn></line></addLines>";
    assert_eq!(refused(&device, "updatePhone", &format!("{key}{second}")).0, 35_001, "the template has one line");
    for operation in ["removeDevicePool", "removeRegion", "removeLocation"] {
        assert_eq!(refused(&device, operation, "<name>Paris</name>").0, -692, "{operation}");
    }
    ask(&device, "removePhone", key);
    for operation in ["resetDevicePool", "removeDevicePool", "removeRegion", "removeLocation"] {
        assert_eq!(ask(&device, operation, "<name>Paris</name>").0, 200, "{operation}");
    }
    assert_eq!(refused(&device, "resetLocation", "<name>Hub_None</name>").1, "there is no operation resetLocation");
}
