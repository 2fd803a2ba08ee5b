//! The Kamailio driver against real databases, PostgreSQL and SQLite, with Kamailio's tables in them.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as the tests do")]

mod bed;
mod cuts;
mod faults;
mod probing;
mod proxy;
mod reading;
mod registrar;
mod steps;
