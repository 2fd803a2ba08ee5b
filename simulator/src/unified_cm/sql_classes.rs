//! The fields of what clients reach with SQL alone: no operation of AXL is about it.

use super::schema::Rule::{Names, Number, Text};
use super::schema::{Field, may, need};

/// What a member of a group may do.
pub(super) const FUNCTION_ROLE: &[Field] = &[need("name", Text(128)), may("description", Text(255))];

pub(super) const FUNCTION_ROLE_RESOURCE: &[Field] = &[
    need("fkfunctionrole", Names("functionRole")),
    need("tkresource", Number(0, 10_000)),
    may("permission", Number(0, 3)),
];

pub(super) const UC_SERVICE_XML: &[Field] = &[need("fkucservice", Names("ucService")), may("xml", Text(65_536))];
