use std::collections::{BTreeSet, HashMap};

use csv::{Position, ReaderBuilder, StringRecord};
use dialtone_model::{Subscriber, User, UserId};
use unicode_normalization::UnicodeNormalization;

/// The column of a directory's files that holds a user's UUID.
const UUID: &str = "Identity UUID";
/// The column that holds a user's name.
const NAME: &str = "User's Name";
/// The column that holds a number.
const NUMBER: &str = "Number";

/// What is wrong with a file of an organization's directory. The first mistake ends the reading: such a file is
/// exported by a system, not filled in by hand.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It isn't CSV in UTF-8.
    #[error("{file}: {source}")]
    Csv {
        /// The file.
        file: String,
        /// What was found, and where.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{file}: there is no column `{column}`; its header is `{header}`")]
    Column {
        /// The file.
        file: String,
        /// The label of the column.
        column: &'static str,
        /// The header as it stands.
        header: String,
    },
    /// A cell can't be used.
    #[error("{file}, row {row}, column `{column}`, value `{value}`: {reason}")]
    Cell {
        /// The file.
        file: String,
        /// The row as a spreadsheet numbers it, the header being 1.
        row: u64,
        /// The label of the column.
        column: &'static str,
        /// The cell.
        value: String,
        /// What is wrong with it, and what to write.
        reason: String,
    },
}

/// Reads the users of an organization: CSV with the columns `Identity UUID` and `User's Name`.
///
/// Names are put into Unicode normal form C. Several users may share a name; no two share a UUID.
pub fn read_users(file: &str, bytes: &[u8]) -> Result<Vec<User>, DirectoryError> {
    let mut rows = HashMap::new();
    read_rows(file, bytes, [UUID, NAME], |row, [id, name]| {
        let cell = |column, value: &str, reason: String| cell_error(file, row, column, value, reason);
        let known_form = |text: &str| text.len() == 36;
        let id: UserId = (id.parse().ok())
            .filter(|_| known_form(id))
            .ok_or_else(|| cell(UUID, id, "a UUID is written with 36 characters".to_owned()))?;
        if let Some(earlier) = rows.insert(id, row) {
            return Err(cell(UUID, &id.to_string(), format!("row {earlier} has it too")));
        }
        let normal: String = name.nfc().collect();
        match normal.chars().count() {
            1..=100 if !normal.chars().any(char::is_control) => Ok(User { id, name: normal }),
            _ => Err(cell(NAME, name, "a name has 1 to 100 characters, none of them a control character".to_owned())),
        }
    })
}

/// Reads the numbers that an organization owns: CSV with the column `Number`. They come back without the `+`.
pub fn read_numbers(file: &str, bytes: &[u8]) -> Result<Vec<String>, DirectoryError> {
    let mut rows = HashMap::new();
    read_rows(file, bytes, [NUMBER], |row, [number]| {
        let cell = |reason: String| cell_error(file, row, NUMBER, number, reason);
        let digits = number.strip_prefix('+').unwrap_or(number);
        if !(1..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(cell("a number is 1 to 15 digits, with or without a leading `+`".to_owned()));
        }
        match rows.insert(digits.to_owned(), row) {
            Some(earlier) => Err(cell(format!("row {earlier} has it too"))),
            None => Ok(digits.to_owned()),
        }
    })
}

/// Reads the subscribers of an organization: CSV with the columns `User ID`, `First Name`, `Last Name`, `Email`, `Role`,
/// `Domain` and `Identity UUID`, of which the email address and the UUID may be blank. No two share a login.
pub fn read_subscribers(file: &str, bytes: &[u8]) -> Result<Vec<Subscriber>, DirectoryError> {
    let mut rows = HashMap::new();
    let columns = ["User ID", "First Name", "Last Name", "Email", "Role", "Domain", UUID];
    read_rows(file, bytes, columns, |row, cells| {
        let cell = |place: usize, reason: String| cell_error(file, row, columns[place], cells[place], reason);
        if let Some(place) = [0, 2, 4, 5].into_iter().find(|place| cells[*place].is_empty()) {
            return Err(cell(place, "it is required".to_owned()));
        }
        let [user_id, first_name, last_name, email, role, domain, identity] = cells.map(str::to_owned);
        if let Some(earlier) = rows.insert(user_id.clone(), row) {
            return Err(cell(0, format!("row {earlier} has it too")));
        }
        let identity = match identity.as_str() {
            "" => None,
            uuid => Some(uuid.parse().map_err(|_| cell(6, "a UUID is written with 36 characters".to_owned()))?),
        };
        let email = Some(email).filter(|address| !address.is_empty());
        Ok(Subscriber { user_id, first_name, last_name, email, role, domain, identity, present_on: BTreeSet::new() })
    })
}

/// Reads every row that isn't blank; `take` is given the row's number and its cells under `columns`.
fn read_rows<T, const N: usize>(
    file: &str,
    bytes: &[u8],
    columns: [&'static str; N],
    mut take: impl FnMut(u64, [&str; N]) -> Result<T, DirectoryError>,
) -> Result<Vec<T>, DirectoryError> {
    let csv_error = |source| DirectoryError::Csv { file: file.to_owned(), source };
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut places: Option<[usize; N]> = None;
    let mut values = Vec::new();
    let mut cells = StringRecord::new();
    while reader.read_record(&mut cells).map_err(csv_error)? {
        let row = cells.position().map_or(0, |position| first_line(bytes, position));
        let Some(places) = places else {
            places = Some(header(file, &cells, columns)?);
            continue;
        };
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        values.push(take(row, places.map(|place| cells.get(place).unwrap_or_default().trim()))?);
    }
    Ok(values)
}

/// The line on which a record begins. The position of the csv crate is that of the end of the record before, blank
/// lines not yet skipped.
fn first_line(bytes: &[u8], position: &Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = bytes.iter().skip(start).take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + blank.filter(|byte| **byte == b'\n').map(|_| 1).sum::<u64>()
}

/// Where the columns are.
fn header<const N: usize>(
    file: &str,
    labels: &StringRecord,
    columns: [&'static str; N],
) -> Result<[usize; N], DirectoryError> {
    let label = |text: &str| text.trim_start_matches('\u{feff}').trim().replace('’', "'").to_lowercase();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = labels.iter().position(|text| label(text) == label(column)).ok_or_else(|| {
            let header = labels.iter().collect::<Vec<_>>().join(",");
            DirectoryError::Column { file: file.to_owned(), column, header }
        })?;
    }
    Ok(places)
}

fn cell_error(file: &str, row: u64, column: &'static str, value: &str, reason: String) -> DirectoryError {
    DirectoryError::Cell { file: file.to_owned(), row, column, value: value.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TONY: &str = "652d2f57-6e3b-4170-8bf9-4f1e98c88b56";

    fn refused<T: std::fmt::Debug>(result: Result<T, DirectoryError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn users_are_read_in_any_order_of_columns_and_blank_rows_are_skipped() {
        let file = format!("\u{feff}User\u{2019}s name,Site,identity uuid\r\nTony,NYC,{TONY}\r\n,,\r\n");
        let users = read_users("users.csv", file.as_bytes()).unwrap();
        assert_eq!(users, [User { id: TONY.parse().unwrap(), name: "Tony".to_owned() }]);
    }

    #[test]
    fn names_are_put_into_normal_form() {
        let file = format!("Identity UUID,User's Name\n{TONY},Ame\u{301}lie\n");
        assert_eq!(read_users("users.csv", file.as_bytes()).unwrap()[0].name, "Am\u{e9}lie");
    }

    #[test]
    fn what_is_wrong_names_file_row_column_and_value() {
        let twice = format!("Identity UUID,User's Name\n{TONY},Tony\n\n{TONY},Jane\n");
        assert_eq!(
            refused(read_users("users.csv", twice.as_bytes())),
            format!("users.csv, row 4, column `Identity UUID`, value `{TONY}`: row 2 has it too")
        );
        let short = "Identity UUID,User's Name\n652d2f576e3b41708bf94f1e98c88b56,Tony\n";
        assert_eq!(
            refused(read_users("users.csv", short.as_bytes())),
            "users.csv, row 2, column `Identity UUID`, value `652d2f576e3b41708bf94f1e98c88b56`: \
             a UUID is written with 36 characters"
        );
        assert_eq!(
            refused(read_numbers("numbers.csv", b"Number\n65 123\n")),
            "numbers.csv, row 2, column `Number`, value `65 123`: \
             a number is 1 to 15 digits, with or without a leading `+`"
        );
        assert_eq!(
            refused(read_numbers("numbers.csv", b"Phone\n1\n")),
            "numbers.csv: there is no column `Number`; its header is `Phone`"
        );
        assert!(refused(read_numbers("numbers.csv", b"Number\n\xff\n")).starts_with("numbers.csv: "));
    }

    #[test]
    fn subscribers_are_read_with_what_may_be_blank() {
        let header = "User ID,First Name,Last Name,Email,Role,Domain,Identity UUID\n";
        let rows = format!(
            "{header}lobby,,Lobby,,Pseudo,Singapore,\ntony,Tony,Sample,t@example.com,Employee,Singapore,{TONY}\n"
        );
        let found = read_subscribers("subscribers.csv", rows.as_bytes()).unwrap();
        assert_eq!((found[0].email.as_deref(), found[0].identity), (None, None));
        assert_eq!((found[1].email.as_deref(), found[1].identity), (Some("t@example.com"), TONY.parse().ok()));
        let lacking = format!("{header}lobby,,Lobby,,,Singapore,\n");
        assert_eq!(
            refused(read_subscribers("subscribers.csv", lacking.as_bytes())),
            "subscribers.csv, row 2, column `Role`, value ``: it is required"
        );
    }

    #[test]
    fn a_number_counts_once_with_and_without_its_plus() {
        assert_eq!(read_numbers("numbers.csv", b"Number\n+6512345678\n").unwrap(), ["6512345678"]);
        assert_eq!(
            refused(read_numbers("numbers.csv", b"Number\n6512345678\n+6512345678\n")),
            "numbers.csv, row 3, column `Number`, value `+6512345678`: row 2 has it too"
        );
    }
}
