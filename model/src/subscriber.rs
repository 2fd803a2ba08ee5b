use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::UserId;
use crate::catalog::Product;

/// A person who owns products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The login, unique in the organization.
    pub user_id: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The address in the record.
    pub email: Option<String>,
    /// The name of the role, which says what may be ordered.
    pub role: String,
    /// The Domain.
    pub domain: String,
    /// The user of the Phone System that this person is.
    pub identity: Option<UserId>,
    /// The call processors that know the login already, by name.
    pub present_on: BTreeSet<String>,
}

/// What a subscriber may own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriberRole {
    /// Its name, unique in the organization.
    pub name: String,
    /// Whether it is for phones without a user: no user is made on the call processor.
    #[serde(default)]
    pub pseudo: bool,
    /// Products that somebody added to those that a role has by itself.
    #[serde(default)]
    pub added: BTreeSet<String>,
    /// Products that somebody took away.
    #[serde(default)]
    pub removed: BTreeSet<String>,
    /// The phone types that may be ordered; empty: all.
    #[serde(default)]
    pub phone_types: BTreeSet<String>,
}

/// A product that a subscriber has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedProduct {
    /// What it is on its device, such as `phone/cucm/SEP0011AABBCCDD`; unique in the organization.
    pub object: String,
    /// Its name in the catalogue.
    pub product: String,
    /// The login of its owner.
    pub owner: String,
    /// The Service Area.
    pub service_area: String,
    /// The object that carries it: the phone of a line, the mailbox of an email account.
    pub parent: Option<String>,
    /// What it was ordered with: by the label of the field, or by `attr:` and the attribute's name.
    pub values: BTreeMap<String, String>,
}

impl SubscriberRole {
    /// Whether the role has the product.
    pub fn has(&self, product: &Product) -> bool {
        let by_itself = product.default_role && !self.removed.contains(&product.name);
        (by_itself || self.added.contains(&product.name)) && (product.pseudo || !self.pseudo)
    }

    /// Whether phones of the type may be ordered.
    pub fn allows_phone(&self, phone_type: &str) -> bool {
        self.phone_types.is_empty() || self.phone_types.contains(phone_type)
    }
}
