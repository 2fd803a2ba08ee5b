use std::fmt::Display;

use dialtone_model::{Complaint, ExposeSecret as _, Fault, SecretString};

/// One line for a device's command line.
///
/// This is the only way from a value to a command: the words of the command are ours, and a value that could be
/// anything but a value is refused. What a person has written never becomes a word of a command, ends a line, asks for
/// help (`?`) or leaves its quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommandLine {
    text: String,
    /// How many of the characters may be shown; what follows is secret.
    shown: Option<usize>,
}

/// What the terminals of these devices take at most, less the room for the prompt that some of them count.
const LONGEST: usize = 220;

impl CommandLine {
    /// A command without values.
    pub(super) fn of(words: &'static str) -> Self {
        Self { text: words.to_owned(), shown: None }
    }

    /// Goes on with a further word of ours.
    pub(super) fn then(self, words: &'static str) -> Self {
        self.push(words)
    }

    /// Goes on with something that is a number.
    pub(super) fn number(self, number: u32) -> Self {
        self.push(number)
    }

    /// Goes on with a value that is one word.
    pub(super) fn word(self, what: &str, value: &str) -> Result<Self, Fault> {
        if value.contains(' ') {
            return Err(refused(what, value, "has a space, which can't stand there"));
        }
        let value = checked(what, value)?;
        self.push(value).fits(what)
    }

    /// Goes on with what can be dialled: digits, `*`, `#` and a leading `+`.
    pub(super) fn dialled(self, what: &str, value: &str) -> Result<Self, Fault> {
        let digits = value.strip_prefix('+').unwrap_or(value);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || b"*#".contains(&byte)) {
            return Err(refused(what, value, "is no number that can be dialled"));
        }
        self.push(value).fits(what)
    }

    /// Ends with a free text.
    pub(super) fn rest(self, what: &str, value: &str) -> Result<Self, Fault> {
        let value = checked(what, value)?;
        self.push(value).fits(what)
    }

    /// Goes on with a text between quotes.
    pub(super) fn quoted(self, what: &str, value: &str) -> Result<Self, Fault> {
        let value = checked(what, value)?;
        self.push(format_args!("\"{value}\"")).fits(what)
    }

    /// Ends with a secret between quotes, which is never shown again.
    pub(super) fn quoted_secret(self, what: &str, secret: &SecretString) -> Result<Self, Fault> {
        let shown = Some(self.text.len());
        let line = self.quoted(what, checked_secret(what, secret)?)?;
        Ok(Self { shown, ..line })
    }

    /// Ends with a secret of digits, which is never shown again.
    pub(super) fn secret_digits(self, what: &str, secret: &SecretString) -> Result<Self, Fault> {
        let shown = Some(self.text.len());
        let digits = checked_secret(what, secret)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused_secret(what, "has other characters than digits"));
        }
        Ok(Self { shown, ..self.push(digits) })
    }

    /// A command that an operator has written, for what `parent` is about: it begins with one of the commands that are
    /// allowed there, and is one line.
    pub(super) fn of_operator(command: &str, allowed: &[&str]) -> Result<Self, Fault> {
        let words: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).collect();
        let text = words.join(" ");
        checked("the command", &text)?;
        let positive = text.strip_prefix("no ").unwrap_or(&text);
        let begins = |allowed: &&str| {
            positive.strip_prefix(*allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        if !allowed.iter().any(begins) {
            let message = format!("`{text}` is not a command that may be given for a number");
            let repair = format!("Begin it with one of: {}.", allowed.join(", "));
            return Err(Fault::Rejected(Complaint::new("cli-command", message).repair(repair)));
        }
        Self { text, shown: None }.fits("the command")
    }

    /// The same with a `no` before it, or without the one that is there.
    pub(super) fn negated(self) -> Self {
        if let Some(positive) = self.text.strip_prefix("no ") {
            return Self { text: positive.to_owned(), shown: self.shown.map(|shown| shown.saturating_sub(3)) };
        }
        Self { text: format!("no {}", self.text), shown: self.shown.map(|shown| shown + 3) }
    }

    /// The same, asked for from within the configuration.
    pub(super) fn within_configuration(self) -> Self {
        Self { text: format!("do {}", self.text), shown: self.shown.map(|shown| shown + 3) }
    }

    /// What is sent.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What may be told of it.
    pub(super) fn shown(&self) -> &str {
        self.text.get(..self.shown.unwrap_or(self.text.len())).unwrap_or_default()
    }

    /// The secret in it, where it has one.
    pub(super) fn secret(&self) -> Option<&str> {
        let secret = self.text.get(self.shown?..)?.trim_start_matches(' ');
        Some(secret.strip_prefix('"').and_then(|quoted| quoted.strip_suffix('"')).unwrap_or(secret))
    }

    fn push(self, value: impl Display) -> Self {
        Self { text: format!("{} {value}", self.text), ..self }
    }

    fn fits(self, what: &str) -> Result<Self, Fault> {
        if self.text.len() > LONGEST {
            let message = format!("{what} makes a command of more than {LONGEST} characters");
            return Err(Fault::Rejected(Complaint::new("cli-value", message)));
        }
        Ok(self)
    }
}

/// The value, if a command line takes it for nothing but a value.
fn checked<'v>(what: &str, value: &'v str) -> Result<&'v str, Fault> {
    match problem(value) {
        Some(problem) => Err(refused(what, value, problem)),
        None => Ok(value),
    }
}

fn checked_secret<'s>(what: &str, secret: &'s SecretString) -> Result<&'s str, Fault> {
    match problem(secret.expose_secret()) {
        Some(problem) => Err(refused_secret(what, problem)),
        None => Ok(secret.expose_secret()),
    }
}

fn problem(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return Some("is empty");
    }
    if value.starts_with(' ') || value.ends_with(' ') {
        return Some("begins or ends with a space");
    }
    value.chars().find_map(|char| match char {
        '?' => Some("has a question mark, which the device takes for a call for help"),
        '"' => Some("has a quotation mark"),
        char if char.is_control() => Some("has a control character"),
        char if !char.is_ascii() => {
            Some("has a character that the device's command line doesn't know: it takes ASCII only")
        }
        _ => None,
    })
}

fn refused(what: &str, value: &str, problem: &str) -> Fault {
    Fault::Rejected(Complaint::new("cli-value", format!("{what} {value:?} {problem}")))
}

fn refused_secret(what: &str, problem: &str) -> Fault {
    Fault::Rejected(Complaint::new("cli-value", format!("{what} {problem}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(value: &str) -> Vec<Result<CommandLine, Fault>> {
        let secret = SecretString::from(value);
        vec![
            CommandLine::of("name").rest("the name", value),
            CommandLine::of("type").word("the model", value),
            CommandLine::of("number").dialled("the number", value),
            CommandLine::of("username tony fullname display").quoted("the full name", value),
            CommandLine::of("username tony password").quoted_secret("the password", &secret),
            CommandLine::of("username tony pin").secret_digits("the PIN", &secret),
        ]
    }

    proptest! {
        #[test]
        fn no_value_becomes_more_than_a_value(value in any::<String>()) {
            for line in lines(&value).into_iter().flatten() {
                let text = line.text();
                prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'?'), "{text:?}");
                prop_assert!(text.len() <= LONGEST);
                prop_assert!(matches!(text.matches('"').count(), 0 | 2), "{text:?}");
                // Nothing but the value is behind the command's own words.
                let unquoted = text.replace('"', "");
                prop_assert!(unquoted.ends_with(&value), "{text:?}");
            }
        }

        #[test]
        fn a_harmless_value_is_taken(value in "[A-Za-z0-9!#$%&'()*+,./:;<=>@_{|}~-]{1,30}") {
            for line in [&lines(&value)[0], &lines(&value)[1], &lines(&value)[3]] {
                prop_assert!(line.is_ok(), "{line:?}");
            }
        }

        #[test]
        fn a_secret_is_in_no_complaint_and_in_nothing_shown(secret in "[ -~]{4,20}") {
            let line = CommandLine::of("username tony password").quoted_secret("the password", &SecretString::from(&*secret));
            match line {
                Ok(line) => {
                    prop_assert_eq!(line.shown(), "username tony password");
                    prop_assert_eq!(line.secret(), Some(&*secret));
                }
                Err(fault) => prop_assert!(!fault.to_string().contains(secret.trim())),
            }
        }

        #[test]
        fn no_command_of_an_operator_leaves_its_number(command in any::<String>()) {
            if let Ok(line) = CommandLine::of_operator(&command, &["call-forward", "preference"]) {
                let text = line.text().strip_prefix("no ").unwrap_or(line.text());
                prop_assert!(text.starts_with("call-forward") || text.starts_with("preference"));
                prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'?'));
            }
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        let why = |value: &str| CommandLine::of("name").rest("the name", value).unwrap_err().to_string();
        assert_eq!(why("a\nreload"), "the name \"a\\nreload\" has a control character");
        assert!(why("who?").contains("question mark"));
        assert!(why("the \"boss\"").contains("quotation mark"));
        assert!(why("Müller").contains("ASCII only"));
        assert!(why("").contains("is empty"));
        assert!(why(&"x".repeat(300)).contains("more than 220 characters"));
        for command in ["end", "exit", "no telephony-service", "callforward busy 1", "reload", "do reload", "pref\r1"] {
            let fault = CommandLine::of_operator(command, &["call-forward", "preference"]).unwrap_err();
            assert!(matches!(fault, Fault::Rejected(_)), "{command}");
        }
        let line = CommandLine::of_operator("  no   preference  3 ", &["preference"]).unwrap();
        assert_eq!(line.text(), "no preference 3");
    }
}
