mod extensions;
mod problem;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dialtone_model::Clock;
use hyper::header::{ETAG, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION};
use hyper::{HeaderMap, Method, Request, StatusCode};
use serde_json::json;

use self::extensions::{Changes, Condition, Extension, Extensions, Held};
use self::problem::Problem;
use crate::fault::{FaultKind, Faults, Rights, Strike};
use crate::journal::JournalError;
use crate::ledger::{Denial, Ledger, Line};
use crate::server::{Answer, Device, TurnedAway, bare, whole};

/// A simulated Phone System. `docs/phone-system.openapi.yaml` describes what it speaks.
#[derive(Debug)]
pub(crate) struct PhoneSystem {
    ledger: Mutex<Ledger<Extensions>>,
    faults: Arc<Faults>,
    rights: Mutex<Rights>,
}

/// A request, understood.
enum Asked {
    Account,
    List { after: String, limit: usize },
    Get { key: String },
    Put { key: String, condition: Condition, extension: Extension },
    Delete { key: String, condition: Condition },
}

/// What it says of itself.
const PRODUCT: &str = "Phone System";
const VERSION: &str = "1.0";

/// The longest page of a list, and the page when none is asked for.
const PAGE: usize = 1_000;

impl PhoneSystem {
    /// Goes on from the journal at `path`; without one it begins empty and keeps nothing.
    pub(crate) fn open(path: Option<&Path>, faults: Arc<Faults>, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        Ok(Self { ledger: Mutex::new(Ledger::open(path, clock)?), faults, rights: Mutex::default() })
    }

    fn rights(&self) -> MutexGuard<'_, Rights> {
        self.rights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Extensions>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device for PhoneSystem {
    fn answer(&self, request: &Request<Bytes>) -> Option<Answer> {
        let rights = *self.rights();
        let asked = Asked::read(request).and_then(|asked| asked.permitted(rights));
        let strike = asked.as_ref().ok().and_then(|asked| asked.strike(&self.faults));
        let id = request.headers().get("request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
        let line = Line { request: format!("{} {}", request.method(), request.uri()), id };
        let carry_out = |ledger: &Ledger<Extensions>| {
            let outcome = asked.and_then(|asked| asked.carry_out(&ledger.holdings, rights));
            outcome.unwrap_or_else(|problem| (problem.answer(), Changes::new()))
        };
        self.ledger().serve(line, strike.as_ref(), carry_out, |denial| {
            let problem = match denial {
                Denial::Refused(reason) => Problem::invalid("refused", reason),
                Denial::NotRecorded => {
                    let detail = "the request can't be written down, so nothing was changed";
                    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not-recorded", detail)
                }
            };
            problem.answer()
        })
    }

    fn turn_away(&self, why: TurnedAway) -> Answer {
        let (code, detail) = match why {
            TurnedAway::Credentials => ("unauthorized", "login or password is wrong"),
            TurnedAway::TooLarge => ("too-large", "a body has at most 1 MiB"),
            TurnedAway::Busy => ("busy", "too many requests; come again in a second"),
        };
        Problem::new(why.status(), code, detail).answer()
    }

    fn inject(&self, kind: FaultKind) {
        if let FaultKind::Rights(rights) = kind {
            *self.rights() = rights;
        }
    }

    fn heal(&self) {
        *self.rights() = Rights::default();
    }

    fn state(&self) -> serde_json::Value {
        let ledger = self.ledger();
        let extensions: Vec<&Extension> = ledger.holdings.all().map(|held| &held.extension).collect();
        json!({ "extensions": extensions })
    }

    fn log(&self) -> io::Result<Vec<u8>> {
        self.ledger().log()
    }
}

impl Asked {
    fn read(request: &Request<Bytes>) -> Result<Self, Problem> {
        let not_allowed = |allowed: &str| {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", format!("it is {allowed}"))
        };
        let path = request.uri().path();
        if path == "/v1/account" {
            return if request.method() == Method::GET { Ok(Self::Account) } else { Err(not_allowed("GET")) };
        }
        if path == "/v1/extensions" {
            return match *request.method() {
                Method::GET => Self::read_list(request.uri().query().unwrap_or_default()),
                _ => Err(not_allowed("GET")),
            };
        }
        let key = path.strip_prefix("/v1/extensions/").filter(|key| !key.is_empty() && !key.contains('/'));
        let Some(key) = key.map(str::to_owned) else {
            return Err(Problem::new(StatusCode::NOT_FOUND, "no-such-path", format!("there is nothing at {path}")));
        };
        let condition = Condition::read(request.headers())?;
        match *request.method() {
            Method::GET => Ok(Self::Get { key }),
            Method::DELETE => Ok(Self::Delete { key, condition }),
            Method::PUT => match serde_json::from_slice(request.body()) {
                Ok(extension) => Ok(Self::Put { key, condition, extension }),
                Err(error) => Err(Problem::new(StatusCode::BAD_REQUEST, "malformed", error.to_string())),
            },
            _ => Err(not_allowed("GET, PUT or DELETE")),
        }
    }

    fn read_list(query: &str) -> Result<Self, Problem> {
        let malformed = |detail: &str| Problem::new(StatusCode::BAD_REQUEST, "malformed", detail);
        let (mut after, mut limit) = (String::new(), PAGE);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("after", key)) => after = key.to_owned(),
                Some(("limit", number)) => {
                    limit = number
                        .parse()
                        .ok()
                        .filter(|limit| (1..=PAGE).contains(limit))
                        .ok_or_else(|| malformed("limit is from 1 to 1000"))?;
                }
                _ => return Err(malformed("a list has the parameters after and limit")),
            }
        }
        Ok(Self::List { after, limit })
    }

    /// Itself, where the account may do it.
    fn permitted(self, rights: Rights) -> Result<Self, Problem> {
        let may = match self {
            Self::Account | Self::List { .. } | Self::Get { .. } => rights != Rights::None,
            Self::Put { .. } | Self::Delete { .. } => rights == Rights::All,
        };
        if may {
            Ok(self)
        } else {
            Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", "the account may not do this"))
        }
    }

    /// Whether a fault strikes it; reading is spared.
    fn strike(&self, faults: &Faults) -> Option<Strike> {
        match self {
            Self::Account | Self::List { .. } | Self::Get { .. } => None,
            Self::Put { key, extension, .. } => faults.strike(key, || extension.fields()),
            Self::Delete { key, .. } => faults.strike(key, || vec![("key", key)]),
        }
    }

    /// The answer, and what changes with it.
    fn carry_out(self, extensions: &Extensions, rights: Rights) -> Result<(Answer, Changes), Problem> {
        match self {
            Self::Account => {
                let rights: &[&str] = if rights == Rights::All { &["read", "change"] } else { &["read"] };
                let body = json!({ "product": PRODUCT, "version": VERSION, "rights": rights }).to_string();
                Ok((whole("application/json", body.into()), Changes::new()))
            }
            Self::List { after, limit } => {
                let mut page = extensions.after(&after).map(|held| &held.extension);
                let items: Vec<&Extension> = page.by_ref().take(limit).collect();
                let next = page.next().and(items.last()).map(|last| &last.key);
                let body = json!({ "extensions": items, "next": next }).to_string();
                Ok((whole("application/json", body.into()), Changes::new()))
            }
            Self::Get { key } => {
                let held = extensions.get(&key)?;
                let body = serde_json::to_vec(&held.extension).unwrap_or_default();
                let mut answer = whole("application/json", body.into());
                mark(&mut answer, held);
                Ok((answer, Changes::new()))
            }
            Self::Put { key, condition, extension } => {
                let changes = extensions.put(&key, extension, condition)?;
                let created = condition == Condition::Absent;
                let mut answer = bare(if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT });
                changes.iter().filter_map(|change| change.value.as_ref()).for_each(|held| mark(&mut answer, held));
                Ok((answer, changes))
            }
            Self::Delete { key, condition } => Ok((bare(StatusCode::NO_CONTENT), extensions.delete(&key, condition)?)),
        }
    }
}

impl Condition {
    fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let malformed = || {
            let detail = "If-None-Match is *; If-Match is * or one ETag";
            Problem::new(StatusCode::BAD_REQUEST, "malformed", detail)
        };
        match (headers.get(IF_NONE_MATCH), headers.get(IF_MATCH)) {
            (None, None) => Ok(Self::None),
            (Some(all), None) if all == "*" => Ok(Self::Absent),
            (None, Some(all)) if all == "*" => Ok(Self::Present),
            (None, Some(tag)) => {
                let version = tag.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
                version.and_then(|version| version.parse().ok()).map(Self::Version).ok_or_else(malformed)
            }
            _ => Err(malformed()),
        }
    }
}

/// Says which extension an answer is about, and its version.
fn mark(answer: &mut Answer, held: &Held) {
    let headers = answer.headers_mut();
    // Keys are checked to be digits before they are held, so both values are always fit for a header.
    if let Ok(tag) = HeaderValue::try_from(format!("\"{}\"", held.version)) {
        headers.insert(ETAG, tag);
    }
    if let Ok(location) = HeaderValue::try_from(format!("/v1/extensions/{}", held.extension.key)) {
        headers.insert(LOCATION, location);
    }
}
