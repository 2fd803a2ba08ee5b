//! The fault suite: real processes and real servers, killed, paused, cut off and restarted, and a checker that compares
//! what was ordered with the store, with the devices' own logs and with the reports.
//!
//!     tests/faults.sh                            everything
//!     DIALTONE_FAULT_KILLS=2000 tests/faults.sh  more kills
//!     DIALTONE_FAULT_SEED=42 tests/faults.sh     the decisions of an earlier time
//!
//! The tests take turns, because each has the servers and the two processors for itself. A lease lives 1 s here.

#![expect(clippy::unwrap_used, reason = "a test that can't set its stage fails")]

mod chains;
mod chance;
mod checker;
mod clocks;
#[path = "../crash_labels/mod.rs"]
mod crash_labels;
mod crew;
mod database;
mod defects;
mod device;
mod disk;
mod kills;
mod labels;
mod messages;
#[path = "../patience/mod.rs"]
mod patience;
mod pauses;
mod process;
mod restore;
mod servers;
mod services;
mod site;
mod upgrade;
