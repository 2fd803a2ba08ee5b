/// Why AXL refuses a request: the error in its SOAP fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Whether the fault is the sender's, as the fault code says.
    pub(super) client: bool,
    pub(super) code: i32,
    pub(super) message: String,
}

impl Refusal {
    fn server(code: i32, message: impl Into<String>) -> Self {
        Self { client: false, code, message: message.into() }
    }

    pub(super) fn not_found(title: &str) -> Self {
        Self::server(5007, format!("Item not valid: The specified {title} was not found"))
    }

    /// The number is the database's own.
    pub(super) fn duplicate() -> Self {
        let message = "Could not insert new row - duplicate value in a UNIQUE INDEX column (Unique Index:).";
        Self { client: true, code: -239, message: message.to_owned() }
    }

    /// The number is the database's own.
    pub(super) fn still_needed() -> Self {
        Self::server(-692, "Key value for constraint is still being referenced.")
    }

    /// The number is the database's own.
    pub(super) fn null(table: &str, column: &str) -> Self {
        Self::server(-391, format!("Cannot insert a null into column ({table}.{column})."))
    }

    /// The number is the database's own.
    pub(super) fn no_reference() -> Self {
        Self::server(-691, "Missing key in referenced table for referential constraint.")
    }

    /// The numbers of these are the extension mobility service's own.
    pub(super) fn login_disabled() -> Self {
        Self::server(5, "Device logon disabled")
    }

    pub(super) fn no_profile() -> Self {
        Self::server(12, "Dev. Profile not found")
    }

    pub(super) fn another_logged_in() -> Self {
        Self::server(18, "Another user logged in")
    }

    pub(super) fn nobody_logged_in() -> Self {
        Self::server(19, "No user logged in")
    }

    /// More data than a reply may have; `fewer` rows would do.
    pub(super) fn too_large(rows: usize, fewer: usize) -> Self {
        let message = format!(
            "Query request too large. Total rows matched: {rows} rows. Suggestive Row Fetch: less than {fewer} rows"
        );
        Self::server(-1, message)
    }

    /// Users come from an LDAP directory only.
    pub(super) fn users_come_from_ldap() -> Self {
        Self::server(5003, "Users can't be added while the LDAP synchronization is enabled")
    }

    /// A rule of the database about one field.
    pub(super) fn invalid(field: &str, reason: &str) -> Self {
        Self::server(35_001, format!("The value of {field} is not valid: {reason}"))
    }

    /// The request doesn't follow the schema; `expected` is what may stand there.
    pub(super) fn schema(element: &str, expected: &str) -> Self {
        let message = format!(
            "cvc-complex-type.2.4.a: Invalid content was found starting with element '{element}'. One of '{{{expected}}}' is expected."
        );
        Self { client: true, code: -1, message }
    }

    /// What the schema has as mandatory can't be unset with `xsi:nil`.
    pub(super) fn not_nillable(element: &str) -> Self {
        let message = format!(
            "cvc-elt.3.1: Attribute 'http://www.w3.org/2001/XMLSchema-instance,nil' must not appear on element \
             '{element}', because the {{nillable}} property of '{element}' is false."
        );
        Self { client: true, code: -1, message }
    }

    /// The request ends where something mandatory is missing.
    pub(super) fn incomplete(element: &str, expected: &str) -> Self {
        let message = format!(
            "cvc-complex-type.2.4.b: The content of element '{element}' is not complete. One of '{{{expected}}}' is expected."
        );
        Self { client: true, code: -1, message }
    }

    /// SQL that can't be read. The number is the database's own, as are those that follow.
    pub(super) fn syntax() -> Self {
        Self::server(-201, "A syntax error has occurred.")
    }

    pub(super) fn no_table(name: &str) -> Self {
        Self::server(-206, format!("The specified table ({name}) is not in the database."))
    }

    pub(super) fn no_column(name: &str) -> Self {
        Self::server(-217, format!("Column ({name}) not found in any table in the query (or SLV is undefined)."))
    }

    pub(super) fn not_grouped() -> Self {
        Self::server(-294, "The column must be in the GROUP BY list.")
    }

    /// The request is no request.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self { client: true, code: -1, message: message.into() }
    }
}
