use dialtone_model::Fault;
use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture};

use crate::{Call, Done, Driver, Look, Ran};

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
}
