use std::collections::BTreeMap;

use serde_json::json;

use crate::home::Home;

const NEW_HIRES: &str = "sample-data/new-hires.csv";

#[test]
fn new_hires_become_phones_lines_and_mailboxes_once() {
    let home = Home::new();
    home.line("project create Hires").done();
    for file in ["csv", "tsv", "xlsx"] {
        let plan = home.run(["plan", &format!("sample-data/new-hires.{file}"), "--json"]).done().json();
        assert_eq!(plan["findings"], json!([]), "{file}");
        assert_eq!(plan["calls"], json!({ "CUC-SG": 4, "CUCM-SG": 27 }), "{file}");
    }
    home.run(["project", "add", "Hires", NEW_HIRES]).done();
    let answer = home.run(["project", "run", "Hires", "--json"]).done().json();
    assert_eq!(answer["orders"], json!({ "initial": 0, "released": 0, "hold": 0, "completed": 5, "cancelled": 0 }));

    let unified_cm = home.effects_in("axl-12.5.jsonl");
    let made = |class: &str| unified_cm.keys().filter(|object| object.starts_with(class)).count();
    assert_eq!((made("user/"), made("phone/"), made("line/")), (5, 5, 6), "{unified_cm:?}");
    let mailboxes = home.effects_in("cupi.jsonl");
    assert_eq!(mailboxes.len(), 4, "{mailboxes:?}");
    assert!(mailboxes.values().all(|effects| *effects == 1), "{mailboxes:?}");

    home.line("project duplicate Hires --name Again").done();
    let plan = home.line("project plan Again --json").done().json();
    let outcomes = plan["rows"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["no_change"; 8]);
    home.line("project run Again").done();
    let again: BTreeMap<String, usize> = home.effects_in("cupi.jsonl");
    assert_eq!(again, mailboxes, "what is there already is left as it is");
}

#[test]
fn a_project_that_contradicts_the_records_is_not_started() {
    let home = Home::new();
    home.line("project create Wrong").done();
    let rows = "Order Type,Product,User ID,First Name,Last Name,Domain,Phone Type,Protocol,MAC Address\n\
                ADD,Phone,tony,Tony,Sample,Nowhere,Cisco 7965,SIP,0011AABBCC01\n";
    let file = home.write("wrong.csv", rows);
    home.run(["project".as_ref(), "add".as_ref(), "Wrong".as_ref(), file.as_os_str()]).done();
    let answer = home.line("project run Wrong --json").code(3).json();
    assert_eq!(answer["run"], json!(null));
    assert_eq!(answer["findings"][0]["code"], "domain-unknown");
    assert!(home.effects_in("axl-12.5.jsonl").is_empty());
    home.line("project delete Wrong").done();
    assert!(home.line("project list --json").done().json_lines().is_empty());
}

#[test]
fn a_check_in_an_organization_tells_what_its_records_say_of_project_files() {
    let home = Home::new();
    home.line("project create Wrong").done();
    let rows = "Order Type,Product,User ID,First Name,Last Name,Domain,Phone Type,Protocol,MAC Address\n\
                ADD,Phone,tony,Tony,Sample,Nowhere,Cisco 7965,SIP,0011AABBCC01\n\
                ADD,Phone,jane,Jane,Sample,Singapore,Cisco 7965,SIP,0011AABBCC02\n";
    let file = home.write("wrong.csv", rows);
    let file = file.to_str().unwrap();
    let alone = home.run(["validate", file, "--json"]).done().json();
    assert_eq!((&alone["verdict"], &alone["accepted"]), (&json!("accept"), &json!(2)));
    let known = ["validate", file, "--rows", "--json", "--organization", "Sample Organization"];
    let known = home.run(known).code(3).json();
    assert_eq!(
        (&known["verdict"], &known["accepted"], &known["refused"]),
        (&json!("reject-rows"), &json!(1), &json!(1))
    );
    let findings = known["findings"].as_array().unwrap();
    assert!(findings.iter().any(|one| one["code"] == "domain-unknown" && one["row"] == 2), "{findings:?}");
    let rows = known["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| &row["row"]).collect::<Vec<_>>(), [3], "the refused row isn't among those used");
}

#[test]
fn a_plan_has_a_line_for_every_row() {
    let home = Home::new();
    let rows = "Order Type,Product,User ID,First Name,Last Name,Domain,Phone Type,Protocol,MAC Address\n\
                ADD,Phone,tony,Tony,Sample,Singapore,Cisco 7965,SIP,nonsense\n\
                ADD,Phone,jane,Jane,Sample,Singapore,Cisco 7965,SIP,0011AABBCC01\n";
    let file = home.write("hires.csv", rows);
    let plan = home.run(["plan", file.to_str().unwrap(), "--json"]).code(3).json();
    let rows = plan["rows"].as_array().unwrap();
    let told: Vec<[&serde_json::Value; 3]> =
        rows.iter().map(|row| ["file", "row", "outcome"].map(|key| &row[key])).collect();
    assert_eq!(json!(told), json!([["hires.csv", 2, "refused"], ["hires.csv", 3, "create"]]));
}

#[test]
fn every_product_of_the_demo_organization_that_needs_a_mailbox_is_provisioned() {
    let home = Home::new();
    let rows = "Order Type,Product,User ID,First Name,Last Name,Email,Domain,Service Area,Phone Type,Protocol,\
                Phone Button Template,MAC Address,Line Type,Voicemail Alias,Voicemail Display Name,Email ID,\
                Email Display Name\n\
                ADD,Unified Messaging Service,eve,Eve,Ebb,eve@example.com,Singapore,Singapore HQ,Cisco 7965,SCCP,\
                Standard 7965 SCCP,001122334405,Auto-assigned,eve,Eve Ebb,eve@example.com,Eve Ebb\n";
    let file = home.write("messaging.csv", rows);
    let answer = home.run(["run", file.to_str().unwrap(), "--json"]).done().json();
    assert_eq!(answer["orders"]["completed"], 1);
}
