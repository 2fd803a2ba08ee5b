use std::time::Duration;

use dialtone_model::{Complaint, Fault};
use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture};

use crate::{Call, Driver, Look, Page, PageRequest, Probe, Ran};

/// Cisco Unity, whose maker has ended it. Orders for it can be planned and read; none is carried out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unity;

impl Driver for Unity {
    fn run<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        refused()
    }

    fn look<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        refused()
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        refused()
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        refused()
    }

    fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        refused()
    }
}

fn refused<T: Send + 'static>() -> BoxFuture<'static, Result<T, Fault>> {
    let complaint = Complaint::new("unity-unsupported", "Cisco Unity can't be provisioned: Dialtone has no way to it")
        .repair("Move its subscribers to Unity Connection or Unity Express, which are supported.");
    future::ready(Err(Fault::Rejected(complaint))).boxed()
}
