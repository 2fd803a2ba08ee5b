use std::net::IpAddr;

use dialtone_templates::Rule;

use super::Flaw;
use super::digits::{damage, is_damaged, plain};

/// The characters that a directory number may have.
const DIRECTORY_NUMBER_LIMIT: usize = 24;

/// The greatest position or sequence number.
const POSITION_LIMIT: u16 = 9_999;

/// A directory number: digits, `*` and `#`, and a leading `+`; no dashes, no spaces.
pub fn directory_number(cell: &str) -> Result<&str, Flaw> {
    let fits = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let allowed = |byte: u8| byte.is_ascii_digit() || byte == b'*' || byte == b'#';
        (1..=DIRECTORY_NUMBER_LIMIT).contains(&text.len()) && !digits.is_empty() && digits.bytes().all(allowed)
    };
    if fits(cell) {
        return Ok(cell);
    }
    if let Some(flaw) = damage(cell) {
        return Err(flaw);
    }
    let bare: String =
        plain(cell).chars().filter(|letter| !letter.is_whitespace() && !"-.()[]'".contains(*letter)).collect();
    let flaw = Flaw::new(Rule::DirectoryNumberFormat);
    Err(if fits(&bare) { flaw.write(&bare) } else { flaw })
}

/// A MAC address: 12 hexadecimal digits with or without `:`, `-` and `.`. The answer is in upper case without separators.
pub fn mac(cell: &str) -> Result<String, Flaw> {
    let is_separator = |letter: char| matches!(letter, ':' | '-' | '.');
    let digits: String = cell.chars().filter(|letter| !is_separator(*letter)).collect();
    let is_whole = |digits: &str| digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_whole(&digits) {
        return Ok(digits.to_ascii_uppercase());
    }
    if is_damaged(cell) {
        return Err(Flaw::new(Rule::CellDamaged));
    }
    let note = match digits.chars().position(|letter| !letter.is_ascii_hexdigit()) {
        Some(place) => format!("character {} isn't a hexadecimal digit", place + 1),
        None => format!("it has {} hexadecimal digits", digits.len()),
    };
    let flaw = Flaw::new(Rule::MacFormat).note(note);
    let bare: String = plain(&digits).chars().filter(|letter| !letter.is_whitespace()).collect();
    Err(if is_whole(&bare) { flaw.write(&bare.to_ascii_uppercase()) } else { flaw })
}

/// An address without spaces.
pub fn email(cell: &str) -> Result<&str, Flaw> {
    if cell.chars().any(char::is_whitespace) {
        let bare: String = cell.split_whitespace().collect();
        return Err(Flaw::new(Rule::EmailFormat).note("it has a space").write(&bare));
    }
    Ok(cell)
}

/// A host name as RFC 1123 has it, or an IP address. Whether it resolves isn't asked.
pub fn host(cell: &str) -> Result<&str, Flaw> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = cell.len() <= 253 && cell.split('.').all(label);
    // Four numbers with dots are an address or nothing: `300.1.1.1` is no host name.
    let looks_like_address = cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_host =
        if looks_like_address { cell.parse::<IpAddr>().is_ok() } else { is_name || cell.parse::<IpAddr>().is_ok() };
    if is_host { Ok(cell) } else { Err(Flaw::new(Rule::HostFormat)) }
}

/// A position or sequence number: a whole number from 1.
pub fn position(cell: &str) -> Result<u16, Flaw> {
    let number = cell.bytes().all(|byte| byte.is_ascii_digit()).then(|| cell.parse().ok()).flatten();
    match number {
        Some(number @ 1..=POSITION_LIMIT) => Ok(number),
        _ => Err(Flaw::new(Rule::SequenceFormat)),
    }
}

/// A date: YYYY-MM-DD and nothing else, of all that ISO 8601 has.
pub fn date(cell: &str) -> Result<jiff::civil::Date, Flaw> {
    const LENGTH: usize = 10;
    let date = cell.parse().ok().filter(|_| cell.len() == LENGTH && cell.starts_with(|one: char| one.is_ascii_digit()));
    date.ok_or_else(|| Flaw::new(Rule::DateFormat))
}

/// One of the values that a column allows, without regard to case. The answer is spelt as the column has it.
pub fn choice<'c>(cell: &str, choices: &'c [String]) -> Result<&'c str, Flaw> {
    let found = choices.iter().find(|choice| choice.eq_ignore_ascii_case(cell));
    found.map(String::as_str).ok_or_else(|| Flaw::new(Rule::CellChoice).note(choices.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T>(got: Result<T, Flaw>, expect: Option<(Rule, &str)>) {
        let got = got.err().map(|flaw| (flaw.rule, flaw.repair.unwrap_or_default()));
        assert_eq!(got, expect.map(|(rule, repair)| (rule, repair.to_owned())));
    }

    #[test]
    fn directory_numbers() {
        for cell in ["4101", "+6512345678", "*97", "0#"] {
            check(directory_number(cell), None);
        }
        check(directory_number("41-01"), Some((Rule::DirectoryNumberFormat, "Write 4101")));
        check(directory_number("41 01"), Some((Rule::DirectoryNumberFormat, "Write 4101")));
        check(directory_number("４１01"), Some((Rule::DirectoryNumberFormat, "Write 4101")));
        for cell in ["+", "41X1", &"1".repeat(25), "4+1"] {
            check(directory_number(cell), Some((Rule::DirectoryNumberFormat, "")));
        }
        check(directory_number("6.5E+10"), Some((Rule::CellDamaged, "")));
        check(directory_number("2027-01-05"), Some((Rule::CellDate, "")));
    }

    #[test]
    fn mac_addresses() {
        for cell in ["0011aabbccdd", "00:11:AA:BB:CC:DD", "00-11-aa-bb-cc-dd", "0011.aabb.ccdd"] {
            assert_eq!(mac(cell), Ok("0011AABBCCDD".to_owned()));
        }
        check(mac("00 11 aa bb cc dd"), Some((Rule::MacFormat, "Write 0011AABBCCDD")));
        check(mac("001B2G3D4E5F"), Some((Rule::MacFormat, "")));
        check(mac("11AABBCCDD"), Some((Rule::MacFormat, "")));
        check(mac("1.23457E+11"), Some((Rule::CellDamaged, "")));
    }

    #[test]
    fn addresses_of_computers_and_people() {
        for cell in ["pc-101", "pc-101.example.com", "10.0.0.1", "2001:db8::1", "3com"] {
            check(host(cell), None);
        }
        for cell in ["pc_101", "-pc", "pc-", "a..b", "300.1.1.1", "", "pc 1", &"a".repeat(64)] {
            check(host(cell), Some((Rule::HostFormat, "")));
        }
        check(email("tony@example.com"), None);
        check(email("tony lee@example.com"), Some((Rule::EmailFormat, "Write tonylee@example.com")));
    }

    #[test]
    fn positions_choices_and_dates() {
        assert_eq!(position("007"), Ok(7));
        for cell in ["0", "-1", "1.5", "10000", "x"] {
            check(position(cell), Some((Rule::SequenceFormat, "")));
        }
        let choices = ["SCCP".to_owned(), "SIP".to_owned()];
        assert_eq!(choice("sip", &choices), Ok("SIP"));
        check(choice("H.323", &choices), Some((Rule::CellChoice, "")));
        check(date("2027-01-15"), None);
        for cell in ["15.01.2027", "2027-02-30", "tomorrow", "20270115", "2027-1-15", "2027-01-15T10:00", "2027-W02-5"]
        {
            check(date(cell), Some((Rule::DateFormat, "")));
        }
    }
}
