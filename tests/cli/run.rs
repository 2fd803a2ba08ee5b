use std::path::PathBuf;

use serde_json::{Value, json};

use crate::home::{Home, SAMPLE, key, number, report_rows, uuid};

fn report_of(answer: &Value) -> PathBuf {
    answer["report"].as_str().unwrap().into()
}

#[test]
fn the_first_command_provisions_the_sample_and_reports_every_row() {
    let home = Home::new();
    let answer = home.run(["run", SAMPLE, "--json"]).done().says("Sample Organization").json();
    assert_eq!(answer["orders"], json!({ "initial": 0, "released": 0, "hold": 0, "completed": 2, "cancelled": 0 }));
    assert_eq!(answer["refused_rows"], 0);
    assert_eq!(answer["state"], "finished");
    assert!(answer["seconds"].as_f64().unwrap() > 0.0);
    home.assert_all_done_once(&report_of(&answer), ["101", "102"].into_iter().map(str::to_owned));
}

#[test]
fn a_second_run_of_the_same_file_is_refused_and_changes_nothing() {
    let home = Home::new();
    home.run(["run", SAMPLE]).done();
    let before = home.effects();
    let answer = home.run(["run", SAMPLE, "--json"]).code(3).json();
    assert_eq!(answer["run"], Value::Null);
    assert_eq!(answer["refused_rows"], 2);
    let codes: Vec<&str> =
        answer["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"ext-key-taken") && codes.contains(&"user-assigned"), "{codes:?}");
    assert_eq!(home.effects(), before);
    assert_eq!(home.line("template list --json").json_lines().len(), 1, "a refused file leaves no template");
}

#[test]
fn several_files_are_one_assignment() {
    let home = Home::with_organization(6);
    let (first, second) = (home.bulk(0..4), home.bulk(4..6));
    let answer = home.run(["run", &first, &second, "--name", "Both", "--json"]).done().json();
    assert_eq!(answer["name"], "Both");
    home.assert_all_done_once(&report_of(&answer), (0..6).map(key));
}

#[test]
fn valid_rows_only_gives_the_bad_rows_back_to_be_corrected() {
    let home = Home::with_organization(4);
    let good = |index: usize| format!("{},{},{}", key(index), uuid(index), number(index));
    let bad = format!("1,{},", uuid(1));
    let file = home.write("mixed.csv", &format!("Ext Key,Identity UUID,Number\n{}\n{bad}\n{}\n", good(0), good(2)));
    let file = file.to_str().unwrap();
    home.run(["run", file]).code(3);
    assert!(home.effects().is_empty(), "in strict mode one bad row refuses the file");

    let answer = home.run(["run", file, "--valid-rows-only", "--json"]).code(3).json();
    assert_eq!((&answer["orders"]["completed"], &answer["refused_rows"]), (&json!(2), &json!(1)));
    let report = report_rows(&report_of(&answer));
    assert_eq!(report.get("1").map(String::as_str), Some("Refused"));
    assert_eq!(report.len(), 3);

    let failed = answer["failed_rows"][0].as_str().unwrap();
    let corrected = std::fs::read_to_string(failed).unwrap().replacen("\n1,", &format!("\n{},", key(1)), 1);
    assert!(corrected.contains("Dialtone Reason"), "{corrected}");
    std::fs::write(failed, corrected).unwrap();
    home.run(["run", failed]).done();
    assert_eq!(home.effects().into_values().collect::<Vec<_>>(), [1, 1, 1]);
}

#[test]
fn corrected_rows_run_under_the_name_and_with_the_add_ons_of_their_template() {
    let home = Home::with_organization(2);
    let rows = format!("Ext Key,Identity UUID\n{},{}\n1,{}\n", key(0), uuid(0), uuid(1));
    let file = home.write("mixed.csv", &rows);
    let first = ["run", file.to_str().unwrap(), "--valid-rows-only", "--name", "Hires", "--add-on", "call-recording"];
    let answer = home.run(first.into_iter().chain(["--json"])).code(3).json();
    let failed = answer["failed_rows"][0].as_str().unwrap();
    let corrected = std::fs::read_to_string(failed).unwrap().replacen("\n1,", &format!("\n{},", key(1)), 1);
    std::fs::write(failed, corrected).unwrap();
    assert_eq!(home.run(["run", failed, "--json"]).done().json()["name"], "Hires");
    assert_eq!(home.line("organization show --json").json()["licences"][1]["used"], 2);
}

#[test]
fn what_is_printed_of_a_file_is_an_object_with_json_and_no_workbook() {
    let home = Home::with_organization(1);
    let answer = home.run(["run", &home.bulk(0..1), "--json"]).done().json();
    let run = answer["run"].as_str().unwrap();
    let text = home.run(["report", run]).done().stdout;
    let object = home.run(["report", run, "--json"]).done().json();
    assert_eq!(object, json!({ "format": "csv", "content": text }));
    home.run(["report", run, "--json", "--format", "xlsx"]).code(1).says("--output");
    let object = home.line("extension export numbers --json").done().json();
    assert_eq!(object["content"], home.line("extension export numbers").done().stdout);
}

#[test]
fn add_ons_are_licensed_and_an_unknown_one_is_refused_with_those_that_there_are() {
    let home = Home::with_organization(2);
    let file = home.bulk(0..2);
    home.run(["run", &file, "--add-on", "nonsense"])
        .code(1)
        .says("no add-on licence \"nonsense\"; it has call-recording");
    home.run(["run", &file, "--add-on", "call-recording"]).done();
    let view = home.line("organization show --json").json();
    let recording = &view["licences"][1];
    assert_eq!(
        (&recording["licence"], &recording["used"], &recording["free"]),
        (&json!("call-recording"), &json!(2), &json!(0))
    );
}

#[test]
fn licences_that_are_short_refuse_the_file() {
    let home = Home::with_organization(2);
    home.line("extension provision 1 --start 200").done();
    let answer = home.run(["run", &home.bulk(0..2), "--json"]).code(3).json();
    assert_eq!(answer["verdict"], "reject-file");
    assert_eq!(answer["findings"][0]["row"], Value::Null);
}

#[test]
fn the_report_is_written_where_it_was_asked_for_in_the_format_of_its_name() {
    let home = Home::with_organization(1);
    let report = home.path("out/report.xlsx");
    let answer = home.run(["run", &home.bulk(0..1), "--json", "--report", report.to_str().unwrap()]).done().json();
    assert_eq!(report_of(&answer), report);
    assert!(std::fs::read(&report).unwrap().starts_with(b"PK"), "a workbook");
    let run = answer["run"].as_str().unwrap();
    let text = home.run(["report", &run[..13]]).done().stdout;
    assert!(text.starts_with("Ext Key,Identity UUID,Number,"), "{text}");
    let open = home.run(["report", run, "--only-failed"]).done().stdout;
    assert!(!open.contains(&key(0)), "{open}");
}

#[test]
fn a_report_is_kept_under_its_sha256_and_has_no_link_in_a_folder() {
    let home = Home::with_organization(1);
    let answer = home.run(["run", &home.bulk(0..1), "--json"]).done().json();
    let (run, digest) = (answer["run"].as_str().unwrap(), answer["report_sha256"].as_str().unwrap());
    let kept = home.path(&format!("data/files/reports/{run}/{digest}.csv"));
    assert_eq!(std::fs::read(kept).unwrap(), std::fs::read(report_of(&answer)).unwrap());
    home.run(["report", run, "--link", "24"]).code(1).says("files are kept in a folder");
    home.run(["report", run, "--link", "169"]).code(2).says("169");
}

#[test]
fn an_upload_that_was_altered_where_it_is_kept_makes_no_report() {
    let home = Home::with_organization(1);
    let answer = home.run(["run", &home.bulk(0..1), "--json"]).done().json();
    let uploads = std::fs::read_dir(home.path("data/files/uploads")).unwrap();
    uploads.for_each(|upload| std::fs::write(upload.unwrap().path(), "Ext Key,User's Name\n").unwrap());
    home.run(["report", answer["run"].as_str().unwrap()]).code(1).says("isn't what was stored there");
}

#[test]
fn a_bad_name_of_a_report_is_said_before_anything_runs() {
    let home = Home::with_organization(1);
    home.run(["run", &home.bulk(0..1), "--report", "report.pdf"]).code(2).says(".csv, .tsv or .xlsx");
    assert!(home.effects().is_empty());
}

#[test]
fn the_null_device_takes_every_order_the_same_way() {
    let home = Home::new();
    home.import("Measured", 20, "kind = \"null\"\naddress = \"null\"");
    let answer = home.run(["run", &home.bulk(0..20), "--json"]).done().json();
    assert_eq!(answer["orders"]["completed"], 20);
    assert_eq!(report_rows(&report_of(&answer)).len(), 20);
    let events = home.line("order show 20 --json").done().json()["events"].clone();
    let kinds: Vec<&str> = events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["started", "step_done"]);
}

#[test]
fn with_several_organizations_one_has_to_be_named() {
    let home = Home::with_organization(1);
    home.import("Other Organization", 1, "kind = \"phone_system\"\naddress = \"simulated\"");
    let file = home.bulk(0..1);
    home.run(["run", &file]).code(1).says("--organization");
    home.run(["run", &file, "--organization", "Nowhere"]).code(1).says("Test Organization");
    home.run(["run", &file, "--organization", "Other Organization"]).done();
    home.run(["validate", &file, "--organization", "Test Organization"]).done();
    home.run(["validate", &file, "--organization", "Other Organization"]).code(3);
}
