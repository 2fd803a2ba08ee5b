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
        field("LdapType", Rule::Digits(1)),
    ],
};

pub(super) static TEMPLATE: Kind = Kind {
    name: "usertemplate",
    member: "UserTemplate",
    list: "UserTemplates",
    fields: &[field("Alias", Rule::Text(64)), field("DisplayName", Rule::Text(64))],
};

pub(super) static SERVICE: Kind = Kind {
    name: "externalservice",
    member: "ExternalService",
    list: "ExternalServices",
    fields: &[field("DisplayName", Rule::Text(64)), field("IsEnabled", Rule::Flag), field("Server", Rule::Text(255))],
};

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

/// A PIN or a web password. A user has both.
pub(super) static CREDENTIAL: Kind = Kind {
    name: "credential",
    member: "Credential",
    list: "Credentials",
    fields: &[
        field("Credentials", Rule::Text(64)),
        field("CredentialPolicyObjectId", Rule::Text(36)),
        field("HackCount", Rule::Digits(3)),
        field("TimeHacked", Rule::Text(32)),
        field("Locked", Rule::Flag),
        field("CantChange", Rule::Flag),
        field("DoesntExpire", Rule::Flag),
        field("CredMustChange", Rule::Flag),
    ],
};

/// A user of the LDAP directory who may be imported.
pub(super) static IMPORT: Kind = Kind { name: "importuser", member: "ImportUser", list: "ImportUsers", fields: &[] };

/// What the device says of its version.
pub(super) static VERSION: Kind =
    Kind { name: "version", member: "VersionInformation", list: "VersionInformation", fields: &[] };
