/// Whether a spreadsheet that opens the cell in a text file may run it as a formula, so that an apostrophe must stand
/// before it.
///
/// A formula begins with `=`, `+`, `-` or `@`; spreadsheets pass white space before it. A `+` with nothing but digits
/// behind it is a phone number and stays as it is. The readers take one apostrophe away before those four characters, so
/// every cell that a reader can hand out is read again as it was. Three kinds of text have no way back, and no reader hands them
/// out in a row that can be used: white space before a formula, a line break at the start, and an apostrophe that
/// stands directly before one of the four characters.
#[inline]
pub(crate) fn runs_as_formula(cell: &str) -> bool {
    match cell.as_bytes() {
        [] | [b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z', ..] => false,
        [b'\t' | b'\n' | b'\r', ..] => true,
        _ => match cell.trim_start().as_bytes() {
            [b'+', digits @ ..] => digits.is_empty() || !digits.iter().all(u8::is_ascii_digit),
            [b'=' | b'-' | b'@', ..] => true,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_kept_from_it() {
        for cell in ["=1+1", "+1+1", "+", "-5", "@SUM(A1)", "\t=x", "\rx", "\nx", " =x", "\u{a0}=x", "+65 1234", "+６"]
        {
            assert!(runs_as_formula(cell), "{cell:?}");
        }
        for cell in ["", "101", "0042", "+6512345678", "Tony", "'=x", "''=x", "a=b", "é", "\"=x"] {
            assert!(!runs_as_formula(cell), "{cell:?}");
        }
    }
}
