use super::{ask, desk, fresh, got, phone, post, read, refused};
use crate::unified_cm::UnifiedCm;
use crate::xml::Element;

fn of<'e>(element: &'e Element, name: &str) -> &'e str {
    element.child(name).map_or("", |child| child.text.as_str())
}

fn done(device: &UnifiedCm, operation: &str, content: &str) {
    let (status, answer) = ask(device, operation, content);
    assert_eq!(status, 200, "{operation}: {answer:?}");
}

fn rows(device: &UnifiedCm, sql: &str) -> Vec<String> {
    let (status, response) = ask(device, "executeSQLQuery", &format!("<sql>{sql}</sql>"));
    assert_eq!(status, 200, "{response:?}");
    let row = |row: &Element| row.children.iter().map(|c| c.text.clone()).collect::<Vec<_>>().join(" | ");
    response.children[0].children.iter().map(row).collect()
}

fn changed(device: &UnifiedCm, sql: &str) -> String {
    let (status, response) = ask(device, "executeSQLUpdate", &format!("<sql>{sql}</sql>"));
    assert_eq!(status, 200, "{response:?}");
    of(&response.children[0], "rowsUpdated").to_owned()
}

const BRIDGE: &str = "<conferenceBridge><name>bridge</name><product>Cisco Conference Bridge Hardware</product>\
    <devicePoolName>Default</devicePoolName></conferenceBridge>";

#[test]
fn what_the_device_presumes_may_be_left_out() {
    let device = desk();
    let phone = "<phone><name>SEP0011AABBCC00</name><product>Cisco 8841</product><class>Phone</class>\
        <protocol>SIP</protocol><devicePoolName>Default</devicePoolName></phone>";
    done(&device, "addPhone", phone);
    done(&device, "addLine", "<line><pattern>1002</pattern></line>");
    assert_eq!(of(&got(&device, "getLine", "<pattern>1002</pattern>"), "usage"), "Device");
    done(&device, "addUser", "<user><lastName>Sample</lastName><userid>jane</userid></user>");
    let user = got(&device, "getUser", "<userid>jane</userid>");
    assert_eq!(of(&user, "presenceGroupName"), "Standard Presence group");
    let found = got(&device, "getPhone", "<name>SEP0011AABBCC00</name>");
    for (name, value) in [
        ("protocolSide", "User"),
        ("commonPhoneConfigName", "Standard Common Phone Profile"),
        ("locationName", "Hub_None"),
        ("useTrustedRelayPoint", "Default"),
        ("phoneTemplateName", "Standard 8841 SIP"),
        ("primaryPhoneName", ""),
        ("builtInBridgeStatus", "Default"),
        ("packetCaptureMode", "None"),
        ("certificateOperation", "No Pending Operation"),
        ("deviceMobilityMode", "Default"),
    ] {
        assert_eq!(of(&found, name), value, "{name}");
    }
    let profile = "<deviceProfile><name>tony</name><product>Cisco 8841</product><class>Device Profile</class>\
        <protocol>SIP</protocol></deviceProfile>";
    done(&device, "addDeviceProfile", profile);
    let profile = got(&device, "getDeviceProfile", "<name>tony</name>");
    assert_eq!((of(&profile, "protocolSide"), of(&profile, "phoneTemplateName")), ("User", "Standard 8841 SIP"));
    done(&device, "addLineGroup", "<lineGroup><name>Sales</name></lineGroup>");
    let group = got(&device, "getLineGroup", "<name>Sales</name>");
    assert_eq!((of(&group, "distributionAlgorithm"), of(&group, "rnaReversionTimeOut")), ("Longest Idle Time", "10"));
    done(
        &device,
        "addRemoteDestination",
        "<remoteDestination><destination>447700900123</destination><ownerUserId>tony</ownerUserId></remoteDestination>",
    );
    let destination = got(&device, "getRemoteDestination", "<destination>447700900123</destination>");
    assert_eq!((of(&destination, "answerTooSoonTimer"), of(&destination, "answerTooLateTimer")), ("1500", "19000"));
    done(&device, "addMediaResourceList", "<mediaResourceList><name>empty</name></mediaResourceList>");
}

#[test]
fn a_phone_is_told_with_its_model_and_templates_and_profiles_by_the_names_that_clients_use() {
    let device = desk();
    let phone = "<phone><name>CSFTONY</name><product>Cisco Unified Client Services Framework</product>\
        <model>Cisco Unified Client Services Framework</model><class>Phone</class><protocol>SIP</protocol>\
        <devicePoolName>Default</devicePoolName><securityProfileName>Universal Device Template - Model-independent \
        Security Profile</securityProfileName><phoneTemplateName>Standard Client Services Framework</phoneTemplateName>\
        </phone>";
    done(&device, "addPhone", phone);
    let found = got(&device, "getPhone", "<name>CSFTONY</name>");
    assert_eq!(of(&found, "model"), "Cisco Unified Client Services Framework");
    assert_eq!(of(&found, "phoneTemplateName"), "Standard Client Services Framework");
}

#[test]
fn what_nothing_works_without_may_not_be_left_out() {
    let device = desk();
    let parts = [
        ("name", "SEP0011AABBCC00"),
        ("product", "Cisco 8841"),
        ("class", "Phone"),
        ("protocol", "SIP"),
        ("devicePoolName", "Default"),
    ];
    for (missing, _) in parts {
        let given = parts.iter().filter(|(name, _)| *name != missing);
        let given: String = given.map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let (code, message) = refused(&device, "addPhone", &format!("<phone>{given}</phone>"));
        assert_eq!(code, -1, "{missing}");
        assert!(message.contains(&format!("One of '{{{missing}}}' is expected")), "{message}");
    }
    for (operation, content, missing) in [
        ("addUser", "<user><userid>a</userid><presenceGroupName/></user>", "lastName"),
        ("addUser", "<user><lastName>a</lastName><presenceGroupName/></user>", "userid"),
        ("addLine", "<line><usage>Device</usage></line>", "pattern"),
        ("addHuntPilot", "<huntPilot><pattern>1</pattern><blockEnable>f</blockEnable></huntPilot>", "huntListName"),
        (
            "addRoutePattern",
            "<routePattern><pattern>1</pattern><blockEnable>f</blockEnable></routePattern>",
            "destination",
        ),
        ("addMediaResourceGroup", "<mediaResourceGroup><name>a</name></mediaResourceGroup>", "multicast"),
        ("addFacInfo", "<facInfo><name>a</name></facInfo>", "code"),
    ] {
        let (code, message) = refused(&device, operation, content);
        assert_eq!(code, -1, "{operation} {content}");
        assert!(message.contains(missing), "{operation}: {message}");
    }
    let without_pool = phone("SEP0011AABBCC00", "")
        .replace("<devicePoolName>Default</devicePoolName>", r#"<devicePoolName xsi:nil="true"/>"#);
    let expected = (-391, "Cannot insert a null into column (device.fkdevicepool).".to_owned());
    assert_eq!(refused(&device, "addPhone", &without_pool), expected);
    let unset = r#"<name>SEP0011AABBCCDD</name><devicePoolName xsi:nil="true"/>"#;
    assert_eq!(refused(&device, "updatePhone", unset), expected);
}

#[test]
fn an_application_user_controls_devices_and_is_in_groups() {
    let device = desk();
    let user = "<appUser><userid>Monitor</userid><password>secret</password><associatedDevices>\
        <device>SEP0011AABBCCDD</device></associatedDevices><associatedGroups><userGroup>\
        <name>Standard CTI Enabled</name></userGroup></associatedGroups></appUser>";
    done(&device, "addAppUser", user);
    assert_eq!(refused(&device, "addAppUser", &user.replace("Monitor", "MONITOR")).0, -239);
    assert_eq!(refused(&device, "addAppUser", &user.replace("Monitor", "other").replace("CCDD", "CCEE")).0, 5007);
    let found = got(&device, "getAppUser", "<userid>monitor</userid>");
    assert_eq!(of(&found, "presenceGroupName"), "Standard Presence group");
    assert_eq!(found.child("associatedDevices").unwrap().children[0].text, "SEP0011AABBCCDD");
    assert!(found.child("password").is_none());
    let controlled = "select a.name, d.name from applicationuser a \
        inner join applicationuserdevicemap m on m.fkapplicationuser = a.pkid inner join device d on d.pkid = m.fkdevice";
    assert_eq!(rows(&device, controlled), ["Monitor | SEP0011AABBCCDD"]);
    assert_eq!(
        rows(&device, "select name from applicationuser where isstandard = 't' and name = 'CCMSysUser'").len(),
        1
    );
    done(&device, "removePhone", "<name>SEP0011AABBCCDD</name>");
    assert!(rows(&device, controlled).is_empty());
    done(&device, "updateAppUser", "<userid>Monitor</userid><newUserid>Watcher</newUserid>");
    done(&device, "removeAppUser", "<userid>watcher</userid>");
    assert_eq!(refused(&device, "getAppUser", "<userid>watcher</userid>").0, 5007);
}

#[test]
fn media_resources_are_found_by_lists_of_groups() {
    let device = desk();
    done(&device, "addConferenceBridge", BRIDGE);
    assert_eq!(of(&got(&device, "getConferenceBridge", "<name>bridge</name>"), "locationName"), "Hub_None");
    let group = |name: &str, member: &str| {
        format!(
            "<mediaResourceGroup><name>{name}</name><multicast>false</multicast><members><member><deviceName>{member}\
             </deviceName></member></members></mediaResourceGroup>"
        )
    };
    assert_eq!(refused(&device, "addMediaResourceGroup", &group("group", "none")).0, 5007);
    done(&device, "addMediaResourceGroup", &group("group", "bridge"));
    let more = "<name>group</name><addMembers><member><deviceName>MTP_2</deviceName></member></addMembers>";
    done(&device, "updateMediaResourceGroup", more);
    assert_eq!(got(&device, "getMediaResourceGroup", "<name>group</name>").child("members").unwrap().children.len(), 2);
    let list = "<mediaResourceList><name>list</name><members><member>\
        <mediaResourceGroupName>group</mediaResourceGroupName><order>0</order></member></members></mediaResourceList>";
    done(&device, "addMediaResourceList", list);
    let key = "<name>SEP0011AABBCCDD</name>";
    assert_eq!(
        refused(&device, "updatePhone", &format!("{key}<mediaResourceListName>no</mediaResourceListName>")).0,
        5007
    );
    done(&device, "updatePhone", &format!("{key}<mediaResourceListName>list</mediaResourceListName>"));
    for (operation, name) in [
        ("removeConferenceBridge", "bridge"),
        ("removeMediaResourceGroup", "group"),
        ("removeMediaResourceList", "list"),
    ] {
        assert_eq!(refused(&device, operation, &format!("<name>{name}</name>")).0, -692, "{operation}");
    }
    done(&device, "updatePhone", &format!(r#"{key}<mediaResourceListName xsi:nil="true"/>"#));
    done(&device, "removeMediaResourceList", "<name>list</name>");
    assert_eq!(refused(&device, "addMohServer", "<mohServer/>").1, "there is no operation addMohServer");
    assert_eq!(of(&got(&device, "getAnnunciator", "<name>ANN_2</name>"), "serverName"), "cucm-1");
}

const GATEWAY: &str = "<gateway><domainName>VG1</domainName><product>VG310</product><protocol>MGCP</protocol>\
    <callManagerGroupName>Default</callManagerGroupName><units><unit><index>0</index><product>VG-2VWIC-MBRD</product>\
    </unit></units></gateway>";
const ENDPOINT: &str = "<gatewayEndpointAnalogAccess><domainName>VG1</domainName><unit>0</unit><subunit>0</subunit>\
    <endpoint><index>0</index><name>AALN/S0/SU0/0@VG1</name><product>Cisco MGCP FXS Port</product><class>Gateway</class>\
    <protocol>Analog Access</protocol><devicePoolName>Default</devicePoolName><locationName>Hub_None</locationName><port>\
    <portNumber>1</portNumber><callerIdEnable>false</callerIdEnable><expectedDigits>10</expectedDigits>\
    <sigDigits enable='false'>10</sigDigits><lines><line><index>1</index><dirn><pattern>1001</pattern></dirn></line>\
    </lines><trunkDirection>Bothways</trunkDirection><timer1>200</timer1><timer2>0</timer2><timer3>100</timer3>\
    <timer4>1000</timer4><timer5>0</timer5><timer6>0</timer6></port><trunkSelectionOrder>Top Down</trunkSelectionOrder>\
    </endpoint></gatewayEndpointAnalogAccess>";

#[test]
fn a_port_of_a_gateway_is_known_by_its_name_and_by_the_id_that_the_database_has() {
    let device = desk();
    assert_eq!(refused(&device, "addGatewayEndpointAnalogAccess", ENDPOINT).0, 5007, "there is no gateway yet");
    done(&device, "addGateway", GATEWAY);
    done(&device, "addGatewayEndpointAnalogAccess", ENDPOINT);
    assert_eq!(refused(&device, "addGatewayEndpointAnalogAccess", ENDPOINT).0, -239);
    let ids = rows(&device, "select m.fkdevice from mgcpdevicemember m, mgcp g where m.fkmgcp = g.pkid");
    let found = got(&device, "getGatewayEndpointAnalogAccess", &format!("<uuid>{}</uuid>", ids[0]));
    let endpoint = found.child("endpoint").unwrap();
    assert_eq!((of(&found, "domainName"), of(endpoint, "name")), ("VG1", "AALN/S0/SU0/0@VG1"));
    let line = &endpoint.child("port").unwrap().child("lines").unwrap().children[0];
    assert_eq!(of(line.child("dirn").unwrap(), "pattern"), "1001");
    assert_eq!(refused(&device, "removeGateway", "<domainName>VG1</domainName>").0, -692);
    done(&device, "removeGatewayEndpointAnalogAccess", "<name>AALN/S0/SU0/0@VG1</name>");
    done(&device, "removeGateway", "<domainName>VG1</domainName>");
    let unlisted = "<searchCriteria><name>%</name></searchCriteria><returnedTags/>";
    assert!(refused(&device, "listGatewayEndpointAnalogAccess", unlisted).1.contains("no operation"));
}

#[test]
fn codes_are_unique() {
    let device = fresh((12, 5));
    let code = |name: &str, code: &str| format!("<facInfo><name>{name}</name><code>{code}</code></facInfo>");
    done(&device, "addFacInfo", &code("one", "1234"));
    assert_eq!(refused(&device, "addFacInfo", &code("one", "5678")).0, -239);
    assert_eq!(refused(&device, "addFacInfo", &code("two", "1234")).0, -239);
    done(&device, "updateFacInfo", "<name>one</name><newName>uno</newName><code>5678</code>");
    done(&device, "addFacInfo", &code("one", "1234"));
    assert_eq!(of(&got(&device, "getFacInfo", "<name>uno</name>"), "authorizationLevel"), "0");
    done(&device, "addCmcInfo", "<cmcInfo><code>77</code><description>Matter</description></cmcInfo>");
    assert_eq!(refused(&device, "addCmcInfo", "<cmcInfo><code>77</code></cmcInfo>").0, -239);
    assert_eq!(refused(&device, "addFacInfo", &code("three", "12345678901234567")).0, 35_001);
}

#[test]
fn parameters_of_services_are_changed_and_reset_and_never_added() {
    let device = fresh((12, 5));
    let key = "<processNodeName>cucm-1</processNodeName><name>CdrEnabled</name><service>Cisco CallManager</service>";
    done(&device, "updateServiceParameter", &format!("{key}<value>T</value>"));
    let value = || of(&got(&device, "getServiceParameter", key), "value").to_owned();
    assert_eq!(value(), "T");
    assert_eq!(rows(&device, "select paramvalue from processconfig where paramname = 'CdrEnabled'"), ["T"]);
    let service = "<processNodeName>cucm-1</processNodeName><service>Cisco CallManager</service>";
    done(&device, "doServiceParametersReset", service);
    assert_eq!(value(), "F");
    assert_eq!(refused(&device, "doServiceParametersReset", &service.replace("Cisco CallManager", "Tea")).0, 5007);
    assert_eq!(refused(&device, "updateServiceParameter", &key.replace("CdrEnabled", "Tea")).0, 5007);
    assert!(refused(&device, "addServiceParameter", "<serviceParameter/>").1.contains("no operation"));
    let nodes = "<searchCriteria><processNodeRole>CUCM Voice/Video</processNodeRole></searchCriteria><returnedTags/>";
    let (_, response) = ask(&device, "listProcessNode", nodes);
    let names: Vec<_> = response.children[0].children.iter().map(|node| of(node, "name")).collect();
    assert_eq!(names, ["EnterpriseWideData", "cucm-1"]);
}

#[test]
fn an_operation_is_there_from_its_version_on() {
    let device = fresh((12, 5));
    let list = |version: &str| {
        let body = format!(
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><a:listRegistrationDynamic xmlns:a="http://www.cisco.com/AXL/API/{version}"><searchCriteria><device>%</device></searchCriteria><returnedTags><device/></returnedTags></a:listRegistrationDynamic></e:Body></e:Envelope>"#
        );
        read(crate::server::Device::answer(&device, &post(body, &format!("CUCM:DB ver={version}"))).unwrap())
    };
    assert!(list("11.0").1.contains("there is no operation listRegistrationDynamic"));
    let (status, found) = list("11.5");
    assert_eq!((status, found.matches("<device>").count()), (200, 4), "{found}");
}

#[test]
fn a_time_server_is_known_by_both_of_its_addresses() {
    let device = fresh((12, 5));
    let server = "<phoneNtp><ipAddress>192.0.2.1</ipAddress><ipv6Address/><mode>Directed Broadcast</mode></phoneNtp>";
    done(&device, "addPhoneNtp", server);
    assert_eq!(refused(&device, "addPhoneNtp", server).0, -239);
    done(&device, "addPhoneNtp", &server.replace("<ipv6Address/>", "<ipv6Address>2001:db8::1</ipv6Address>"));
    done(&device, "removePhoneNtp", "<ipAddress>192.0.2.1</ipAddress><ipv6Address/>");
    let other = "<ipAddress>192.0.2.1</ipAddress><ipv6Address>2001:db8::1</ipv6Address>";
    assert_eq!(of(&got(&device, "getPhoneNtp", other), "mode"), "Directed Broadcast");
}

#[test]
fn a_device_pool_has_any_number_of_local_route_groups() {
    let device = fresh((12, 5));
    let groups = "<localRouteGroup><name>one</name><value>a</value></localRouteGroup>\
        <localRouteGroup><name>two</name><value>b</value></localRouteGroup>";
    done(&device, "updateDevicePool", &format!("<name>Default</name>{groups}"));
    let pool = got(&device, "getDevicePool", "<name>Default</name>");
    let names = pool.children.iter().filter(|child| child.name == "localRouteGroup").map(|group| of(group, "name"));
    assert_eq!(names.collect::<Vec<_>>(), ["one", "two"]);
    let twice = "<name>Default</name><regionName>Default</regionName><regionName>Default</regionName>";
    assert_eq!(refused(&device, "updateDevicePool", twice).0, -1);
}

#[test]
fn a_gateway_leaves_its_route_group_when_it_goes() {
    let device = fresh((12, 5));
    let gateway = "<h323Gateway><name>outside</name><product>H.323 Gateway</product><class>Gateway</class>\
        <protocol>H.225</protocol><devicePoolName>Default</devicePoolName><locationName>Hub_None</locationName>\
        </h323Gateway>";
    done(&device, "addH323Gateway", gateway);
    assert_eq!(of(&got(&device, "getH323Gateway", "<name>outside</name>"), "signalingPort"), "1720");
    let group = "<routeGroup><members><member><deviceSelectionOrder>1</deviceSelectionOrder>\
        <deviceName>outside</deviceName><port>0</port></member></members><name>ways</name></routeGroup>";
    done(&device, "addRouteGroup", group);
    done(&device, "removeH323Gateway", "<name>outside</name>");
    assert_eq!(got(&device, "getRouteGroup", "<name>ways</name>").child("members").unwrap().children, []);
}

#[test]
fn rows_come_and_go_with_sql_and_take_along_what_is_nothing_without_them() {
    let device = desk();
    let role = "insert into functionrole (pkid, description, name) values (newid(), \"about\", \"reader\")";
    assert_eq!(changed(&device, role), "1");
    let code = |sql: &str| refused(&device, "executeSQLUpdate", &format!("<sql>{sql}</sql>")).0;
    assert_eq!(code(role), -239);
    assert_eq!(code("insert into functionrole (description) values ('about')"), -391);
    let id = rows(&device, "select pkid from functionrole where name = 'reader'").remove(0);
    let map = |role: &str| {
        format!(
            "insert into functionroleresourcemap (pkid, fkfunctionrole, tkresource, permission) values (newid(), '{role}', 96, 1)"
        )
    };
    assert_eq!(changed(&device, &map(&id)), "1");
    assert_eq!(code(&map("00000000-0000-0000-0000-0000000000ff")), -691);
    assert_eq!(rows(&device, "select permission from functionroleresourcemap where tkresource = 96"), ["1"]);
    assert_eq!(changed(&device, &format!("delete from functionrole where pkid = '{id}'")), "1");
    assert!(rows(&device, "select * from functionroleresourcemap").is_empty());
    let service =
        "insert into ucservice (pkid, name, tkucproduct, tkreset, resettoggle) values (newid(), 'jabber', 42, 2, 'f')";
    assert_eq!(changed(&device, service), "1");
    let id = rows(&device, "select pkid from ucservice where name = 'jabber' and tkucproduct = 42").remove(0);
    let xml = format!("insert into ucservicexml (pkid, fkucservice, xml) values (newid(), '{id}', '&lt;Options/&gt;')");
    assert_eq!(changed(&device, &xml), "1");
    done(&device, "removeUcService", "<name>jabber</name>");
    assert!(rows(&device, "select * from ucservicexml").is_empty());
    let phone = "fkdevice = (select pkid from device where name = 'SEP0011AABBCCDD')";
    assert_eq!(changed(&device, &format!("update dnddynamic set dndstatus = 't' where {phone}")), "1");
    assert_eq!(of(&got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>"), "dndStatus"), "true");
    let (user, group) = (
        "(select pkid from enduser where userid = 'tony')",
        "(select pkid from dirgroup where name = 'Standard CCM End Users')",
    );
    let member = format!("insert into enduserdirgroupmap (fkenduser, fkdirgroup) values ({user}, {group})");
    assert_eq!(changed(&device, &member), "1");
    assert_eq!(code(&member), -239);
    let groups = got(&device, "getUserGroup", "<name>Standard CCM End Users</name>");
    assert_eq!(groups.child("members").unwrap().children.len(), 1, "the group knows of it");
    assert_eq!(changed(&device, &format!("delete from enduserdirgroupmap where fkenduser = {user}")), "1");
    for refused in ["insert into device (name) values ('x')", "delete from device where name = 'x'"] {
        assert_eq!(code(refused), -206, "{refused}");
    }
}

/// A desk whose user, phone and number have something in every table that is about them.
fn furnished_desk() -> UnifiedCm {
    let device = desk();
    let group = "<callPickupGroup><pattern>7001</pattern><name>Sales</name></callPickupGroup>";
    done(&device, "addCallPickupGroup", group);
    let line = "<pattern>1001</pattern><callForwardAll><forwardToVoiceMail>true</forwardToVoiceMail>\
        <destination>2002</destination></callForwardAll><callForwardBusy><destination>3003</destination></callForwardBusy>\
        <callPickupGroupName>Sales</callPickupGroupName>";
    done(&device, "updateLine", line);
    let kept = "<name>SEP0011AABBCCDD</name><speeddials><speeddial><dirn>4004</dirn><label>Boss</label><index>1</index>\
        </speeddial></speeddials><busyLampFields><busyLampField><blfDest>5005</blfDest><label>Door</label><index>2</index>\
        </busyLampField></busyLampFields><services><service><telecasterServiceName>Extension Mobility</telecasterServiceName>\
        <name>Login</name><url>http://192.0.2.1</url>\
        <urlButtonIndex>3</urlButtonIndex></service></services>";
    done(&device, "updatePhone", kept);
    done(&device, "addRoutePartition", "<routePartition><name>Upstairs</name></routePartition>");
    let space = "<css><members><member><routePartitionName>Internal</routePartitionName><index>2</index></member>\
        <member><routePartitionName>Upstairs</routePartitionName><index>1</index></member></members><name>Staff</name></css>";
    done(&device, "addCss", space);
    device
}

#[test]
fn the_tables_that_scripts_read_follow_from_the_objects() {
    let device = furnished_desk();
    for (sql, expected) in [
        (
            "select n.dnorpattern from numplan n, pickupgrouplinemap m, pickupgroup g where n.pkid = m.fknumplan_line \
             and m.fkpickupgroup = g.pkid and g.name = 'Sales'",
            "1001",
        ),
        (
            "select f.cfadestination, f.cfavoicemailenabled, n.cfbdestination from callforwarddynamic f \
             inner join numplan n on n.pkid = f.fknumplan",
            "2002 | t | 3003",
        ),
        ("select speeddialindex, speeddialnumber, label from speeddial", "1 | 4004 | Boss"),
        ("select blfindex, blfdest, label from blfspeeddial", "2 | 5005 | Door"),
        (
            "select urlbuttonindex, servicename, serviceurl from telecastersubscribedservice",
            "3 | Login | http://192.0.2.1",
        ),
        ("select dndstatus from dnddynamic", "f"),
        ("select hlog from devicehlogdynamic where fkdevice = (select pkid from device where isactive = 't')", "t"),
        ("select userid from enduser where fkdirectorypluginconfig is null and enablemobility = 'f'", "tony"),
        (
            "select t.name from typepatternusage t, numplan n where t.enum = n.tkpatternusage and n.dnorpattern = '7001'",
            "Call Pick Up Group",
        ),
        ("select p.name from typeproduct p inner join device d on d.tkproduct = p.enum", "Cisco 7945"),
        ("select r.name from devicepool p inner join region r on r.pkid = p.fkregion", "Default"),
        (
            "select c.colname from syscolumns c, systables t where c.tabid = t.tabid and t.tabname = 'dirgroup' and c.colno = 2",
            "name",
        ),
        ("select name from callmanager", "CM_cucm-1"),
        (
            "select name from processnode where systemnode == 'f' and isactive == 't' and tkprocessnoderole = 1",
            "cucm-1",
        ),
        ("select clause from callingsearchspace where name = 'Staff'", "Upstairs:Internal"),
        (
            "select n.cfavoicemailenabled, p.cfbvoicemailenabled, p.pffdestination is_null from numplan p \
             inner join callforwarddynamic n on n.fknumplan = p.pkid where p.cfbdestination = '3003'",
            "t | f | ",
        ),
    ] {
        assert_eq!(rows(&device, sql), [expected], "{sql}");
    }
}

#[test]
fn a_condition_finds_in_every_column_of_every_table_what_reading_the_table_whole_shows() {
    let device = furnished_desk();
    let columns = rows(&device, "select t.tabname, c.colname from syscolumns c, systables t where c.tabid = t.tabid");
    let mut found = 0;
    for (table, column) in columns.iter().map(|row| row.split_once(" | ").unwrap()) {
        let values = rows(&device, &format!("select {column} from {table} where {column} is not null"));
        for value in values.iter().collect::<std::collections::BTreeSet<_>>() {
            let quoted = value.replace('\'', "''");
            let these = rows(&device, &format!("select {column} from {table} where {column} = '{quoted}'"));
            assert_eq!(these.len(), values.iter().filter(|other| *other == value).count(), "{table}.{column} {value}");
            let on = format!("o.{column} = t.{column}");
            let joined =
                format!("select t.{column} from {table} t inner join {table} o on {on} where t.{column} = '{quoted}'");
            assert_eq!(rows(&device, &joined).len(), these.len() * these.len(), "{table}.{column} {value} joined");
            found += these.len();
        }
    }
    assert!(found > 1_000, "the tables hold only {found} values");
}
