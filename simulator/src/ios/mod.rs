//! The command lines of a router with CM Express and of Unity Express, over SSH.

mod commands;
mod configuration;
mod configuration_mode;
mod cue;
mod cue_commands;
mod exec_mode;
mod grammar;
mod hardware;
mod host_key;
mod named;
mod part;
mod parts;
mod phones;
mod router;
mod section;
mod session;
mod show;
mod ssh;
mod terminal;
#[cfg(test)]
mod tests;
mod users;

pub(crate) use cue::Cue;
pub use host_key::HostKeyError;
pub(crate) use host_key::{HostKey, fingerprint, host_key};
pub(crate) use router::Router;
pub(crate) use ssh::{CommandLine, SshFront, serve};
