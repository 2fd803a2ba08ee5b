use dialtone_model::{Complaint, Fault};

use super::command_line::CommandLine;

/// What the device says instead of doing what it was told; `None`: it has nothing against it. `docs/devices.md` lists
/// it, a row a case. `family` begins the codes.
pub(super) fn refusal(family: &str, line: &CommandLine, output: &str) -> Option<Fault> {
    let complaint_line = output.lines().map(str::trim).find(|line| complains(line))?;
    let lower = complaint_line.to_ascii_lowercase();
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
    if let Some(rest) = line.strip_prefix('%') {
        // A log message names its facility, severity and kind: %SYS-5-CONFIG_I.
        let kind = rest.split([':', ' ']).next().unwrap_or_default();
        let parts: Vec<&str> = kind.split('-').collect();
        let is_log =
            parts.len() >= 3 && parts.iter().any(|part| part.len() == 1 && part.bytes().all(|b| b.is_ascii_digit()));
        return !is_log;
    }
    let lower = line.to_ascii_lowercase();
    let begins = ["error", "invalid", "cannot", "can't", "unable to", "failed", "configuration mode locked"];
    let contains = [
        "already registered",
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

#[cfg(test)]
mod tests {
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
}
