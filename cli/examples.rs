use clap::Command;

const HEADING: &str = "Examples:\n";

/// Gives every act of a command those of the command's examples that are about it, so that each help shows some and
/// none is written twice.
pub(crate) fn spread(command: Command) -> Command {
    command.mut_subcommands(|noun| {
        let help = noun.get_after_help().map(ToString::to_string).unwrap_or_default();
        let prefix = format!("dialtone {} ", noun.get_name());
        noun.mut_subcommands(|act| match act.get_after_help() {
            Some(_) => act,
            None => {
                let examples = about(&help, &prefix, act.get_name());
                if examples.is_empty() { act } else { act.after_help(format!("{HEADING}{examples}")) }
            }
        })
    })
}

/// The examples of a command's help that are about one of its acts.
fn about(help: &str, prefix: &str, act: &str) -> String {
    let lines = help.split(HEADING).nth(1).unwrap_or_default().lines().take_while(|line| !line.is_empty());
    let of_act =
        |line: &&str| line.split_once(prefix).is_some_and(|(_, words)| words.split_whitespace().next() == Some(act));
    lines.filter(of_act).collect::<Vec<_>>().join("\n")
}
