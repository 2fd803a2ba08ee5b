use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

/// The one account that the simulated devices know.
#[derive(Clone)]
pub(crate) struct Access {
    basic: String,
}

impl Access {
    pub(crate) fn new(login: &str, password: &str) -> Self {
        Self { basic: format!("Basic {}", STANDARD.encode(format!("{login}:{password}"))) }
    }

    /// Whether a request carries the account's login and password.
    pub(crate) fn permits(&self, headers: &HeaderMap) -> bool {
        headers.get(AUTHORIZATION).is_some_and(|given| given.as_bytes() == self.basic.as_bytes())
    }
}

impl fmt::Debug for Access {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}
