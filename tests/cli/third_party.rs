use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::home::Home;

/// Versions that the client can add phones to: for 10.x it leaves out an element that the schema demands.
const VERSIONS: [&str; 2] = ["9.1", "12.5"];

/// Simulated devices, which know the account `axl` and are ended with the test.
struct Simulated {
    process: Child,
    /// What the program said when they were ready.
    ready: Value,
}

impl Simulated {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(["simulator", "--user", "axl", "--password", "secret", "--data"]);
        command.arg(home.path("simulated")).args(arguments).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(ready["pid"], process.id());
        Self { process, ready }
    }

    /// Runs a script of `tests/python` against the device that is at an address: with its host and port, what else it
    /// is told, and the account.
    fn converse(&self, script: &str, address: &Value, told: &[&str]) {
        let python = std::env::var("DIALTONE_TEST_PYTHON");
        let python = python.expect("DIALTONE_TEST_PYTHON is not set: see tests/python.sh");
        let (host, port) = address.as_str().unwrap().strip_prefix("https://").unwrap().rsplit_once(':').unwrap();
        let mut client = Command::new(python);
        client.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script));
        client.args([host, port]).args(told).args(["axl", "secret"]);
        client.env("REQUESTS_CA_BUNDLE", self.ready["ca_file"].as_str().unwrap());
        let answer = client.output().unwrap();
        assert!(answer.status.success(), "{told:?}: {}", String::from_utf8_lossy(&answer.stderr));
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_third_party_client_runs_the_whole_life_of_a_desk_on_every_simulated_version_at_once() {
    let home = Home::new();
    let versions = VERSIONS.map(|version| format!("--axl={version}=0"));
    let simulated = Simulated::start(&home, &versions.each_ref().map(String::as_str));
    for version in VERSIONS {
        simulated.converse("axl_life_cycle.py", &simulated.ready["axl"][version], &[version]);
    }
}

#[test]
fn a_third_party_client_runs_the_whole_life_of_mailboxes() {
    let home = Home::new();
    let surroundings = ["--fault=cupi:ldap=carmela", "--fault=cupi:lock=alias:anthony"];
    let simulated = Simulated::start(&home, &["--cupi=0", surroundings[0], surroundings[1]]);
    simulated.converse("cupi_life_cycle.py", &simulated.ready["cupi"], &[]);
}
