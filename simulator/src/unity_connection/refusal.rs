use hyper::StatusCode;

/// Why CUPI refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn not_found(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: "NOT_FOUND", message: format!("{what} not found") }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "INVALID_PARAMETER", message: message.into() }
    }

    pub(super) fn duplicate(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "DATABASE_PROCEDURE_ERROR", message: message.into() }
    }

    pub(super) fn forbidden() -> Self {
        let message = "the account has no right to do this".to_owned();
        Self { status: StatusCode::FORBIDDEN, code: "NOT_AUTHORIZED", message }
    }

    pub(super) fn method() -> Self {
        let message = "the method is not allowed here".to_owned();
        Self { status: StatusCode::METHOD_NOT_ALLOWED, code: "METHOD_NOT_ALLOWED", message }
    }

    pub(super) fn not_acceptable() -> Self {
        let message = "an answer is JSON or XML".to_owned();
        Self { status: StatusCode::NOT_ACCEPTABLE, code: "NOT_ACCEPTABLE", message }
    }

    pub(super) fn media_type() -> Self {
        let message = "the body is JSON or XML, as Content-Type says".to_owned();
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, code: "UNSUPPORTED_MEDIA_TYPE", message }
    }
}
