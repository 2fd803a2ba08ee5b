//! What is in `deploy/`, as far as it can be held against the program on a machine that runs none of it.

#![expect(clippy::unwrap_used, reason = "a test that can't read the files fails")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What `dialtone config keys` doesn't know: where the configuration itself is, and what belongs to others.
const BESIDE_THE_CONFIGURATION: [&str; 2] = ["DIALTONE_CONFIG", "DIALTONE_UPLOADS"];

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(deploy(name)).unwrap()
}

fn compose() -> Value {
    serde_saphyr::from_str(&text("compose.yaml")).unwrap()
}

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn dialtone<const N: usize>(arguments: [&str; N]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dialtone")).args(arguments).output().unwrap()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn every_variable_is_a_key_of_the_configuration() {
    let answer = dialtone(["config", "keys", "--json"]);
    assert!(answer.status.success(), "{answer:?}");
    let mut known: BTreeSet<String> = BESIDE_THE_CONFIGURATION.map(str::to_owned).into();
    for line in String::from_utf8(answer.stdout).unwrap().lines() {
        let key: Value = serde_json::from_str(line).unwrap();
        let variable = key["variable"].as_str().unwrap();
        known.insert(variable.to_owned());
        if key["secret"] == true {
            known.insert(format!("{variable}_FILE"));
        }
    }
    let mut seen = 0;
    for path in files_below(&deploy("")) {
        let text = fs::read_to_string(&path).unwrap();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for variable in words.filter(|word| word.starts_with("DIALTONE_") || word.starts_with("AWS_")) {
            assert!(known.contains(variable), "{}: the program knows no {variable}", path.display());
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen} variables");
}

#[test]
fn the_compose_file_has_all_that_an_installation_needs() {
    let compose = compose();
    let services = names(&compose["services"]);
    let expected = ["broker", "database", "dialtone", "files", "migrate", "scheduler", "worker"];
    assert_eq!(services, expected.into());
    assert_eq!(compose["services"]["worker"]["deploy"]["replicas"], 2);
    for (name, service) in compose["services"].as_object().unwrap() {
        let watched = service["healthcheck"]["test"].is_array() || service["healthcheck"]["disable"] == true;
        assert!(watched, "{name} has no health check");
        for after in service["depends_on"].as_object().into_iter().flat_map(|after| after.keys()) {
            assert!(services.contains(after.as_str()), "{name} waits for {after}, which isn't there");
        }
        for volume in service["volumes"].as_array().into_iter().flatten() {
            let source = volume.as_str().unwrap().split(':').next().unwrap();
            let known = source.starts_with('$') || names(&compose["volumes"]).contains(source);
            assert!(known, "{name} mounts {source}, which isn't there");
        }
    }
    for role in ["migrate", "scheduler", "worker", "dialtone"] {
        let role = &compose["services"][role];
        assert_eq!(role["read_only"], true);
        assert_eq!(role["cap_drop"][0], "ALL");
    }
}

#[test]
fn every_command_of_a_container_or_unit_is_one_of_the_program() {
    let compose = compose();
    for role in ["migrate", "scheduler", "worker"] {
        assert_eq!(compose["services"][role]["command"][0], role);
        assert!(dialtone([role, "--help"]).status.success(), "dialtone {role}");
    }
    for unit in files_below(&deploy("systemd")) {
        let text = fs::read_to_string(&unit).unwrap();
        let Some(line) = text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/dialtone ")) else {
            continue;
        };
        let help = dialtone([line.split(' ').next().unwrap(), "--help"]);
        assert!(help.status.success(), "{}: {line}", unit.display());
        let help = String::from_utf8(help.stdout).unwrap();
        for option in line.split(' ').filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{}: there is no {option}", unit.display());
        }
    }
}

#[test]
fn every_secret_is_made_once_and_never_readable_for_others() {
    let compose = compose();
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("secrets.sh");
    fs::copy(deploy("secrets.sh"), &script).unwrap();
    let secrets = folder.path().join("secrets");
    let made = || {
        let run = Command::new(&script).output().unwrap();
        assert!(run.status.success() && run.stdout.is_empty(), "{run:?}");
        files_below(&secrets).into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
    };
    let (first, second): (BTreeSet<_>, BTreeSet<_>) = (made(), made());
    assert_eq!(first, second);
    assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o700);
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        let path = folder.path().join(secret["file"].as_str().unwrap());
        assert!(path.is_file(), "nothing makes the secret {name}");
    }
    for (name, service) in compose["services"].as_object().unwrap() {
        for secret in service["secrets"].as_array().into_iter().flatten() {
            let secret = secret.as_str().or_else(|| secret["source"].as_str()).unwrap();
            assert!(names(&compose["secrets"]).contains(secret), "{name} uses the secret {secret}");
        }
    }
    let ignored = text(".gitignore");
    assert!(ignored.lines().any(|line| line == "secrets/"), "secrets would be committed");
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for path in files_below(&deploy("systemd")) {
        let copy = folder.path().join(path.strip_prefix(deploy("systemd")).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        // It looks whether the program is there.
        let text =
            fs::read_to_string(&path).unwrap().replace("/usr/local/bin/dialtone", env!("CARGO_BIN_EXE_dialtone"));
        fs::write(&copy, text).unwrap();
        if copy.extension().is_some_and(|extension| extension == "service") {
            units.push(PathBuf::from(copy.to_str().unwrap().replace("@.service", "@1.service")));
        }
    }
    assert_eq!(units.len(), 3);
    let verify = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(&units)
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()))
        .output()
        .expect("systemd-analyze is missing: install systemd");
    let said = String::from_utf8(verify.stderr).unwrap();
    let about_us: Vec<&str> = said.lines().filter(|line| line.contains("dialtone")).collect();
    assert!(verify.status.success() && about_us.is_empty(), "{said}");
}

#[test]
fn a_container_is_healthy_only_when_its_role_is_ready() {
    let ready = |port: u16| Command::new(deploy("ready.sh")).arg(port.to_string()).output().unwrap().status.success();
    for (status, expected) in [("200 OK", true), ("503 Service Unavailable", false)] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // A shell sends its request line by line.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut part = [0; 1_024];
                let length = stream.read(&mut part).unwrap();
                assert!(length > 0, "the request ends early");
                request.extend_from_slice(&part[..length]);
            }
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
            String::from_utf8(request).unwrap()
        });
        assert_eq!(ready(port), expected, "{status}");
        assert!(answer.join().unwrap().starts_with("GET /readyz HTTP/1.1\r\n"));
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(!ready(nobody));
}

#[test]
fn the_image_runs_as_nobody_in_particular_and_copies_what_is_there() {
    let file = text("Containerfile");
    let last = file.rsplit("\nFROM ").next().unwrap();
    let user = last.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(user.split(':').all(|id| id.parse::<u32>().unwrap() > 0), "it runs as {user}");
    for line in last.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from")) {
        let source = line.split(' ').next().unwrap();
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(source).exists(), "there is no {source}");
    }
}

#[test]
fn every_metric_that_is_drawn_or_watched_is_one_that_the_program_has() {
    let dashboard: Value = serde_json::from_str(&text("grafana/dialtone.json")).unwrap();
    let alerts: Value = serde_saphyr::from_str(&text("prometheus/dialtone.rules.yaml")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let rules = alerts["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap());
    let expressions: Vec<&str> = targets.chain(rules).map(|from| from["expr"].as_str().unwrap()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rooms = ["cli", "drivers", "queue", "scheduler", "store", "worker"].map(|room| files_below(&root.join(room)));
    let sources: String = rooms.concat().iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    let mut metrics = BTreeSet::new();
    for expression in expressions {
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        metrics.extend(words.filter(|word| word.starts_with("dialtone_")));
    }
    assert!(metrics.len() > 5, "{metrics:?}");
    for metric in metrics {
        let base = ["_bucket", "_count", "_sum"].into_iter().find_map(|suffix| metric.strip_suffix(suffix));
        let known = [Some(metric), base].into_iter().flatten().any(|name| sources.contains(&format!("\"{name}\"")));
        assert!(known, "nothing in the program counts {metric}");
    }
}

#[test]
fn the_guide_says_what_every_alert_means() {
    let alerts: Value = serde_saphyr::from_str(&text("prometheus/dialtone.rules.yaml")).unwrap();
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        let name = rule["alert"].as_str().unwrap();
        assert!(guide.contains(&format!("`{name}`")), "docs/operations.md doesn't say what {name} means");
    }
}
