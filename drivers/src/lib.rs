//! The devices' protocols, one module a family, behind one [`Driver`] trait.
//!
//! A driver executes a step and says what became of it; it never plans one. It is the only place where a
//! [`Fault`](dialtone_model::Fault) is made, because only here it is known whether a request can have reached the
//! device.

mod device;
mod dial;
mod driver;
mod extension;
mod http;
mod ios;
mod kamailio;
mod null;
mod phone_system;
mod said;
mod unified_cm;
mod unity;
mod unity_connection;

pub use device::{DriverError, for_device, for_device_within};
pub use dial::AddressRule;
pub use driver::{Call, Done, Driver, Look, Page, PageRequest, Probe, Ran};
pub use null::NullDriver;
