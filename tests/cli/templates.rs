use crate::home::{Home, key, number, uuid};

#[test]
fn a_template_lives_from_draft_to_completed() {
    let home = Home::with_organization(6);
    let file = home.bulk(0..3);
    let id = home.line("template create New --add-on call-recording --json").done().json()["id"].clone();
    let id = id.as_str().unwrap();
    home.run(["template", "assign", id]).code(1).says("has no users");
    home.run(["template", "report", id]).code(1).says("no results before it is assigned");

    home.run(["template", "add", id, &file]).done();
    home.run(["template", "add", "New", &file]).code(3);
    home.run(["template", "add-user", id, "--ext-key", &key(3), "--user", &uuid(3), "--number", &number(3)]).done();
    home.run(["template", "add-user", id, "--ext-key", &key(3), "--user", &uuid(4)]).code(3);
    home.run(["template", "remove", id, &key(2)]).done();
    home.run(["template", "edit", id, "--name", "Renamed", "--no-add-ons"]).done();
    let shown = home.run(["template", "show", "Renamed", "--json"]).done().json();
    assert_eq!((&shown["total_users"], &shown["status"]), (&3.into(), &"draft".into()));
    assert_eq!(shown["add_ons"].as_array().unwrap().len(), 0);
    let users = home.run(["template", "users", id, "--json"]).done().json_lines();
    let keys: Vec<&str> = users.iter().map(|user| user["ext_key"].as_str().unwrap()).collect();
    assert_eq!(keys, [key(0), key(1), key(3)]);

    let answer = home.run(["template", "assign", id, "--json"]).done().json();
    assert_eq!(answer["orders"]["completed"], 3);
    let report = home.run(["template", "report", id]).done().stdout;
    assert!(report.contains(&key(0)) && report.contains(&key(3)), "{report}");
    let found = home.run(["template", "list", &id[..13], "--json"]).done().json_lines();
    assert_eq!((found.len(), &found[0]["status"]), (1, &"completed".into()));
}

#[test]
fn what_a_completed_template_refuses_is_refused_with_the_reason() {
    let home = Home::with_organization(2);
    let file = home.bulk(0..1);
    home.run(["run", &file, "--name", "Done"]).done();
    for (line, reason) in [
        ("template edit Done --name Other", "duplicate it for a new draft"),
        ("template delete Done", "its results must stay"),
        ("template assign Done", "duplicate it to assign the same users again"),
        ("template users Done", "its users are in the report"),
        ("template remove Done 10000", "only a draft can change"),
    ] {
        home.line(line).code(1).says(reason);
    }
    home.run(["template", "add", "Done", &home.bulk(1..2)]).code(1).says("only a draft can change");

    home.line("template duplicate Done --name Again").done();
    assert_eq!(home.line("template show Again --json").json()["total_users"], 1);
    // Its users own extensions by now: checked again when started.
    home.line("template assign Again").code(1).says("can't be assigned").says(&key(0)).says("owns the extension");
    home.line("template delete Again").done();
    home.line("template show Again").code(1).says("there is no template");
}

#[test]
fn a_sample_file_passes_its_own_check() {
    let home = Home::new();
    for (kind, name) in [("bulk-name", "by-name.csv"), ("bulk-uuid", "by-uuid.xlsx"), ("bulk-name", "by-name.tsv")] {
        let path = home.path(name);
        let path = path.to_str().unwrap();
        home.run(["organization", "import", "sample-data/organization"]).done();
        home.run(["template", "sample", kind, "-o", path]).done();
        home.run(["validate", path, "--organization", "Sample Organization"]).done();
    }
    let blank = home.line("template blank bulk-name").done().stdout;
    assert_eq!(blank.trim(), "Ext Key,User's Name,Number");
}
