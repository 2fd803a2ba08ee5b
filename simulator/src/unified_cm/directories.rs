//! The fields of the LDAP directories that users come from, in the order of the schema of 12.5; an older version lacks some.

use super::schema::Rule::{Flag, Needs, Number, Secret, Text, Word};
use super::schema::{Field, keep, may, need, tell};

pub(super) const LDAP_DIRECTORY: &[Field] = &[
    need("name", Text(50)).changed_as("newName"),
    need("ldapDn", Text(128)),
    need("ldapPassword", Secret),
    need("userSearchBase", Text(255)),
    may("repeatable", Flag),
    may("intervalValue", Number(0, 1_000)).nil(),
    may("scheduleUnit", Word(&["HOUR", "DAY", "WEEK", "MONTH"])).usually("DAY"),
    need("nextExecTime", Text(32)),
    keep("servers").required(),
    may("middleName", Text(128)).fixed().unlisted(),
    may("phoneNumber", Text(128)).fixed().unlisted(),
    may("mailId", Text(128)).fixed().unlisted(),
    tell("userId"),
    tell("managerId"),
    tell("firstName"),
    tell("lastName"),
    tell("department"),
    may("ldapFilter", Needs("ldapFilter")).nil().unlisted(),
    may("synchronize", Flag).unlisted().from(11, 0),
    may("ldapFilterForGroups", Needs("ldapFilter")).nil().unlisted().from(11, 0),
    may("directoryUri", Text(128)).fixed().unlisted(),
    keep("accessControlGroupInfo").from(10, 0),
    may("featureGroupTemplate", Needs("featureGroupTemplate")).nil().unlisted().from(10, 0),
    may("applyMask", Flag).unlisted().from(10, 0),
    may("mask", Text(50)).nil().unlisted().from(10, 0),
    may("applyPoolList", Flag).unlisted().from(10, 0),
    keep("addDns").from(10, 0),
];

pub(super) const LDAP_FILTER: &[Field] = &[need("name", Text(4_096)).changed_as("newName"), need("filter", Text(255))];

/// Whom users' passwords are asked of.
pub(super) const LDAP_AUTHENTICATION: &[Field] = &[
    may("authenticateEndUsers", Flag),
    may("distinguishedName", Text(128)),
    may("ldapPassword", Secret),
    may("userSearchBase", Text(255)),
    keep("servers"),
];

pub(super) const LDAP_SYSTEM: &[Field] =
    &[may("syncEnabled", Flag), may("ldapServer", Word(LDAP_SERVERS)).nil(), may("userIdAttribute", Text(64))];

const LDAP_SERVERS: &[&str] = &[
    "Microsoft Active Directory",
    "Sun or Oracle Directory Server",
    "OpenLDAP",
    "Microsoft ADAM or Lightweight Directory Services",
    "Other LDAPv3 Compliant Directory",
];
