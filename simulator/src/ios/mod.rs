//! The command lines of a router with CM Express and of Unity Express, over SSH.

mod commands;
mod configuration;
mod cue;
mod grammar;
mod host_key;
mod parts;
mod router;
mod section;
mod session;
mod show;
mod ssh;
mod terminal;
mod users;

pub(crate) use cue::Cue;
pub use host_key::HostKeyError;
pub(crate) use host_key::{HostKey, fingerprint, host_key};
pub(crate) use router::Router;
pub(crate) use ssh::{CommandLine, SshFront, serve};
