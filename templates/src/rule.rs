use std::collections::HashMap;
use std::sync::LazyLock;

use dialtone_model::Severity;
use serde::Deserialize;

macro_rules! rules {
    ($($name:ident = $code:literal,)+) => {
        /// The rules of intake, by their place in the program. What they mean, and what people read, is in the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "catalog/rules.toml says what each rule means")]
        pub enum Rule {
            $($name,)+
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

rules! {
    FileTooLarge = "file-too-large",
    FileEmpty = "file-empty",
    FileWithoutRows = "file-without-rows",
    FileEncoding = "file-encoding",
    FileFormat = "file-format",
    FilePassword = "file-password",
    FileDamaged = "file-damaged",
    FileBomb = "file-bomb",
    FileDoctype = "file-doctype",
    FileTooManyRows = "file-too-many-rows",
    FileQuoteOpen = "file-quote-open",
    FileKindsMixed = "file-kinds-mixed",
    FileOriginMixed = "file-origin-mixed",
    FileSheetHidden = "file-sheet-hidden",
    FileMergedCells = "file-merged-cells",
    ColumnUnknown = "column-unknown",
    ColumnUnnamed = "column-unnamed",
    ColumnDuplicate = "column-duplicate",
    ColumnMissing = "column-missing",
    ColumnsOfBothKinds = "columns-of-both-kinds",
    ColumnTooMany = "column-too-many",
    RowTooLong = "row-too-long",
    CellQuote = "cell-quote",
    CellControl = "cell-control",
    CellLineBreak = "cell-line-break",
    CellTooLong = "cell-too-long",
    CellRequired = "cell-required",
    CellClear = "cell-clear",
    CellChoice = "cell-choice",
    CellDamaged = "cell-damaged",
    CellDate = "cell-date",
    CellBoolean = "cell-boolean",
    CellError = "cell-error",
    CellFraction = "cell-fraction",
    CellFormula = "cell-formula",
    CellZeros = "cell-zeros",
    NameLength = "name-length",
    ExtKeyFormat = "ext-key-format",
    ExtKeyTwice = "ext-key-twice",
    ExtKeyTaken = "ext-key-taken",
    ExtKeyClaimed = "ext-key-claimed",
    IdentityKind = "identity-kind",
    IdentityKindsMixed = "identity-kinds-mixed",
    IdentityTwice = "identity-twice",
    UuidFormat = "uuid-format",
    UserUnknown = "user-unknown",
    UserAmbiguous = "user-ambiguous",
    UserAssigned = "user-assigned",
    UserClaimed = "user-claimed",
    NumberFormat = "number-format",
    NumberSeveral = "number-several",
    NumberTwice = "number-twice",
    NumberUnavailable = "number-unavailable",
    NumberClaimed = "number-claimed",
    LicenceShort = "licence-short",
    ProductUnknown = "product-unknown",
    OrderTypeRefused = "order-type-refused",
    OrderRowIdMixed = "order-row-id-mixed",
    OrderRowRefused = "order-row-refused",
    OrderDependsOnRefused = "order-depends-on-refused",
    OrderUserMissing = "order-user-missing",
    KeyMissing = "key-missing",
    FieldMissing = "field-missing",
    FieldForeign = "field-foreign",
    FieldOfOrderType = "field-of-order-type",
    SequenceTwice = "sequence-twice",
    SequenceFormat = "sequence-format",
    AssocOrderType = "assoc-order-type",
    AssocUnknown = "assoc-unknown",
    AssocAndSelected = "assoc-and-selected",
    AttributeBothForms = "attribute-both-forms",
    DirectoryNumberFormat = "directory-number-format",
    DirectoryNumberNeeded = "directory-number-needed",
    MacFormat = "mac-format",
    MacRefused = "mac-refused",
    PhoneTwice = "phone-twice",
    MailboxTwice = "mailbox-twice",
    EmailFormat = "email-format",
    HostFormat = "host-format",
    DeviceNameFormat = "device-name-format",
    DateFormat = "date-format",
    LineDisplayLength = "line-display-length",
    OrderTypeUnplanned = "order-type-unplanned",
    ProductUnplanned = "product-unplanned",
    ProductClosed = "product-closed",
    ProductOfRole = "product-of-role",
    ProductTaken = "product-taken",
    ProductDiffers = "product-differs",
    NeedUnknown = "need-unknown",
    NeedSeveral = "need-several",
    SubscriberUnknown = "subscriber-unknown",
    SubscriberNames = "subscriber-names",
    DomainUnknown = "domain-unknown",
    DomainOther = "domain-other",
    RoleUnknown = "role-unknown",
    ServiceAreaUnknown = "service-area-unknown",
    NumberBlocksUsedUp = "number-blocks-used-up",
    NumberReserved = "number-reserved",
    NumberShared = "number-shared",
    NumberSharedValues = "number-shared-values",
    LinePositionTaken = "line-position-taken",
    PhoneFull = "phone-full",
    PhoneWithoutName = "phone-without-name",
    PhoneTypeOfRole = "phone-type-of-role",
    ExtensionMobilityModel = "extension-mobility-model",
    VoicemailOfLine = "voicemail-of-line",
    AttributeUnknown = "attribute-unknown",
    AttributeForbidden = "attribute-forbidden",
    SubscriberWithoutIdentity = "subscriber-without-identity",
    SettingsSkipped = "settings-skipped",
    ReachIncomplete = "reach-incomplete",
}

/// What the catalogue says of a rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// The stable code.
    pub code: String,
    /// Whether the row can be used all the same.
    pub severity: Severity,
    /// What is demanded.
    pub means: String,
    /// How it usually comes about.
    pub cause: String,
    /// What a finding says. `{column}`, `{value}`, `{note}` and `{other}` stand for the column's label, the cell, what
    /// the check adds, and the place of another row.
    pub message: String,
    /// What to do about it.
    pub repair: String,
}

impl Rule {
    /// What the catalogue says of it.
    pub fn text(self) -> &'static RuleText {
        &catalogue()[self as usize]
    }

    /// Whether a row that breaks it can be used all the same.
    pub fn severity(self) -> Severity {
        self.text().severity
    }
}

/// The catalogue's rules, in the order of [`Rule::ALL`].
fn catalogue() -> &'static [RuleText] {
    static RULES: LazyLock<Vec<RuleText>> = LazyLock::new(|| {
        let mut by_code: HashMap<String, RuleText> =
            parse().into_iter().map(|rule| (rule.code.clone(), rule)).collect();
        Rule::ALL.iter().filter_map(|rule| by_code.remove(rule.code())).collect()
    });
    &RULES
}

#[expect(clippy::expect_used, reason = "the data file is part of the binary, and a test reads it")]
fn parse() -> Vec<RuleText> {
    #[derive(Deserialize)]
    struct Rules {
        rule: Vec<RuleText>,
    }
    let rules: Rules = toml::from_str(include_str!("../catalog/rules.toml")).expect("a catalogue file that reads");
    rules.rule
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_has_each_rule_once_and_no_other() {
        let listed: Vec<String> = parse().into_iter().map(|rule| rule.code).collect();
        let codes: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), codes);
        assert_eq!(listed.len(), codes.len(), "a code stands in the catalogue twice");
        for rule in Rule::ALL {
            assert_eq!(rule.text().code, rule.code());
        }
    }
}
