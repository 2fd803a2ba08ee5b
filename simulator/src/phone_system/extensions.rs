use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::problem::Problem;
use crate::journal::Change;
use crate::ledger::Holdings;

/// An extension as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Extension {
    pub(super) key: String,
    pub(super) directory_name: String,
    #[serde(default)]
    pub(super) user: Option<String>,
    #[serde(default)]
    pub(super) number: Option<String>,
    #[serde(default)]
    pub(super) add_ons: Vec<String>,
}

/// An extension as it is held: its version is its ETag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) version: u64,
    pub(super) extension: Extension,
}

/// What must be true of the extension that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// `If-None-Match: *`.
    Absent,
    /// `If-Match: *`.
    Present,
    /// `If-Match: "7"`.
    Version(u64),
    /// None was sent.
    None,
}

/// All the extensions of the one account.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    by_key: BTreeMap<String, Held>,
    key_of_user: HashMap<String, String>,
    key_of_number: HashMap<String, String>,
}

pub(super) type Changes = Vec<Change<Held>>;

impl Extensions {
    pub(super) fn get(&self, key: &str) -> Result<&Held, Problem> {
        self.by_key.get(key).ok_or_else(|| Problem::not_found(key))
    }

    /// Those with keys after `after`, by key.
    pub(super) fn after(&self, after: &str) -> impl Iterator<Item = &Held> {
        self.by_key.range::<str, _>((Bound::Excluded(after), Bound::Unbounded)).map(|(_, held)| held)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Held> {
        self.by_key.values()
    }

    /// What it takes to make the extension at `key` this one; a different key in it renames it.
    pub(super) fn put(&self, key: &str, new: Extension, condition: Condition) -> Result<Changes, Problem> {
        let present = self.by_key.get(key);
        match (condition, present) {
            (Condition::None, _) => {
                let detail = "a PUT says If-None-Match: * or If-Match";
                return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition-required", detail));
            }
            (Condition::Absent, Some(_)) => return Err(Problem::precondition(format!("extension {key} exists"))),
            (Condition::Present | Condition::Version(_), None) => {
                return Err(Problem::precondition(format!("there is no extension {key}")));
            }
            (Condition::Version(version), Some(held)) if held.version != version => {
                return Err(Problem::precondition(format!("extension {key} is at version {}", held.version)));
            }
            _ => {}
        }
        if present.is_none() && new.key != key {
            return Err(Problem::invalid("invalid-key", "a new extension has the key of its path"));
        }
        new.check()?;
        self.check_unique(key, &new)?;
        let version = present.map_or(1, |held| held.version + 1);
        let mut changes = Vec::with_capacity(1);
        if new.key != key {
            changes.push(Change { object: object(key), value: None });
        }
        changes.push(Change { object: object(&new.key), value: Some(Held { version, extension: new }) });
        Ok(changes)
    }

    /// What it takes to remove the extension at `key`.
    pub(super) fn delete(&self, key: &str, condition: Condition) -> Result<Changes, Problem> {
        let held = self.get(key)?;
        if let Condition::Version(version) = condition
            && held.version != version
        {
            return Err(Problem::precondition(format!("extension {key} is at version {}", held.version)));
        }
        Ok(vec![Change { object: object(key), value: None }])
    }

    fn check_unique(&self, key: &str, new: &Extension) -> Result<(), Problem> {
        if new.key != key && self.by_key.contains_key(&new.key) {
            return Err(Problem::conflict("key-taken", format!("extension {} exists", new.key)));
        }
        let other = |index: &HashMap<String, String>, value: &Option<String>| {
            value.as_ref().and_then(|value| index.get(value)).filter(|owner| *owner != key).cloned()
        };
        if let Some(owner) = other(&self.key_of_user, &new.user) {
            return Err(Problem::conflict("user-taken", format!("the user has extension {owner}")));
        }
        if let Some(owner) = other(&self.key_of_number, &new.number) {
            return Err(Problem::conflict("number-taken", format!("extension {owner} has the number")));
        }
        Ok(())
    }
}

impl Holdings for Extensions {
    type Object = Held;

    fn apply(&mut self, change: Change<Held>) {
        let Some(key) = change.object.strip_prefix(OBJECT) else { return };
        if let Some(old) = self.by_key.remove(key) {
            old.extension.user.iter().for_each(|user| drop(self.key_of_user.remove(user)));
            old.extension.number.iter().for_each(|number| drop(self.key_of_number.remove(number)));
        }
        if let Some(new) = change.value {
            let of = |value: &Option<String>| value.clone().map(|value| (value, key.to_owned()));
            self.key_of_user.extend(of(&new.extension.user));
            self.key_of_number.extend(of(&new.extension.number));
            self.by_key.insert(key.to_owned(), new);
        }
    }
}

const OBJECT: &str = "extension/";

fn object(key: &str) -> String {
    format!("{OBJECT}{key}")
}

impl Extension {
    /// The rules that hold for an extension by itself.
    fn check(&self) -> Result<(), Problem> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(3..=5).contains(&self.key.len()) || !digits(&self.key) {
            return Err(Problem::invalid("invalid-key", "a key has 3 to 5 digits"));
        }
        if !(1..=100).contains(&self.directory_name.chars().count()) {
            return Err(Problem::invalid("invalid-directory-name", "a directory name has 1 to 100 characters"));
        }
        if self.user.as_ref().is_some_and(|user| user.len() != 36 || Uuid::try_parse(user).is_err()) {
            return Err(Problem::invalid("invalid-user", "a user is a UUID of 36 characters"));
        }
        if self.number.as_ref().is_some_and(|number| !(1..=15).contains(&number.len()) || !digits(number)) {
            return Err(Problem::invalid("invalid-number", "a number has 1 to 15 digits"));
        }
        let doubled = self.add_ons.iter().enumerate().any(|(index, code)| self.add_ons[..index].contains(code));
        if doubled || self.add_ons.iter().any(String::is_empty) {
            return Err(Problem::invalid("invalid-add-ons", "add-ons are codes, each once"));
        }
        Ok(())
    }

    /// Its values by their names, for faults that strike by value.
    pub(super) fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields = vec![("key", self.key.as_str()), ("directoryName", self.directory_name.as_str())];
        fields.extend(self.user.iter().map(|user| ("user", user.as_str())));
        fields.extend(self.number.iter().map(|number| ("number", number.as_str())));
        fields.extend(self.add_ons.iter().map(|add_on| ("addOns", add_on.as_str())));
        fields
    }
}
