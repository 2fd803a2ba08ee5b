use super::{LINE, ask, desk, fresh, got, refused};
use crate::xml::Element;

const PARTITION: &str = "<routePartition><name>Sales</name></routePartition>";
const LINE_GROUP: &str = "<lineGroup><distributionAlgorithm>Top Down</distributionAlgorithm>\
    <rnaReversionTimeOut>10</rnaReversionTimeOut><huntAlgorithmNoAnswer>Stop hunting</huntAlgorithmNoAnswer>\
    <huntAlgorithmBusy>Stop hunting</huntAlgorithmBusy>\
    <huntAlgorithmNotAvailable>Stop hunting</huntAlgorithmNotAvailable>\
    <members><member><lineSelectionOrder>0</lineSelectionOrder><directoryNumber><pattern>1001</pattern>\
    <routePartitionName/></directoryNumber></member></members><name>Sales people</name></lineGroup>";
const HUNT_LIST: &str = "<huntList><callManagerGroupName>Default</callManagerGroupName><routeListEnabled>true\
    </routeListEnabled><members><member><lineGroupName>Sales people</lineGroupName><selectionOrder>1</selectionOrder>\
    </member></members><name>Sales list</name></huntList>";
const HUNT_PILOT: &str = "<huntPilot><pattern>1900</pattern><routePartitionName>Sales</routePartitionName>\
    <blockEnable>false</blockEnable><useCallingPartyPhoneMask>Default</useCallingPartyPhoneMask>\
    <huntListName>Sales list</huntListName></huntPilot>";
const TRUNK: &str = "<sipTrunk><name>carrier</name><product>SIP Trunk</product><class>Trunk</class>\
    <protocol>SIP</protocol><protocolSide>Network</protocolSide><devicePoolName>Default</devicePoolName>\
    <locationName>Hub_None</locationName><securityProfileName>Non Secure SIP Trunk Profile</securityProfileName>\
    <sipProfileName>Standard SIP Profile</sipProfileName><presenceGroupName>Standard Presence group</presenceGroupName>\
    <destinations><destination><addressIpv4>192.0.2.1</addressIpv4><sortOrder>1</sortOrder></destination></destinations>\
    <callingAndCalledPartyInfoFormat>Deliver DN only in connected party</callingAndCalledPartyInfoFormat></sipTrunk>";
const ROUTE_GROUP: &str = "<routeGroup><distributionAlgorithm>Circular</distributionAlgorithm><members><member>\
    <deviceSelectionOrder>1</deviceSelectionOrder><deviceName>carrier</deviceName><port>0</port></member></members>\
    <name>outside</name></routeGroup>";
const ROUTE_LIST: &str = "<routeList><name>outward</name><callManagerGroupName>Default</callManagerGroupName><members>\
    <member><routeGroupName>outside</routeGroupName><selectionOrder>1</selectionOrder>\
    <useFullyQualifiedCallingPartyNumber>Default</useFullyQualifiedCallingPartyNumber></member></members></routeList>";

fn route_pattern(destination: &str) -> String {
    format!(
        "<routePattern><pattern>9.!</pattern><routePartitionName>Sales</routePartitionName><blockEnable>false</blockEnable>\
         <useCallingPartyPhoneMask>On</useCallingPartyPhoneMask><dialPlanName xsi:nil='true'/>\
         <digitDiscardInstructionName>PreDot</digitDiscardInstructionName><networkLocation>OffNet</networkLocation>\
         <prefixDigitsOut xsi:nil='true'/><routeFilterName xsi:nil='true'/>\
         <destination>{destination}</destination></routePattern>"
    )
}

fn text<'e>(element: &'e Element, path: &[&str]) -> &'e str {
    let leaf = path.iter().try_fold(element, |element, name| element.child(name));
    &leaf.unwrap_or_else(|| panic!("{path:?} is missing in {element:?}")).text
}

#[test]
fn calls_are_hunted_along_a_list_and_nothing_on_the_way_goes_before_what_needs_it() {
    let device = desk();
    for (operation, content) in [
        ("addRoutePartition", PARTITION),
        ("addLineGroup", LINE_GROUP),
        ("addHuntList", HUNT_LIST),
        ("addHuntPilot", HUNT_PILOT),
    ] {
        assert_eq!(ask(&device, operation, content).0, 200, "{operation}");
    }
    let key = "<pattern>1900</pattern><routePartitionName>Sales</routePartitionName>";
    let pilot = got(&device, "getHuntPilot", key);
    assert_eq!((text(&pilot, &["huntListName"]), text(&pilot, &["usage"])), ("Sales list", "Hunt Pilot"));
    assert_eq!((text(&pilot, &["provideOutsideDialtone"]), text(&pilot, &["patternPrecedence"])), ("true", "Default"));
    for (operation, name) in [("removeLineGroup", "Sales people"), ("removeHuntList", "Sales list")] {
        assert_eq!(refused(&device, operation, &format!("<name>{name}</name>")).0, -692, "{operation}");
    }
    assert_eq!(refused(&device, "addHuntPilot", HUNT_PILOT).0, -239);
    // A directory number leaves its line groups when it goes.
    assert_eq!(ask(&device, "removeLine", "<pattern>1001</pattern>").0, 200);
    let group = got(&device, "getLineGroup", "<name>Sales people</name>");
    assert_eq!(group.child("members").unwrap().children, []);
    // A partition that is called otherwise is so in its patterns too.
    let renamed = "<name>Sales</name><newName>Selling</newName>";
    assert_eq!(ask(&device, "updateRoutePartition", renamed).0, 200);
    assert_eq!(refused(&device, "getHuntPilot", key).0, 5007);
    assert_eq!(ask(&device, "removeHuntPilot", &key.replace("Sales", "Selling")).0, 200);
    assert_eq!(ask(&device, "removeHuntList", "<name>Sales list</name>").0, 200);
}

#[test]
fn calls_to_the_outside_go_by_pattern_list_group_and_trunk() {
    let device = fresh((12, 5));
    let pattern = route_pattern("<routeListName>outward</routeListName>");
    for (operation, content) in [
        ("addRoutePartition", PARTITION),
        ("addSipTrunk", TRUNK),
        ("addRouteGroup", ROUTE_GROUP),
        ("addRouteList", ROUTE_LIST),
        ("addRoutePattern", &pattern),
    ] {
        let (status, answer) = ask(&device, operation, content);
        assert_eq!(status, 200, "{operation}: {answer:?}");
    }
    let key = "<pattern>9.!</pattern><routePartitionName>Sales</routePartitionName>";
    let found = got(&device, "getRoutePattern", &format!("{key}<dialPlanName/><routeFilterName/>"));
    assert_eq!(text(&found, &["destination", "routeListName"]), "outward");
    assert_eq!(found.child("destination").unwrap().child("gatewayName"), None, "it is one of the two");
    let trunk = got(&device, "getSipTrunk", "<name>carrier</name>");
    assert_eq!(text(&trunk, &["destinations", "destination", "port"]), "5060");
    for (operation, name) in [("removeRouteGroup", "outside"), ("removeRouteList", "outward")] {
        assert_eq!(refused(&device, operation, &format!("<name>{name}</name>")).0, -692, "{operation}");
    }
    // A pattern may lead to a trunk without lists, and to nothing at all it doesn't.
    let straight = "<destination><gatewayName>carrier</gatewayName></destination>";
    assert_eq!(ask(&device, "updateRoutePattern", &format!("{key}{straight}")).0, 200);
    assert_eq!(refused(&device, "updateRoutePattern", &format!("{key}<destination/>")).0, -1);
    let elsewhere = "<destination><gatewayName>nowhere</gatewayName></destination>";
    assert_eq!(refused(&device, "updateRoutePattern", &format!("{key}{elsewhere}")).0, 5007);
    for (operation, key) in [
        ("removeRouteList", "<name>outward</name>"),
        ("removeRouteGroup", "<name>outside</name>"),
        ("removeRoutePattern", key),
        ("removeSipTrunk", "<name>carrier</name>"),
    ] {
        assert_eq!(ask(&device, operation, key).0, 200, "{operation}");
    }
}

#[test]
fn a_pickup_group_is_found_by_its_name_and_by_its_number() {
    let device = desk();
    let group = |number: &str, name: &str| {
        format!("<callPickupGroup><pattern>{number}</pattern><name>{name}</name></callPickupGroup>")
    };
    assert_eq!(ask(&device, "addCallPickupGroup", &group("7001", "Sales")).0, 200);
    assert_eq!(refused(&device, "addCallPickupGroup", &group("7001", "Others")).0, -239);
    assert_eq!(refused(&device, "addCallPickupGroup", &group("7002", "Sales")).0, -239);
    let by_number = got(&device, "getCallPickupGroup", "<pattern>7001</pattern><routePartitionName/>");
    assert_eq!(by_number, got(&device, "getCallPickupGroup", "<name>Sales</name>"));
    assert_eq!(text(&by_number, &["pickupNotificationTimer"]), "6");
    let member = "<pattern>1001</pattern><callPickupGroupName>Sales</callPickupGroupName>";
    assert_eq!(ask(&device, "updateLine", member).0, 200);
    assert_eq!(refused(&device, "updateLine", &member.replace("Sales", "Others")).0, 5007);
    assert_eq!(ask(&device, "updateCallPickupGroup", "<name>Sales</name><newPattern>7009</newPattern>").0, 200);
    assert_eq!(refused(&device, "getCallPickupGroup", "<pattern>7001</pattern>").0, 5007);
    assert_eq!(ask(&device, "removeCallPickupGroup", "<pattern>7009</pattern>").0, 200);
    let line = got(&device, "getLine", "<pattern>1001</pattern>");
    assert_eq!(text(&line, &["callPickupGroupName"]), "");
}

#[test]
fn a_cti_route_point_has_lines_and_people_control_it() {
    let device = desk();
    let point = "<ctiRoutePoint><name>queue</name><product>CTI Route Point</product><class>CTI Route Point</class>\
        <protocol>SCCP</protocol><protocolSide>User</protocolSide><devicePoolName>Default</devicePoolName>\
        <locationName>Hub_None</locationName><useTrustedRelayPoint>Default</useTrustedRelayPoint><lines><line>\
        <index>1</index><dirn><pattern>1001</pattern><routePartitionName/></dirn></line></lines></ctiRoutePoint>";
    assert_eq!(ask(&device, "addCtiRoutePoint", point).0, 200);
    let found = got(&device, "getCtiRoutePoint", "<name>queue</name>");
    assert_eq!(text(&found, &["lines", "line", "dirn", "pattern"]), "1001");
    assert_eq!((text(&found, &["model"]), text(&found, &["product"])), ("CTI Route Point", "CTI Route Point"));
    let controls = "<userid>tony</userid><associatedDevices><device>SEP0011AABBCCDD</device><device>queue</device>\
        </associatedDevices>";
    assert_eq!(ask(&device, "updateUser", controls).0, 200);
    let devices =
        || got(&device, "getUser", "<userid>tony</userid>").child("associatedDevices").unwrap().children.len();
    assert_eq!(devices(), 2);
    assert_eq!(refused(&device, "updateUser", &controls.replace("queue", "none")).0, 5007);
    let renamed = "<name>queue</name><newName>waiting</newName>";
    assert_eq!(ask(&device, "updateCtiRoutePoint", renamed).0, 200);
    assert_eq!(ask(&device, "removeCtiRoutePoint", "<name>waiting</name>").0, 200);
    assert_eq!(devices(), 1);
}

#[test]
fn the_route_plan_has_patterns_of_all_kinds() {
    let device = desk();
    ask(&device, "addRoutePartition", PARTITION);
    let translation = "<transPattern><pattern>0</pattern><usage>Translation</usage>\
        <routePartitionName>Sales</routePartitionName><calledPartyTransformationMask>1001</calledPartyTransformationMask>\
        </transPattern>";
    assert_eq!(ask(&device, "addTransPattern", translation).0, 200);
    let plan = |criteria: &str| {
        let tags = "<returnedTags><dnOrPattern/><partition/><type/><routeDetail/></returnedTags>";
        let content = format!("<searchCriteria>{criteria}</searchCriteria>{tags}");
        let (status, response) = ask(&device, "listRoutePlan", &content);
        assert_eq!(status, 200, "{response:?}");
        let row = |row: &Element| row.children.iter().map(|field| field.text.clone()).collect::<Vec<_>>().join(" | ");
        response.children[0].children.iter().map(row).collect::<Vec<_>>()
    };
    let all = ["1001 |  | Device | SEP0011AABBCCDD", "0 | Sales | Translation | "];
    assert_eq!(plan("<dnOrPattern>%</dnOrPattern>"), all);
    assert_eq!(plan("<dnOrPattern>%</dnOrPattern><partition>Sales</partition>"), all[1..]);
    assert_eq!(plan("<type>Device</type>"), all[..1]);
    let wrong = "<searchCriteria><routeDetail>%</routeDetail></searchCriteria><returnedTags/>";
    assert!(refused(&device, "listRoutePlan", wrong).1.contains("'routeDetail'"));
    assert_eq!(ask(&device, "addLine", &LINE.replace("1001", "1002")).0, 200);
    assert_eq!(plan("<type>Device</type>").len(), 2);
}
