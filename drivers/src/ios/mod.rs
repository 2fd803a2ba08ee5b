//! Unified CM Express and Unity Express, which are configured over a command line by SSH.
//!
//! A command line has no transactions and no keys of requests. What stands in for them: a slot is marked before it is
//! filled and until it is whole, everything is looked for by what it is, and after every writing the device is asked
//! what it has made of it.

mod cm_express;
mod command_line;
mod commands;
mod configuration;
mod dialogue;
mod edit;
mod lines;
mod mailboxes;
mod numbers;
mod phones;
mod probe;
mod prompt;
mod reading;
mod refusal;
mod screen;
mod shell;
mod target;
mod task;
mod unity_express;

pub(crate) use cm_express::CmExpress;
pub(crate) use unity_express::UnityExpress;
