use std::fmt;

use serde::{Deserialize, Serialize};

use crate::order::words;
use crate::{OrganizationId, UserId};

words! {
    /// Which edition of the catalogue's rules an organization follows.
    Profile {
        /// The older edition.
        Older = "older", "older";
        /// The newer edition, the default.
        Newer = "newer", "newer";
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, unique in this installation.
    pub name: String,
    /// Which edition of the rules it follows.
    pub profile: Profile,
}

/// A person who can own an extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The Identity UUID.
    pub id: UserId,
    /// The name, in Unicode normal form C. Several users may share one.
    pub name: String,
}

/// The code of an add-on licence, such as `call-recording`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddOn(pub String);

impl fmt::Display for AddOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a licence is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Licence {
    /// One extension of the Phone System.
    Base,
    /// One add-on on one extension.
    AddOn(AddOn),
}

impl Licence {
    /// The stored code of the base licence; no add-on may have it.
    pub const BASE: &'static str = "base";

    /// The stored code.
    pub fn code(&self) -> &str {
        match self {
            Self::Base => Self::BASE,
            Self::AddOn(AddOn(code)) => code,
        }
    }
}

impl From<String> for Licence {
    fn from(code: String) -> Self {
        if code == Self::BASE { Self::Base } else { Self::AddOn(AddOn(code)) }
    }
}

impl From<Licence> for String {
    fn from(licence: Licence) -> Self {
        licence.code().to_owned()
    }
}

/// How many of one licence an organization has. `owned = free + reserved + used`, always (invariant I6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceCount {
    /// Which licence.
    pub licence: Licence,
    /// What people read, such as `Call recording`.
    pub name: String,
    /// Bought.
    pub owned: i64,
    /// Neither reserved nor used.
    pub free: i64,
    /// Set aside for orders that are being worked on.
    pub reserved: i64,
    /// On an extension.
    pub used: i64,
}

/// A provisioned base licence: an extension of the Phone System, whole, as the device is told it in one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// 3 to 5 ASCII digits; leading zeros count.
    pub key: String,
    /// What the directory shows, at most 100 characters.
    pub directory_name: String,
    /// Whom it belongs to; `None` for an extension that still waits for its user.
    pub user: Option<UserId>,
    /// The assigned number, digits without the `+`.
    pub number: Option<String>,
    /// Its add-ons, sorted.
    pub add_ons: Vec<AddOn>,
}
