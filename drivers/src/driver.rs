use std::fmt;
use std::time::Duration;

use dialtone_model::{Fault, OrderId, Step};
use futures_util::future::BoxFuture;

/// One device family's protocol. Each method is one step's worth of calls to the device.
pub trait Driver: fmt::Debug + Send + Sync {
    /// Asks for the step's effect. It is called first; `look` only when the answer is open.
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>>;

    /// Asks the device whether the step's effect is there. It changes nothing on the device.
    fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>>;

    /// Takes the step's effect back where the device allows it; done, too, when it isn't there.
    fn undo<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>>;
}

/// Makes a type with async methods `run`, `look` and `undo` a [`Driver`], whose futures are boxed.
macro_rules! boxed_driver {
    ($type:ty) => {
        impl $crate::Driver for $type {
            fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
                Box::pin(self.run(call))
            }

            fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
                Box::pin(self.look(call))
            }

            fn undo<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
                Box::pin(self.undo(call))
            }
        }
    };
}
pub(crate) use boxed_driver;

/// What a driver is told.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The order that the step is of; with the index it names the request, in logs and in devices that keep such keys.
    pub order: OrderId,
    /// The index of the step in its order.
    pub index: u16,
    /// What to do.
    pub step: &'a Step,
    /// How long the whole may take. Past it the answer is [`Fault::Unknown`], or [`Fault::NotSent`] if nothing was sent.
    pub timeout: Duration,
}

/// What became of [`Driver::run`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ran {
    /// The step's effect is there.
    Done(Done),
    /// The device says that such an object exists already. Only [`Driver::look`] can tell whether it is equal.
    AlreadyThere,
}

/// A step's effect is on the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The device's own id of what was made, for the report.
    pub reference: Option<String>,
}

/// What [`Driver::look`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The step had no effect.
    Absent,
    /// Same key, same owner, and every value that the step would send is equal.
    Equal(Done),
    /// Something else has the key.
    Different {
        /// What differs, each as `user: device has A, the order says B`.
        differences: Vec<String>,
    },
}
