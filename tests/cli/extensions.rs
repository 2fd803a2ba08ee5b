use serde_json::{Value, json};

use crate::home::{Home, key, number, uuid};

fn licences(home: &Home) -> Vec<(i64, i64)> {
    let view = home.line("organization show --json").done().json();
    let count = |licence: &Value| (licence["free"].as_i64().unwrap(), licence["used"].as_i64().unwrap());
    view["licences"].as_array().unwrap().iter().map(count).collect()
}

#[test]
fn an_extension_is_made_changed_and_deleted() {
    let home = Home::with_organization(5);
    home.line("extension provision 3 --start 098").done();
    let keys: Vec<Value> =
        home.line("extension list --json").json_lines().into_iter().map(|line| line["ext_key"].clone()).collect();
    assert_eq!(keys, ["098", "099", "100"]);
    assert_eq!(licences(&home), [(2, 3), (5, 0)]);

    let change = format!(
        "extension change 099 --new-key 4000 --user {} --number +{} --add-on call-recording",
        uuid(1),
        number(1)
    );
    home.line(&change).done();
    let changed = home.line("extension list --json").json_lines().pop().unwrap();
    assert_eq!((&changed["ext_key"], &changed["user_name"]), (&json!("4000"), &json!("User 1")));
    assert_eq!((&changed["number"], &changed["add_ons"]), (&json!(number(1)), &json!(["call-recording"])));
    assert_eq!(licences(&home), [(2, 3), (4, 1)]);

    home.line("extension change 4000 --no-number --no-add-ons --directory-name Front").done();
    assert_eq!(licences(&home), [(2, 3), (5, 0)]);
    home.line("extension delete 4000").done();
    assert_eq!(licences(&home), [(3, 2), (5, 0)]);
    home.line("extension delete 4000").code(1).says("4000");
}

#[test]
fn what_can_not_be_provisioned_is_refused_before_anything_happens() {
    let home = Home::with_organization(3);
    home.line("extension provision 1 --start 101").done();
    let before = home.effects();
    home.line("extension provision 2 --start 100").code(1).says("101");
    home.line("extension provision 2 --start 99999").code(1).says("99999");
    home.line("extension provision 9 --start 500").code(1).says("licences are short");
    home.line("extension provision 1 --start 12")
        .code(1)
        .says("`12` isn't an ext key: it has 2 digits. Write 3 to 5 digits.");
    home.line("extension change 101 --number 1").code(1).says("doesn't own the number");
    assert_eq!(home.effects(), before);
}

#[test]
fn exports_carry_the_names_and_columns_that_other_systems_expect() {
    let home = Home::with_organization(2);
    home.run(["run", &home.bulk(0..1), "--add-on", "call-recording"]).done();
    let organization = home.line("organization show --json").json()["id"].as_str().unwrap().to_owned();
    let out = home.path("out");
    for (what, suffix, content) in [
        (
            "extensions",
            "provisioned_extension",
            format!("Ext Key,Number,User,Addon License details\n{},{},User 0,Call recording\n", key(0), number(0)),
        ),
        ("numbers", "available_number", format!("Number\n{}\n", number(1))),
    ] {
        let path = home.run(["extension", "export", what, "-o", out.to_str().unwrap()]).done().stdout;
        let name = path.trim().rsplit('/').next().unwrap();
        let time = name.strip_prefix(&format!("{organization}_")).unwrap().split('_').next().unwrap();
        assert_eq!((time.len(), &time[8..9], &time[15..]), (16, "T", "Z"), "{name}");
        assert!(name.ends_with(&format!("Z_license_phonesystem_{suffix}.csv")), "{name}");
        assert_eq!(std::fs::read_to_string(path.trim()).unwrap(), content);
    }
}
