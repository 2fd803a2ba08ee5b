use std::collections::BTreeMap;

use crate::journal::Change;
use crate::ledger::Holdings;

use super::refusal::Refusal;

/// One resource by CUPI's names; every value is text.
pub(super) type Resource = BTreeMap<String, String>;

pub(super) type Changes = Vec<Change<Resource>>;

/// A kind of resource.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its name in the journal.
    pub(super) name: &'static str,
    /// The element that holds one.
    pub(super) member: &'static str,
    /// The element that holds a list.
    pub(super) list: &'static str,
    /// The fields that may be set.
    pub(super) fields: &'static [Field],
}

/// A field that may be set.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) rule: Rule,
}

#[derive(Debug)]
pub(super) enum Rule {
    /// At most so many characters.
    Text(usize),
    /// At most so many digits.
    Digits(usize),
    /// `true` or `false`.
    Flag,
    /// The id of a resource of a kind.
    Refers(&'static Kind),
}

const fn field(name: &'static str, rule: Rule) -> Field {
    Field { name, rule }
}

pub(super) static USER: Kind = Kind {
    name: "user",
    member: "User",
    list: "Users",
    fields: &[
        field("Alias", Rule::Text(64)),
        field("DtmfAccessId", Rule::Digits(40)),
        field("FirstName", Rule::Text(64)),
        field("LastName", Rule::Text(64)),
        field("DisplayName", Rule::Text(64)),
        field("EmailAddress", Rule::Text(256)),
        field("Department", Rule::Text(64)),
        field("Title", Rule::Text(64)),
        field("EmployeeId", Rule::Text(64)),
        field("City", Rule::Text(64)),
        field("State", Rule::Text(64)),
        field("PostalCode", Rule::Text(64)),
        field("Building", Rule::Text(64)),
        field("TimeZone", Rule::Digits(5)),
        field("Language", Rule::Digits(5)),
        field("ListInDirectory", Rule::Flag),
        field("IsVmEnrolled", Rule::Flag),
        field("EnAltGreeting", Rule::Flag),
        field("UseDefaultLanguage", Rule::Flag),
        field("UseDefaultTimeZone", Rule::Flag),
    ],
};

pub(super) static TEMPLATE: Kind =
    Kind { name: "usertemplate", member: "UserTemplate", list: "UserTemplates", fields: &[] };

pub(super) static SERVICE: Kind =
    Kind { name: "externalservice", member: "ExternalService", list: "ExternalServices", fields: &[] };

pub(super) static ACCOUNT: Kind = Kind {
    name: "externalserviceaccount",
    member: "ExternalServiceAccount",
    list: "ExternalServiceAccounts",
    fields: &[
        field("ExternalServiceObjectId", Rule::Refers(&SERVICE)),
        field("EmailAddress", Rule::Text(256)),
        field("EmailAddressUseCorp", Rule::Flag),
        field("EnableCalendarCapability", Rule::Flag),
        field("EnableMailboxSynchCapability", Rule::Flag),
        field("EnableTtsOfEmailCapability", Rule::Flag),
        field("EnableMeetingCapability", Rule::Flag),
        field("LoginType", Rule::Digits(1)),
    ],
};

/// Everything that the device holds, by kind and id, such as `user/00…`.
#[derive(Debug)]
pub(super) struct Resources(BTreeMap<String, Resource>);

impl Default for Resources {
    /// A fresh device: the template that it is delivered with, and the service that unified messaging needs.
    fn default() -> Self {
        let mut resources = Self(BTreeMap::new());
        let built_in = [
            (&TEMPLATE, "00000000-0000-0000-0000-000000000001", "Alias", "voicemailusertemplate"),
            (&SERVICE, "00000000-0000-0000-0000-000000000002", "DisplayName", "Unified Messaging"),
        ];
        for (kind, id, name, value) in built_in {
            let pairs = [("ObjectId", id), (name, value)];
            let value = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            resources.apply(Change { object: format!("{}/{id}", kind.name), value: Some(value) });
        }
        resources
    }
}

impl Holdings for Resources {
    type Object = Resource;

    fn apply(&mut self, change: Change<Resource>) {
        match change.value {
            Some(value) => drop(self.0.insert(change.object, value)),
            None => drop(self.0.remove(&change.object)),
        }
    }
}

impl Resources {
    pub(super) fn of(&self, kind: &Kind) -> impl Iterator<Item = &Resource> {
        let until = format!("{}0", kind.name);
        self.0.range(format!("{}/", kind.name)..until).map(|(_, resource)| resource)
    }

    pub(super) fn get(&self, kind: &Kind, id: &str) -> Result<&Resource, Refusal> {
        self.0.get(&format!("{}/{id}", kind.name)).ok_or_else(|| Refusal::not_found(kind.member))
    }

    /// The accounts of a user.
    pub(super) fn accounts<'a>(&'a self, user: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.of(&ACCOUNT).filter(move |account| text(account, "UserObjectId") == user)
    }

    /// What it takes to make a user from a template.
    pub(super) fn add_user(&self, id: &str, template: Option<&str>, given: Resource) -> Result<Changes, Refusal> {
        let template = template.ok_or_else(|| Refusal::invalid("the parameter templateAlias is missing"))?;
        if !self.of(&TEMPLATE).any(|known| text(known, "Alias").eq_ignore_ascii_case(template)) {
            return Err(Refusal::invalid(format!("there is no template {template}")));
        }
        for mandatory in ["Alias", "DtmfAccessId"] {
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
        user.insert("URI".to_owned(), format!("/vmrest/users/{id}"));
        self.user_is_unique(id, &user)?;
        Ok(put(&USER, id, user))
    }

    /// What it takes to set values of a user.
    pub(super) fn set_user(&self, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let mut user = self.get(&USER, id)?.clone();
        user.extend(self.checked(&USER, given)?);
        self.user_is_unique(id, &user)?;
        Ok(put(&USER, id, user))
    }

    /// What it takes to remove a user with all accounts.
    pub(super) fn remove_user(&self, id: &str) -> Result<Changes, Refusal> {
        self.get(&USER, id)?;
        let accounts = self.accounts(id).map(|account| gone(&ACCOUNT, text(account, "ObjectId")));
        Ok(accounts.chain([gone(&USER, id)]).collect())
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
        Ok(put(&ACCOUNT, id, account))
    }

    /// What it takes to set values of an account.
    pub(super) fn set_account(&self, user: &str, id: &str, given: Resource) -> Result<Changes, Refusal> {
        let mut account = self.account(user, id)?.clone();
        account.extend(self.checked(&ACCOUNT, given)?);
        Ok(put(&ACCOUNT, id, account))
    }

    pub(super) fn remove_account(&self, user: &str, id: &str) -> Result<Changes, Refusal> {
        self.account(user, id)?;
        Ok(vec![gone(&ACCOUNT, id)])
    }

    pub(super) fn account(&self, user: &str, id: &str) -> Result<&Resource, Refusal> {
        let account = self.get(&ACCOUNT, id)?;
        if text(account, "UserObjectId") == user { Ok(account) } else { Err(Refusal::not_found(ACCOUNT.member)) }
    }

    /// The values that were given, if all are possible; an empty one unsets.
    fn checked(&self, kind: &Kind, given: Resource) -> Result<Resource, Refusal> {
        for (name, value) in &given {
            let field = kind.fields.iter().find(|field| field.name == name);
            let field = field.ok_or_else(|| Refusal::invalid(format!("{name} can't be set")))?;
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let possible = match &field.rule {
                Rule::Text(most) => value.chars().count() <= *most,
                Rule::Digits(most) => value.len() <= *most && digits(value),
                Rule::Flag => matches!(value.as_str(), "true" | "false"),
                Rule::Refers(kind) => self.get(kind, value).is_ok(),
            };
            if !possible {
                return Err(Refusal::invalid(format!("{value:?} is not possible as {name}")));
            }
        }
        Ok(given)
    }

    fn user_is_unique(&self, id: &str, user: &Resource) -> Result<(), Refusal> {
        for name in ["Alias", "DtmfAccessId"] {
            let value = text(user, name);
            if value.is_empty() {
                return Err(Refusal::invalid(format!("{name} is mandatory")));
            }
            let mut others = self.of(&USER).filter(|other| text(other, "ObjectId") != id);
            if others.any(|other| text(other, name).eq_ignore_ascii_case(value)) {
                return Err(Refusal::duplicate(format!("{name} {value} is in use")));
            }
        }
        Ok(())
    }
}

/// A value, or `""`.
pub(super) fn text<'a>(resource: &'a Resource, name: &str) -> &'a str {
    resource.get(name).map_or("", String::as_str)
}

fn put(kind: &Kind, id: &str, mut value: Resource) -> Changes {
    value.insert("ObjectId".to_owned(), id.to_owned());
    value.retain(|_, value| !value.is_empty());
    vec![Change { object: format!("{}/{id}", kind.name), value: Some(value) }]
}

fn gone(kind: &Kind, id: &str) -> Change<Resource> {
    Change { object: format!("{}/{id}", kind.name), value: None }
}
