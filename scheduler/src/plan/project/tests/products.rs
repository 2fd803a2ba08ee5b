use dialtone_model::Profile;

use super::super::{Defaults, ProjectFacts};
use super::bed::{facts, owned, plan, plan_as, told, with_phone};

/// The steps and findings of the rows, given as `header` and lines below it.
fn check(facts: &ProjectFacts, rows: &str, expected: &[&str]) {
    let (plan, readings) = plan(rows, facts);
    let text = told(&plan, &readings, facts);
    let found: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  ") || line.starts_with("Error") || line.starts_with("Warning"))
        .map(str::trim)
        .collect();
    assert_eq!(found, expected, "{text}");
}

const PHONE: &str = "Order Type,Product,User ID,Phone Type,Protocol,Phone Button Template,MAC Address,\
                     Use Dummy MAC Address,Device Name,Enable Extension Mobility";

#[test]
fn a_phone_is_named_by_its_address_or_its_type() {
    let check = |row: &str, expected: &[&str]| check(&facts(), &format!("{PHONE}\nADD,Phone,{row}\n"), expected);
    check(
        "known,Cisco 7965,SIP,Standard 7965 SIP,00:11:22:aa:bb:cc,,,",
        &[
            "CUCM-SG: add phone [commonPhoneConfigName=Standard Common Phone Profile, devicePoolName=Default, \
             locationName=Hub_None, phoneTemplateName=Standard 7965 SIP] name=SEP001122AABBCC owner=known \
             phone_type=Cisco 7965 protocol=SIP",
            "CUCM-SG: associate device name=SEP001122AABBCC target=phone user_id=known",
        ],
    );
    check("known,Cisco 7965,SIP,,,N,,", &["Error row 2 phone-without-name: The phone has no MAC address."]);
    check(
        "known,Cisco Dual Mode for iPhone,SIP,,001122AABBCC,,,",
        &["Error row 2 mac-refused: `Cisco Dual Mode for iPhone` has a device name and no MAC address."],
    );
    check(
        "known,Cisco Dual Mode for iPhone,SIP,,,,a-b,",
        &["Error row 2 device-name-format: The device can't be named: only letters and digits are allowed."],
    );
    check(
        "known,Cisco 6921,SIP,,001122AABBCC,,,Yes",
        &["Error row 2 extension-mobility-model: Extension mobility doesn't work on Cisco 6921 over SIP."],
    );
    check(
        "lobby,Cisco 7942,SCCP,,001122AABBCC,,,",
        &["CUCM-SG: add phone [commonPhoneConfigName=Standard Common Phone Profile, devicePoolName=Default, \
           locationName=Hub_None] name=SEP001122AABBCC phone_type=Cisco 7942 protocol=SCCP"],
    );
}

#[test]
fn a_dummy_address_is_nobodys() {
    let (plan, _) = plan(&format!("{PHONE}\nADD,Phone,known,Cisco 7965,SIP,,,Y,,\n"), &facts());
    let object = &plan.orders[0].order.products[0].key;
    let mac = object.strip_prefix("phone/CUCM-SG/SEP02").unwrap();
    assert!(mac.len() == 10 && mac.bytes().all(|byte| byte.is_ascii_hexdigit()), "{object}");
}

const LINE: &str = "Order Type,Product,User ID,Selected Phone,Target Phone,Line Type,Directory Number,Line Position,\
                    attr:Alerting Name,attr:Line Text Label,Selected Line,Voicemail Alias,Voicemail Display Name";

#[test]
fn a_line_gets_a_number_and_a_position() {
    let facts = with_phone();
    let check = |row: &str, expected: &[&str]| check(&facts, &format!("{LINE}\nADD,{row}\n"), expected);
    check(
        "Line,known,SEP0000000000AA,,Auto-assigned,,,,,,,",
        &[
            "CUCM-SG: add directory number partition=Internal pattern=4101",
            "CUCM-SG: attach line associated_user=known [display=Known Sample] index=2 name=SEP0000000000AA \
             partition=Internal pattern=4101 target=phone",
        ],
    );
    check(
        "Line,known,,,Chosen,4300,5,Front,Desk,,,",
        &[
            "CUCM-SG: add directory number [alertingName=Front] partition=Internal pattern=4300",
            "CUCM-SG: attach line associated_user=known [display=Known Sample, label=Desk] index=5 \
             name=SEP0000000000AA partition=Internal pattern=4300 target=phone",
        ],
    );
    check(
        "Line,known,,,Chosen,4300,1,,,,,",
        &["Error row 2 line-position-taken: The position is taken by the line 4200."],
    );
    check(
        "Line,known,,,Chosen,4300,7,,,,,",
        &["Error row 2 phone-full: SEP0000000000AA has 6 lines at most, and this would be line 7."],
    );
    check("Line,known,,,Chosen,4100,,,,,,", &["Error row 2 number-reserved: The number is reserved for lobby."]);
    check(
        "Line,known,SEP0000000000BB,,Chosen,4300,,,,,,",
        &["Error row 2 need-unknown: There is no phone SEP0000000000BB."],
    );
}

#[test]
fn a_number_in_use_becomes_a_shared_line_and_keeps_its_values() {
    let facts = with_phone();
    let rows = format!("{PHONE},Line Type,Directory Number,attr:Alerting Name\n");
    let row = "ADD,Phone Service,lobby,Cisco 7942,SIP,,00000000BBBB,,,,Chosen,4200,Front";
    check(
        &facts,
        &format!("{rows}{row}\n"),
        &[
            "Warning row 2 number-shared: The line will be shared with known.",
            "Warning row 2 number-shared-values: The number's own value of Alerting Name stays; the row's isn't used.",
            "CUCM-SG: add phone [commonPhoneConfigName=Standard Common Phone Profile, devicePoolName=Default, \
             locationName=Hub_None] name=SEP00000000BBBB phone_type=Cisco 7942 protocol=SIP",
            "CUCM-SG: attach line [display=Lobby] index=1 name=SEP00000000BBBB partition=Internal pattern=4200 \
             target=phone",
        ],
    );
    let shared = "ADD,Line on a Shared Phone,other,,SEP0000000000AA,Auto-assigned,,,,,,,";
    check(
        &facts,
        &format!("{LINE}\n{shared}\n"),
        &[
            "Error row 2 subscriber-unknown: There is no subscriber `other`, and the row lacks `First Name`, `Last Name`, \
         `Domain` to make one.",
        ],
    );
}

#[test]
fn a_number_has_one_voicemail() {
    let mut facts = with_phone();
    let rows = format!("{LINE}\nADD,Voicemail,known,,,,,,,,4200,known2,Known Sample\n");
    check(
        &facts,
        &rows,
        &["CUC-SG: add mailbox alias=known2 [DisplayName=Known Sample, FirstName=Known, LastName=Sample] \
           extension=4200 template=voicemailusertemplate"],
    );
    let number = [("Directory Number", "4200")];
    let line = "line/CUCM-SG/phone/CUCM-SG/SEP0000000000AA/4200/Internal";
    facts.inventory.push(owned("Voicemail", "mailbox/CUC-SG/known", Some(line), &number));
    check(&facts, &rows, &["Error row 2 voicemail-of-line: The number 4200 has a voicemail already."]);
}

#[test]
fn messages_end_in_one_account() {
    let header = format!("{PHONE},Line Type,Voicemail Alias,Voicemail Display Name,Email ID,Email Display Name");
    let row = "ADD,Unified Messaging Service,known,Cisco 7965,SIP,,001122AABBCC,,,,Auto-assigned,known,Known Sample,\
               known@example.com,Known Sample";
    let (plan, readings) = plan(&format!("{header}\n{row}\n"), &facts());
    let text = told(&plan, &readings, &facts());
    let steps: Vec<String> = plan.orders[0].order.steps.iter().map(dialtone_model::Step::title).collect();
    assert_eq!(
        steps,
        [
            "add phone SEP001122AABBCC",
            "associate SEP001122AABBCC with known",
            "add directory number 4101",
            "put line 4101 on SEP001122AABBCC",
            "add mailbox known",
            "set mailbox known",
            "add unified messaging for known",
        ],
        "{text}"
    );
    let last = text.lines().rfind(|line| line.starts_with("  ")).unwrap();
    assert_eq!(last, "  CUC-SG: add unified messaging alias=known email=known@example.com service=Unified Messaging");
}

#[test]
fn without_an_external_mail_server_nothing_with_email_is_offered() {
    let mut facts = facts();
    facts.processors.get_mut("CUC-SG").unwrap().external_mail = None;
    let header = format!("{PHONE},Line Type,Voicemail Alias,Voicemail Display Name,Email ID,Email Display Name");
    let row = "ADD,Messaging Service,known,Cisco 7965,SIP,,001122AABBCC,,,,Auto-assigned,k,K,k@example.com,K";
    check(
        &facts,
        &format!("{header}\n{row}\n"),
        &["Error row 2 product-closed: The product isn't offered here: the message processor has no external mail \
           server."],
    );
}

const PROFILE: &str = "Row Id,Order Type,Product,User ID,Name,EM Phone Type,Protocol,Phone Button Template,Line Type,\
                       Directory Number";

#[test]
fn keywords_stand_for_the_orders_values_in_the_newer_edition_alone() {
    let rows = format!("{PROFILE}\n,ADD,Extension Mobility Access,known,,Cisco 7965,SIP,,,\n");
    let mut facts = facts();
    let expect = |name: &str| {
        [
            format!("CUCM-SG: add device profile name={name} phone_type=Cisco 7965 protocol=SIP"),
            format!("CUCM-SG: associate device name={name} target=device_profile user_id=known"),
        ]
    };
    check(&facts, &rows, &expect("EM-known").each_ref().map(String::as_str));
    let own = format!("{PROFILE}\n,ADD,Extension Mobility Access,known,LASTNAME-SERVICEAREA,Cisco 7965,SIP,,,\n");
    check(&facts, &own, &expect("Sample-Singapore HQ").each_ref().map(String::as_str));
    facts.profile = Profile::Older;
    check(&facts, &rows, &expect("EM-USERID").each_ref().map(String::as_str));
}

#[test]
fn a_profile_carries_lines() {
    let rows = format!(
        "{PROFILE}\n1,ADD,Extension Mobility Access,known,em,Cisco 7965,SIP,,,\n\
         1,ADD,Extension Mobility Line,known,,,,,Chosen,4300\n"
    );
    let (plan, readings) = plan(&rows, &facts());
    let text = told(&plan, &readings, &facts());
    assert!(text.contains("attach line associated_user=known [display=Known Sample] index=1 name=em"), "{text}");
    assert!(text.contains("target=device_profile"), "{text}");
}

#[test]
fn single_number_reach_warns_of_what_a_desk_phone_lacks() {
    let rows = format!("{PROFILE}\n,ADD,Single Number Reach Service,known,rdp,,,,Chosen,4200\n");
    check(
        &with_phone(),
        &rows,
        &[
            "Warning row 2 reach-incomplete: It won't work on a desk phone yet: the phone has no softkey template of \
             its own.",
            "Warning row 2 number-shared: The line will be shared with known.",
            "CUCM-SG: set subscriber [enableMobileVoiceAccess=true, enableMobility=true, maxDeskPickupWaitTime=1000, \
             remoteDestinationLimit=4] user_id=known",
            "CUCM-SG: add remote destination profile name=rdp user_id=known",
            "CUCM-SG: attach line associated_user=known [display=Known Sample] index=1 name=rdp partition=Internal \
             pattern=4200 target=remote_destination_profile",
        ],
    );
}

#[test]
fn what_no_device_here_makes_is_refused_with_the_reason() {
    let check = |product: &str, expected: &str| {
        let rows = format!("Order Type,Product,User ID\nADD,{product},known\n");
        check(&facts(), &rows, &[expected]);
    };
    check("Enable Presence", "Error row 2 product-of-role: The role Employee hasn't got the product.");
    check("Domain", "Error row 2 product-unplanned: Domain records are changed by importing the organization.");
    check(
        "Client User Settings",
        "Error row 2 order-type-refused: Client User Settings is ordered only as a part of another product.",
    );
}

#[test]
fn a_rows_value_goes_before_the_runs_and_the_runs_before_the_service_areas() {
    let facts = facts();
    let defaults: Defaults = [(
        "Phone".to_owned(),
        [("Location", "Run"), ("Device Pool", "Run")].map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    )]
    .into();
    let rows = format!(
        "{PHONE},attr:Location,attr:Common Phone Profile\nADD,Phone,known,Cisco 7965,SIP,,001122AABBCC,,,,Row,<clear>\n"
    );
    let (plan, readings) = plan_as(&rows, &facts, true, &defaults);
    let text = told(&plan, &readings, &facts);
    assert!(text.contains("add phone [devicePoolName=Run, locationName=Row] name"), "{text}");
    let (plan, readings) = plan_as(&rows, &facts, false, &defaults);
    let text = told(&plan, &readings, &facts);
    assert_eq!(plan.orders.len(), 0, "{text}");
    assert_eq!(text.matches("attribute-forbidden").count(), 2, "{text}");
}

#[test]
fn an_attribute_that_the_product_has_not_is_an_error() {
    let rows = format!("{PHONE},attr:Line Text Label\nADD,Phone,known,Cisco 7965,SIP,,001122AABBCC,,,,Desk\n");
    check(&facts(), &rows, &["Error row 2 attribute-unknown: The product has no attribute `Line Text Label`."]);
}

#[test]
fn an_extension_is_claimed_whole() {
    let mut facts = facts();
    facts.extensions.available_numbers.insert("6512345678".to_owned());
    facts.extensions.ext_keys.insert("100".to_owned());
    let mut other = facts.subscribers["known"].clone();
    (other.user_id, other.identity) = ("other".to_owned(), None);
    facts.subscribers.insert(other.user_id.clone(), other);
    let header = "Order Type,Product,User ID,Ext Key,Number";
    let check = |row: &str, expected: &str| {
        check(&facts, &format!("{header}\nADD,Phone System Extension,{row}\n"), &[expected])
    };
    check("known,100,", "Error row 2 ext-key-taken: The ext key `100` is an extension of the organization already.");
    check(
        "other,101,",
        "Error row 2 subscriber-without-identity: The subscriber isn't joined with a user of the organization.",
    );
    check(
        "known,101,+6500000000",
        "Error row 2 number-unavailable: `+6500000000` isn't an available number of the organization.",
    );
    let (plan, _) = plan(&format!("{header}\nADD,Phone System Extension,known,101,+6512345678\n"), &facts);
    let order = &plan.orders[0].order;
    assert!(order.claim.is_some() && order.object.is_none() && order.steps.len() == 1);
}
