//! Every driver against the simulated device of its protocol, over real TLS and SSH sockets.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as the tests do")]

mod cm_express;
mod cm_express_faults;
mod command_lines;
mod documentation;
mod netmiko;
mod old_ssh;
mod phone_system;
mod phone_system_faults;
mod phone_system_interleaved;
mod phone_system_reading;
mod scripted;
mod support;
mod unified_cm;
mod unified_cm_changes;
mod unified_cm_faults;
mod unified_cm_lines;
mod unified_cm_reading;
mod unified_cm_schema;
mod unity_connection;
mod unity_connection_reading;
mod unity_express;
