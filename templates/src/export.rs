use std::io::Write;
use std::sync::LazyLock;

use dialtone_model::OrganizationId;
use jiff::Timestamp;
use serde::Deserialize;

use crate::WriteError;
use crate::write::{Cells, Delimited};

/// The exports of an organization's Phone System, as CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Export {
    /// Every provisioned extension.
    ProvisionedExtensions,
    /// Every number that no extension has.
    AvailableNumbers,
}

/// A line of [`Export::ProvisionedExtensions`].
#[derive(Clone, Copy, Debug)]
pub struct ExportedExtension<'a> {
    /// The ext key.
    pub key: &'a str,
    /// The assigned number.
    pub number: Option<&'a str>,
    /// The name of its user.
    pub user: Option<&'a str>,
    /// What its add-on licences are called.
    pub add_ons: &'a [&'a str],
}

/// What the catalogue says of an export.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportText {
    suffix: String,
    /// The labels of its columns.
    pub header: Vec<String>,
    /// What it holds.
    pub help: String,
}

impl Export {
    /// Every export.
    pub const ALL: [Self; 2] = [Self::ProvisionedExtensions, Self::AvailableNumbers];

    /// What the catalogue says of it.
    pub fn text(self) -> &'static ExportText {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Exports {
            provisioned_extensions: ExportText,
            available_numbers: ExportText,
        }
        #[expect(clippy::expect_used, reason = "the data file is part of the binary, and a test reads it")]
        static EXPORTS: LazyLock<Exports> = LazyLock::new(|| {
            toml::from_str(include_str!("../catalog/export.toml")).expect("a catalogue file that reads")
        });
        match self {
            Self::ProvisionedExtensions => &EXPORTS.provisioned_extensions,
            Self::AvailableNumbers => &EXPORTS.available_numbers,
        }
    }

    /// The name of the file that is made at `at`, which it gives in UTC to the second.
    pub fn file_name(self, organization: OrganizationId, at: Timestamp) -> String {
        self.name(&organization.to_string(), &at.strftime("%Y%m%dT%H%M%SZ").to_string())
    }

    /// The same of words, for the documentation.
    pub(crate) fn name(self, organization: &str, time: &str) -> String {
        format!("{organization}_{time}_{}.csv", self.text().suffix)
    }

    fn begin<W: Write>(self, sink: W) -> Result<Delimited<W>, WriteError> {
        let mut text = Delimited::new(sink, b',');
        self.text().header.iter().try_for_each(|label| text.text(label))?;
        text.end_row()?;
        Ok(text)
    }
}

/// Writes [`Export::ProvisionedExtensions`] and hands the sink back.
pub fn export_extensions<'a, W: Write>(
    sink: W,
    extensions: impl IntoIterator<Item = ExportedExtension<'a>>,
) -> Result<W, WriteError> {
    let mut text = Export::ProvisionedExtensions.begin(sink)?;
    let mut add_ons = String::new();
    for extension in extensions {
        add_ons.clear();
        for name in extension.add_ons {
            if !add_ons.is_empty() {
                add_ons.push_str("; ");
            }
            add_ons.push_str(name);
        }
        for cell in [extension.key, extension.number.unwrap_or_default(), extension.user.unwrap_or_default(), &add_ons]
        {
            text.text(cell)?;
        }
        text.end_row()?;
    }
    text.finish()
}

/// Writes [`Export::AvailableNumbers`] and hands the sink back.
pub fn export_numbers<W: Write>(sink: W, numbers: impl IntoIterator<Item: AsRef<str>>) -> Result<W, WriteError> {
    let mut text = Export::AvailableNumbers.begin(sink)?;
    for number in numbers {
        text.text(number.as_ref())?;
        text.end_row()?;
    }
    text.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_written_with_what_is_known_of_them() {
        let extensions = [
            ExportedExtension {
                key: "0042",
                number: Some("+6512345678"),
                user: Some("Tony"),
                add_ons: &["Call recording", "Voicemail"],
            },
            ExportedExtension { key: "102", number: None, user: Some("=Jane, the 2nd"), add_ons: &[] },
            ExportedExtension { key: "103", number: None, user: None, add_ons: &[] },
        ];
        let bytes = export_extensions(Vec::new(), extensions).unwrap();
        insta::assert_snapshot!(String::from_utf8(bytes).unwrap(), @r#"
        Ext Key,Number,User,Addon License details
        0042,+6512345678,Tony,Call recording; Voicemail
        102,,"'=Jane, the 2nd",
        103,,,
        "#);
    }

    #[test]
    fn numbers_stand_one_a_line() {
        let bytes = export_numbers(Vec::new(), ["+6512345678", "6512345679"]).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "Number\n+6512345678\n6512345679\n");
    }

    #[test]
    fn a_file_name_says_whose_when_and_what() {
        let organization: OrganizationId = "0192f0c1-0000-7000-8000-000000000001".parse().unwrap();
        let at: Timestamp = "2027-01-15T03:04:05.678901+08:00".parse().unwrap();
        let names = Export::ALL.map(|export| export.file_name(organization, at));
        let begin = "0192f0c1-0000-7000-8000-000000000001_20270114T190405Z_license_phonesystem";
        assert_eq!(names, [format!("{begin}_provisioned_extension.csv"), format!("{begin}_available_number.csv")]);
    }
}
