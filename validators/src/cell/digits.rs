use dialtone_templates::Rule;

use super::Flaw;

/// An ext key: 3 to 5 ASCII digits. It is text, so leading zeros count.
pub fn ext_key(cell: &str) -> Result<&str, Flaw> {
    let fits = |text: &str| (3..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits(cell) {
        return Ok(cell);
    }
    Err(flaw(cell, Rule::ExtKeyFormat, fits))
}

/// A number: an optional `+` and 1 to 15 ASCII digits. The `+` is left out of the answer.
pub fn number(cell: &str) -> Result<&str, Flaw> {
    let digits = |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = |text: &str| digits(text.strip_prefix('+').unwrap_or(text));
    if fits(cell) {
        return Ok(cell.strip_prefix('+').unwrap_or(cell));
    }
    if !is_date(cell) && holds_several(cell, digits) {
        return Err(Flaw::new(Rule::NumberSeveral));
    }
    Err(flaw(cell, Rule::NumberFormat, fits))
}

/// Says why a cell isn't the row of digits that `fits`, with the row that was probably meant.
fn flaw(cell: &str, rule: Rule, fits: impl Fn(&str) -> bool) -> Flaw {
    if let Some(flaw) = damage(cell) {
        return flaw;
    }
    let plain = plain(cell);
    let bare: String = plain.chars().filter(|letter| !is_decoration(*letter)).collect();
    let whole = plain.strip_suffix(".0").or_else(|| plain.strip_suffix(".00")).filter(|whole| fits(whole));
    let note = if cell.chars().any(is_invisible) {
        "it has an invisible character".to_owned()
    } else if plain != cell {
        "it has digits of another script than 0 to 9".to_owned()
    } else if whole.is_some() {
        "it has decimals".to_owned()
    } else if bare != plain {
        "it has spaces or punctuation".to_owned()
    } else if cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+') && cell.bytes().any(|byte| byte != b'+') {
        let digits = cell.bytes().filter(u8::is_ascii_digit).count();
        format!("it has {digits} digit{}", if digits == 1 { "" } else { "s" })
    } else {
        "it isn't digits alone".to_owned()
    };
    let flaw = Flaw::new(rule).note(note);
    match whole {
        Some(whole) => flaw.write(whole),
        None if fits(&bare) => flaw.write(&bare),
        None => flaw,
    }
}

/// What a spreadsheet made of a row of digits that it took for something else; nobody can tell what it was.
pub(super) fn damage(cell: &str) -> Option<Flaw> {
    if is_damaged(cell) {
        Some(Flaw::new(Rule::CellDamaged))
    } else if is_date(cell) {
        Some(Flaw::new(Rule::CellDate))
    } else {
        None
    }
}

/// Whether a cell is a date such as `2027-01-05`, `5/1/2027` or `05.01.2027 00:00`.
fn is_date(cell: &str) -> bool {
    let date = cell.split_once([' ', 'T']).map_or(cell, |(date, _)| date);
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    ['-', '/', '.'].iter().any(|separator| {
        let parts: Vec<&str> = date.split(*separator).collect();
        let &[first, middle, last] = parts.as_slice() else { return false };
        let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
        let is_year = year.len() == 4 && number(year).is_some_and(|year| (1900..2100).contains(&year));
        // Some countries write the month before the day.
        let in_month = |day: u16, month: u16| (1..=31).contains(&day) && (1..=12).contains(&month);
        let (Some(middle), Some(day)) = (number(middle), number(day)) else { return false };
        is_year && (in_month(day, middle) || in_month(middle, day))
    })
}

/// Whether a spreadsheet turned a long row of digits into something like `6.5E+10`.
pub(super) fn is_damaged(cell: &str) -> bool {
    let Some((mantissa, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']);
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && exponent.is_some_and(digits)
}

/// Whether a cell holds more than one number.
fn holds_several(cell: &str, digits: impl Fn(&str) -> bool) -> bool {
    let parts = |cell: &str, separators: &[char]| {
        let parts: Vec<String> = cell
            .split(separators)
            .map(|part| part.chars().filter(|letter| !is_decoration(*letter) && *letter != '+').collect())
            .filter(|part: &String| !part.is_empty())
            .collect();
        parts.len() > 1 && parts.iter().all(|part| digits(part))
    };
    let words = cell.replace(" and ", ",").replace(" or ", ",");
    parts(&words, &[',', ';', '/', '|', '&']) || (cell.matches('+').count() > 1 && parts(cell, &['+']))
}

/// The cell with its digits in ASCII and without characters that nobody sees.
pub(super) fn plain(cell: &str) -> String {
    let ascii = |letter: char| match letter {
        '＋' => '+',
        _ => digit(letter).unwrap_or(letter),
    };
    cell.chars().filter(|letter| !is_invisible(*letter)).map(ascii).collect()
}

/// Characters that people put between digits for looks.
fn is_decoration(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '-' | '.' | '(' | ')' | '[' | ']' | '\'' | '"' | '_' | '‐'..='―' | '−' | '’')
}

/// Characters that are there and don't show: zero-width ones, byte order marks, directional marks, soft hyphens.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// The ASCII digit of a decimal digit of another script.
fn digit(letter: char) -> Option<char> {
    let after = ZEROS.partition_point(|zero| *zero <= letter);
    let zero = *ZEROS.get(after.checked_sub(1)?)?;
    char::from_digit(u32::from(letter) - u32::from(zero), 10)
}

/// The zeros of the decimal digits of Unicode 15 beyond ASCII. Nine others follow each.
const ZEROS: &[char] = &[
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: impl Fn(&str) -> Result<&str, Flaw>, cell: &str, expect: Result<&str, (Rule, &str)>) {
        let got = rule(cell).map(str::to_owned);
        let got = got.map_err(|flaw| (flaw.rule, flaw.repair.unwrap_or_default()));
        assert_eq!(got, expect.map(str::to_owned).map_err(|(rule, write)| (rule, write.to_owned())), "{cell:?}");
    }

    #[test]
    fn ext_keys() {
        use Rule::{CellDamaged, ExtKeyFormat};
        for key in ["000", "101", "0101", "99999"] {
            check(ext_key, key, Ok(key));
        }
        for cell in ["12", "100000", "1a1", "+101", "½01", "１２", "abc", "-", "1E5"] {
            check(ext_key, cell, Err((ExtKeyFormat, "")));
        }
        for cell in
            ["1 01", "1-01", "(101)", "１０１", "١٠١", "\u{200b}101", "101\u{feff}", "'101", "101.0", "1\u{a0}01"]
        {
            check(ext_key, cell, Err((ExtKeyFormat, "Write 101")));
        }
        for cell in ["1E+03", "6.5E+10", "6,5e+10", "1E-3"] {
            check(ext_key, cell, Err((CellDamaged, "")));
        }
    }

    #[test]
    fn numbers() {
        use Rule::{CellDamaged, NumberFormat, NumberSeveral};
        check(number, "+6512345678", Ok("6512345678"));
        check(number, "7", Ok("7"));
        check(number, "123456789012345", Ok("123456789012345"));
        for cell in ["+", "1234567890123456", "++65", "65a", "+65+", "tel:65", "1234567 89012345 6"] {
            check(number, cell, Err((NumberFormat, "")));
        }
        for cell in ["+65 1234", "+65-1234", "(+65)1234", "+65.1234", "+６５1234", "＋651234", "+65\u{200b}1234"] {
            check(number, cell, Err((NumberFormat, "Write +651234")));
        }
        for cell in ["651,652", "651;652", "651 / 652", "+651+652", "651 and 652", "+65 1, +65 2"] {
            check(number, cell, Err((NumberSeveral, "")));
        }
        check(number, "6.5E+10", Err((CellDamaged, "")));
    }

    #[test]
    fn dates_are_told_from_digits_with_decoration() {
        for cell in ["2027-01-05", "5/1/2027", "05.01.2027", "12/31/1999", "2027-01-05 00:00:00", "2027/1/5"] {
            check(number, cell, Err((Rule::CellDate, "")));
            check(ext_key, cell, Err((Rule::CellDate, "")));
        }
        check(number, "65-12-2027", Err((Rule::NumberFormat, "Write 65122027")));
        check(number, "1-2-3", Err((Rule::NumberFormat, "Write 123")));
        check(number, "1/2", Err((Rule::NumberSeveral, "")));
        check(number, "2027-13-14", Err((Rule::NumberFormat, "Write 20271314")));
    }

    #[test]
    fn each_zero_begins_ten_digits() {
        assert!(ZEROS.is_sorted());
        for zero in ZEROS {
            let nine = char::from_u32(u32::from(*zero) + 9);
            assert_eq!((digit(*zero), nine.and_then(digit)), (Some('0'), Some('9')));
        }
        assert_eq!(digit('x'), None);
    }
}
