use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::KEYS;

/// Where the file is looked for when nobody names it.
pub(crate) const PLACES: [&str; 2] = ["dialtone.toml", "/etc/dialtone/dialtone.toml"];

/// A configuration file, read.
#[derive(Debug)]
pub(crate) struct ConfigurationFile {
    /// Where it lies.
    pub(crate) path: PathBuf,
    entries: Vec<FileEntry>,
}

/// One line of it.
#[derive(Debug)]
pub(crate) struct FileEntry {
    /// The key's name with its table, such as `database.url`.
    pub(crate) name: String,
    /// The value's text.
    pub(crate) value: String,
    /// The line of the key.
    pub(crate) line: usize,
}

impl ConfigurationFile {
    /// Reads the text of a file, and says everything that is wrong with it.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, Vec<String>> {
        let line = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count();
        let place = |offset: usize| format!("{}:{}", path.display(), line(offset));
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                return Err(vec![format!("{}: {}", place(offset), error.message())]);
            }
        };
        let mut found = Vec::new();
        flatten("", table.get_ref(), &mut found);
        found.sort_by_key(|(_, offset, _)| *offset);
        let (mut entries, mut problems) = (Vec::new(), Vec::new());
        for (name, offset, value) in found {
            if !is_known(&name) {
                problems.push(format!("{}: there is no key `{name}`{}", place(offset), did_you_mean(&name)));
                continue;
            }
            match value_text(value) {
                Some(value) => entries.push(FileEntry { name, value, line: line(offset) }),
                None => {
                    problems.push(format!("{}: `{name}` is text, a whole number, or a list of these", place(offset)))
                }
            }
        }
        if problems.is_empty() { Ok(Self { path: path.to_owned(), entries }) } else { Err(problems) }
    }

    /// What it says of a key.
    pub(crate) fn get(&self, name: &str) -> Option<&FileEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

/// The leaves of a table by their names with dots, and where their keys stand.
fn flatten<'a>(prefix: &str, table: &'a DeTable<'a>, found: &mut Vec<(String, usize, &'a Spanned<DeValue<'a>>)>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => flatten(&format!("{name}."), inner, found),
            _ => found.push((name, key.span().start, value)),
        }
    }
}

fn value_text(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.clone().into_owned()),
        // A list says what its entries say, with commas between them, as the environment does.
        DeValue::Array(entries) => {
            let entries: Option<Vec<String>> = entries.iter().map(value_text).collect();
            entries.map(|entries| entries.join(","))
        }
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        _ => None,
    }
}

/// Whether it is a key, or the file of a secret one.
fn is_known(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name || key.secret && name.strip_suffix("_file") == Some(key.name))
}

/// The nearest known key, where one is near.
fn did_you_mean(name: &str) -> String {
    let files = KEYS.iter().filter(|key| key.secret).map(|key| format!("{}_file", key.name));
    let known = KEYS.iter().map(|key| key.name.to_owned()).chain(files);
    let nearest = known
        .map(|known| (strsim::normalized_damerau_levenshtein(name, &known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.map(|(_, known)| format!("; did you mean `{known}`?")).unwrap_or_default()
}
