use std::fs;
use std::path::Path;

/// The Rust sources below a folder, in one text.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    text
}

#[test]
fn every_test_that_the_fault_tables_name_exists() {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(room.join("../docs/devices.md")).unwrap();
    // What another program does with a simulated device is tried with the whole program, and what a simulated device does
    // is its own room's to try.
    let places = ["src", "tests", "../tests/cli", "../simulator/src"];
    let sources: String = places.iter().map(|place| sources(&room.join(place))).collect();
    let is_test = |name: &&str| {
        name.matches('_').count() > 2 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let named: Vec<&str> = page.split('`').filter(is_test).collect();
    assert!(named.len() > 30, "the page names {} tests", named.len());
    for name in named {
        assert!(sources.contains(&format!("fn {name}()")), "there is no test {name}");
    }
}
