//! How many calls a second a driver gets from the simulated device of its protocol, over TLS, both in one process.
//!
//! `cargo bench --bench device_calls [-- CALLS [CONCURRENCY]]`
