use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A group of subscribers with its own rules; it contains Service Areas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Its name, unique in the organization.
    pub name: String,
    /// The role of a subscriber that is made without one.
    pub default_role: String,
}

/// Which devices serve a part of a Domain, and what its products start from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceArea {
    /// Its name, unique in the organization.
    pub name: String,
    /// Its Domain.
    pub domain: String,
    /// The name of the device that makes phones, lines and profiles.
    pub call_processor: Option<String>,
    /// The name of the device that makes mailboxes.
    pub message_processor: Option<String>,
    /// The name of the device that keeps presence.
    pub presence_processor: Option<String>,
    /// The directory numbers that lines get by themselves, in this order.
    pub number_blocks: Vec<NumberBlock>,
    /// The voice gateways that analog phones can hang on.
    pub gateway_references: Vec<String>,
    /// The default provisioning attributes: by product, then by the attribute's name.
    pub attributes: BTreeMap<String, BTreeMap<String, String>>,
}

/// Consecutive directory numbers, as wide as its start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberBlock {
    /// Its name.
    pub name: String,
    /// The first number.
    pub start: String,
    /// The last number.
    pub end: String,
    /// Numbers that are kept for a subscriber, each with the login.
    #[serde(default)]
    pub reserved: BTreeMap<String, String>,
}

/// What Dialtone knows of a call or message processor beside how to reach it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Processor {
    /// The device's name.
    pub name: String,
    /// Whether its extension mobility details are entered.
    pub extension_mobility: bool,
    /// The external mail server that its mailboxes can be joined with, by the name that the device gives it.
    pub external_mail: Option<String>,
    /// How many lines its phone button templates hold.
    pub button_templates: BTreeMap<String, u16>,
}

impl NumberBlock {
    /// The number `offset` places behind the first, as wide as the start; `None` past the last.
    pub fn number(&self, offset: u64) -> Option<String> {
        let width = self.start.len();
        let (start, end): (u64, u64) = (self.start.parse().ok()?, self.end.parse().ok()?);
        let number = start.checked_add(offset).filter(|number| *number <= end)?;
        Some(format!("{number:0width$}"))
    }
}
