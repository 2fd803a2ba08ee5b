use std::collections::VecDeque;

use super::session::{Outcome, Session};

/// What stands between the keys of a person or a program and a command line: echo, editing, and paging.
pub(super) struct Terminal {
    session: Box<dyn Session>,
    line: Vec<u8>,
    /// Whether what is typed is shown.
    echo: bool,
    /// Whether the last key was the return key, whose line feed may follow.
    after_return: bool,
    /// Whether the last key has the next one taken as it is.
    literal: bool,
    /// How many lines a page has; 0: output isn't paged.
    length: usize,
    /// What waits behind `--More--`.
    waiting: VecDeque<String>,
}

/// What becomes of the keys.
#[derive(Debug, Default)]
pub(super) struct Printed {
    pub(super) bytes: Vec<u8>,
    pub(super) end: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The session was left.
    Left,
    /// The connection goes without a word.
    Cut,
}

const MORE: &str = " --More-- ";
/// What a terminal has when nobody says otherwise.
const USUAL_LENGTH: usize = 24;
const CTRL_C: u8 = 3;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const CTRL_V: u8 = 22;
const CTRL_Z: u8 = 26;
const DELETE: u8 = 127;

impl Terminal {
    pub(super) fn new(session: Box<dyn Session>) -> Self {
        Self {
            session,
            line: Vec::new(),
            echo: true,
            after_return: false,
            literal: false,
            length: USUAL_LENGTH,
            waiting: VecDeque::new(),
        }
    }

    /// What is shown to somebody who has just come.
    pub(super) fn greeting(&self) -> Vec<u8> {
        format!("\r\n{}", self.session.prompt()).into_bytes()
    }

    /// Whether a key ends a line, for which the device takes its time.
    pub(super) fn ends_a_line(&self, key: u8) -> bool {
        self.waiting.is_empty() && (key == b'\r' || key == b'\n' && !self.after_return)
    }

    pub(super) fn key(&mut self, key: u8, printed: &mut Printed) {
        let after_return = std::mem::replace(&mut self.after_return, key == b'\r');
        let literal = std::mem::take(&mut self.literal);
        if !self.waiting.is_empty() {
            return self.page(key, printed);
        }
        match key {
            b'\n' if after_return => {}
            b'\r' | b'\n' => self.line_entered(printed),
            BACKSPACE | DELETE => {
                let erased = self.line.pop().is_some();
                if erased && self.echo {
                    printed.bytes.extend(b"\x08 \x08");
                }
            }
            CTRL_U => {
                let erased = self.line.len();
                self.line.clear();
                printed.bytes.extend(b"\x08 \x08".repeat(erased));
            }
            CTRL_C | CTRL_Z => {
                self.line.clear();
                self.echo = true;
                self.session.escape();
                printed.bytes.extend(b"\r\n");
                printed.bytes.extend(self.session.prompt().bytes());
            }
            CTRL_V => self.literal = true,
            b'?' if !literal && self.echo => self.helped(printed),
            key if key >= b' ' => {
                self.line.push(key);
                if self.echo {
                    printed.bytes.push(key);
                }
            }
            _ => {}
        }
    }

    /// A command as it comes without a terminal, from `ssh host command`.
    pub(super) fn command(&mut self, line: &str) -> Printed {
        let mut printed = Printed::default();
        match self.session.enter(line) {
            Outcome::Text(text) => printed.bytes = crlf(&text),
            Outcome::Cut => printed.end = Some(End::Cut),
            Outcome::Ask { .. } | Outcome::Leave => {}
        }
        printed
    }

    /// A question mark is answered at once, and what was typed stays.
    fn helped(&mut self, printed: &mut Printed) {
        printed.bytes.push(b'?');
        let typed = String::from_utf8_lossy(&self.line).into_owned();
        match self.session.help(&typed) {
            Some(help) => {
                printed.bytes.extend(b"\r\n");
                printed.bytes.extend(crlf(&help));
                printed.bytes.extend(b"\r\n");
                printed.bytes.extend(self.session.prompt().bytes());
                printed.bytes.extend(&self.line);
            }
            None => self.line.push(b'?'),
        }
    }

    fn line_entered(&mut self, printed: &mut Printed) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        printed.bytes.extend(b"\r\n");
        self.echo = true;
        self.learn_length(&line);
        match self.session.enter(&line) {
            Outcome::Text(text) => {
                self.waiting = text.lines().map(str::to_owned).collect();
                let page = if self.length == 0 { self.waiting.len() } else { self.length.saturating_sub(1) };
                self.print(page, printed);
            }
            Outcome::Ask { question, echo } => {
                self.echo = echo;
                printed.bytes.extend(crlf(&question));
            }
            Outcome::Leave => printed.end = Some(End::Left),
            Outcome::Cut => printed.end = Some(End::Cut),
        }
    }

    /// `terminal length 0` is the terminal's own affair.
    fn learn_length(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [first, second, number] = words.as_slice()
            && first.len() >= 3
            && "terminal".starts_with(*first)
            && "length".starts_with(*second)
        {
            self.length = number.parse().unwrap_or(self.length);
        }
    }

    fn page(&mut self, key: u8, printed: &mut Printed) {
        printed.bytes.extend(b"\x08".repeat(MORE.len()));
        printed.bytes.extend(b" ".repeat(MORE.len()));
        printed.bytes.extend(b"\x08".repeat(MORE.len()));
        match key {
            b' ' => self.print(self.length.saturating_sub(1), printed),
            b'\r' | b'\n' => self.print(1, printed),
            _ => {
                self.waiting.clear();
                self.print(0, printed);
            }
        }
    }

    /// Prints so many of the lines that wait, then asks for more or shows the prompt.
    fn print(&mut self, lines: usize, printed: &mut Printed) {
        for line in self.waiting.drain(..lines.min(self.waiting.len())) {
            printed.bytes.extend(line.bytes());
            printed.bytes.extend(b"\r\n");
        }
        if self.waiting.is_empty() {
            printed.bytes.extend(self.session.prompt().bytes());
        } else {
            printed.bytes.extend(MORE.bytes());
        }
    }
}

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says what was entered, and knows one command.
    struct Parrot;

    impl Session for Parrot {
        fn prompt(&self) -> String {
            "CME#".to_owned()
        }

        fn help(&self, line: &str) -> Option<String> {
            Some(format!("help for {line}\n"))
        }

        fn enter(&mut self, line: &str) -> Outcome {
            Outcome::Text(format!("{line}\n"))
        }

        fn escape(&mut self) {}
    }

    fn shown(keys: &[u8]) -> String {
        let mut terminal = Terminal::new(Box::new(Parrot));
        let mut printed = Printed::default();
        keys.iter().for_each(|key| terminal.key(*key, &mut printed));
        String::from_utf8(printed.bytes).unwrap()
    }

    #[test]
    fn a_question_mark_is_answered_at_once_and_what_was_typed_stays() {
        assert_eq!(shown(b"show ?"), "show ?\r\nhelp for show \r\n\r\nCME#show ");
        assert_eq!(shown(b"show ?all\r"), "show ?\r\nhelp for show \r\n\r\nCME#show all\r\nshow all\r\nCME#");
        assert_eq!(shown(b"who\x16?\r"), "who?\r\nwho?\r\nCME#", "behind Ctrl-V it is like any other");
    }
}
