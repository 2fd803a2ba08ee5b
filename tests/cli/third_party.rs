use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::home::Home;

/// Versions that the client can add phones to: for 10.x it leaves out an element that the schema demands.
const VERSIONS: [&str; 2] = ["9.1", "12.5"];

/// Simulated devices that are ended with the test.
struct Simulated(Child);

impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_third_party_client_runs_the_whole_life_of_a_desk_on_every_simulated_version_at_once() {
    let python = std::env::var("DIALTONE_TEST_PYTHON").expect("DIALTONE_TEST_PYTHON is not set: see tests/python.sh");
    let home = Home::new();
    let mut command = home.command(["simulator", "--user", "axl", "--password", "secret", "--data"]);
    command.arg(home.path("simulated")).stderr(Stdio::null());
    command.args(VERSIONS.iter().flat_map(|version| ["--axl".to_owned(), format!("{version}=0")]));
    let mut simulated = Simulated(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(simulated.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["pid"], simulated.0.id());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/axl_life_cycle.py");
    for version in VERSIONS {
        let address = ready["axl"][version].as_str().unwrap();
        let (host, port) = address.strip_prefix("https://").unwrap().rsplit_once(':').unwrap();
        let mut client = Command::new(&python);
        client.arg(&script).args([host, port, version, "axl", "secret"]);
        let answer = client.env("REQUESTS_CA_BUNDLE", ready["ca_file"].as_str().unwrap()).output().unwrap();
        assert!(answer.status.success(), "{version}: {}", String::from_utf8_lossy(&answer.stderr));
    }
}
