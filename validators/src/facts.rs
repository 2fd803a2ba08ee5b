use std::collections::{HashMap, HashSet};

use dialtone_model::{AddOn, LicenceCount, User, UserId};

/// What an organization has at one moment: fetched once before a check, so that no row asks for anything.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The users by their names, in Unicode normal form C; several may share one.
    pub users_by_name: HashMap<String, Vec<UserId>>,
    /// Every user.
    pub users: HashMap<UserId, String>,
    /// Which extension a user owns.
    pub owners: HashMap<UserId, String>,
    /// The ext keys that are extensions already.
    pub ext_keys: HashSet<String>,
    /// The numbers that can be assigned, digits without the `+`.
    pub available_numbers: HashSet<String>,
    /// How many licences there are; `None` where the rows take none yet, as those of a draft.
    pub licences: Option<Vec<LicenceCount>>,
    /// The add-ons that each row will get.
    pub add_ons: Vec<AddOn>,
    /// What other templates in progress have claimed.
    pub claims: Claims,
    /// The rows that the template has already, from earlier files and added by hand.
    pub present: Vec<Present>,
}

/// A row that a template has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Where it came from, in words, such as `row 4 of hires.csv`.
    pub place: String,
    /// Its ext key.
    pub ext_key: String,
    /// Its user.
    pub user: UserId,
    /// Its number, digits without the `+`.
    pub number: Option<String>,
}

/// Values that templates in progress have claimed, each with the name of its template.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// By ext key.
    pub ext_keys: HashMap<String, String>,
    /// By user.
    pub users: HashMap<UserId, String>,
    /// By number, digits without the `+`.
    pub numbers: HashMap<String, String>,
}

impl Facts {
    /// Adds users, each under its name.
    pub fn with_users(mut self, users: impl IntoIterator<Item = User>) -> Self {
        for user in users {
            self.users_by_name.entry(user.name.clone()).or_default().push(user.id);
            self.users.insert(user.id, user.name);
        }
        self
    }
}
