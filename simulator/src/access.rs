use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dialtone_model::Clock;
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderValue};

/// The one account that a simulated device knows, and the sessions that it has opened.
pub(crate) struct Access {
    basic: String,
    clock: Arc<dyn Clock>,
    /// When each session was last used; `None` for a device that has no sessions.
    sessions: Option<Mutex<HashMap<String, Duration>>>,
    /// A session ends when it is not used for so long.
    rest: Mutex<Duration>,
}

/// What becomes of a request's credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Refused,
    Granted,
    /// With a session for the requests to come: the values of `Set-Cookie`.
    Opened([HeaderValue; 2]),
}

/// How long a session may rest, as the devices are delivered.
const IDLE: Duration = Duration::from_secs(30 * 60);

const NAME: &str = "JSESSIONID=";

/// What comes beside it, and means nothing here.
const SINGLE_SIGN_ON: &str = "JSESSIONIDSSO=";

impl Access {
    pub(crate) fn new(login: &str, password: &str, with_sessions: bool, clock: Arc<dyn Clock>) -> Self {
        let basic = format!("Basic {}", STANDARD.encode(format!("{login}:{password}")));
        Self { basic, clock, sessions: with_sessions.then(Mutex::default), rest: Mutex::new(IDLE) }
    }

    /// Lets a session end when it is not used for so long; `None`: as the device is delivered.
    pub(crate) fn set_rest(&self, rest: Option<Duration>) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = rest.unwrap_or(IDLE);
    }

    fn rest(&self) -> Duration {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a request's session, or else its login and password.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Admission {
        let session = headers.get(COOKIE).and_then(|cookie| session_of(cookie.to_str().ok()?));
        if let Some(session) = session
            && self.is_open(session)
        {
            return Admission::Granted;
        }
        if headers.get(AUTHORIZATION).is_none_or(|given| given.as_bytes() != self.basic.as_bytes()) {
            return Admission::Refused;
        }
        self.open().map_or(Admission::Granted, Admission::Opened)
    }

    fn is_open(&self, session: &str) -> bool {
        let (now, rest) = (self.clock.monotonic(), self.rest());
        let Some(mut sessions) = self.sessions() else { return false };
        match sessions.get_mut(session) {
            Some(used) if now.saturating_sub(*used) < rest => {
                *used = now;
                true
            }
            _ => false,
        }
    }

    fn open(&self) -> Option<[HeaderValue; 2]> {
        let (now, rest) = (self.clock.monotonic(), self.rest());
        let mut sessions = self.sessions()?;
        sessions.retain(|_, used| now.saturating_sub(*used) < rest);
        let random = RandomState::new();
        let session = format!("{:016X}{:016X}", random.hash_one(sessions.len()), random.hash_one("session"));
        let single_sign_on = format!("{SINGLE_SIGN_ON}{:016X}", random.hash_one("single sign-on"));
        let cookie = |pair: &str| HeaderValue::try_from(format!("{pair}; Path=/; Secure; HttpOnly")).ok();
        let cookies = [cookie(&format!("{NAME}{session}"))?, cookie(&single_sign_on)?];
        sessions.insert(session, now);
        Some(cookies)
    }

    fn sessions(&self) -> Option<MutexGuard<'_, HashMap<String, Duration>>> {
        self.sessions.as_ref().map(|sessions| sessions.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn session_of(cookies: &str) -> Option<&str> {
    cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix(NAME))
}

impl fmt::Debug for Access {
    /// Without the password and the sessions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use dialtone_model::ManualClock;

    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::try_from(value).unwrap())])
    }

    #[test]
    fn a_session_stands_for_the_password_until_it_has_rested_for_half_an_hour() {
        let clock = ManualClock::new();
        let access = Access::new("tony", "secret", true, Arc::new(clock.clone()));
        let basic = headers("authorization", &format!("Basic {}", STANDARD.encode("tony:secret")));
        let Admission::Opened(cookies) = access.admit(&basic) else { panic!("no session") };
        let [cookie, single_sign_on] = cookies.map(|it| it.to_str().unwrap().split(';').next().unwrap().to_owned());
        let cookie = headers("cookie", &format!("a=b; {single_sign_on}; {cookie}"));
        assert_eq!(access.admit(&headers("cookie", &single_sign_on)), Admission::Refused);
        for _ in 0..3 {
            clock.advance(IDLE - Duration::from_secs(1));
            assert_eq!(access.admit(&cookie), Admission::Granted);
        }
        clock.advance(IDLE);
        assert_eq!(access.admit(&cookie), Admission::Refused);
    }

    #[test]
    fn without_the_right_password_nothing_opens() {
        let access = Access::new("tony", "secret", true, Arc::new(ManualClock::new()));
        for wrong in ["Basic", &format!("Basic {}", STANDARD.encode("tony:other"))] {
            assert_eq!(access.admit(&headers("authorization", wrong)), Admission::Refused);
        }
        assert_eq!(access.admit(&headers("cookie", "JSESSIONID=1")), Admission::Refused);
        assert_eq!(access.admit(&HeaderMap::new()), Admission::Refused);
    }
}
