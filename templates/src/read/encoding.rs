use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE};

use crate::{Encoding, Problem, Rule};

/// The characters of a text file, without the byte order mark, and how they are written.
pub(super) fn decode(bytes: Vec<u8>) -> Result<(Encoding, String), Problem> {
    match bytes.as_slice() {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            Err(refusal("The file begins with the byte order mark of UTF-32 at offset 0 (row 1), which isn't read"))
        }
        [0xFF, 0xFE, ..] => utf16(&bytes, UTF_16LE).map(|text| (Encoding::Utf16Le, text)),
        [0xFE, 0xFF, ..] => utf16(&bytes, UTF_16BE).map(|text| (Encoding::Utf16Be, text)),
        [0xEF, 0xBB, 0xBF, ..] => utf8(bytes).map(|mut text| {
            text.drain(..'\u{feff}'.len_utf8());
            (Encoding::Utf8Bom, text)
        }),
        _ => utf8(bytes).map(|text| (Encoding::Utf8, text)),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, Problem> {
    // UTF-16 without a byte order mark passes as UTF-8 as long as its letters are Latin; its zero bytes give it away in
    // the header already. A zero byte further down is a control character in a cell.
    let header_end = memchr::memchr(b'\n', &bytes).unwrap_or(bytes.len());
    if let Some(offset) = memchr::memchr(0, &bytes[..header_end]) {
        let words = format!(
            "The byte 0x00 at offset {offset} (row 1) isn't text in UTF-8; it may be UTF-16 without a byte order mark"
        );
        return Err(refusal(&words));
    }
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        refusal(&format!(
            "The byte 0x{:02X} at offset {offset} (row {}) isn't UTF-8",
            bytes[offset],
            row(bytes, offset)
        ))
    })
}

fn utf16(bytes: &[u8], encoding: &'static encoding_rs::Encoding) -> Result<String, Problem> {
    const MARK: usize = 2;
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(3 * bytes.len());
    let mut text = String::with_capacity(capacity);
    let (result, read) = decoder.decode_to_string_without_replacement(&bytes[MARK..], &mut text, true);
    match result {
        DecoderResult::InputEmpty | DecoderResult::OutputFull => Ok(text),
        DecoderResult::Malformed(bad, after) => {
            let offset = MARK + read - usize::from(bad) - usize::from(after);
            let why =
                if bad == 1 { "is half a character of UTF-16" } else { "isn't UTF-16: half of a pair stands alone" };
            let row = row(text.as_bytes(), text.len());
            Err(refusal(&format!("The byte 0x{:02X} at offset {offset} (row {row}) {why}", bytes[offset])))
        }
    }
}

fn refusal(words: &str) -> Problem {
    Problem::file(Rule::FileEncoding).note(format!("{words}."))
}

/// The row that the byte at `offset` is in, as a spreadsheet numbers it.
fn row(bytes: &[u8], offset: usize) -> usize {
    let mut quoted = false;
    let mut row = 1;
    for byte in &bytes[..offset] {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => row += 1,
            _ => {}
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Note;

    fn check(bytes: &[u8], expect: Result<(Encoding, &str), &str>) {
        let got = decode(bytes.to_vec());
        match (&got, expect) {
            (Ok((encoding, text)), Ok(expect)) => assert_eq!((*encoding, text.as_str()), expect, "{bytes:02x?}"),
            (Err(Problem { rule: Rule::FileEncoding, note: Note::Text(words), .. }), Err(expect)) => {
                assert!(words.contains(expect), "{words}");
            }
            _ => panic!("{bytes:02x?} gave {got:?}"),
        }
    }

    #[test]
    fn four_encodings_are_read() {
        check("Jané".as_bytes(), Ok((Encoding::Utf8, "Jané")));
        check(b"\xEF\xBB\xBFJan", Ok((Encoding::Utf8Bom, "Jan")));
        check(b"\xFF\xFEJ\0\xE9\0", Ok((Encoding::Utf16Le, "Jé")));
        check(b"\xFE\xFF\0J\0\xE9", Ok((Encoding::Utf16Be, "Jé")));
        check(b"\xFF\xFE\x3D\xD8\x00\xDE", Ok((Encoding::Utf16Le, "\u{1f600}")));
    }

    #[test]
    fn anything_else_is_refused_by_its_first_bad_byte() {
        check(b"a,b\n\"x\ny\",\nJan\xE9", Err("0xE9 at offset 14 (row 3)"));
        check(b"\xC0\x80", Err("0xC0 at offset 0 (row 1)"));
        check(b"\xED\xA0\x80", Err("0xED at offset 0 (row 1)"));
        check(b"\xEF\xBB\xBFa\xFF", Err("0xFF at offset 4 (row 1)"));
        check(b"\xFF\xFEJ\0\x00\xD8a\0", Err("0x00 at offset 4 (row 1)"));
        check(b"\xFF\xFEJ\0\xE9", Err("0xE9 at offset 4 (row 1)"));
        check(b"\xFE\xFF\xDC\x00", Err("0xDC at offset 2 (row 1)"));
        check(b"J\0a\0\n\0", Err("0x00 at offset 1 (row 1)"));
        check(b"\xFF\xFE\0\0J\0\0\0", Err("UTF-32"));
        check(b"\0\0\xFE\xFF\0\0\0J", Err("UTF-32"));
    }
}
