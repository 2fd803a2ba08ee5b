use std::ops::Range;

use csv_core::{ReadRecordResult, ReaderBuilder, Terminator};

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
    // A filled cell takes two bytes of the text at least.
    let room = (text.len() + 1, text.len() / 2 + 1);
    let mut builder = Builder::new(reading, room, checked);
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

/// The records of a text. What a cell is, the csv library decides; whether it was quoted by the rules, and which row of a
/// spreadsheet it is in, is found out beside it.
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
    /// The row with a quotation mark that is never closed.
    open_quote: Option<u32>,
    /// Where the cells of a record end. A record with more cells comes in several parts.
    ends: Vec<usize>,
}

/// Where the cells of a record go.
trait Sink {
    /// The room that the library writes the text of a record's cells into, from its start.
    fn room(&mut self) -> &mut [u8];

    /// Takes the cell under `column` that was written into this part of the room.
    fn cell(&mut self, column: usize, part: Range<usize>);
}

impl<'t> Records<'t> {
    fn new(input: &'t [u8], separator: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).terminator(Terminator::Any(b'\n')).build();
        let quoted = memchr::memchr(b'"', input).is_some();
        let suspicious = quoted || !input.is_ascii() || has_controls(input, separator);
        let ends = vec![0; 64];
        Self { input, at: 0, reader, separator, row: 1, quoted, suspicious, open_quote: None, ends }
    }

    /// The first record that has a filled cell.
    fn header(&mut self) -> RawHeader {
        let mut labels = Labels { header: RawHeader::default(), room: vec![0; self.input.len() + 1] };
        while labels.header.width == 0 {
            self.skip_blank_lines();
            if self.record(&mut labels).is_none() {
                break;
            }
            self.row += 1;
        }
        labels.header
    }

    /// Hands the cells of all rows to the builder.
    fn rows(&mut self, builder: &mut Builder<'_>) {
        loop {
            builder.skip_rows(self.skip_blank_lines());
            let number = self.row;
            let base = builder.table.used();
            let mut cells = Cells { builder, base, number, suspicious: self.suspicious };
            let Some(quoting) = self.record(&mut cells) else { return };
            if let Quoting::Stray { column } = quoting
                && column < builder.columns()
            {
                builder.flaw(Problem::cell(Rule::CellQuote, number, column));
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

    /// Hands the cells of the next record over and says how it was quoted; `None` behind the last one.
    fn record(&mut self, sink: &mut impl Sink) -> Option<Quoting> {
        let (from, mut column, mut start, mut written) = (self.at, 0, 0, 0);
        loop {
            let room = &mut sink.room()[written..];
            let (result, read, wrote, cells) = self.reader.read_record(&self.input[self.at..], room, &mut self.ends);
            self.at += read;
            written += wrote;
            let whole = matches!(result, ReadRecordResult::Record);
            for (place, &end) in self.ends[..cells].iter().enumerate() {
                let is_last = whole && place + 1 == cells;
                let returns = is_last && end > start && sink.room()[end - 1] == b'\r' && self.ends_in_line_break();
                sink.cell(column, start..end - usize::from(returns));
                (start, column) = (end, column + 1);
            }
            match result {
                // The next call is told that the text has ended, and ends the record.
                ReadRecordResult::InputEmpty | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::Record => break,
                ReadRecordResult::OutputFull | ReadRecordResult::End => return None,
            }
        }
        if !self.quoted {
            return Some(Quoting::Good);
        }
        let quoting = quoting(without_line_break(&self.input[from..self.at]), self.separator);
        if quoting == Quoting::Open {
            self.open_quote = Some(self.row);
        }
        Some(quoting)
    }

    /// Whether the carriage return before `at` is part of a line break and not of a quoted cell.
    fn ends_in_line_break(&self) -> bool {
        self.input[..self.at].ends_with(b"\r\n") || (self.at == self.input.len() && self.input.ends_with(b"\r"))
    }

    /// The problem of a quotation mark that is never closed, so that the end of the text is inside a cell.
    fn open_quote(&self) -> Option<Problem> {
        self.open_quote.map(|row| Problem::file(Rule::FileQuoteOpen).note(format!("a cell of row {row}")))
    }
}

/// Takes the cells of a header.
struct Labels {
    header: RawHeader,
    room: Vec<u8>,
}

impl Sink for Labels {
    fn room(&mut self) -> &mut [u8] {
        &mut self.room
    }

    fn cell(&mut self, column: usize, part: Range<usize>) {
        let label = std::str::from_utf8(&self.room[part]).unwrap_or_default();
        self.header.push(column, label.trim_matches(|letter: char| letter.is_whitespace() && letter != '\n'));
    }
}

/// Takes the cells of a row.
struct Cells<'b, 'r> {
    builder: &'b mut Builder<'r>,
    /// Where the row's room begins in the table's text.
    base: usize,
    number: u32,
    suspicious: bool,
}

impl Sink for Cells<'_, '_> {
    fn room(&mut self) -> &mut [u8] {
        &mut self.builder.table.text()[self.base..]
    }

    #[inline]
    fn cell(&mut self, column: usize, part: Range<usize>) {
        let part = self.base + part.start..self.base + part.end;
        self.builder.take(self.number, column, part, self.suspicious);
    }
}

/// Whether the text has control characters other than line breaks and separators.
fn has_controls(input: &[u8], separator: u8) -> bool {
    let control = |&byte: &u8| (byte < 0x20 && byte != b'\n' && byte != b'\r' && byte != separator) || byte == 0x7F;
    // Whole blocks are folded without an early exit, which the compiler turns into vector instructions.
    let any = input.chunks(4096).any(|block| block.iter().fold(false, |found, byte| found | control(byte)));
    any || memchr::memchr_iter(b'\r', input).any(|at| input.get(at + 1).is_some_and(|next| *next != b'\n'))
}

/// How the cells of a record are quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoting {
    /// As RFC 4180 wants it.
    Good,
    /// A cell has a quotation mark where none may stand.
    Stray {
        /// The first such cell.
        column: usize,
    },
    /// A quotation mark is never closed.
    Open,
}

fn quoting(record: &[u8], separator: u8) -> Quoting {
    let mut quoting = Quoting::Good;
    let mut rest = record;
    for column in 0.. {
        let after = match rest {
            [b'"', inner @ ..] => match closing_mark(inner) {
                Some(end) => &inner[end + 1..],
                None => return Quoting::Open,
            },
            _ => rest,
        };
        let end = memchr::memchr(separator, after).unwrap_or(after.len());
        let was_quoted = rest.len() > after.len();
        let stray = if was_quoted { end > 0 } else { memchr::memchr(b'"', &after[..end]).is_some() };
        if stray && quoting == Quoting::Good {
            quoting = Quoting::Stray { column };
        }
        let Some(next) = after.get(end + 1..) else { break };
        rest = next;
    }
    quoting
}

/// Where the quotation mark is that closes a cell: the first one that isn't doubled.
fn closing_mark(inner: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + memchr::memchr(b'"', &inner[from..])?;
        if inner.get(at + 1) != Some(&b'"') {
            return Some(at);
        }
        from = at + 2;
    }
}

fn without_line_break(record: &[u8]) -> &[u8] {
    match record {
        [rest @ .., b'\r', b'\n'] | [rest @ .., b'\n'] => rest,
        _ => record,
    }
}
