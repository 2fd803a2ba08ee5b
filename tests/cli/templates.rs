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

#[test]
fn a_draft_takes_no_more_users_than_a_template_may_have_however_they_come() {
    let home = Home::with_organization(15_002);
    home.line("template create Full").done();
    home.run(["template", "add", "Full", &home.bulk(0..14_999)]).done();
    let answer = home.run(["template", "add", "Full", &home.bulk(14_999..15_001), "--json"]).code(3).json();
    assert_eq!(
        (&answer["verdict"], &answer["findings"][0]["code"]),
        (&"reject-file".into(), &"file-too-many-rows".into())
    );
    let add_user =
        |index: usize| home.run(["template", "add-user", "Full", "--ext-key", &key(index), "--user", &uuid(index)]);
    assert_eq!(add_user(14_999).done().stdout, "1 user added to the template.\n");
    add_user(15_000).code(3).says("at most 15,000 are allowed");
    assert_eq!(home.line("template show Full --json").done().json()["total_users"], 15_000);
}

#[test]
fn a_file_that_repeats_a_row_of_its_draft_is_told_which() {
    let home = Home::with_organization(4);
    home.line("template create New").done();
    home.run(["template", "add", "New", &home.bulk(0..2)]).done();
    home.run(["template", "add-user", "New", "--ext-key", &key(2), "--user", &uuid(2)]).done();
    let answer = home.run(["template", "add", "New", &home.bulk(1..3), "--json"]).code(3).json();
    let said: Vec<&str> =
        answer["findings"].as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
    let row = "is also in row 3 of bulk-0-2.csv.";
    assert_eq!(
        said,
        [
            format!("The ext key `{}` {row}", key(1)),
            format!("The user `{}` {row}", uuid(1)),
            format!("The number `{}` {row}", number(1)),
            format!("The ext key `{}` is also in the users added by hand.", key(2)),
            format!("The user `{}` is also in the users added by hand.", uuid(2)),
        ]
    );
    home.run(["template", "add-user", "New", "--ext-key", "12", "--user", &uuid(3)])
        .code(3)
        .says("Ext Key: `12` isn't");
}

#[test]
fn licences_are_short_when_a_draft_is_assigned_and_not_before() {
    let home = Home::with_organization(3);
    home.line("extension provision 1 --start 200").done();
    home.line("template create New --add-on call-recording").done();
    home.run(["template", "add", "New", &home.bulk(0..3)]).done();
    home.line("template assign New").code(1).says("Base licence: 3 needed, 2 free, 1 short");
    assert_eq!(home.line("template show New --json").json()["status"], "draft");
}

#[test]
fn rows_refused_from_a_draft_are_given_back_and_find_their_way() {
    let home = Home::with_organization(3);
    home.line("template create New").done();
    home.line("template create Other").done();
    let text = format!("Ext Key,Identity UUID,Number\n{},{},\n1,{},\n", key(0), uuid(0), uuid(1));
    let file = home.write("mixed.csv", &text);
    let arguments = ["template", "add", "New", file.to_str().unwrap(), "--valid-rows-only", "--json"];
    let answer = home.run(arguments).code(3).json();
    let failed = answer["failed_rows"][0].as_str().unwrap();
    let corrected = std::fs::read_to_string(failed).unwrap().replacen("\n1,", &format!("\n{},", key(1)), 1);
    std::fs::write(failed, corrected).unwrap();

    home.run(["template", "add", "Other", failed]).code(1).says("holds rows of the template \"New\"");
    home.run(["run", failed]).code(1).says("add them with `dialtone template add`");
    home.run(["template", "add", "New", failed]).done();
    assert_eq!(home.line("template assign New --json").done().json()["orders"]["completed"], 2);
}
