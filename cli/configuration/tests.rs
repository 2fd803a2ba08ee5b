use std::fs;

use super::*;

fn resolve(flags: &[(&'static str, &str)], environment: &[(&str, &str)], file: &str) -> Result<Configuration, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dialtone.toml");
    fs::write(&path, file).unwrap();
    let keys = flags.iter().map(|(name, value)| (*name, "--flag", (*value).to_owned())).collect();
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Configuration::resolve(&Flags { file: Some(path.clone()), keys }, &environment)
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "dialtone.toml"))
}

fn shown(configuration: &Configuration, name: &str) -> (Option<String>, Origin) {
    let entry = configuration.entries.iter().find(|entry| entry.key.name == name).unwrap();
    (entry.value.as_deref().map(|value| entry.key.masked(value)), entry.origin.clone())
}

#[test]
fn a_flag_comes_before_the_environment_that_before_the_file_and_that_before_the_default() {
    let file = "data = \"from-file\"\n[lease]\nttl = \"7s\"\n";
    let variable = ("DIALTONE_DATA", "from-environment");
    let data = |configuration: Configuration| configuration.settings.data.display().to_string();
    assert_eq!(data(resolve(&[("data", "from-flag")], &[variable], file).unwrap()), "from-flag");
    assert_eq!(data(resolve(&[], &[variable], file).unwrap()), "from-environment");
    let configuration = resolve(&[], &[("DIALTONE_DATA", "")], file).unwrap();
    assert_eq!(configuration.settings.lease_ttl, Duration::from_secs(7));
    assert!(matches!(shown(&configuration, "lease.ttl").1, Origin::File(_, 3)));
    assert_eq!(data(configuration), "from-file", "an empty variable is as good as none");
    let configuration = resolve(&[], &[], "").unwrap();
    assert_eq!(shown(&configuration, "data"), (Some("data".to_owned()), Origin::Default));
}

#[test]
fn every_default_can_be_read_and_every_variable_is_its_own() {
    let configuration = resolve(&[], &[], "").unwrap();
    assert_eq!(configuration.settings.tries, 5);
    let mut variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), KEYS.len());
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line_and_what_was_meant() {
    let refused = resolve(
        &[],
        &[("DIALTONE_TRIES", "0"), ("DIALTONE_QUEUE_URL", "http://guest:hunter2@host")],
        "[database]\nulr = \"postgres://db/dialtone\"\n\n[lease]\nttl = true\nfrobnicate = 1\n",
    )
    .err()
    .unwrap();
    let expected = [
        "dialtone.toml:2: there is no key `database.ulr`; did you mean `database.url`?",
        "dialtone.toml:5: `lease.ttl` is text, a whole number, or a list of these",
        "dialtone.toml:6: there is no key `lease.frobnicate`",
        "DIALTONE_QUEUE_URL: `queue.url` must be a URL that starts with amqp:// or amqps://",
        "DIALTONE_TRIES: `tries` must be a whole number from 1 to 65535",
    ];
    assert_eq!(refused.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_the_line() {
    let refused = resolve(&[], &[], "data = \"x\"\nlease = [\n").err().unwrap();
    assert!(refused.starts_with("dialtone.toml:"), "{refused}");
}

#[test]
fn a_secret_can_be_kept_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("url");
    fs::write(&secret, "postgres://dialtone:hunter2@db/dialtone\n").unwrap();
    let path = secret.display().to_string();
    let expected = Some("postgres://dialtone:hunter2@db/dialtone".to_owned());

    let by_variable = resolve(&[], &[("DIALTONE_DATABASE_URL_FILE", &path)], "").unwrap();
    assert_eq!(by_variable.settings.database_url, expected);
    let by_file = resolve(&[], &[], &format!("database.url_file = '{path}'\n")).unwrap();
    assert_eq!(by_file.settings.database_url, expected);

    let both = [("DIALTONE_DATABASE_URL_FILE", path.as_str()), ("DIALTONE_DATABASE_URL", "postgres://other/db")];
    assert!(resolve(&[], &both, "").err().unwrap().contains("both set"));
    let missing = resolve(&[], &[("DIALTONE_DATABASE_URL_FILE", "/nowhere/url")], "").err().unwrap();
    assert!(missing.contains("/nowhere/url can't be read"), "{missing}");
    assert!(resolve(&[], &[], "data_file = \"x\"\n").err().unwrap().contains("there is no key"), "data is no secret");
}

#[test]
fn no_password_is_ever_shown() {
    let masked = |text: &str| KEYS.iter().find(|key| key.name == "database.url").unwrap().masked(text);
    for (url, expected) in [
        ("postgres://ana:hunter2@db:5432/dialtone", "postgres://ana:***@db:5432/dialtone"),
        ("postgres://ana:hun@ter2@db/dialtone?sslmode=require", "postgres://ana:***@db/dialtone?sslmode=require"),
        ("postgres://ana:a/b@c@db/dialtone", "postgres://ana:***@db/dialtone"),
        ("postgres://db/dialtone?user=ana&password=hunter2", "postgres://db/dialtone?user=ana&password=***"),
        ("postgres://ana@db/dialtone", "postgres://ana@db/dialtone"),
        ("hunter2", "***"),
    ] {
        assert_eq!(masked(url), expected);
    }
}

#[test]
fn a_broker_without_a_database_is_refused() {
    let refused = resolve(&[], &[("DIALTONE_QUEUE_URL", "amqp://broker/")], "").err().unwrap();
    assert!(refused.contains("queue.url needs database.url"), "{refused}");
    assert!(resolve(&[], &[("DIALTONE_DATABASE_URL", "postgres://db/x")], "").is_ok(), "workers ask the database then");
}

#[test]
fn a_variable_that_looks_misspelt_is_refused() {
    let others = [("DIALTONE_SOMETHING_ELSE", "x"), ("PATH", "x")];
    assert!(resolve(&[], &others, "").is_ok());
    let refused = resolve(&[], &[("DIALTONE_DATABASE_ULR", "x"), others[0]], "").err().unwrap();
    assert_eq!(refused, "DIALTONE_DATABASE_ULR is read by nobody; did you mean DIALTONE_DATABASE_URL?");
}
