use dialtone_model::{Complaint, Fault};

use super::command_line::CommandLine;
use crate::said::{masked, words};

/// What the device says instead of doing what it was told; `None`: it has nothing against it. `docs/devices.md` lists
/// it, a row a case. `family` begins the codes.
pub(super) fn refusal(family: &str, line: &CommandLine, output: &str) -> Option<Fault> {
    let complaint_line = output.lines().map(str::trim).find(|line| complains(line))?;
    let lower = complaint_line.to_ascii_lowercase();
    let complaint_line = masked(&words(complaint_line), line.secret().unwrap_or_default());
    let complaint = |code: &str, message: String| Complaint::new(format!("{family}-{code}"), message);
    let about = format!("the device says to `{}`: {complaint_line}", line.shown());
    let after = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    Some(if after(&["locked exclusively"]) {
        let message = "somebody else is configuring the device and has locked it".to_owned();
        Fault::Busy { complaint: complaint("locked", message), retry_after: None }
    } else if after(&["try again", "try later", "low on memory", "resource busy", "in progress"]) {
        Fault::NotSent { complaint: complaint("busy", about), retry_after: None }
    } else if after(&["% invalid input", "% invalid command"]) {
        Fault::Rejected(complaint("invalid", format!("the device doesn't take `{}`", line.shown())))
    } else if after(&["% incomplete"]) {
        Fault::Rejected(complaint("incomplete", format!("the device misses something in `{}`", line.shown())))
    } else if after(&["% ambiguous"]) {
        Fault::Rejected(complaint("ambiguous", format!("the device can't tell what `{}` means", line.shown())))
    } else if after(&["authorization failed"]) {
        let about = format!("the account may not `{}`", line.shown());
        Fault::Rejected(complaint("rights", about).repair("Let the account use the command, then retry."))
    } else if after(&["cannot change mac", "already registered with"])
        || lower.contains("mac address") && lower.contains("in use")
    {
        Fault::Rejected(complaint("mac-in-use", about))
    } else if after(&["exceed", "max-dn", "max-ephones", "max-pool"]) {
        Fault::Rejected(complaint("slots-full", about))
    } else {
        Fault::Rejected(complaint("refused", about))
    })
}

/// Whether a line of output says that something is wrong. Cisco's makers print no list of these; what begins with `%`
/// is a complaint unless it is a log message, and so is a line with one of the words that the known ones have.
fn complains(line: &str) -> bool {
    if line.starts_with('%') {
        return !is_log_message(line);
    }
    let lower = line.to_ascii_lowercase();
    let begins = ["error", "invalid", "cannot", "can't", "unable to", "failed", "configuration mode locked"];
    let contains = [
        "already registered",
        "authorization failed",
        "open failed",
        "already exists",
        "already assigned",
        "already in use",
        "cannot change",
        "does not exist",
        "not configured",
        "not allowed",
        "not valid",
    ];
    begins.iter().any(|word| lower.starts_with(word)) || contains.iter().any(|words| lower.contains(words))
}

/// What the device says instead of telling something; `None`: it tells it. What is told may have anything in it, so
/// only its first line can be the device's own no.
pub(super) fn refusal_to_tell(family: &str, line: &CommandLine, output: &str) -> Option<Fault> {
    let mut lines = output.lines().map(str::trim);
    // The caret points at what a refusal, on the next line, is about.
    let first = lines.find(|line| !line.is_empty() && *line != "^" && !is_log_message(line))?;
    refusal(family, line, first)
}

/// Whether a refusal to tell of something may mean that it isn't there. A device that is busy, or that doesn't take the
/// question, has said nothing of it.
pub(super) fn says_there_is_none(fault: &Fault) -> bool {
    matches!(fault, Fault::Rejected(complaint) if complaint.code.ends_with("-refused"))
}

/// Whether a line names a message's facility, severity and kind, such as `%SYS-5-CONFIG_I`.
fn is_log_message(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('%') else { return false };
    let kind = rest.split([':', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = kind.split('-').collect();
    parts.len() >= 3 && parts.iter().any(|part| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use dialtone_model::SecretString;

    use super::*;

    fn code_of(output: &str) -> Option<(&'static str, String)> {
        let fault = refusal("ios", &CommandLine::of("number"), output)?;
        let kind = match &fault {
            Fault::Rejected(_) => "rejected",
            Fault::NotSent { .. } => "not sent",
            Fault::Busy { .. } => "busy",
            Fault::Unknown(_) => "unknown",
        };
        Some((kind, fault.complaint().code.clone()))
    }

    #[test]
    fn complaints_are_told_by_their_words() {
        for (output, kind, code) in [
            ("        ^\n% Invalid input detected at '^' marker.\n\n", "rejected", "ios-invalid"),
            ("% Incomplete command.\n\n", "rejected", "ios-incomplete"),
            ("% Ambiguous command:  \"n\"\n", "rejected", "ios-ambiguous"),
            (
                "ephone slot is already registered with 0011.2233.4455\nCannot change MAC address.\n",
                "rejected",
                "ios-mac-in-use",
            ),
            ("% ephone-dn 31 exceeds max-dn 30\n", "rejected", "ios-slots-full"),
            ("Error: phone number 1001 is already assigned to user jane\n", "rejected", "ios-refused"),
            ("% Something that nobody has seen yet\n", "rejected", "ios-refused"),
            ("% Low on memory; try again later\n", "not sent", "ios-busy"),
            ("Command authorization failed.\n", "rejected", "ios-rights"),
            ("% Authorization failed.\n", "rejected", "ios-rights"),
            ("startup-config file open failed (Device or resource busy)\n", "not sent", "ios-busy"),
            ("startup-config file open failed (No such file)\n", "rejected", "ios-refused"),
            (
                "startup-config file open failed (Device or resource busy)\n% failed: resource busy\n",
                "not sent",
                "ios-busy",
            ),
            (
                "Configuration mode locked exclusively by user 'x' process '3' from terminal '0'. Please try later.\n",
                "busy",
                "ios-locked",
            ),
        ] {
            assert_eq!(code_of(output), Some((kind, code.to_owned())), "{output}");
        }
    }

    #[test]
    fn what_is_no_complaint_is_let_pass() {
        for output in [
            "",
            "Building configuration...\n[OK]\n",
            "Enter configuration commands, one per line.  End with CNTL/Z.\n",
            "%SYS-5-CONFIG_I: Configured from console by tony on vty0 (10.0.0.9)\n",
            "restarting 0011.2233.4455\n",
        ] {
            assert_eq!(code_of(output), None, "{output}");
        }
    }

    #[test]
    fn what_people_have_written_is_no_refusal_to_tell_it() {
        let asked = |output: &str| refusal_to_tell("ios", &CommandLine::of("show running-config"), output);
        for told in [
            "ephone-dn  1\n description not configured yet\n label Not allowed\n name Error desk\n",
            "\n%SYS-5-CONFIG_I: Configured from console\nversion 15.1\nbanner motd ^C\n% Authorized users only!\n^C\n",
            "",
        ] {
            assert_eq!(asked(told), None, "{told}");
        }
        for refused in
            ["        ^\n% Invalid input detected at '^' marker.\n", "Command authorization failed.\n", "% no\n"]
        {
            assert!(matches!(asked(refused), Some(Fault::Rejected(_))), "{refused}");
        }
        assert!(matches!(asked("% Low on memory; try again later\n"), Some(Fault::NotSent { .. })));
    }

    #[test]
    fn a_busy_device_has_not_said_that_there_is_nothing() {
        let none = |output: &str| {
            let fault = refusal_to_tell("cue", &CommandLine::of("show user detail username"), output).unwrap();
            says_there_is_none(&fault)
        };
        assert!(none("Error: user tony does not exist\n"));
        for silent in
            ["% Low on memory; try again later\n", "   ^\n% Invalid input detected\n", "% Incomplete command.\n"]
        {
            assert!(!none(silent), "{silent}");
        }
        assert!(!none("Command authorization failed.\n"));
    }

    #[test]
    fn a_secret_that_the_device_repeats_is_not_told_by_its_words() {
        let user = || CommandLine::of("username tony");
        let lines = [
            user().then("password").quoted_secret("the password", &SecretString::from("tulip 7")),
            user().then("pin").secret_digits("the PIN", &SecretString::from("918273")),
        ];
        for (line, said) in lines.into_iter().zip(["Error: \"tulip 7\" is too easy", "Error: 918273 was used before"]) {
            let told = refusal("cue", &line.unwrap(), said).unwrap().to_string();
            assert!(told.contains('…') && !told.contains("tulip") && !told.contains("918273"), "{told}");
        }
    }
}
