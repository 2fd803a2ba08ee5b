use std::cmp::Reverse;
use std::collections::HashMap;

use super::columns::Columns;
use super::line::ReportLine;
use crate::WriteError;
use crate::write::Cells;

/// How many causes are told apart; the messages of those beyond count by their code alone. A device that puts a number
/// of its own into every message must not fill the memory.
const CAUSE_LIMIT: usize = 1_000;

/// Counts the rows by what kept them from being completed.
#[derive(Debug, Default)]
pub(super) struct Causes {
    causes: HashMap<(String, String), Cause>,
}

/// Rows that have the same code and, apart from values, the same message.
#[derive(Debug)]
struct Cause {
    rows: u64,
    /// What the first of them says.
    message: String,
    repair: String,
    /// Where the first of them is.
    place: String,
}

impl Causes {
    /// Counts what a line gives as its reasons.
    pub(super) fn count(&mut self, columns: &Columns<'_>, line: &ReportLine<'_>) {
        for reason in line.reasons {
            let mut key = (reason.code.clone(), pattern(&reason.message));
            if self.causes.len() >= CAUSE_LIMIT && !self.causes.contains_key(&key) {
                key.1.clear();
            }
            let cause = self.causes.entry(key).or_insert_with(|| Cause {
                rows: 0,
                message: reason.message.clone(),
                repair: reason.repair.clone().unwrap_or_default(),
                place: match line.source.row() {
                    Some(row) => format!("{} row {row}", columns.file_name(line.source)),
                    None => String::new(),
                },
            });
            cause.rows += 1;
        }
    }

    /// Writes one row a cause, the most frequent one first.
    pub(super) fn write(&self, cells: &mut impl Cells) -> Result<(), WriteError> {
        let mut causes: Vec<_> = self.causes.iter().collect();
        causes.sort_by_key(|(key, cause)| (Reverse(cause.rows), *key));
        for ((code, _), cause) in causes {
            cells.text(code)?;
            cells.count(cause.rows)?;
            for text in [&cause.message, &cause.repair, &cause.place] {
                cells.text(text)?;
            }
            cells.end_row()?;
        }
        Ok(())
    }
}

/// A message without what differs from row to row: what stands between backticks, and digits.
fn pattern(message: &str) -> String {
    let mut pattern = String::with_capacity(message.len());
    for (index, part) in message.split('`').enumerate() {
        if index % 2 == 1 {
            pattern.push('`');
            continue;
        }
        pattern.extend(part.chars().filter(|letter| !letter.is_ascii_digit()));
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_differ_in_values_alone_have_one_pattern() {
        assert_eq!(pattern("`12` isn't an ext key: 2 digits."), pattern("`7` isn't an ext key: 1 digits."));
        assert_eq!(pattern("The ext key `1` is also in row 5."), pattern("The ext key `2` is also in row 16."));
        assert_ne!(pattern("`12` isn't an ext key."), pattern("`12` isn't a number."));
    }
}
