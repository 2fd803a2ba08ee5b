use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// The kinds of files that can be uploaded. The header decides which one a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A bulk assignment with the column `User's Name`.
    BulkName,
    /// A bulk assignment with the column `Identity UUID`.
    BulkUuid,
    /// A batch project.
    Project,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::BulkName, Self::BulkUuid, Self::Project];

    /// The word that is stored and that JSON shows.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BulkName => "bulk-name",
            Self::BulkUuid => "bulk-uuid",
            Self::Project => "project",
        }
    }

    /// Whether it is one of the two kinds of bulk assignments.
    pub const fn is_bulk(self) -> bool {
        matches!(self, Self::BulkName | Self::BulkUuid)
    }

    /// What the files of this kind look like.
    pub fn layout(self) -> &'static Layout {
        static BULK_NAME: LazyLock<Layout> = LazyLock::new(|| Layout::parse(include_str!("../catalog/bulk-name.toml")));
        static BULK_UUID: LazyLock<Layout> = LazyLock::new(|| Layout::parse(include_str!("../catalog/bulk-uuid.toml")));
        static PROJECT: LazyLock<Layout> = LazyLock::new(|| Layout::parse(include_str!("../catalog/project.toml")));
        match self {
            Self::BulkName => &BULK_NAME,
            Self::BulkUuid => &BULK_UUID,
            Self::Project => &PROJECT,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The contract of one kind of file: header matching, cell rules, blank and sample files, failed-rows files, reports and
/// the documentation all come from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// What people call it.
    pub title: String,
    /// What it is for and what a row means.
    pub help: String,
    /// The name of the sample file, without its extension.
    pub sample: String,
    /// The name of the sheet when it is written as XLSX.
    pub sheet: String,
    /// The rows of the sample file; their cells belong to [`Layout::sample_header`].
    pub rows: Vec<Vec<String>>,
    /// The labels of the sample's columns; empty when the sample has every column.
    #[serde(default)]
    header: Vec<String>,
    /// The columns, in the order of a blank file.
    #[serde(rename = "column")]
    pub columns: Vec<Column>,
}

/// One column of a [`Layout`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The label that is written. A file may spell it without regard to case, spaces, `_` and `-`.
    pub label: String,
    /// Other labels that are read as this one.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Which rule its cells follow.
    pub cell: CellRule,
    /// Whether a file must have the column and each row a value in it.
    #[serde(default)]
    pub required: bool,
    /// Whether leading zeros matter, so that a numeric cell of a workbook deserves a warning.
    #[serde(default)]
    pub zeros: bool,
    /// What an empty cell stands for, where that is a value.
    pub default: Option<String>,
    /// The values that are allowed; empty when any value is that the rule takes.
    #[serde(default)]
    pub choices: Vec<String>,
    /// Whether the column, by being there, says which kind a file is.
    #[serde(default)]
    pub decides: bool,
    /// Whether the column finds a product, so that `New <label>` may hold its new value.
    #[serde(default)]
    pub key: bool,
    /// What to write, in one or two sentences.
    pub help: String,
    /// A value that passes.
    pub example: String,
}

/// Which rule the cells of a column follow. The words are those of the catalogue's data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellRule {
    /// 3 to 5 ASCII digits.
    ExtKey,
    /// The name of one user, at most 100 characters.
    UserName,
    /// A UUID in the form of 36 characters.
    Uuid,
    /// An optional `+` and 1 to 15 ASCII digits.
    Number,
    /// Any text of at most 32,767 characters.
    Text,
    /// A name of at most 100 characters.
    Name,
    /// One of the column's choices, without regard to case.
    Choice,
    /// The name of a product of the catalogue, matched as a label is.
    Product,
    /// A directory number: digits, and `*`, `#` or a leading `+`; no dashes, no spaces.
    DirectoryNumber,
    /// A count from 1.
    Position,
    /// An address without spaces.
    Email,
    /// A host name or an IP address.
    Host,
    /// 12 hexadecimal digits, with or without separators.
    Mac,
    /// A name of a device, whose form depends on the phone type.
    DeviceName,
    /// A date.
    Date,
    /// Why the row was refused; ignored.
    Reason,
    /// What the rows belong to.
    Origin,
}

impl Layout {
    /// Reads one of the data files that the binary carries.
    ///
    /// # Panics
    ///
    /// When the data file is wrong, which a test would have said.
    #[expect(clippy::expect_used, reason = "the data file is part of the binary, and a test reads every one")]
    fn parse(text: &'static str) -> Self {
        toml::from_str(text).expect("a catalogue file that reads")
    }

    /// The labels of the sample's columns, in order.
    pub fn sample_header(&self) -> Vec<&str> {
        if self.header.is_empty() {
            self.columns.iter().map(|column| column.label.as_str()).collect()
        } else {
            self.header.iter().map(String::as_str).collect()
        }
    }

    /// The column with this very label.
    pub fn column(&self, label: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.label == label)
    }
}

/// The columns that Dialtone writes into failed-rows files; every kind of file may have them.
pub fn service_columns() -> &'static [Column] {
    #[derive(Deserialize)]
    struct Service {
        column: Vec<Column>,
    }
    #[expect(clippy::expect_used, reason = "the data file is part of the binary, and a test reads it")]
    static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
        let service: Service =
            toml::from_str(include_str!("../catalog/service.toml")).expect("a catalogue file that reads");
        service.column
    });
    &COLUMNS
}
