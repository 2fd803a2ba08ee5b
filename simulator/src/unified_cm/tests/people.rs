use super::{USER, ask, desk, got, refused};
use crate::xml::Element;

fn of<'e>(element: &'e Element, name: &str) -> &'e str {
    &element.child(name).unwrap_or_else(|| panic!("{name} is missing in {element:?}")).text
}

/// What the members of a list say of themselves in their first field.
fn members(element: &Element, list: &str) -> Vec<String> {
    element.child(list).unwrap().children.iter().map(|member| member.children[0].text.clone()).collect()
}

#[test]
fn a_user_id_is_the_same_in_capitals() {
    let device = desk();
    assert_eq!(of(&got(&device, "getUser", "<userid>TONY</userid>"), "userid"), "tony");
    assert_eq!(refused(&device, "addUser", &USER.replace("tony", "Tony")).0, -239);
    let phone = got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>");
    assert_eq!(of(&phone, "ownerUserName"), "tony");
    let owner = "<name>SEP0011AABBCCDD</name><ownerUserName>TONY</ownerUserName>";
    assert_eq!(ask(&device, "updatePhone", owner).0, 200);
    // It is shown as it was last written.
    assert_eq!(ask(&device, "updateUser", "<userid>tony</userid><newUserid>Tony</newUserid>").0, 200);
    assert_eq!(of(&got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>"), "ownerUserName"), "Tony");
    assert_eq!(of(&got(&device, "getUser", "<userid>tony</userid>"), "userid"), "Tony");
    assert_eq!(
        refused(&device, "getLine", "<pattern>1001</pattern><routePartitionName>internal</routePartitionName>").0,
        5007
    );
    assert_eq!(ask(&device, "removeUser", "<userid>tONY</userid>").0, 200);
    assert_eq!(refused(&device, "getUser", "<userid>Tony</userid>").0, 5007);
}

#[test]
fn clients_write_flags_and_references_in_any_case_and_say_what_groups_may() {
    let device = desk();
    let group = "<associatedGroups><userGroup><name>Standard CTI Enabled</name><userRoles>\
        <userRole>Standard CTI Enabled</userRole></userRoles></userGroup></associatedGroups>";
    let user = "<user><lastName>Sample</lastName><userid>jane</userid>GROUP<enableCti>True</enableCti>\
        <presenceGroupName>Standard Presence Group</presenceGroupName></user>";
    assert_eq!(ask(&device, "addUser", &user.replace("GROUP", group)).0, 200);
    let jane = got(&device, "getUser", "<userid>jane</userid>");
    assert_eq!((of(&jane, "enableCti"), of(&jane, "presenceGroupName")), ("true", "Standard Presence group"));
    assert_eq!(members(&jane, "associatedGroups"), ["Standard CTI Enabled"]);
    let other = user.replace("GROUP", "").replace("jane", "june");
    assert_eq!(refused(&device, "addUser", &other.replace("True", "Yes")).0, 35_001);
    assert_eq!(refused(&device, "addUser", &other.replace("Presence Group", "Group")).0, 5007);
}

#[test]
fn a_group_and_its_members_know_of_each_other() {
    let device = desk();
    let groups = |names: &[&str]| {
        let groups: String = names.iter().map(|name| format!("<userGroup><name>{name}</name></userGroup>")).collect();
        format!("<userid>tony</userid><associatedGroups>{groups}</associatedGroups>")
    };
    let (end_users, controllers) = ("Standard CCM End Users", "Standard CTI Enabled");
    assert_eq!(ask(&device, "updateUser", &groups(&[end_users, controllers])).0, 200);
    let group = |name: &str| got(&device, "getUserGroup", &format!("<name>{name}</name>"));
    assert_eq!(members(&group(end_users), "members"), ["tony"]);
    let user = || got(&device, "getUser", "<userid>tony</userid>");
    assert_eq!(members(&user(), "associatedGroups"), [end_users, controllers]);
    assert_eq!(refused(&device, "updateUser", &groups(&["Nobody"])).0, 5007);
    let member =
        |list: &str| format!("<name>{end_users}</name><{list}><member><userId>tony</userId></member></{list}>");
    assert_eq!(ask(&device, "updateUserGroup", &member("removeMembers")).0, 200);
    assert_eq!(members(&user(), "associatedGroups"), [controllers]);
    assert_eq!(refused(&device, "updateUserGroup", &member("removeMembers")).0, 5007);
    assert_eq!(ask(&device, "updateUserGroup", &member("addMembers")).0, 200);
    assert_eq!(members(&user(), "associatedGroups"), [controllers, end_users]);
    let site = "<userGroup><members><member><userId>tony</userId></member></members><userRoles><userRole>\
        <roleName>Standard AXL API Access</roleName></userRole></userRoles><name>Ours</name></userGroup>";
    assert_eq!(ask(&device, "addUserGroup", site).0, 200);
    assert_eq!(members(&group("Ours"), "userRoles"), ["Standard AXL API Access"]);
    assert_eq!(members(&user(), "associatedGroups").len(), 3);
    assert_eq!(ask(&device, "removeUserGroup", "<name>Ours</name>").0, 200);
    assert_eq!(members(&user(), "associatedGroups").len(), 2);
    ask(&device, "removePhone", "<name>SEP0011AABBCCDD</name>");
    assert_eq!(ask(&device, "removeUser", "<userid>tony</userid>").0, 200);
    assert_eq!(members(&group(end_users), "members"), Vec::<String>::new());
}

#[test]
fn somebody_logs_in_to_a_phone_that_lets_people_do_so() {
    let device = desk();
    let profile = "<deviceProfile><name>tony</name><product>Cisco 7945</product><class>Device Profile</class>\
        <protocol>SCCP</protocol><protocolSide>User</protocolSide>\
        <phoneTemplateName>Standard 7945 SCCP</phoneTemplateName></deviceProfile>";
    assert_eq!(ask(&device, "addDeviceProfile", profile).0, 200);
    assert_eq!(ask(&device, "addUser", &USER.replace("tony", "jane")).0, 200);
    let log_in = |user: &str| {
        format!(
            "<deviceName>SEP0011AABBCCDD</deviceName><loginDuration>0</loginDuration><profileName>tony</profileName>\
             <userId>{user}</userId>"
        )
    };
    let log_out = "<deviceName>SEP0011AABBCCDD</deviceName>";
    assert_eq!(refused(&device, "doDeviceLogin", &log_in("tony")).1, "Device logon disabled");
    let enable = "<name>SEP0011AABBCCDD</name><enableExtensionMobility>true</enableExtensionMobility>";
    assert_eq!(ask(&device, "updatePhone", enable).0, 200);
    assert_eq!(refused(&device, "doDeviceLogin", &log_in("tony")).1, "Dev. Profile not found");
    for user in ["tony", "jane"] {
        let profiles = format!("<userid>{user}</userid><phoneProfiles><profileName>tony</profileName></phoneProfiles>");
        assert_eq!(ask(&device, "updateUser", &profiles).0, 200);
    }
    assert_eq!(refused(&device, "doDeviceLogout", log_out).1, "No user logged in");
    let (status, answer) = ask(&device, "doDeviceLogin", &log_in("tony"));
    assert_eq!((status, of(&answer, "return")), (200, "true"));
    let phone = got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>");
    assert_eq!(
        (of(&phone, "loginUserId"), of(&phone, "currentProfileName"), of(&phone, "loginDuration")),
        ("tony", "tony", "0")
    );
    assert!(of(&phone, "loginTime").parse::<u64>().is_ok());
    assert_eq!(refused(&device, "doDeviceLogin", &log_in("jane")).1, "Another user logged in");
    assert_eq!(refused(&device, "doDeviceLogin", &log_in("nobody")).0, 5007);
    assert_eq!(ask(&device, "doDeviceLogout", log_out).0, 200);
    assert_eq!(of(&got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>"), "loginUserId"), "");
    assert_eq!(ask(&device, "doDeviceLogin", &log_in("jane")).0, 200);
}

#[test]
fn a_password_and_a_pin_are_known_and_never_shown() {
    let device = desk();
    let secrets = "<userid>tony</userid><password>My1stPassword</password><pin>918273</pin>";
    assert_eq!(ask(&device, "updateUser", secrets).0, 200);
    for (content, authenticated) in [
        ("<userid>tony</userid><password>My1stPassword</password>", "true"),
        ("<userid>Tony</userid><pin>918273</pin>", "true"),
        ("<userid>tony</userid><password>918273</password>", "false"),
        ("<userid>nobody</userid><pin>918273</pin>", "false"),
    ] {
        let (status, answer) = ask(&device, "doAuthenticateUser", content);
        assert_eq!(status, 200);
        let found = &answer.children[0];
        assert_eq!(of(found, "userAuthenticated"), authenticated, "{content}");
        assert_eq!(of(found, "code") == "0", authenticated == "true");
    }
    assert!(refused(&device, "doAuthenticateUser", "<userid>tony</userid><key>1</key>").1.contains("'key'"));
    assert!(!format!("{:?}", got(&device, "getUser", "<userid>tony</userid>")).contains("918273"));
    let log = String::from_utf8(crate::server::Device::log(&device).unwrap()).unwrap();
    let asked: Vec<&str> = log.lines().filter(|line| line.contains("doAuthenticateUser")).collect();
    assert_eq!(asked.len(), 5);
    assert!(asked.iter().all(|line| !line.contains("effects")));
}

#[test]
fn a_user_is_not_to_be_disturbed_at_any_phone() {
    let device = desk();
    let status = || of(&got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>"), "dndStatus").to_owned();
    for (wanted, shown) in [("true", "true"), ("f", "false")] {
        let content = format!("<userID>tony</userID><dndStatus>{wanted}</dndStatus>");
        assert_eq!(ask(&device, "doChangeDNDStatus", &content).0, 200);
        assert_eq!(status(), shown);
    }
    assert_eq!(refused(&device, "doChangeDNDStatus", "<userID>nobody</userID><dndStatus>true</dndStatus>").0, 5007);
    let uuid = "<uuid>{00000000-0000-0000-0000-0000000000FF}</uuid><dndStatus>true</dndStatus>";
    assert_eq!(refused(&device, "doChangeDNDStatus", uuid).0, 5007);
}

#[test]
fn a_service_of_unified_communications_is_put_in_the_profiles_that_people_have() {
    let device = desk();
    let service = "<ucService><serviceType>Voicemail</serviceType><productType>Unity Connection</productType>\
        <name>mail</name><hostnameorip>192.0.2.7</hostnameorip><port>443</port><protocol>HTTPS</protocol></ucService>";
    assert_eq!(ask(&device, "addUcService", service).0, 200);
    let found = got(&device, "getUcService", "<name>mail</name>");
    assert_eq!((of(&found, "serviceType"), of(&found, "port")), ("Voicemail", "443"));
    assert_eq!(refused(&device, "addUcService", &service.replace("Voicemail", "Fax")).0, 35_001);
    assert_eq!(ask(&device, "updateUcService", "<name>mail</name><newName>voice mail</newName>").0, 200);
    assert_eq!(ask(&device, "removeUcService", "<name>voice mail</name>").0, 200);
}
