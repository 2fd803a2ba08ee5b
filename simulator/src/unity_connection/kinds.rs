use super::installation::{AUTHENTICATION_RULE, COS};

/// A kind of resource.
#[derive(Debug)]
pub(super) struct Kind {
    /// Its name in the journal.
    pub(super) name: &'static str,
    /// The element that holds one.
    pub(super) member: &'static str,
    /// The element that holds a list.
    pub(super) list: &'static str,
    /// Where the list is, behind `/vmrest/`; empty for what belongs to another resource.
    pub(super) path: &'static str,
    /// The field by which people know one.
    pub(super) known_by: &'static str,
    pub(super) made: Made,
    /// The fields that may be set, some of which several kinds have.
    pub(super) fields: &'static [&'static [Field]],
}

impl Kind {
    /// The field of this name, if it may be set.
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().copied().flatten().find(|field| field.name == name)
    }
}

/// How a resource comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// By a request.
    Freely,
    /// From a template, which this parameter names.
    From(&'static str),
    /// In a way of its own, or never.
    Otherwise,
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

pub(super) const fn field(name: &'static str, rule: Rule) -> Field {
    Field { name, rule }
}

pub(super) static USER: Kind = Kind {
    name: "user",
    member: "User",
    list: "Users",
    path: "users",
    known_by: "Alias",
    made: Made::Otherwise,
    fields: &[&[
        field("Alias", Rule::Text(64)),
        field("DtmfAccessId", Rule::Digits(40)),
        field("FirstName", Rule::Text(64)),
        field("LastName", Rule::Text(64)),
        field("DisplayName", Rule::Text(64)),
        field("EmailAddress", Rule::Text(256)),
        field("Department", Rule::Text(64)),
        field("Title", Rule::Text(64)),
        field("EmployeeId", Rule::Text(64)),
        field("Initials", Rule::Text(64)),
        field("Manager", Rule::Text(64)),
        field("BillingId", Rule::Text(32)),
        field("Country", Rule::Text(2)),
        field("Address", Rule::Text(128)),
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
        field("LdapType", Rule::Digits(1)),
        field("CosObjectId", Rule::Refers(&COS)),
    ]],
};

pub(super) static TEMPLATE: Kind = Kind {
    name: "usertemplate",
    member: "UserTemplate",
    list: "UserTemplates",
    path: "usertemplates",
    known_by: "Alias",
    made: Made::From("templateAlias"),
    fields: &[&[field("Alias", Rule::Text(64)), field("DisplayName", Rule::Text(64))]],
};

pub(super) static SERVICE: Kind = Kind {
    name: "externalservice",
    member: "ExternalService",
    list: "ExternalServices",
    path: "externalservices",
    known_by: "DisplayName",
    made: Made::Freely,
    fields: &[&[
        field("DisplayName", Rule::Text(64)),
        field("IsEnabled", Rule::Flag),
        field("Server", Rule::Text(255)),
    ]],
};

pub(super) static ACCOUNT: Kind = Kind {
    fields: &[&[
        field("ExternalServiceObjectId", Rule::Refers(&SERVICE)),
        field("EmailAddress", Rule::Text(256)),
        field("EmailAddressUseCorp", Rule::Flag),
        field("EnableCalendarCapability", Rule::Flag),
        field("EnableMailboxSynchCapability", Rule::Flag),
        field("EnableTtsOfEmailCapability", Rule::Flag),
        field("EnableMeetingCapability", Rule::Flag),
        field("LoginType", Rule::Digits(1)),
    ]],
    ..belonging("externalserviceaccount", "ExternalServiceAccount", "ExternalServiceAccounts", "")
};

/// A PIN or a web password. A user has both.
pub(super) static CREDENTIAL: Kind = Kind {
    fields: &[&[
        field("Credentials", Rule::Text(64)),
        field("CredentialPolicyObjectId", Rule::Refers(&AUTHENTICATION_RULE)),
        field("HackCount", Rule::Digits(3)),
        field("TimeHacked", Rule::Text(32)),
        field("Locked", Rule::Flag),
        field("CantChange", Rule::Flag),
        field("DoesntExpire", Rule::Flag),
        field("CredMustChange", Rule::Flag),
    ]],
    ..belonging("credential", "Credential", "Credentials", "")
};

/// A user of the LDAP directory who may be imported.
pub(super) static IMPORT: Kind = told("importuser", "ImportUser", "ImportUsers", "");

/// What the device says of its version.
pub(super) static VERSION: Kind = told("version", "VersionInformation", "VersionInformation", "");

/// A server of the cluster.
pub(super) static SERVER: Kind = told("server", "Server", "Cluster", "cluster");

/// What belongs to another resource; the fields that may be set come to it.
pub(super) const fn belonging(
    name: &'static str,
    member: &'static str,
    list: &'static str,
    known_by: &'static str,
) -> Kind {
    Kind { name, member, list, path: "", known_by, made: Made::Otherwise, fields: &[] }
}

/// What is told and never given.
pub(super) const fn told(name: &'static str, member: &'static str, list: &'static str, path: &'static str) -> Kind {
    Kind { path, ..belonging(name, member, list, "DisplayName") }
}
