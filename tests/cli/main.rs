//! The program as people use it: the real binary, data folders of its own, simulated devices on real sockets.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up fails")]

#[cfg(feature = "crash-points")]
mod crash;
#[path = "../crash_labels/mod.rs"]
mod crash_labels;
mod devices;
mod extensions;
mod faults;
mod help;
mod home;
mod installation;
mod interruption;
mod kept_files;
mod modes;
mod object_store;
mod operations;
#[path = "../patience/mod.rs"]
mod patience;
mod projects;
mod roles;
mod run;
mod synchronisation;
mod templates;
mod third_party;
