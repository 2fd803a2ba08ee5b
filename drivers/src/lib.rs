//! The devices' protocols, one module a family, behind one [`Driver`] trait.
//!
//! A driver executes a step and says what became of it; it never plans one. It is the only place where a
//! [`Fault`] is made, because only here it is known whether a request can have reached the device.

mod driver;

pub use driver::{Call, Done, Driver, Look, Ran};
