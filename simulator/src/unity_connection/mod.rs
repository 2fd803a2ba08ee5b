mod conditions;
mod credentials;
mod directory;
mod extensions;
mod format;
mod handler_settings;
mod handlers;
mod installation;
mod kinds;
mod lists;
mod notices;
mod query;
mod refusal;
mod resources;
mod task;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dialtone_model::Clock;
use hyper::{Method, Request, StatusCode};
use serde_json::{Map, Value, json};

use self::conditions::Conditions;
use self::extensions::EXTENSION;
use self::format::Format;
use self::handler_settings::{GREETING, MENU_ENTRY, TRANSFER_OPTION};
use self::installation::KINDS;
use self::kinds::{ACCOUNT, CREDENTIAL, Kind, USER};
use self::lists::LIST_MEMBER;
use self::refusal::Refusal;
use self::resources::{Changes, Resource, Resources};
use self::task::{Task, kind_of};
use crate::fault::{FaultKind, Faults, Strike};
use crate::journal::JournalError;
use crate::ledger::{Denial, Ledger, Line};
use crate::server::{Answer, Device, bare, whole};

/// A simulated Unity Connection, as CUPI shows it.
#[derive(Debug)]
pub(crate) struct UnityConnection {
    ledger: Mutex<Ledger<Resources>>,
    faults: Arc<Faults>,
    conditions: Conditions,
}

impl UnityConnection {
    /// Goes on from the journal at `path`; without one it begins as the maker delivers it and keeps nothing.
    pub(crate) fn open(path: Option<&Path>, faults: Arc<Faults>, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        let conditions = Conditions::new(clock.clone());
        Ok(Self { ledger: Mutex::new(Ledger::open(path, clock)?), faults, conditions })
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
        // What runs CUPI runs already, and knows nothing of it yet.
        if self.conditions.is_starting() {
            let page = "<html><head><title>Error report</title></head><body><h1>HTTP Status 404</h1></body></html>";
            let mut answer = whole("text/html;charset=utf-8", page.into());
            *answer.status_mut() = StatusCode::NOT_FOUND;
            return Some(answer);
        }
        let line = format!("{} {}", request.method(), request.uri());
        let path = request.uri().path().strip_prefix("/vmrest/").unwrap_or_default();
        let path: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let strike = self.strike(request, &line, kind_of(&path));
        let format = Format::wanted(request.headers());
        let directory = self.conditions.directory();
        let carry_out = |ledger: &Ledger<Resources>| {
            let task = Task {
                request,
                format,
                resources: &ledger.holdings,
                faults: &self.faults,
                rights: self.conditions.rights(),
                directory: &directory,
                lockout: self.conditions.lockout(),
                now: self.conditions.now(),
                new_id: ledger.next_uuid(),
            };
            task.carry_out(&path).unwrap_or_else(|refusal| (format.refusal(&refusal), Changes::new()))
        };
        self.ledger().serve(Line { request: line, id: None }, strike.as_ref(), carry_out, |denial| match denial {
            Denial::Refused(reason) => format.refusal(&Refusal::invalid(reason)),
            Denial::NotRecorded => bare(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }

    fn inject(&self, kind: FaultKind) {
        self.conditions.set(kind);
    }

    fn heal(&self) {
        self.conditions.heal();
    }

    fn state(&self) -> Value {
        let ledger = self.ledger();
        let list = |kind: &Kind| ledger.holdings.of(kind).collect::<Vec<&Resource>>();
        let kinds = KINDS.into_iter().chain([
            &USER,
            &CREDENTIAL,
            &ACCOUNT,
            &EXTENSION,
            &LIST_MEMBER,
            &GREETING,
            &TRANSFER_OPTION,
            &MENU_ENTRY,
        ]);
        let kinds = kinds.chain(notices::ALL.iter().map(|notices| notices.kind));
        kinds.map(|kind| (kind.list.to_lowercase(), json!(list(kind)))).collect::<Map<_, _>>().into()
    }

    fn log(&self) -> io::Result<Vec<u8>> {
        self.ledger().log()
    }
}
