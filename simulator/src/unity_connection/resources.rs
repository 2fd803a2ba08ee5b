use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::journal::Change;
use crate::ledger::Holdings;

use super::extensions::EXTENSION;
use super::installation::{BUILT_IN, CALL_HANDLER_TEMPLATE, RULES, built_in_id, usual_rule};
use super::kinds::{ACCOUNT, CREDENTIAL, Kind, Rule, TEMPLATE, USER};
use super::notices;
use super::refusal::Refusal;

/// One resource by CUPI's names; every value is text.
pub(super) type Resource = BTreeMap<String, String>;

pub(super) type Changes = Vec<Change<Resource>>;

/// Everything that the device holds, by kind and id, such as `user/00…`; what belongs to a user, by the user's id before.
#[derive(Debug)]
pub(super) struct Resources {
    all: BTreeMap<String, Resource>,
    /// The ids of users by what no two of them share: the name of the field and its value in lower case.
    users: HashMap<(&'static str, String), String>,
}

/// What no two users share.
const UNIQUE: [&str; 2] = ["Alias", "DtmfAccessId"];

impl Default for Resources {
    /// A fresh device, with what the maker puts on it and the service that unified messaging needs.
    fn default() -> Self {
        let mut resources = Self { all: BTreeMap::new(), users: HashMap::new() };
        for (place, (kind, name)) in BUILT_IN.iter().enumerate() {
            let id = built_in_id(place);
            let uri = format!("/vmrest/{}/{id}", kind.path);
            let pairs = [("ObjectId", id.as_str()), ("URI", &uri), (kind.known_by, name), ("DisplayName", name)];
            let of_rule = [false, true].map(usual_rule).iter().position(|rule| *rule == id).map(|rule| RULES[rule]);
            let pairs = pairs.iter().chain(of_rule.unwrap_or_default());
            let value = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            resources.apply(Change { object: format!("{}/{id}", kind.name), value: Some(value) });
        }
        resources
    }
}

impl Holdings for Resources {
    type Object = Resource;

    fn apply(&mut self, change: Change<Resource>) {
        let user = change.object.strip_prefix("user/").map(str::to_owned);
        if user.is_some()
            && let Some(old) = self.all.get(&change.object)
        {
            unique(old).for_each(|key| drop(self.users.remove(&key)));
        }
        if let (Some(id), Some(new)) = (user, &change.value) {
            self.users.extend(unique(new).map(|key| (key, id.clone())));
        }
        match change.value {
            Some(value) => drop(self.all.insert(change.object, value)),
            None => drop(self.all.remove(&change.object)),
        }
    }
}

impl Resources {
    pub(super) fn of(&self, kind: &Kind) -> impl Iterator<Item = &Resource> {
        self.below(kind.name).map(|(_, resource)| resource)
    }

    /// All below a name that ends where a `/` begins.
    fn below<'s>(&'s self, name: &str) -> impl Iterator<Item = (&'s String, &'s Resource)> + use<'s> {
        // The character after `/` is `0`.
        self.all.range(format!("{name}/")..format!("{name}0"))
    }

    pub(super) fn get(&self, kind: &Kind, id: &str) -> Result<&Resource, Refusal> {
        self.all.get(&format!("{}/{id}", kind.name)).ok_or_else(|| Refusal::not_found(kind.member))
    }

    /// The user of an alias.
    pub(super) fn user_named(&self, alias: &str) -> Option<&Resource> {
        let id = self.users.get(&("Alias", alias.to_lowercase()))?;
        self.get(&USER, id).ok()
    }

    /// Whether a user has this value of what no two of them share.
    pub(super) fn has_user(&self, name: &'static str, value: &str) -> bool {
        self.users.contains_key(&(name, value.to_lowercase()))
    }

    /// The accounts of a user.
    pub(super) fn accounts<'s>(&'s self, user: &str) -> impl Iterator<Item = &'s Resource> + use<'s> {
        self.of_owner(&ACCOUNT, user)
    }

    /// What of a kind belongs to another resource.
    pub(super) fn of_owner<'s>(&'s self, kind: &Kind, owner: &str) -> impl Iterator<Item = &'s Resource> + use<'s> {
        self.below(&format!("{}/{owner}", kind.name)).map(|(_, resource)| resource)
    }

    /// Those of the changes that make something other than it is.
    pub(super) fn differing(&self, mut changes: Changes) -> Changes {
        changes.retain(|change| self.all.get(&change.object) != change.value.as_ref());
        changes
    }

    /// What it takes to make a user from a template.
    pub(super) fn add_user(&self, id: &str, template: Option<&str>, given: Resource) -> Result<Changes, Refusal> {
        self.has_template(template)?;
        for mandatory in UNIQUE {
            if text(&given, mandatory).is_empty() {
                return Err(Refusal::invalid(format!("{mandatory} is missing")));
            }
        }
        let mut user = self.checked(&USER, given)?;
        if text(&user, "DisplayName").is_empty() {
            let names = format!("{} {}", text(&user, "FirstName"), text(&user, "LastName"));
            let shown = if names.trim().is_empty() { text(&user, "Alias") } else { names.trim() }.to_owned();
            user.insert("DisplayName".to_owned(), shown);
        }
        user.entry("LdapType".to_owned()).or_insert_with(|| "0".to_owned());
        user.insert("URI".to_owned(), format!("/vmrest/users/{id}"));
        self.user_is_unique(id, &user)?;
        Ok(put(&USER, id, user))
    }

    /// What it takes to set values of a user.
    pub(super) fn set_user(&self, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let mut user = self.get(&USER, id)?.clone();
        let given = self.checked(&USER, given)?;
        let of_directory = text(&user, "LdapType") != "0";
        for name in OF_DIRECTORY.into_iter().filter(|_| of_directory) {
            if given.get(name).is_some_and(|value| value != text(&user, name)) {
                return Err(Refusal::invalid(format!("{name} comes from the LDAP directory")));
            }
        }
        user.extend(given);
        self.user_is_unique(id, &user)?;
        Ok(put(&USER, id, user))
    }

    /// What it takes to remove a user with all that belongs to the user.
    pub(super) fn remove_user(&self, id: &str) -> Result<Changes, Refusal> {
        self.get(&USER, id)?;
        let of_user = |kind: &Kind| self.below(&format!("{}/{id}", kind.name)).map(|(object, _)| gone(object));
        let user = format!("{}/{id}", USER.name);
        let owned = of_user(&ACCOUNT).chain(of_user(&CREDENTIAL)).chain(of_user(&EXTENSION));
        let owned = owned.chain(notices::ALL.iter().flat_map(|notices| of_user(notices.kind)));
        let elsewhere = self.without_member(id).into_iter().chain(self.without_handler_of(id));
        let elsewhere = elsewhere.chain(self.without_settings_of(id));
        Ok(owned.chain(elsewhere).chain([gone(&user)]).collect())
    }

    /// What it takes to give a user an account at a service.
    pub(super) fn add_account(&self, user: &str, id: &str, given: Resource) -> Result<Changes, Refusal> {
        self.get(&USER, user)?;
        let mut account = self.checked(&ACCOUNT, given)?;
        let service = text(&account, "ExternalServiceObjectId");
        if service.is_empty() {
            return Err(Refusal::invalid("ExternalServiceObjectId is missing"));
        }
        if text(&account, "EmailAddress").is_empty() && text(&account, "EmailAddressUseCorp") != "true" {
            return Err(Refusal::invalid("EmailAddress is missing"));
        }
        if self.accounts(user).any(|other| text(other, "ExternalServiceObjectId") == service) {
            return Err(Refusal::duplicate("the user has an account at the service"));
        }
        account.insert("UserObjectId".to_owned(), user.to_owned());
        account.insert("URI".to_owned(), format!("/vmrest/users/{user}/externalserviceaccounts/{id}"));
        Ok(put_below(&ACCOUNT, user, id, account))
    }

    /// What it takes to set values of an account.
    pub(super) fn set_account(&self, user: &str, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let mut account = self.account(user, id)?.clone();
        account.extend(self.checked(&ACCOUNT, given)?);
        Ok(put_below(&ACCOUNT, user, id, account))
    }

    pub(super) fn remove_account(&self, user: &str, id: &str) -> Result<Changes, Refusal> {
        self.account(user, id)?;
        Ok(vec![gone(&format!("{}/{user}/{id}", ACCOUNT.name))])
    }

    pub(super) fn account(&self, user: &str, id: &str) -> Result<&Resource, Refusal> {
        self.get(&ACCOUNT, &format!("{user}/{id}"))
    }

    /// What it takes to add one of a list, such as a template, of which no two have the same name.
    pub(super) fn add_named(&self, kind: &Kind, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let mut new = self.checked(kind, given)?;
        self.name_is_free(kind, id, &new)?;
        new.insert("URI".to_owned(), format!("/vmrest/{}/{id}", kind.path));
        Ok(put(kind, id, new))
    }

    /// What it takes to set values of one of a list.
    pub(super) fn set_named(&self, kind: &Kind, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let mut changed = self.get(kind, id)?.clone();
        changed.extend(self.checked(kind, given)?);
        self.name_is_free(kind, id, &changed)?;
        Ok(put(kind, id, changed))
    }

    /// What it takes to remove one of a list; what a user needs stays, such as a service that somebody has an account at.
    pub(super) fn remove_named(&self, kind: &Kind, id: &str) -> Result<Changes, Refusal> {
        self.get(kind, id)?;
        if kind.name == CALL_HANDLER_TEMPLATE.name
            && self.of(kind).next().is_some_and(|first| text(first, "ObjectId") == id)
        {
            return Err(Refusal::invalid("the system's own template can't be removed"));
        }
        let needed = self.of(&ACCOUNT).any(|account| text(account, "ExternalServiceObjectId") == id)
            || self.of(&USER).any(|user| text(user, "CosObjectId") == id);
        if needed {
            return Err(Refusal::duplicate(format!("the {} is in use", kind.member)));
        }
        Ok(vec![gone(&format!("{}/{id}", kind.name))])
    }

    /// That there is a template that users can be made from.
    pub(super) fn has_template(&self, alias: Option<&str>) -> Result<(), Refusal> {
        let alias = alias.ok_or_else(|| Refusal::invalid("the parameter templateAlias is missing"))?;
        let there = self.of(&TEMPLATE).any(|known| text(known, "Alias").eq_ignore_ascii_case(alias));
        if there { Ok(()) } else { Err(Refusal::invalid(format!("there is no template {alias}"))) }
    }

    /// The values that were given, if all are possible; an empty one unsets. Fields that the device doesn't know are
    /// passed over, as CUPI does for clients of other versions.
    pub(super) fn checked(&self, kind: &Kind, given: Resource) -> Result<Resource, Refusal> {
        let mut checked = Resource::new();
        for (name, value) in given {
            let Some(field) = kind.field(&name) else { continue };
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let possible = match &field.rule {
                Rule::Text(most) => value.chars().count() <= *most,
                Rule::Digits(most) => value.len() <= *most && digits(&value),
                Rule::Flag => matches!(value.as_str(), "true" | "false"),
                Rule::Refers(kind) => self.get(kind, &value).is_ok(),
            };
            if !possible {
                return Err(Refusal::invalid(format!("{value:?} is not possible as {name}")));
            }
            checked.insert(name, value);
        }
        Ok(checked)
    }

    fn name_is_free(&self, kind: &Kind, id: &str, new: &Resource) -> Result<(), Refusal> {
        let field = kind.known_by;
        let name = text(new, field);
        if name.is_empty() {
            return Err(Refusal::invalid(format!("{field} is missing")));
        }
        let mut others = self.of(kind).filter(|other| text(other, "ObjectId") != id);
        if others.any(|other| text(other, field).eq_ignore_ascii_case(name)) {
            return Err(Refusal::duplicate(format!("{field} {name} is in use")));
        }
        Ok(())
    }

    fn user_is_unique(&self, id: &str, user: &Resource) -> Result<(), Refusal> {
        for name in UNIQUE {
            let value = text(user, name);
            if value.is_empty() {
                return Err(Refusal::invalid(format!("{name} is mandatory")));
            }
            if self.users.get(&(name, value.to_lowercase())).is_some_and(|owner| owner != id) {
                return Err(Refusal::duplicate(format!("{name} {value} is in use")));
            }
        }
        let number = text(user, "DtmfAccessId");
        if self.has_extension(number) {
            return Err(Refusal::duplicate(format!("DtmfAccessId {number} is in use")));
        }
        Ok(())
    }
}

/// What the LDAP directory has of its users, and nobody else changes.
const OF_DIRECTORY: [&str; 3] = ["Alias", "FirstName", "LastName"];

/// Under what a user is found, and no other.
fn unique(user: &Resource) -> impl Iterator<Item = (&'static str, String)> {
    UNIQUE.into_iter().map(|name| (name, text(user, name).to_lowercase()))
}

/// The id of what every resource of a kind has beside it, by what it differs in from that resource's own.
pub(super) fn id_beside(id: &str, apart: u128) -> String {
    Uuid::parse_str(id).map(|id| Uuid::from_u128(id.as_u128() ^ apart).to_string()).unwrap_or_default()
}

/// A value, or `""`.
pub(super) fn text<'a>(resource: &'a Resource, name: &str) -> &'a str {
    resource.get(name).map_or("", String::as_str)
}

pub(super) fn put(kind: &Kind, id: &str, value: Resource) -> Changes {
    made(format!("{}/{id}", kind.name), id, value)
}

/// What it takes to keep something that belongs to a user.
pub(super) fn put_below(kind: &Kind, user: &str, id: &str, value: Resource) -> Changes {
    made(format!("{}/{user}/{id}", kind.name), id, value)
}

fn made(object: String, id: &str, mut value: Resource) -> Changes {
    value.insert("ObjectId".to_owned(), id.to_owned());
    value.retain(|_, value| !value.is_empty());
    vec![Change { object, value: Some(value) }]
}

pub(super) fn gone(object: &str) -> Change<Resource> {
    Change { object: object.to_owned(), value: None }
}
