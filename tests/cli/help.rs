use std::fs::File;
use std::path::Path;

use crate::home::{Home, SAMPLE};

#[test]
fn wrong_usage_ends_with_2_and_what_was_meant() {
    let home = Home::new();
    home.line("ruun x.csv").code(2).says("run");
    home.line("run").code(2);
    home.run(["run", SAMPLE, "--jsn"]).code(2).says("--json");
    home.line("template").code(2);
}

#[test]
fn a_missing_file_fails_and_is_named() {
    let home = Home::new();
    home.line("run nowhere.csv").code(1).says("nowhere.csv");
    home.line("validate nowhere.csv").code(1).says("nowhere.csv");
}

#[test]
fn a_dash_is_standard_input() {
    let home = Home::new();
    for (command, file) in [("validate", SAMPLE), ("plan", "sample-data/new-hires.xlsx")] {
        let content = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let output = home.command([command, "-", "--json"]).stdin(content).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &answer["verdict"]), (Some(0), &serde_json::json!("accept")), "{command}");
    }
}

#[test]
fn where_there_is_nothing_it_says_how_to_begin() {
    let home = Home::new();
    home.line("template list").code(1).says("dialtone organization import DIR");
    home.line("resume").done().says("no run was interrupted");
}

#[test]
fn every_command_shows_examples_and_none_says_that_it_is_missing() {
    let home = Home::new();
    let mut shown = 0;
    let mut unseen: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(command) = unseen.pop() {
        let help = home.run(command.iter().map(String::as_str).chain(["--help"])).done().stdout;
        assert!(help.contains("Examples:\n  "), "{command:?} has no examples:\n{help}");
        assert!(!help.to_lowercase().contains("not implemented"), "{help}");
        shown += 1;
        let Some(commands) = help.split("Commands:\n").nth(1) else { continue };
        let names = commands.lines().take_while(|line| !line.is_empty());
        // A help that goes on in the next line is indented further.
        let names = names.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
        let names = names.filter_map(|line| line.split_whitespace().next());
        for name in names.filter(|name| *name != "help") {
            unseen.push(command.iter().cloned().chain([name.to_owned()]).collect());
        }
    }
    assert!(shown > 60, "{shown} commands");
}

#[test]
fn shells_can_complete() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(["completions", shell]).done().stdout;
        assert!(script.contains("valid-rows-only"), "{shell}");
        let answer = home.run(["completions", shell, "--json"]).done().json();
        assert_eq!((answer["shell"].as_str(), answer["script"].as_str()), (Some(shell), Some(script.as_str())));
    }
}
