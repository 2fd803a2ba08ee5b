//! What goes over the wire, for versions whose schemas differ.

use std::collections::BTreeMap;

use dialtone_model::{Action, Attributes, Fault, LineTarget};
use quick_xml::Writer;

use super::elements::LINE;
use super::lines::LineEdit;
use super::node::Node;
use super::object::Object;
use super::schema::{Completeness, Values, tags};
use super::version::Version;

const OLD: Version = Version::new(9, 1);
const NEW: Version = Version::new(12, 5);

fn attributes(values: &[(&str, &str)]) -> Attributes {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn shown(nodes: &[Node]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    nodes.iter().for_each(|node| node.write(&mut writer).unwrap());
    String::from_utf8(writer.into_inner()).unwrap()
}

/// The content of the request that adds the object, and of the one that asks for it.
fn added(action: &Action, version: Version) -> String {
    let object = Object::of(action, version).unwrap().unwrap();
    let wanted = Node::parent("returnedTags", tags(object.class.elements, version, Some(&object.content)));
    let asked: Vec<Node> = object.key.iter().cloned().chain([wanted]).collect();
    let (add, get) = (object.class.operation("add"), object.class.operation("get"));
    let content = shown(&[Node::parent(object.class.name, object.content)]);
    format!("{add} {version}\n{content}\n\n{get} {version}\n{}", shown(&asked))
}

#[test]
fn a_user() {
    let action = Action::AddSubscriber {
        user_id: "tony".to_owned(),
        first_name: Some("Tony".to_owned()),
        last_name: "O'Neill & <Söhne>".to_owned(),
        attributes: attributes(&[("telephoneNumber", "1001"), ("enableCti", "true"), ("mailid", "")]),
    };
    insta::assert_snapshot!("user-9.1", added(&action, OLD));
    insta::assert_snapshot!("user-12.5", added(&action, NEW));
}

#[test]
fn a_phone() {
    let action = |phone_type: &str, protocol: &str| Action::AddPhone {
        name: "SEP0011AABBCCDD".to_owned(),
        phone_type: phone_type.to_owned(),
        protocol: protocol.to_owned(),
        owner: Some("tony".to_owned()),
        attributes: attributes(&[("devicePoolName", "Second floor"), ("softkeyTemplateName", ""), ("idleTimeout", "")]),
    };
    insta::assert_snapshot!("phone-9.1", added(&action("Cisco 7965", "SCCP"), OLD));
    insta::assert_snapshot!("phone-12.5", added(&action("Cisco 8845", "SIP"), NEW));
    insta::assert_snapshot!("softphone-12.5", added(&action("Cisco Unified Client Services Framework", "SIP"), NEW));
}

#[test]
fn a_number() {
    let action = |partition: Option<&str>| Action::AddDirectoryNumber {
        pattern: "1001".to_owned(),
        partition: partition.map(str::to_owned),
        attributes: attributes(&[
            ("alertingName", "Tony"),
            ("callForwardAll.destination", "1999"),
            ("callForwardNoAnswer.forwardToVoiceMail", "true"),
        ]),
    };
    insta::assert_snapshot!("line", added(&action(Some("Internal")), NEW));
    insta::assert_snapshot!("line-without-partition", added(&action(None), NEW));
}

#[test]
fn profiles_and_remote_destinations() {
    let device_profile = Action::AddDeviceProfile {
        name: "tony-profile".to_owned(),
        phone_type: "Cisco 7965".to_owned(),
        protocol: "SCCP".to_owned(),
        attributes: Attributes::new(),
    };
    insta::assert_snapshot!("device-profile", added(&device_profile, NEW));
    let remote_profile = Action::AddRemoteDestinationProfile {
        name: "tony-remote".to_owned(),
        user_id: "tony".to_owned(),
        attributes: attributes(&[("callingSearchSpaceName", "Internal")]),
    };
    insta::assert_snapshot!("remote-destination-profile", added(&remote_profile, NEW));
    let remote_destination = Action::AddRemoteDestination {
        destination: "442071234567".to_owned(),
        profile: "tony-remote".to_owned(),
        user_id: "tony".to_owned(),
        attributes: Attributes::new(),
    };
    insta::assert_snapshot!("remote-destination-9.1", added(&remote_destination, OLD));
    insta::assert_snapshot!("remote-destination-12.5", added(&remote_destination, NEW));
}

#[test]
fn a_line_on_a_phone() {
    let action = Action::AttachLine {
        target: LineTarget::Phone,
        name: "SEP0011AABBCCDD".to_owned(),
        index: 1,
        pattern: "1001".to_owned(),
        partition: Some("Internal".to_owned()),
        associated_user: Some("tony".to_owned()),
        attributes: attributes(&[("display", "Tony"), ("callInfoDisplay.callerNumber", "true")]),
    };
    let there = Node::read(
        "<line uuid='{1}'><index>2</index><label/><dirn uuid='{2}'><pattern>1002</pattern><routePartitionName/></dirn>\
         <e164Mask/><maxNumCalls>2</maxNumCalls><callInfoDisplay><callerName>true</callerName></callInfoDisplay>\
         <associatedEndusers><enduser><userId>jane</userId></enduser></associatedEndusers></line>",
    )
    .unwrap();
    let change = |version| {
        let edit = LineEdit::of(&action, version).unwrap().unwrap();
        format!("updatePhone {version}\n{}", shown(&[edit.change(std::slice::from_ref(&there)).unwrap()]))
    };
    insta::assert_snapshot!("line-on-a-phone-9.1", change(OLD));
    insta::assert_snapshot!("line-on-a-phone-12.5", change(NEW));
}

#[test]
fn what_an_order_says_itself_is_no_attribute() {
    let action = Action::AddRemoteDestinationProfile {
        name: "tony-remote".to_owned(),
        user_id: "tony".to_owned(),
        attributes: attributes(&[("userId", "jane")]),
    };
    let fault = Object::of(&action, NEW).unwrap().unwrap_err();
    assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.code == "axl-attribute"), "{fault:?}");
}

#[test]
fn a_time_before_a_forwarding_is_unset_by_0_as_other_numbers_are() {
    let values = Values { flat: [("callForwardNoAnswer.duration", "")].into(), lists: BTreeMap::new() };
    let written = values.write(LINE, NEW, Completeness::Given).unwrap();
    assert_eq!(written, [Node::parent("callForwardNoAnswer", vec![Node::text("duration", "0")])]);
}
