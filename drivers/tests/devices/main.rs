//! Every driver against the simulated device of its protocol, over real TLS sockets.

mod phone_system;
mod phone_system_faults;
mod phone_system_interleaved;
mod support;
