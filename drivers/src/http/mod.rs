//! HTTPS as the devices speak it: keep-alive connections, and an exact account of what can have been sent.

mod client;
mod connection;
mod target;

pub(crate) use client::{Answer, Client, Deadline, Effect};
