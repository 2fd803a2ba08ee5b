/// The bytes that one tag, text or comment may have; the library holds each of them whole.
const TOKEN_LIMIT: usize = 1024 * 1024;

/// The bytes of a tag that are looked at.
const HEAD_LIMIT: usize = 1024;

/// The texts that a workbook's table of shared strings may have, and their bytes.
const STRINGS_LIMIT: usize = 400_000;
const STRINGS_BYTES_LIMIT: usize = 24 * 1024 * 1024;

/// The tags that the styles may have, and the bytes of one of them. The library copies a style's texts for every format.
const STYLE_TAGS_LIMIT: usize = 15_000;
const STYLE_TOKEN_LIMIT: usize = 4 * 1024;

/// The cells that a sheet may have, blank ones that are only formatted among them. They bound the time of reading it.
const CELLS_LIMIT: usize = 2_000_000;

/// The rows and columns that a sheet of a spreadsheet has.
const SHEET_ROWS: u32 = 1_048_576;
const SHEET_COLUMNS: u32 = 16_384;

/// How deep tags may stand in each other; the library remembers every open one.
const DEPTH_LIMIT: usize = 256;

/// The sheets, names and merged areas that a workbook may have.
const LIST_LIMIT: usize = 10_000;

/// What a part of a workbook is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Sheet,
    SharedStrings,
    Styles,
    OtherXml,
    Picture,
}

/// What was noticed on the way.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether a sheet has merged cells.
    pub(super) merged_cells: bool,
}

/// Why a part is refused.
pub(super) enum Refusal {
    Doctype,
    Damaged(&'static str),
    TooMuch(String),
}

/// Follows the tags of an XML part as its bytes come along, without keeping them: refuses what no spreadsheet writes and
/// what would take more memory to read than it takes to send.
pub(super) struct Guard<'s> {
    part: Part,
    seen: &'s mut Seen,
    state: State,
    /// The bytes of the present tag, text or comment.
    length: usize,
    /// The beginning of the present tag.
    head: Vec<u8>,
    /// The last byte of the present tag so far.
    last: u8,
    /// The bytes of the part so far.
    size: usize,
    counts: Counts,
    /// Where in the part the present cell of a sheet begins; the library puts its texts together.
    cell: Option<usize>,
}

#[derive(Default)]
struct Counts {
    tags: usize,
    strings: usize,
    cells: usize,
    rows: u32,
    listed: usize,
    open: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    Opened,
    Tag,
    Quoted(u8),
    Marked,
    /// In a comment or a character data section: the byte whose pair before `>` ends it, and how many have just come.
    Section(u8, u8),
    Instruction,
}

impl Part {
    /// What the part with this lower-case name is.
    pub(super) fn of(name: &str) -> Self {
        let xml = name.ends_with(".xml") || name.ends_with(".rels") || name.ends_with(".vml");
        match name {
            _ if !xml => Self::Picture,
            _ if name.contains("worksheets/") && name.ends_with(".xml") => Self::Sheet,
            _ if name.ends_with("sharedstrings.xml") => Self::SharedStrings,
            _ if name.ends_with("styles.xml") => Self::Styles,
            _ => Self::OtherXml,
        }
    }
}

impl<'s> Guard<'s> {
    pub(super) fn new(part: Part, seen: &'s mut Seen) -> Self {
        let head = Vec::with_capacity(HEAD_LIMIT);
        Self {
            part,
            seen,
            state: State::Text,
            length: 0,
            head,
            last: 0,
            size: 0,
            counts: Counts::default(),
            cell: None,
        }
    }

    /// Takes the next bytes of the part.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.part == Part::Picture {
            let blank = bytes.iter().all(u8::is_ascii_whitespace);
            if self.size > 0 || !begins_as_xml(bytes) {
                self.size += if blank { 0 } else { bytes.len() };
                return Ok(());
            }
            // A sheet may have any name.
            self.part = Part::OtherXml;
        }
        if self.size == 0 && !matches!(bytes, [b'<', ..] | [0xEF, ..] | [b' ' | b'\r' | b'\n' | b'\t', ..]) {
            return Err(Refusal::Damaged("isn't XML in UTF-8"));
        }
        if memchr::memchr(0, bytes).is_some() {
            return Err(Refusal::Damaged("has zero bytes"));
        }
        if self.part == Part::SharedStrings && self.size + bytes.len() > STRINGS_BYTES_LIMIT {
            return Err(Refusal::TooMuch(format!("has more than {} MiB of text", STRINGS_BYTES_LIMIT / 1024 / 1024)));
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let passed = self.step(rest)?;
            rest = &rest[passed..];
            self.size += passed;
            if self.length > TOKEN_LIMIT || (self.part == Part::Styles && self.length > STYLE_TOKEN_LIMIT) {
                return Err(Refusal::TooMuch("has an endless tag or text".to_owned()));
            }
            if self.cell.is_some_and(|start| self.size - start > TOKEN_LIMIT) {
                return Err(Refusal::TooMuch("has an endless cell".to_owned()));
            }
        }
        Ok(())
    }

    /// Passes some of the bytes and returns how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        match self.state {
            State::Text => {
                let text = memchr::memchr(b'<', bytes);
                self.length += text.unwrap_or(bytes.len());
                let Some(text) = text else { return Ok(bytes.len()) };
                self.enter(State::Opened);
                Ok(text + 1)
            }
            State::Opened => {
                self.state = match bytes[0] {
                    b'!' => State::Marked,
                    b'?' => State::Instruction,
                    _ => State::Tag,
                };
                Ok(usize::from(self.state != State::Tag))
            }
            State::Marked => {
                let end = match bytes[0] {
                    b'-' => b'-',
                    b'[' => b']',
                    b'D' | b'd' => return Err(Refusal::Doctype),
                    _ => return Err(Refusal::Damaged("isn't XML")),
                };
                self.state = State::Section(end, 0);
                Ok(1)
            }
            State::Tag => self.tag(bytes),
            State::Quoted(quote) => {
                let end = memchr::memchr(quote, bytes);
                let passed = end.map_or(bytes.len(), |end| end + 1);
                self.keep(&bytes[..passed]);
                if end.is_some() {
                    self.state = State::Tag;
                }
                Ok(passed)
            }
            State::Section(end, run) => {
                self.length += 1;
                self.state = match bytes[0] {
                    b'>' if run >= 2 => State::Text,
                    byte if byte == end => State::Section(end, run.saturating_add(1)),
                    _ => State::Section(end, 0),
                };
                Ok(1)
            }
            State::Instruction => {
                self.length += 1;
                if bytes[0] == b'>' {
                    self.enter(State::Text);
                }
                Ok(1)
            }
        }
    }

    /// Passes bytes of a tag up to its end, an attribute's quotation mark, or the end of the bytes.
    fn tag(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let end = bytes.iter().position(|byte| matches!(byte, b'>' | b'"' | b'\''));
        let passed = end.map_or(bytes.len(), |end| end + 1);
        self.keep(&bytes[..passed]);
        match end.map(|end| bytes[end]) {
            Some(b'>') => {
                self.judge()?;
                self.enter(State::Text);
            }
            Some(quote) => self.state = State::Quoted(quote),
            None => {}
        }
        Ok(passed)
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        self.last = match bytes {
            [.., last, b'>'] | [.., last] if *last != b'>' => *last,
            _ => self.last,
        };
        let room = HEAD_LIMIT - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.length = 0;
        self.last = 0;
        self.head.clear();
    }

    /// Looks at a whole tag.
    fn judge(&mut self) -> Result<(), Refusal> {
        let (tag, closes) = Tag::of(&self.head);
        self.counts.tags += 1;
        if self.part == Part::Styles && self.counts.tags > STYLE_TAGS_LIMIT {
            return Err(Refusal::TooMuch(format!("has more than {STYLE_TAGS_LIMIT} styles")));
        }
        let is_whole = self.last == b'/';
        self.nest(closes, is_whole)?;
        match tag {
            Tag::Cell if closes => self.cell = None,
            _ if closes => {}
            Tag::Cell => {
                self.counts.cells += 1;
                if self.counts.cells > CELLS_LIMIT {
                    return Err(Refusal::TooMuch(format!("has more than {CELLS_LIMIT} cells")));
                }
                if text_attribute(&self.head, b"r").is_some_and(|reference| place(reference).is_none()) {
                    return Err(Refusal::Damaged(OUTSIDE));
                }
                self.cell = (!is_whole).then_some(self.size);
            }
            Tag::Row => {
                self.counts.rows += 1;
                let number = text_attribute(&self.head, b"r").map(|number| number.parse::<u32>());
                let outside =
                    number.is_some_and(|number| !number.is_ok_and(|number| (1..=SHEET_ROWS).contains(&number)));
                if outside || self.counts.rows > SHEET_ROWS {
                    return Err(Refusal::Damaged(OUTSIDE));
                }
            }
            Tag::Dimension => {
                let places = text_attribute(&self.head, b"ref").map(|area| area.split(':').map(place));
                let places: Vec<_> = places.into_iter().flatten().collect();
                if let [Some(start), Some(end)] = places[..]
                    && (start.0 > end.0 || start.1 > end.1)
                {
                    return Err(Refusal::Damaged("claims an area that ends before it begins"));
                }
            }
            Tag::Strings => {
                let claimed = text_attribute(&self.head, b"uniqueCount").and_then(|count| count.trim().parse().ok());
                if claimed.is_some_and(|count: u64| count > STRINGS_LIMIT as u64) {
                    return Err(Refusal::TooMuch(format!("claims more than {STRINGS_LIMIT} texts")));
                }
            }
            Tag::String => {
                self.counts.strings += 1;
                if self.counts.strings > STRINGS_LIMIT {
                    return Err(Refusal::TooMuch(format!("has more than {STRINGS_LIMIT} texts")));
                }
            }
            Tag::MergedArea | Tag::Listed => {
                self.seen.merged_cells |= tag == Tag::MergedArea;
                self.counts.listed += 1;
                if self.counts.listed > LIST_LIMIT {
                    let words = format!("has more than {LIST_LIMIT} sheets, names or merged areas");
                    return Err(Refusal::TooMuch(words));
                }
            }
            Tag::Other => {}
        }
        Ok(())
    }

    /// Follows how deep the tags stand in each other.
    fn nest(&mut self, closes: bool, is_whole: bool) -> Result<(), Refusal> {
        if closes {
            self.counts.open = self.counts.open.saturating_sub(1);
        } else if !is_whole {
            self.counts.open += 1;
        }
        if self.counts.open > DEPTH_LIMIT {
            return Err(Refusal::TooMuch(format!("has more than {DEPTH_LIMIT} tags in each other")));
        }
        Ok(())
    }
}

/// The tags that matter here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Row,
    Cell,
    Dimension,
    Strings,
    String,
    MergedArea,
    Listed,
    Other,
}

impl Tag {
    /// Which tag begins with `head`, and whether it closes.
    fn of(head: &[u8]) -> (Self, bool) {
        let closes = head.first() == Some(&b'/');
        let head = &head[usize::from(closes)..];
        let end = head.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/'));
        let name = &head[..end.unwrap_or(0)];
        let name = memchr::memchr(b':', name).map_or(name, |colon| &name[colon + 1..]);
        let tag = match name {
            b"row" => Self::Row,
            b"c" => Self::Cell,
            b"dimension" => Self::Dimension,
            b"sst" => Self::Strings,
            b"si" => Self::String,
            b"mergeCell" => Self::MergedArea,
            b"sheet" | b"definedName" => Self::Listed,
            _ => Self::Other,
        };
        (tag, closes)
    }
}

/// Whether a part that isn't named as one is XML all the same.
fn begins_as_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.trim_ascii_start().first() == Some(&b'<')
}

/// The text of an attribute of a tag.
fn text_attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t str> {
    let mut from = 0;
    loop {
        let at = from + memchr::memmem::find(&tag[from..], name)?;
        let rest = &tag[at + name.len()..];
        from = at + name.len();
        if let [b'=', quote @ (b'"' | b'\''), value @ ..] = rest
            && tag[..at].last().is_some_and(u8::is_ascii_whitespace)
        {
            let end = memchr::memchr(*quote, value)?;
            return std::str::from_utf8(&value[..end]).ok();
        }
    }
}

/// What is said of a row or cell that no spreadsheet can have.
const OUTSIDE: &str = "has cells outside of a sheet's rows and columns";

/// The row and column, from 0, of a reference such as `B7` that lies in a sheet.
fn place(reference: &str) -> Option<(u32, u32)> {
    let digits = reference.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, row) = reference.split_at(digits);
    let column = letters.bytes().try_fold(0_u32, |column, letter| {
        let value = u32::from(letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?) + 1;
        column.checked_mul(26)?.checked_add(value)
    })?;
    let row = row.parse().ok()?;
    ((1..=SHEET_ROWS).contains(&row) && (1..=SHEET_COLUMNS).contains(&column)).then(|| (row - 1, column - 1))
}
