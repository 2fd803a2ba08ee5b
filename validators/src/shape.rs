//! The rules of single cells for structures that derive `validator::Validate`, so that what a person types is judged as
//! what a file says: `#[validate(custom(function = "dialtone_validators::shape::ext_key"))]`.

use dialtone_templates::Problem;
use validator::ValidationError;

use crate::cell::{self, Flaw};

/// 3 to 5 ASCII digits.
///
/// # Errors
/// The rule's code, with the message and the repair that a file's cell would get.
pub fn ext_key(text: &str) -> Result<(), ValidationError> {
    cell::ext_key(text).map(drop).map_err(|flaw| error(flaw, "Ext Key", text))
}

/// An optional `+` and 1 to 15 ASCII digits.
///
/// # Errors
/// The rule's code, with the message and the repair that a file's cell would get.
pub fn number(text: &str) -> Result<(), ValidationError> {
    cell::number(text).map(drop).map_err(|flaw| error(flaw, "Number", text))
}

/// At most 100 characters, as the directory shows them.
///
/// # Errors
/// The rule's code, with the message and the repair that a file's cell would get.
pub fn directory_name(text: &str) -> Result<(), ValidationError> {
    cell::name(text).map(drop).map_err(|flaw| error(flaw, "Directory Name", text))
}

fn error(flaw: Flaw, label: &str, text: &str) -> ValidationError {
    let problem: Problem = flaw.problem(0, 1, 0);
    let finding = problem.word("", Some(label), Some(text.to_owned()), "");
    let said = match finding.repair {
        Some(repair) => format!("{} {repair}", finding.message),
        None => finding.message,
    };
    ValidationError::new(problem.rule.code()).with_message(said.into())
}

#[cfg(test)]
mod tests {
    use validator::Validate;

    #[derive(Validate)]
    struct Request {
        #[validate(custom(function = "super::ext_key"))]
        ext_key: String,
        #[validate(custom(function = "super::number"))]
        number: Option<String>,
        #[validate(custom(function = "super::directory_name"))]
        directory_name: String,
    }

    fn check(ext_key: &str, number: Option<&str>, directory_name: &str, expect: &[(&str, &str, &str)]) {
        let (ext_key, directory_name) = (ext_key.to_owned(), directory_name.to_owned());
        let request = Request { ext_key, number: number.map(str::to_owned), directory_name };
        let errors = request.validate().err().unwrap_or_default();
        let fields = errors.field_errors();
        let mut found: Vec<(&str, &str, &str)> = fields
            .iter()
            .flat_map(|(field, errors)| {
                errors.iter().map(|error| (field.as_ref(), &*error.code, error.message.as_deref().unwrap()))
            })
            .collect();
        found.sort_unstable();
        assert_eq!(found, expect);
    }

    #[test]
    fn what_is_typed_is_judged_as_what_a_file_says() {
        check("101", Some("+6512345678"), "Tony", &[]);
        check(
            "12",
            Some("65 1"),
            &"é".repeat(101),
            &[
                (
                    "directory_name",
                    "name-length",
                    "`Directory Name` has 101 characters; at most 100 are allowed. Shorten the name.",
                ),
                ("ext_key", "ext-key-format", "`12` isn't an ext key: it has 2 digits. Write 3 to 5 digits."),
                ("number", "number-format", "`65 1` isn't a number: it has spaces or punctuation. Write 651"),
            ],
        );
    }
}
