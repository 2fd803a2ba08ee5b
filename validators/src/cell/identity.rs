use std::borrow::Cow;

use dialtone_model::UserId;
use dialtone_templates::Rule;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use uuid::Uuid;

use super::{Flaw, digits};

/// The characters that a name may have.
const NAME_LIMIT: usize = 100;

/// The length of a UUID with its hyphens.
const UUID_LENGTH: usize = 36;

/// A name of at most 100 characters, in Unicode normal form C.
pub fn name(cell: &str) -> Result<Cow<'_, str>, Flaw> {
    if digits::is_damaged(cell) {
        return Err(Flaw::new(Rule::CellDamaged));
    }
    let name = if cell.is_ascii() || is_nfc(cell) { Cow::Borrowed(cell) } else { Cow::Owned(cell.nfc().collect()) };
    if name.len() > NAME_LIMIT {
        let length = name.chars().count();
        if length > NAME_LIMIT {
            return Err(Flaw::new(Rule::NameLength).note(length.to_string()));
        }
    }
    Ok(name)
}

/// A UUID in the form of 36 characters, in upper or lower case. `None`: it is no UUID in any spelling.
pub fn uuid(cell: &str) -> Result<UserId, Option<Flaw>> {
    if let Some(id) = whole_uuid(cell) {
        return Ok(id);
    }
    let plain = digits::plain(cell).to_lowercase();
    let is_digit = |letter: char| letter.is_ascii_hexdigit();
    let is_decoration = |letter: char| letter.is_whitespace() || "-_‐‑–—{}()[]<>'\"".contains(letter);
    let bare = plain.trim_start_matches(is_decoration).trim_start_matches("urn:").trim_start_matches("uuid:");
    let digits: String = bare.chars().filter(|letter| !is_decoration(*letter)).collect();
    match Uuid::try_parse(&digits) {
        Ok(id) if digits.len() == 32 && digits.chars().all(is_digit) => {
            Err(Some(Flaw::new(Rule::UuidFormat).write(&id.hyphenated().to_string())))
        }
        _ => Err(None),
    }
}

/// A UUID in the form of 36 characters.
pub(crate) fn whole_uuid(cell: &str) -> Option<UserId> {
    (cell.len() == UUID_LENGTH).then(|| Uuid::try_parse(cell).ok()).flatten().map(UserId)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONY: &str = "652d2f57-6e3b-4170-8bf9-4f1e98c88b56";

    #[test]
    fn a_uuid_is_read_in_one_form_and_recognised_in_all() {
        let id: UserId = TONY.parse().unwrap();
        assert_eq!(uuid(TONY), Ok(id));
        assert_eq!(uuid(&TONY.to_uppercase()), Ok(id));
        let repair = Err(Some(Flaw::new(Rule::UuidFormat).write(TONY)));
        for spelling in [
            TONY.replace('-', ""),
            format!("{{{TONY}}}"),
            format!("urn:uuid:{TONY}"),
            format!("URN:UUID:{}", TONY.to_uppercase()),
            format!("{{urn:uuid:{TONY}}}"),
            format!("\u{feff}{TONY}"),
            TONY.replace('-', " "),
            TONY.replace('-', "–"),
            TONY.replace('6', "６"),
        ] {
            assert_eq!(uuid(&spelling), repair, "{spelling}");
        }
        for other in ["Tony", "652d2f57-6e3b-4170-8bf9-4f1e98c88b5", "652d2f57-6e3b-4170-8bf9-4f1e98c88b5g", ""] {
            assert_eq!(uuid(other), Err(None), "{other}");
        }
    }

    #[test]
    fn names_are_counted_in_normal_form_c() {
        assert_eq!(name("Jose\u{301}"), Ok(Cow::Borrowed("José")));
        assert_eq!(name(&"é".repeat(100)).map(|name| name.len()), Ok(200));
        assert!(name(&"e\u{301}".repeat(100)).is_ok());
        assert_eq!(name(&"é".repeat(101)), Err(Flaw::new(Rule::NameLength).note("101")));
        assert_eq!(name(&"😀".repeat(101)), Err(Flaw::new(Rule::NameLength).note("101")));
        assert_eq!(name("6.5E+10"), Err(Flaw::new(Rule::CellDamaged)));
        assert!(name("1E5").is_ok());
    }
}
