//! The other end of the devices' protocols: simulated devices on real TLS and SSH sockets, with state, a log and faults.
//!
//! A simulated device keeps its state in a journal that is written before each answer, so killing the process loses
//! nothing that was answered. The same journal is the log that a checker reads: every request, with the effects that
//! it had. Nothing here is shared with the drivers, because a mistake made on both sides would pass every test.

mod access;
mod certificate;
mod clock;
mod fault;
mod gate;
mod ios;
mod journal;
mod ledger;
mod phone_system;
mod recording;
mod server;
mod simulator;
mod unified_cm;
mod unity_connection;
mod xml;

pub use fault::{FaultKind, FaultSpec, FaultSpecError, Protocol, Rights, Selector};
pub use ios::HostKeyError;
pub use journal::{Change, LogEntry};
pub use simulator::{Builder, Simulator, StartError};
