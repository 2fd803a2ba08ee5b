/// What a terminal shows of what has come and nobody has read yet. The devices redraw lines, and what was drawn over
/// was never said.
#[derive(Debug, Default)]
pub(super) struct Screen {
    text: Vec<u8>,
    /// Whether the cursor is back at the beginning of the line. A line feed goes on from there, anything else overwrites.
    returned: bool,
}

const BACKSPACE: u8 = 8;

impl Screen {
    pub(super) fn show(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                b'\0' => {}
                b'\r' => self.returned = true,
                b'\n' => {
                    self.returned = false;
                    self.text.push(byte);
                }
                BACKSPACE => {
                    if !self.last_line().is_empty() {
                        self.text.pop();
                    }
                }
                _ => {
                    if std::mem::take(&mut self.returned) {
                        self.clear_last_line();
                    }
                    self.text.push(byte);
                }
            }
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The line that isn't finished.
    pub(super) fn last_line(&self) -> &[u8] {
        self.text.iter().rposition(|&byte| byte == b'\n').map_or(&self.text[..], |end| &self.text[end + 1..])
    }

    pub(super) fn clear_last_line(&mut self) {
        let before = self.text.len() - self.last_line().len();
        self.text.truncate(before);
    }

    /// Everything, which is read with it.
    pub(super) fn take(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.text)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(parts: &[&str]) -> String {
        let mut screen = Screen::default();
        parts.iter().for_each(|part| screen.show(part.as_bytes()));
        screen.take()
    }

    #[test]
    fn a_line_that_is_drawn_over_was_never_said() {
        assert_eq!(shown(&["CME#sh ver\r\nIOS\r\n\r\nCME#"]), "CME#sh ver\nIOS\n\nCME#");
        assert_eq!(shown(&["one\r\r\ntwo\n\rthree\r", "\nfour\r\0\n"]), "one\ntwo\nthree\nfour\n");
        assert_eq!(shown(&["verz\x08 \x08sion"]), "version");
        assert_eq!(shown(&["CME#\rCME#show"]), "CME#show");
        assert_eq!(shown(&["line\n\x08\x08"]), "line\n", "no further than the line goes");
    }

    #[test]
    fn the_question_for_the_next_page_leaves_nothing_behind() {
        let erased = format!("{0}{1}{0}", "\x08".repeat(10), " ".repeat(10));
        for erased in [&erased, &format!("\r{}\r", " ".repeat(10))] {
            let mut screen = Screen::default();
            screen.show(b"ephone-dn  1\r\n number 1001\r\n --More-- ");
            assert_eq!(screen.last_line(), b" --More-- ");
            screen.clear_last_line();
            screen.show(format!("{erased}ephone-dn  2\r\n number 1002\r\n").as_bytes());
            assert_eq!(screen.take(), "ephone-dn  1\n number 1001\nephone-dn  2\n number 1002\n");
        }
    }
}
