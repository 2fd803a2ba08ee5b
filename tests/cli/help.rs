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
fn where_there_is_nothing_it_says_how_to_begin() {
    let home = Home::new();
    home.line("template list").code(1).says("dialtone organization import DIR");
    home.line("resume").done().says("no run was interrupted");
}

#[test]
fn every_command_shows_examples_and_none_says_that_it_is_missing() {
    let home = Home::new();
    let help = home.line("--help").done().stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> =
        commands.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
    assert!(names.len() > 8, "{help}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let help = home.run([name, "--help"]).done().stdout;
        assert!(help.contains("Examples:") || name == "simulator", "{name} has no examples:\n{help}");
        assert!(!help.to_lowercase().contains("not implemented"), "{help}");
    }
}

#[test]
fn shells_can_complete() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(["completions", shell]).done().stdout;
        assert!(script.contains("valid-rows-only"), "{shell}");
    }
}
