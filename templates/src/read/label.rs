use std::collections::HashMap;
use std::sync::LazyLock;

use crate::catalog::{Kind, service_columns};
use crate::{Column, Meaning};

/// How many characters of a label are compared with the known ones, of which none is longer. Likeness costs the product of
/// the lengths.
const LIKENESS_LIMIT: usize = 64;

/// The labels of one kind of file, by how they are compared.
pub(super) struct Labels {
    known: HashMap<String, &'static Column>,
}

impl Labels {
    /// The labels of `kind` and those of the columns that every kind may have.
    pub(super) fn of(kind: Kind) -> &'static Self {
        static LABELS: [LazyLock<Labels>; 3] = [
            LazyLock::new(|| Labels::collect(Kind::BulkName)),
            LazyLock::new(|| Labels::collect(Kind::BulkUuid)),
            LazyLock::new(|| Labels::collect(Kind::Project)),
        ];
        &LABELS[kind as usize]
    }

    fn collect(kind: Kind) -> Self {
        let columns = kind.layout().columns.iter().chain(service_columns());
        let spellings = columns.flat_map(|column| {
            let labels = std::iter::once(&column.label).chain(&column.aliases);
            labels.map(move |label| (comparable(label), column))
        });
        Self { known: spellings.collect() }
    }

    /// The column with this label, compared as labels are.
    pub(super) fn column(&self, comparable_label: &str) -> Option<&'static Column> {
        self.known.get(comparable_label).copied()
    }

    /// What a label of a project's header means beyond the catalogue's own labels.
    pub(super) fn meaning(&self, kind: Kind, label: &str) -> Meaning {
        let comparable_label = comparable(label);
        if let Some(column) = self.column(&comparable_label) {
            return Meaning::Known(column);
        }
        if kind != Kind::Project {
            return Meaning::Unknown;
        }
        if let Some(key) = comparable_label.strip_prefix("new").and_then(|rest| self.column(rest))
            && key.key
        {
            return Meaning::New(key);
        }
        attribute(label).unwrap_or(Meaning::Unknown)
    }

    /// The column whose label is most like `label`, and how like it is, from 0 to 1.
    ///
    /// # Panics
    ///
    /// When the catalogue has no column, which a test would have said.
    #[expect(clippy::expect_used, reason = "every kind has columns")]
    pub(super) fn nearest(&self, label: &str) -> (&'static Column, f64) {
        let beginning = label.char_indices().nth(LIKENESS_LIMIT).map_or(label, |(end, _)| &label[..end]);
        let wanted = comparable(beginning);
        let likeness = |spelling: &str| strsim::normalized_damerau_levenshtein(&wanted, spelling);
        let candidates = self.known.iter().map(|(spelling, column)| (*column, likeness(spelling)));
        // Equal likeness goes to the first in the alphabet, so that the answer doesn't depend on the map's order.
        let better = |left: &(&Column, f64), right: &(&Column, f64)| {
            left.1.total_cmp(&right.1).then_with(|| right.0.label.cmp(&left.0.label))
        };
        candidates.max_by(better).expect("a catalogue with columns")
    }
}

/// A label as it is compared: without case, spaces, `_` and `-`, and with one kind of apostrophe.
pub(super) fn comparable(label: &str) -> String {
    label
        .chars()
        .filter(|&letter| letter != '_' && letter != '-' && (!letter.is_whitespace() || letter.is_control()))
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == '’' { '\'' } else { letter })
        .collect()
}

/// `attr:<name>` or `attr:<name>[i].<sub>`.
fn attribute(label: &str) -> Option<Meaning> {
    let (prefix, name) = label.split_once(':')?;
    let name = name.trim();
    if !prefix.trim().eq_ignore_ascii_case("attr") || name.is_empty() || name.chars().any(char::is_control) {
        return None;
    }
    let Some((name, rest)) = name.split_once('[') else {
        return Some(Meaning::Attribute { name: name.to_owned(), sub: None });
    };
    let (index, sub) = rest.split_once("].")?;
    let index = index.trim().parse().ok().filter(|&index: &u32| index > 0)?;
    let (name, sub) = (name.trim(), sub.trim());
    let both = !name.is_empty() && !sub.is_empty();
    both.then(|| Meaning::Attribute { name: name.to_owned(), sub: Some((index, sub.to_owned())) })
}
