use std::time::Duration;

use dialtone_model::Fault;
use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture};

use crate::{Call, Done, Driver, Look, Page, PageRequest, Probe, Ran};

/// No device: every step is done at once. What a run costs without its devices is measured with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullDriver;

impl Driver for NullDriver {
    fn run<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        future::ready(Ok(Ran::Done(Done::default()))).boxed()
    }

    fn look<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        future::ready(Ok(Look::Equal(Done::default()))).boxed()
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        future::ready(Ok(())).boxed()
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        future::ready(Ok(Probe::default())).boxed()
    }

    fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        future::ready(Ok(Page { whole: true, ..Page::default() })).boxed()
    }
}
