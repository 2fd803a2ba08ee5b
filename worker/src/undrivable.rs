use std::time::Duration;

use dialtone_drivers::{Call, Driver, Look, Page, PageRequest, Probe, Ran};
use dialtone_model::{Complaint, Fault};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

/// Stands in for the driver of a device whose row gives none, so that its orders fail like those of a device that
/// can't be reached, and end with a person, instead of waiting for ever.
#[derive(Debug)]
pub(crate) struct Undrivable {
    reason: String,
}

impl Undrivable {
    pub(crate) fn new(reason: String) -> Self {
        Self { reason }
    }

    fn refuse<T: Send + 'static>(&self) -> BoxFuture<'static, Result<T, Fault>> {
        let complaint = Complaint::new("device-undrivable", self.reason.clone()).repair("mend the device's settings");
        ready(Err(Fault::NotSent { complaint, retry_after: None })).boxed()
    }
}

impl Driver for Undrivable {
    fn run<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        self.refuse()
    }

    fn look<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        self.refuse()
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        self.refuse()
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        self.refuse()
    }

    fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        self.refuse()
    }
}
