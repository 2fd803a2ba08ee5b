//! HTTPS as the devices speak it: keep-alive connections, and an exact account of what can have been sent.

mod client;
mod connection;
mod session;
mod target;

use dialtone_model::{Complaint, Fault};

pub(crate) use client::{Answer, Client, Deadline, Effect};
pub(crate) use session::Session;
pub(crate) use target::config as tls_config;

/// A device refuses login or password. The order can't help it, so it may be retried once the device's row is right.
pub(crate) fn credentials_refused() -> Fault {
    let complaint = Complaint::new("credentials-refused", "the device refuses the login or the password")
        .repair("Correct the login and the password of the device, then retry.");
    Fault::NotSent { complaint, retry_after: None }
}
