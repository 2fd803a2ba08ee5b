use std::io::Write as _;
use std::process::Stdio;

use crate::home::{Home, SAMPLE};

/// Adds a device whose password comes from standard input.
fn add(home: &Home, line: &str, password: &str) -> crate::home::Answer {
    let mut child = home.command(line.split_whitespace()).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_device_is_added_shown_set_and_removed_and_its_password_never_seen() {
    let home = Home::with_organization(1);
    let added = add(
        &home,
        "device add CUCM --kind unified-cm --address https://192.0.2.1:8443 --version 12.5 --login axl --rate 50 --json",
        "s3cret!\n",
    );
    let device = added.done().json();
    assert_eq!((&device["has_password"], &device["rate"]), (&true.into(), &50.into()));
    home.line("device set CUCM --rate none --concurrency 3 --insecure --setting site=12").done();
    let shown = home.line("device show CUCM --json").done();
    let device = shown.json();
    assert_eq!(device["tls"], "insecure");
    assert_eq!((&device["concurrency"], &device["rate"]), (&3.into(), &serde_json::Value::Null));
    assert_eq!((&device["settings"]["site"], &device["has_password"]), (&"12".into(), &true.into()));
    assert!(home.line("device list").done().stdout.contains("not verified"));
    for command in ["device list", "device list --json", "device show CUCM", "device show CUCM --json"] {
        assert!(!home.line(command).done().stdout.contains("s3cret!"), "{command}");
    }
    let database = std::fs::read(home.path("data/dialtone.db")).unwrap();
    let log = std::fs::read(home.path("data/dialtone.db-wal")).unwrap_or_default();
    let seen = |bytes: &[u8]| bytes.windows(7).any(|window| window == b"s3cret!");
    assert!(!seen(&database) && !seen(&log), "the password can be read in the database");

    home.line("device rekey").done();
    home.line("device show CUCM").done();
    home.line("device remove CUCM").done();
    home.line("device show CUCM").code(1).says("dialtone device list");
}

#[test]
fn the_command_line_takes_no_password_and_no_address_that_is_none() {
    let home = Home::with_organization(1);
    home.line("device add A --kind unified-cm --address https://192.0.2.1 --password x").code(2);
    home.line("device add A --kind unified-cm --address nowhere").code(1).says("https://host:port");
    home.line("device add A --kind unified-cm --address https://169.254.169.254").code(1).says("link-local");
    home.line("device add A --kind pbx --address https://192.0.2.1").code(2).says("unified_cm");
    home.line("device add A --kind unified-cm --address https://192.0.2.1 --login axl")
        .code(1)
        .says("a password is needed");
}

#[test]
fn a_wrong_key_is_told_and_harms_nothing() {
    let home = Home::with_organization(1);
    add(&home, "device add A --kind unified-cm --address https://192.0.2.1 --version 12.5 --login axl", "secret")
        .done();
    let key = home.write("other-key", &format!("{}\n", "5a".repeat(32)));
    let other = home.command(["device", "list"]).env("DIALTONE_KEY_FILE", &key).output().unwrap();
    crate::home::Answer::from(other).code(1).says("DIALTONE_KEY_FILE");
    home.line("device list").done();
}

#[test]
fn a_device_that_cannot_be_reached_fails_its_test_and_says_where() {
    let home = Home::with_organization(1);
    add(&home, "device add A --kind phone_system --address https://127.0.0.1:1 --login l", "secret").done();
    let tested = home.line("device test A --json").code(1).json();
    assert_eq!(tested["ok"], false);
    let work = home.line("device show A --json").done().json();
    assert_eq!(work["work"][0]["state"], "failed");
}

#[test]
fn a_unity_is_told_to_be_unsupported_without_having_been_asked() {
    let home = Home::with_organization(1);
    add(&home, "device add U --kind unity --address https://192.0.2.1 --login l", "secret").done();
    let tested = home.line("device test U --json").code(1).json();
    let states: Vec<_> = tested["checks"].as_array().unwrap().iter().map(|check| &check["state"]).collect();
    assert_eq!(states, ["failed", "unknown", "unknown", "unknown"]);
    let message = tested["checks"][0]["message"].as_str().unwrap();
    assert!(message.contains("unity-unsupported"), "{message}");
}

#[test]
fn a_device_that_is_needed_stays() {
    let home = Home::new();
    home.line(&format!("run {SAMPLE}")).done();
    home.run(["device", "remove", "Phone System"]).code(1).says("extensions need it");
    home.line("device remove CUCM-SG").code(1).says("Service Area");
}

#[test]
fn an_import_takes_password_and_certificates_from_files_beside_it() {
    let home = Home::new();
    let import = |device: &str| {
        let reach = "kind = \"phone_system\"\naddress = \"https://127.0.0.1:9\"\nlogin = \"dialtone\"";
        home.write_organization("Test", 1, &format!("{reach}\n{device}"));
        home.run(["organization".as_ref(), "import".as_ref(), home.path("organization").as_os_str()])
    };
    import("ca = \"device.pem\"").code(1).says("the device \"Phone System\": ca holds no certificate").says("ca_file");
    import("ca_file = \"device.pem\"").code(1).says("can't read").says("device.pem");
    home.write("organization/device.pem", "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n");
    home.write("organization/password", "secret\n");
    import("ca_file = \"device.pem\"\npassword_file = \"password\"").done();
    let device = home.line("device list --json").done().json();
    assert_eq!((&device["has_password"], &device["tls"]), (&true.into(), &"ca".into()));
}
