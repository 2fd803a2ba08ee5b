use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;
use std::sync::Arc;

use dialtone_model::Clock;
use hyper::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::fault::Strike;
use crate::journal::{Change, Journal, JournalError, LogEntry};
use crate::server::{Answer, bare};

/// What a simulated device holds; it follows from the effects of its journal alone.
pub(crate) trait Holdings: Default {
    /// One object.
    type Object: Serialize + DeserializeOwned;

    /// Makes an object what the change says.
    fn apply(&mut self, change: Change<Self::Object>);
}

/// What a device holds, with the journal that it follows from.
#[derive(Debug)]
pub(crate) struct Ledger<H> {
    pub(crate) holdings: H,
    journal: Journal,
    seq: u64,
    clock: Arc<dyn Clock>,
}

/// What the log says of a request.
#[derive(Debug)]
pub(crate) struct Line {
    /// What was asked, such as `PUT /v1/extensions/101`.
    pub(crate) request: String,
    /// The request's own key, if it had one.
    pub(crate) id: Option<String>,
}

/// Why a request is denied that the device itself has nothing against.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Denial<'a> {
    /// A fault refuses it, for this reason.
    Refused(&'a str),
    /// The journal can't be written.
    NotRecorded,
}

impl<H: Holdings> Ledger<H> {
    /// What the journal at `path` comes to; without a path, nothing, kept in memory.
    pub(crate) fn open(path: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        let (journal, entries) = match path {
            Some(path) => Journal::open(path)?,
            None => (Journal::Memory(Vec::new()), Vec::new()),
        };
        let mut ledger = Self { holdings: H::default(), journal, seq: 0, clock };
        for entry in entries {
            ledger.seq = entry.seq;
            entry.effects.into_iter().for_each(|change| ledger.holdings.apply(change));
        }
        Ok(ledger)
    }

    /// Carries a request out as far as a fault lets it, writes it down, and then lets its effects happen. `None`: the
    /// connection is closed instead of an answer.
    ///
    /// When it can't be written down nothing happens.
    pub(crate) fn serve(
        &mut self,
        line: Line,
        strike: Option<&Strike>,
        carry_out: impl FnOnce(&Self) -> (Answer, Vec<Change<H::Object>>),
        deny: impl Fn(Denial<'_>) -> Answer,
    ) -> Option<Answer> {
        let (answer, effects) = match strike {
            Some(Strike::DropBefore) => (None, Vec::new()),
            Some(Strike::DropAfter) => (None, carry_out(self).1),
            Some(Strike::Error) => (Some(bare(StatusCode::INTERNAL_SERVER_ERROR)), Vec::new()),
            Some(Strike::Refuse(reason)) => (Some(deny(Denial::Refused(reason))), Vec::new()),
            None => {
                let (answer, effects) = carry_out(self);
                (Some(answer), effects)
            }
        };
        let status = answer.as_ref().map(|answer| answer.status().as_u16());
        if self.record(line, status, effects).is_err() { Some(deny(Denial::NotRecorded)) } else { answer }
    }

    /// Writes a request down and has its effects. On an error nothing has happened.
    pub(crate) fn record(
        &mut self,
        line: Line,
        status: Option<u16>,
        effects: Vec<Change<H::Object>>,
    ) -> io::Result<()> {
        let Line { request, id } = line;
        let entry = LogEntry { seq: self.seq + 1, at: self.clock.now(), request, id, status, effects };
        if let Err(error) = self.journal.append(&entry) {
            tracing::error!(%error, "the journal can't be written");
            return Err(error);
        }
        self.seq = entry.seq;
        entry.effects.into_iter().for_each(|change| self.holdings.apply(change));
        Ok(())
    }

    /// An id that no other object of this device has. It follows from the number of the request that makes the object,
    /// so objects sort by their age.
    pub(crate) fn next_uuid(&self) -> Uuid {
        let mut hasher = DefaultHasher::new();
        self.seq.hash(&mut hasher);
        Uuid::from_u64_pair(self.seq + 1, hasher.finish())
    }

    /// The whole journal, as it is written.
    pub(crate) fn log(&self) -> io::Result<Vec<u8>> {
        self.journal.read()
    }
}
