//! What a system is set up with beside its users, and what a user has because of it.

use uuid::Uuid;

use super::handlers::handler_of;
use super::kinds::{Kind, Made, Rule, SERVICE, TEMPLATE, field, told};
use super::resources::{Resource, text};

/// What users may do.
pub(super) static COS: Kind = Kind {
    name: "cos",
    member: "Cos",
    list: "Coses",
    path: "coses",
    known_by: "DisplayName",
    made: Made::Freely,
    fields: &[&[
        field("DisplayName", Rule::Text(64)),
        field("AccessFaxMail", Rule::Flag),
        field("AccessTts", Rule::Flag),
        field("AccessUnifiedClient", Rule::Flag),
        field("AccessVui", Rule::Flag),
        field("MaxGreetingLength", Rule::Digits(5)),
        field("MaxMsgLength", Rule::Digits(5)),
        field("MaxNameLength", Rule::Digits(5)),
    ]],
};

/// What PINs and passwords have to be like.
pub(super) static AUTHENTICATION_RULE: Kind = Kind {
    name: "authenticationrule",
    member: "AuthenticationRule",
    list: "AuthenticationRules",
    path: "authenticationrules",
    known_by: "DisplayName",
    made: Made::Freely,
    fields: &[&[
        field("DisplayName", Rule::Text(64)),
        field("ExpiryWarningDays", Rule::Digits(5)),
        field("HackResetTime", Rule::Digits(5)),
        field("LockoutDuration", Rule::Digits(5)),
        field("MaxDays", Rule::Digits(5)),
        field("MaxHacks", Rule::Digits(5)),
        field("MinCharsToChange", Rule::Digits(5)),
        field("MinDuration", Rule::Digits(5)),
        field("MinLength", Rule::Digits(5)),
        field("PrevCredCount", Rule::Digits(5)),
        field("TrivialCredChecking", Rule::Flag),
    ]],
};

/// The same rules, as credentials name them.
static CREDENTIAL_POLICY: Kind =
    told("authenticationrule", "CredentialPolicy", "CredentialPolicies", "credentialpolicies");

pub(super) static DISTRIBUTION_LIST: Kind = Kind {
    name: "distributionlist",
    member: "DistributionList",
    list: "DistributionLists",
    path: "distributionlists",
    known_by: "Alias",
    made: Made::Freely,
    fields: &[&[
        field("Alias", Rule::Text(64)),
        field("DisplayName", Rule::Text(64)),
        field("DtmfAccessId", Rule::Digits(40)),
        field("AllowContacts", Rule::Flag),
        field("AllowForeignMessage", Rule::Flag),
    ]],
};

pub(super) static CALL_HANDLER: Kind = Kind {
    name: "callhandler",
    member: "Callhandler",
    list: "Callhandlers",
    path: "handlers/callhandlers",
    known_by: "DisplayName",
    made: Made::From("templateObjectId"),
    fields: &[&[
        field("DisplayName", Rule::Text(64)),
        field("DtmfAccessId", Rule::Digits(40)),
        field("ScheduleSetObjectId", Rule::Refers(&SCHEDULE_SET)),
        field("Language", Rule::Digits(5)),
        field("MaxMsgLen", Rule::Digits(5)),
        field("SendUrgentMsg", Rule::Digits(1)),
        field("TimeZone", Rule::Digits(5)),
        field("UseDefaultLanguage", Rule::Flag),
        field("UseDefaultTimeZone", Rule::Flag),
    ]],
};

pub(super) static CALL_HANDLER_TEMPLATE: Kind = Kind {
    name: "callhandlertemplate",
    member: "CallhandlerTemplate",
    list: "CallhandlerTemplates",
    path: "callhandlertemplates",
    known_by: "DisplayName",
    made: Made::From("templateObjectId"),
    fields: &[&[
        field("DisplayName", Rule::Text(64)),
        field("Language", Rule::Digits(5)),
        field("MaxMsgLen", Rule::Digits(5)),
        field("ScheduleSetObjectId", Rule::Refers(&SCHEDULE_SET)),
        field("SendUrgentMsg", Rule::Digits(1)),
        field("UseDefaultLanguage", Rule::Flag),
        field("UseDefaultTimeZone", Rule::Flag),
    ]],
};
pub(super) static SCHEDULE_SET: Kind = told("scheduleset", "ScheduleSet", "ScheduleSets", "schedulesets");
static SCHEDULE: Kind = told("schedule", "Schedule", "Schedules", "schedules");
static LOCATION: Kind =
    told("connectionlocation", "ConnectionLocation", "ConnectionLocations", "locations/connectionlocations");
static PARTITION: Kind = told("partition", "Partition", "Partitions", "partitions");
static SEARCH_SPACE: Kind = told("searchspace", "SearchSpace", "SearchSpaces", "searchspaces");
pub(super) static PHONE_SYSTEM: Kind = told("phonesystem", "PhoneSystem", "PhoneSystems", "phonesystems");
static MAILBOX_STORE: Kind = told("mailboxstore", "MailboxStore", "MailboxStores", "mailboxstores");

/// The kinds of which a system has a list of its own, beside its users.
pub(super) static KINDS: [&Kind; 15] = [
    &TEMPLATE,
    &SERVICE,
    &COS,
    &AUTHENTICATION_RULE,
    &CREDENTIAL_POLICY,
    &DISTRIBUTION_LIST,
    &CALL_HANDLER,
    &CALL_HANDLER_TEMPLATE,
    &SCHEDULE_SET,
    &SCHEDULE,
    &LOCATION,
    &PARTITION,
    &SEARCH_SPACE,
    &PHONE_SYSTEM,
    &MAILBOX_STORE,
];

/// What a fresh system has. Their ids follow from their places here, and what is kept names them: new ones come last.
pub(super) static BUILT_IN: [(&Kind, &str); 23] = [
    (&TEMPLATE, "voicemailusertemplate"),
    (&SERVICE, "Unified Messaging"),
    (&COS, "Voice Mail User COS"),
    (&COS, "System"),
    (&AUTHENTICATION_RULE, "Recommended Voice Mail Authentication Rule"),
    (&AUTHENTICATION_RULE, "Recommended Web Application Authentication Rule"),
    (&DISTRIBUTION_LIST, "allvoicemailusers"),
    (&DISTRIBUTION_LIST, "allvoicemailenabledcontacts"),
    (&DISTRIBUTION_LIST, "undeliverablemessages"),
    (&CALL_HANDLER, "Opening Greeting"),
    (&CALL_HANDLER, "Operator"),
    (&CALL_HANDLER, "Goodbye"),
    (&CALL_HANDLER_TEMPLATE, "System Call Handler Template"),
    (&SCHEDULE_SET, "Weekdays"),
    (&SCHEDULE_SET, "All Hours"),
    (&SCHEDULE_SET, "Holidays"),
    (&SCHEDULE, "Weekdays"),
    (&SCHEDULE, "All Hours"),
    (&LOCATION, HOST),
    (&PARTITION, HOST),
    (&SEARCH_SPACE, HOST),
    (&PHONE_SYSTEM, "PhoneSystem"),
    (&MAILBOX_STORE, "Unity Messaging Database -1"),
];

/// What the authentication rules of a fresh system say, that for PINs first.
pub(super) const RULES: [&[(&str, &str)]; 2] = [
    &[
        ("HackResetTime", "30"),
        ("LockoutDuration", "30"),
        ("MaxDays", "180"),
        ("MaxHacks", "3"),
        ("MinDuration", "1440"),
        ("MinLength", "4"),
        ("PrevCredCount", "5"),
        ("ExpiryWarningDays", "15"),
        ("MinCharsToChange", "1"),
        ("TrivialCredChecking", "true"),
    ],
    &[
        ("HackResetTime", "30"),
        ("LockoutDuration", "30"),
        ("MaxDays", "120"),
        ("MaxHacks", "7"),
        ("MinDuration", "1440"),
        ("MinLength", "8"),
        ("PrevCredCount", "5"),
        ("ExpiryWarningDays", "15"),
        ("MinCharsToChange", "1"),
        ("TrivialCredChecking", "true"),
    ],
];

/// The id of the authentication rule that PINs have, or that passwords have, unless somebody says otherwise.
pub(super) fn usual_rule(of_passwords: bool) -> String {
    let first = BUILT_IN.iter().position(|(kind, _)| kind.name == AUTHENTICATION_RULE.name).unwrap_or_default();
    built_in_id(first + usize::from(of_passwords))
}

/// The name of the server.
pub(super) const HOST: &str = "cuc-1";

/// The id of what is built in at a place.
pub(super) fn built_in_id(place: usize) -> String {
    Uuid::from_u128(place as u128 + 1).to_string()
}

/// The id of what a fresh system has of a kind under a name.
pub(super) fn built_in(kind: &Kind, name: &str) -> String {
    let is_it = |(known, called): &(&Kind, &str)| known.name == kind.name && *called == name;
    built_in_id(BUILT_IN.iter().position(is_it).unwrap_or_default())
}

/// A user with all that follows from how the system is set up.
pub(super) fn shown(user: &Resource) -> Resource {
    let id = text(user, "ObjectId");
    let handler = handler_of(id);
    let mut shown = user.clone();
    let mut add = |name: &str, value: String| {
        shown.entry(name.to_owned()).or_insert(value);
    };
    for (kind, usual, id_field, uri_field) in [
        (&COS, "Voice Mail User COS", "CosObjectId", "CosURI"),
        (&LOCATION, HOST, "LocationObjectId", "LocationURI"),
        (&PARTITION, HOST, "PartitionObjectId", "PartitionURI"),
        (&SEARCH_SPACE, HOST, "SearchByNameSearchSpaceObjectId", "SearchByNameSearchSpaceURI"),
        (&PHONE_SYSTEM, "PhoneSystem", "MediaSwitchObjectId", "PhoneSystemURI"),
    ] {
        let own = user.get(id_field).cloned().unwrap_or_else(|| built_in(kind, usual));
        add(uri_field, format!("/vmrest/{}/{own}", kind.path));
        add(id_field, own);
    }
    add("CallhandlerURI", format!("/vmrest/handlers/callhandlers/{handler}"));
    add("CallHandlerObjectId", handler);
    for (name, list) in [
        ("AlternateExtensionsURI", "alternateextensions"),
        ("ExternalServiceAccountsURI", "externalserviceaccounts"),
        ("MwisURI", "mwis"),
        ("NotificationDevicesURI", "notificationdevices"),
        ("UserVoicePinURI", "credential/pin"),
        ("UserWebPasswordURI", "credential/password"),
    ] {
        add(name, format!("/vmrest/users/{id}/{list}"));
    }
    for (name, usual) in [
        ("Language", "1033"),
        ("ListInDirectory", "true"),
        ("IsTemplate", "false"),
        ("IsVmEnrolled", "true"),
        ("TimeZone", "190"),
        ("UseDefaultLanguage", "true"),
        ("UseDefaultTimeZone", "true"),
    ] {
        add(name, usual.to_owned());
    }
    shown
}
