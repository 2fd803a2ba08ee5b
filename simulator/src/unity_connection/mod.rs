mod format;
mod query;
mod refusal;
mod resources;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dialtone_model::Clock;
use hyper::{Method, Request, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use self::format::{Format, created};
use self::query::Parameters;
use self::refusal::Refusal;
use self::resources::{ACCOUNT, Changes, Kind, Resource, Resources, SERVICE, TEMPLATE, USER};
use crate::fault::{Faults, Strike};
use crate::journal::JournalError;
use crate::ledger::{Denial, Ledger, Line};
use crate::server::{Answer, Device, bare};

/// A simulated Unity Connection, as CUPI shows it.
#[derive(Debug)]
pub(crate) struct UnityConnection {
    ledger: Mutex<Ledger<Resources>>,
    faults: Arc<Faults>,
}

impl UnityConnection {
    /// Goes on from the journal at `path`; without one it begins as the maker delivers it and keeps nothing.
    pub(crate) fn open(path: Option<&Path>, faults: Arc<Faults>, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        Ok(Self { ledger: Mutex::new(Ledger::open(path, clock)?), faults })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Resources>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a fault strikes a request; reading is spared.
    fn strike(&self, request: &Request<Bytes>, line: &str, kind: &Kind) -> Option<Strike> {
        if request.method() == Method::GET {
            return None;
        }
        let given = Format::read(request.headers(), request.body(), kind).unwrap_or_default();
        // A user is known by the alias before it has a path of its own.
        let key = given.get("Alias").map_or_else(|| line.to_owned(), |alias| format!("{line} {alias}"));
        self.faults.strike(&key, || given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect())
    }
}

impl Device for UnityConnection {
    fn answer(&self, request: &Request<Bytes>) -> Option<Answer> {
        let line = format!("{} {}", request.method(), request.uri());
        let path = request.uri().path().strip_prefix("/vmrest/").unwrap_or_default();
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let kind = if path.get(2) == Some(&"externalserviceaccounts") { &ACCOUNT } else { &USER };
        let strike = self.strike(request, &line, kind);
        let format = Format::wanted(request.headers());
        let carry_out = |ledger: &Ledger<Resources>| {
            let task = Task { request, format, resources: &ledger.holdings, new_id: ledger.next_uuid() };
            task.carry_out(&path).unwrap_or_else(|refusal| (format.refusal(&refusal), Changes::new()))
        };
        self.ledger().serve(Line { request: line, id: None }, strike.as_ref(), carry_out, |denial| match denial {
            Denial::Refused(reason) => format.refusal(&Refusal::invalid(reason)),
            Denial::NotRecorded => bare(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }

    fn state(&self) -> Value {
        let ledger = self.ledger();
        let list = |kind: &Kind| ledger.holdings.of(kind).collect::<Vec<&Resource>>();
        json!({
            "users": list(&USER),
            "externalserviceaccounts": list(&ACCOUNT),
            "externalservices": list(&SERVICE),
            "usertemplates": list(&TEMPLATE),
        })
    }

    fn log(&self) -> io::Result<Vec<u8>> {
        self.ledger().log()
    }
}

/// A request, and what it is asked of.
struct Task<'a> {
    request: &'a Request<Bytes>,
    format: Format,
    resources: &'a Resources,
    new_id: Uuid,
}

impl Task<'_> {
    fn carry_out(&self, path: &[&str]) -> Result<(Answer, Changes), Refusal> {
        let read = |answer: Answer| Ok((answer, Changes::new()));
        let resources = self.resources;
        let id = self.new_id.to_string();
        match (self.request.method().as_str(), path) {
            ("GET", ["users"]) => read(self.list(&USER, resources.of(&USER))?),
            ("GET", ["usertemplates"]) => read(self.list(&TEMPLATE, resources.of(&TEMPLATE))?),
            ("GET", ["externalservices"]) => read(self.list(&SERVICE, resources.of(&SERVICE))?),
            ("GET", ["users", user, "externalserviceaccounts"]) => {
                resources.get(&USER, user)?;
                read(self.list(&ACCOUNT, resources.accounts(user))?)
            }
            ("GET", ["users", user]) => read(self.format.one(&USER, resources.get(&USER, user)?)),
            ("GET", ["usertemplates", template]) => {
                read(self.format.one(&TEMPLATE, resources.get(&TEMPLATE, template)?))
            }
            ("GET", ["externalservices", service]) => {
                read(self.format.one(&SERVICE, resources.get(&SERVICE, service)?))
            }
            ("GET", ["users", user, "externalserviceaccounts", account]) => {
                read(self.format.one(&ACCOUNT, resources.account(user, account)?))
            }
            ("POST", ["users"]) => {
                let template = self.parameters()?;
                let changes = resources.add_user(&id, template.get("templateAlias"), self.given(&USER)?)?;
                Ok((created(&format!("/vmrest/users/{id}")), changes))
            }
            ("PUT", ["users", user]) => Ok((done(), resources.set_user(user, self.given(&USER)?)?)),
            ("DELETE", ["users", user]) => Ok((done(), resources.remove_user(user)?)),
            ("POST", ["users", user, "externalserviceaccounts"]) => {
                let changes = resources.add_account(user, &id, self.given(&ACCOUNT)?)?;
                Ok((created(&format!("/vmrest/users/{user}/externalserviceaccounts/{id}")), changes))
            }
            ("PUT", ["users", user, "externalserviceaccounts", account]) => {
                Ok((done(), resources.set_account(user, account, self.given(&ACCOUNT)?)?))
            }
            ("DELETE", ["users", user, "externalserviceaccounts", account]) => {
                Ok((done(), resources.remove_account(user, account)?))
            }
            (
                _,
                ["users" | "usertemplates" | "externalservices"] | ["users" | "usertemplates" | "externalservices", _],
            )
            | (_, ["users", _, "externalserviceaccounts"] | ["users", _, "externalserviceaccounts", _]) => {
                Err(Refusal::method())
            }
            _ => Err(Refusal::not_found("Resource")),
        }
    }

    fn list<'r>(&self, kind: &Kind, list: impl Iterator<Item = &'r Resource>) -> Result<Answer, Refusal> {
        let (total, page) = self.parameters()?.select(list)?;
        Ok(self.format.list(kind, total, &page))
    }

    fn parameters(&self) -> Result<Parameters, Refusal> {
        Parameters::read(self.request.uri().query().unwrap_or_default())
    }

    fn given(&self, kind: &Kind) -> Result<Resource, Refusal> {
        Format::read(self.request.headers(), self.request.body(), kind)
    }
}

fn done() -> Answer {
    bare(StatusCode::NO_CONTENT)
}
