use dialtone_model::{ExposeSecret as _, SecretString};

use crate::write::{Book, Cells, Delimited, SheetColumn};
use crate::{Format, WriteError};

/// A password that is handed out, with what its user needs beside it.
#[derive(Clone, Copy, Debug)]
pub struct PasswordLine<'a> {
    /// The ext key, which is also the name that a phone registers with.
    pub key: &'a str,
    /// The name of its user.
    pub user: &'a str,
    /// The password.
    pub password: &'a SecretString,
    /// The SIP domain.
    pub domain: &'a str,
}

/// The labels of the columns, and how wide they are.
const HEADER: [(&str, u16); 4] = [("Ext Key", 10), ("User", 30), ("Password", 26), ("SIP Domain", 30)];

/// A file that hands out passwords.
pub fn password_file<'a>(
    format: Format,
    lines: impl IntoIterator<Item = PasswordLine<'a>>,
) -> Result<Vec<u8>, WriteError> {
    let cells = |line: &PasswordLine<'a>| [line.key, line.user, line.password.expose_secret(), line.domain];
    let separator = match format {
        Format::Csv => b',',
        Format::Tsv => b'\t',
        Format::Xlsx => {
            let mut book = Book::new(None)?;
            let columns = HEADER.map(|(label, width)| SheetColumn { label: label.to_owned(), width });
            let mut sheet = book.sheet("Passwords", columns.to_vec())?;
            for line in lines {
                let mut row = book.cells(&mut sheet);
                cells(&line).into_iter().try_for_each(|cell| row.text(cell))?;
                row.end_row()?;
            }
            book.end_page(&sheet)?;
            let mut bytes = Vec::new();
            book.save(&mut bytes)?;
            return Ok(bytes);
        }
    };
    let mut text = Delimited::new(Vec::new(), separator);
    HEADER.iter().try_for_each(|(label, _)| text.text(label))?;
    text.end_row()?;
    for line in lines {
        cells(&line).into_iter().try_for_each(|cell| text.text(cell))?;
        text.end_row()?;
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use calamine::{Reader as _, Xlsx, open_workbook_from_rs};

    use super::*;

    fn file(format: Format) -> Vec<u8> {
        let password = SecretString::from("7hJkm2");
        let line = |key, user| PasswordLine { key, user, password: &password, domain: "example.org" };
        password_file(format, [line("0101", "Ana"), line("0102", "=Ben, the 2nd")]).unwrap()
    }

    #[test]
    fn passwords_are_written_with_what_a_phone_is_set_up_with() {
        insta::assert_snapshot!(String::from_utf8(file(Format::Csv)).unwrap(), @r#"
        Ext Key,User,Password,SIP Domain
        0101,Ana,7hJkm2,example.org
        0102,"'=Ben, the 2nd",7hJkm2,example.org
        "#);
    }

    #[test]
    fn a_workbook_has_the_same_lines() {
        let mut book: Xlsx<_> = open_workbook_from_rs(std::io::Cursor::new(file(Format::Xlsx))).unwrap();
        let sheet = book.worksheet_range("Passwords").unwrap();
        let rows: Vec<Vec<String>> = sheet.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(rows[1], ["0101", "Ana", "7hJkm2", "example.org"]);
        assert_eq!((rows.len(), rows[2][1].as_str()), (3, "=Ben, the 2nd"));
    }
}
