use csv_core::{ReadFieldResult, ReaderBuilder, Terminator};

use super::builder::Builder;
use super::encoding;
use super::header::{self, RawHeader};
use crate::{Problem, Reading, Rule, Table};

/// Reads a text file whose cells are separated by `,`, `;` or tabulators.
pub(super) fn read(bytes: Vec<u8>, reading: &mut Reading) {
    let text = match encoding::decode(bytes) {
        Ok((encoding, text)) => {
            reading.encoding = Some(encoding);
            text
        }
        Err(problem) => return reading.problems.push(problem),
    };
    if let Some(problem) = foreign(&text) {
        return reading.problems.push(problem);
    }
    let mut found: Option<(RawHeader, Records<'_>)> = None;
    for separator in [b',', b';', b'\t'] {
        let mut records = Records::new(text.as_bytes(), separator);
        let header = records.header();
        let fitness = |header: &RawHeader| (header.known_labels(), header.width);
        if found.as_ref().is_none_or(|(best, _)| fitness(&header) > fitness(best)) {
            found = Some((header, records));
        }
    }
    let Some((header, mut records)) = found else { return };
    if header.width == 0 {
        return reading.problems.push(Problem::file(Rule::FileEmpty));
    }
    reading.separator = Some(char::from(records.separator));
    if let Some(problem) = records.open_quote() {
        return reading.problems.push(problem);
    }
    let checked = header::settle(header, reading);
    let cells = memchr::memchr2_iter(records.separator, b'\n', text.as_bytes()).count() + 1;
    let mut builder = Builder::new(reading, (text.len() + 1, cells), checked);
    records.rows(&mut builder);
    builder.finish();
    if let Some(problem) = records.open_quote() {
        // Nobody can tell which of the swallowed rows were meant, so none of the others is used either.
        reading.table = Table::default();
        reading.problems.forget_rows();
        reading.problems.push(problem);
    }
}

/// Names text that is no table at all.
fn foreign(text: &str) -> Option<Problem> {
    if text.chars().all(|letter| letter.is_whitespace() || matches!(letter, ',' | ';')) {
        return Some(Problem::file(Rule::FileEmpty));
    }
    let bytes = text.as_bytes();
    let words = match text.trim_start().as_bytes() {
        [b'<', ..] => "The file is HTML or XML, whatever its name says.",
        [b'%', b'P', b'D', b'F', ..] => "The file is a PDF.",
        [b'{', b'\\', b'r', b't', b'f', ..] => "The file is a text document in RTF.",
        _ if memchr::memchr(b'\n', bytes).is_none() && memchr::memchr(b'\r', bytes).is_some() => {
            "The file's lines end in a lone carriage return, as old Macintosh programs write them."
        }
        _ => return None,
    };
    Some(Problem::file(Rule::FileFormat).note(words))
}

/// The records of a text, cell by cell. What a cell is, the csv library decides; whether it was quoted by the rules, and
/// which row of a spreadsheet it is in, is found out beside it.
struct Records<'t> {
    input: &'t [u8],
    at: usize,
    reader: csv_core::Reader,
    separator: u8,
    /// The number of the row that `at` is in.
    row: u32,
    /// Whether the text has any quotation mark.
    quoted: bool,
    /// Whether the text may have characters that no cell may have.
    suspicious: bool,
    /// Where the last cell began.
    last_cell: (u32, usize),
}

/// A cell of [`Records`].
struct Field {
    length: usize,
    ends_record: bool,
}

impl<'t> Records<'t> {
    fn new(input: &'t [u8], separator: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).terminator(Terminator::Any(b'\n')).build();
        let quoted = memchr::memchr(b'"', input).is_some();
        let suspicious = quoted || !input.is_ascii() || has_controls(input, separator);
        Self { input, at: 0, reader, separator, row: 1, quoted, suspicious, last_cell: (1, 0) }
    }

    /// The first record that has a filled cell.
    fn header(&mut self) -> RawHeader {
        let mut header = RawHeader::default();
        let mut cell = vec![0; self.input.len() + 1];
        while header.width == 0 {
            self.skip_blank_lines();
            let mut place = 0;
            loop {
                let Some(field) = self.field(&mut cell) else { return header };
                let label = std::str::from_utf8(&cell[..field.length]).unwrap_or_default();
                header.push(place, label.trim_matches(|letter: char| letter.is_whitespace() && letter != '\n'));
                place += 1;
                if field.ends_record {
                    break;
                }
            }
            self.row += 1;
        }
        header
    }

    /// Hands the cells of all rows to the builder.
    fn rows(&mut self, builder: &mut Builder<'_>) {
        loop {
            builder.skip_rows(self.skip_blank_lines());
            let number = self.row;
            let mut column = 0;
            loop {
                let start = self.at;
                let Some(field) = self.field(builder.table.room()) else { return };
                if self.quoted && column < builder.columns() && !is_well_quoted(self.raw(start)) {
                    builder.flaw(Problem::cell(Rule::CellQuote, number, column));
                }
                builder.take(number, column, field.length, self.suspicious);
                column += 1;
                if field.ends_record {
                    break;
                }
            }
            builder.end_row(number);
            self.row += 1;
        }
    }

    /// Passes the line ends at the start of a record and counts them.
    fn skip_blank_lines(&mut self) -> u32 {
        let mut lines = 0;
        loop {
            match self.input[self.at..] {
                [b'\n', ..] => self.at += 1,
                [b'\r', b'\n', ..] => self.at += 2,
                _ => break,
            }
            lines += 1;
        }
        self.row += lines;
        lines
    }

    /// The next cell, whose text is written to `room`; `None` behind the last record.
    #[inline]
    fn field(&mut self, room: &mut [u8]) -> Option<Field> {
        if self.at < self.input.len() {
            self.last_cell = (self.row, self.at);
        }
        let mut length = 0;
        loop {
            let (result, read, written) = self.reader.read_field(&self.input[self.at..], &mut room[length..]);
            self.at += read;
            length += written;
            match result {
                // The next call is told that the text has ended, and ends the record.
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::Field { record_end: ends_record } => {
                    if ends_record && length > 0 && room[length - 1] == b'\r' && self.ends_in_line_break() {
                        length -= 1;
                    }
                    return Some(Field { length, ends_record });
                }
                ReadFieldResult::OutputFull | ReadFieldResult::End => return None,
            }
        }
    }

    /// Whether the carriage return before `at` is part of a line break and not of a quoted cell.
    fn ends_in_line_break(&self) -> bool {
        self.input[..self.at].ends_with(b"\r\n") || (self.at == self.input.len() && self.input.ends_with(b"\r"))
    }

    /// The bytes of the cell that began at `start`, without the separator or line break that ends it.
    fn raw(&self, start: usize) -> &'t [u8] {
        let raw = &self.input[start..self.at];
        match raw {
            [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest,
            [rest @ .., last] if *last == self.separator => rest,
            _ => raw,
        }
    }

    /// The problem of a quotation mark that is never closed, so that the end of the text is inside a cell.
    fn open_quote(&self) -> Option<Problem> {
        let (row, start) = self.last_cell;
        let cell = &self.input[start..];
        let open = cell.first() == Some(&b'"') && memchr::memchr_iter(b'"', cell).count() % 2 == 1;
        open.then(|| Problem::file(Rule::FileQuoteOpen).note(format!("a cell of row {row}")))
    }
}

/// Whether the text has control characters other than line breaks and separators.
fn has_controls(input: &[u8], separator: u8) -> bool {
    let control = |&byte: &u8| (byte < 0x20 && byte != b'\n' && byte != b'\r' && byte != separator) || byte == 0x7F;
    let lone_return = |pair: &[u8]| pair[0] == b'\r' && pair[1] != b'\n';
    // Whole blocks are folded without an early exit, which the compiler turns into vector instructions.
    let any = input.chunks(4096).any(|block| block.iter().fold(false, |found, byte| found | control(byte)));
    any || input.windows(2).fold(false, |found, pair| found | lone_return(pair))
}

/// Whether the quotation marks of a cell stand as RFC 4180 wants them.
fn is_well_quoted(raw: &[u8]) -> bool {
    match raw {
        [b'"', inner @ .., b'"'] => {
            let mut marks = memchr::memchr_iter(b'"', inner);
            while let Some(first) = marks.next() {
                if marks.next() != Some(first + 1) {
                    return false;
                }
            }
            true
        }
        _ => memchr::memchr(b'"', raw).is_none(),
    }
}
