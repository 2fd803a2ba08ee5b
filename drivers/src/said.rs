//! What a device has said, as it may be told to people and kept in reports.

use dialtone_model::{Complaint, Fault};

/// Longer than any refusal that a device has words for, and short enough for a line of a report.
const LONGEST: usize = 400;
const LONGEST_CODE: usize = 64;

/// The words of a device on one line. What answers in its place may send a page, or anything at all.
pub(crate) fn words(text: &str) -> String {
    let mut words = String::new();
    for word in text.split(|char: char| char.is_whitespace() || char.is_control()).filter(|word| !word.is_empty()) {
        if !words.is_empty() {
            words.push(' ');
        }
        let room = LONGEST - words.chars().count().min(LONGEST);
        match word.char_indices().nth(room) {
            None => words.push_str(word),
            Some((end, _)) => {
                words.push_str(&word[..end]);
                words.push('…');
                break;
            }
        }
    }
    words
}

/// A device's own code as the end of a complaint's, in lower case with dashes; `None` where it is none.
pub(crate) fn code(text: &str) -> Option<String> {
    let code = text.to_ascii_lowercase().replace('_', "-");
    let is_code = (1..=LONGEST_CODE).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_code.then_some(code)
}

/// What a device says, without a secret that it repeats: as it was given, and as [`words`] would have it.
pub(crate) fn masked(said: &str, secret: &str) -> String {
    let spellings = [secret.to_owned(), words(secret)];
    let mask = |said: String, secret: &String| if secret.is_empty() { said } else { said.replace(secret, "…") };
    spellings.iter().fold(said.to_owned(), mask)
}

/// A fault without the secret, whatever the device has made of the request that had it.
pub(crate) fn without(secret: &str, fault: Fault) -> Fault {
    let told = |complaint: Complaint| Complaint { message: masked(&complaint.message, secret), ..complaint };
    match fault {
        Fault::Rejected(complaint) => Fault::Rejected(told(complaint)),
        Fault::Unknown(complaint) => Fault::Unknown(told(complaint)),
        Fault::NotSent { complaint, retry_after } => Fault::NotSent { complaint: told(complaint), retry_after },
        Fault::Busy { complaint, retry_after } => Fault::Busy { complaint: told(complaint), retry_after },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_device_says_is_one_line_of_a_report() {
        assert_eq!(words("  Item\tnot valid:\r\n\u{7}no \u{1b}user "), "Item not valid: no user");
        let page = words(&"ä".repeat(1_000_000));
        assert_eq!((page.chars().count(), page.chars().last()), (LONGEST + 1, Some('…')));
        assert_eq!(words(&"much to say ".repeat(100_000)).chars().filter(|&char| char == '…').count(), 1);
        assert_eq!(words(""), "");
    }

    #[test]
    fn a_code_is_a_word_or_none() {
        assert_eq!(code("INVALID_PARAMETER").as_deref(), Some("invalid-parameter"));
        for none in ["", "two words", "<html>", "ä", &"x".repeat(65)] {
            assert_eq!(code(none), None, "{none}");
        }
    }

    #[test]
    fn a_secret_is_masked_however_its_spaces_are_told() {
        for said in ["the password tulip \t 7 was used", "the password tulip 7 was used"] {
            assert_eq!(masked(said, "tulip \t 7"), "the password … was used", "{said}");
        }
        for blank in ["", "  "] {
            assert_eq!(masked("no such user", blank), "no such user");
        }
    }

    #[test]
    fn no_fault_tells_a_secret() {
        let complaint = || Complaint::new("code", "the PIN 4711 is too old, says 4711");
        for fault in [
            Fault::Rejected(complaint()),
            Fault::Unknown(complaint()),
            Fault::NotSent { complaint: complaint(), retry_after: None },
            Fault::Busy { complaint: complaint(), retry_after: None },
        ] {
            let told = without("4711", fault.clone());
            assert_eq!(told.to_string(), "the PIN … is too old, says …");
            assert_eq!(std::mem::discriminant(&told), std::mem::discriminant(&fault));
            assert_eq!(without("", fault.clone()), fault);
        }
    }
}
