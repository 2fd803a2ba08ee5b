mod call_features;
mod call_routing;
mod changes;
mod classes;
mod columns;
mod conditions;
mod directories;
mod edited_lists;
mod extension_mobility;
mod fresh;
mod gateways;
mod infrastructure;
mod lines;
mod media;
mod memberships;
mod mobility;
mod models;
mod objects;
mod operations;
mod origin;
mod patterns;
mod phones;
mod presence;
mod profiles;
mod reading;
mod references;
mod refusal;
mod rendering;
mod route_plan;
mod schema;
mod servers;
mod services;
mod soap;
mod sql;
mod sql_classes;
mod sql_conditions;
mod sql_expression;
mod sql_groups;
mod sql_parser;
mod sql_query;
mod sql_tokens;
mod sql_update;
mod table_of_phones;
mod table_rows;
mod tables;
#[cfg(test)]
mod tests;
mod trunks;
mod users;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use dialtone_model::Clock;
use hyper::{Method, Request, StatusCode};

use self::classes::CLASSES;
use self::conditions::Conditions;
use self::objects::{Changes, Objects};
use self::operations::{Outcome, Task};
use self::refusal::Refusal;
use self::rendering::Rendering;
use self::schema::{Class, Version};
use self::soap::NoRequest;
use crate::fault::{FaultKind, Faults, Rights, Strike};
use crate::journal::JournalError;
use crate::ledger::{Denial, Ledger, Line};
use crate::server::{Answer, Device, bare, whole};

/// A simulated Unified CM of one version, as AXL shows it.
#[derive(Debug)]
pub(crate) struct UnifiedCm {
    version: Version,
    ledger: Mutex<Ledger<Objects>>,
    faults: Arc<Faults>,
    conditions: Conditions,
}

/// The versions whose schema is known, oldest first.
const VERSIONS: [Version; 9] = [(9, 1), (10, 0), (10, 5), (11, 0), (11, 5), (12, 0), (12, 5), (14, 0), (15, 0)];

/// The version that a text such as `12.5` names; `None` if it isn't known.
pub(crate) fn known_version(text: &str) -> Option<(u8, u8)> {
    soap::version(text).filter(|version| VERSIONS.contains(version))
}

impl UnifiedCm {
    /// Goes on from the journal at `path`; without one it begins as the maker delivers it and keeps nothing.
    pub(crate) fn open(
        version: Version,
        path: Option<&Path>,
        faults: Arc<Faults>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JournalError> {
        let conditions = Conditions::new(clock.clone());
        let mut ledger: Ledger<Objects> = Ledger::open(path, clock)?;
        ledger.holdings.forget_changes();
        Ok(Self { version, ledger: Mutex::new(ledger), faults, conditions })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Objects>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The versions of the schema that it takes, its own last, as the AXL developer guide lists them.
    fn versions(&self) -> Vec<Version> {
        let oldest = match self.version {
            version if version >= (15, 0) => (12, 0),
            version if version >= (14, 0) => (11, 0),
            version if version >= (12, 0) => (10, 0),
            _ => (9, 1),
        };
        VERSIONS.into_iter().filter(|version| (oldest..=self.version).contains(version)).collect()
    }

    fn carry_out(&self, request: &soap::Request, ledger: &Ledger<Objects>) -> Outcome {
        let soap::Request { operation, content, version } = request;
        let objects = &ledger.holdings;
        if let Some(outcome) = services::carry_out(request, ledger, &self.conditions) {
            return outcome;
        }
        let unknown = || Refusal::malformed(format!("there is no operation {operation}"));
        let (verb, class) = Class::of_operation(operation).ok_or_else(unknown)?;
        if class.since > *version {
            return Err(unknown());
        }
        let task = Task { class, content, objects, version: *version };
        match verb {
            verb if class.activations.contains(&verb) && *version >= services::SINGLE_OBJECTS => task.activate(),
            verb if !class.verbs.contains(&verb) => Err(unknown()),
            "add" if class.name == "user" && self.conditions.ldap().is_some() => Err(Refusal::users_come_from_ldap()),
            "add" => task.add(ledger.next_uuid()),
            "update" => task.update(),
            "remove" => task.remove(),
            "get" => task.get(),
            "list" => task.list(),
            _ => Err(unknown()),
        }
    }

    /// Whether a fault strikes the request; reading is spared.
    fn strike(&self, asked: &soap::Request) -> Option<Strike> {
        if !asked.is_change() {
            return None;
        }
        self.faults.strike(&asked.line(), || {
            let mut fields = vec![("operation", asked.operation.as_str())];
            asked.content.iter().for_each(|element| element.leaves(&mut fields));
            fields
        })
    }

    fn wrong_version(&self) -> Answer {
        let supported: Vec<String> = self.versions().into_iter().map(soap::shown).collect();
        let text = format!("Incorrect axl version. Supported axl versions: {}", supported.join(","));
        let mut answer = whole("text/html;charset=utf-8", text.into());
        // 599 is AXL's own.
        *answer.status_mut() = StatusCode::from_u16(599).unwrap_or(StatusCode::BAD_REQUEST);
        answer
    }
}

impl Device for UnifiedCm {
    fn answer(&self, request: &Request<Bytes>) -> Option<Answer> {
        if request.uri().path().trim_end_matches('/') != "/axl" {
            return Some(bare(StatusCode::NOT_FOUND));
        }
        if self.conditions.rights() == Rights::None {
            return Some(bare(StatusCode::FORBIDDEN));
        }
        if request.method() == Method::GET {
            // Clients ask this to see whether the service is there and their account may use it.
            return Some(whole(
                "text/html;charset=utf-8",
                "<html><body>The AXL web service is working.</body></html>".into(),
            ));
        }
        if request.method() != Method::POST {
            return Some(bare(StatusCode::METHOD_NOT_ALLOWED));
        }
        let action = request.headers().get("soapaction").and_then(|action| action.to_str().ok());
        let asked = match soap::request(request.body(), action, &self.versions()) {
            Ok(asked) => asked,
            Err(NoRequest::Version) => return Some(self.wrong_version()),
            Err(NoRequest::Refused(refusal)) => return Some(soap::fault("", &refusal)),
        };
        if asked.is_change() && self.conditions.rights() == Rights::Read {
            return Some(bare(StatusCode::FORBIDDEN));
        }
        if asked.is_change() && self.conditions.throttles() {
            return Some(bare(StatusCode::SERVICE_UNAVAILABLE));
        }
        let strike = self.strike(&asked);
        let carry_out = |ledger: &Ledger<Objects>| match self.carry_out(&asked, ledger) {
            Ok((content, _)) if content.children.len() > 1 && content.size() > self.conditions.largest_reply() => {
                let (rows, bytes) = (content.children.len(), content.size());
                let fewer = rows * self.conditions.largest_reply() / bytes;
                (soap::fault(&asked.operation, &Refusal::too_large(rows, fewer)), Changes::new())
            }
            Ok((content, changes)) => {
                self.conditions.note_changes(changes.len());
                (soap::response(&asked.operation, asked.version, content), changes)
            }
            Err(refusal) => (soap::fault(&asked.operation, &refusal), Changes::new()),
        };
        let line = Line { request: asked.line(), id: None };
        self.ledger().serve(line, strike.as_ref(), carry_out, |denial| match denial {
            Denial::Refused(reason) => soap::fault(&asked.operation, &Refusal::invalid("the request", reason)),
            Denial::NotRecorded => bare(StatusCode::INTERNAL_SERVER_ERROR),
        })
    }

    fn inject(&self, kind: FaultKind) {
        self.conditions.set(kind);
    }

    fn heal(&self) {
        self.conditions.heal();
    }

    fn state(&self) -> serde_json::Value {
        let ledger = self.ledger();
        Rendering { objects: &ledger.holdings, version: self.version, listing: false }.all(CLASSES)
    }

    fn log(&self) -> io::Result<Vec<u8>> {
        self.ledger().log()
    }
}
