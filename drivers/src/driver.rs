use std::fmt;
use std::time::Duration;

use dialtone_model::{Complaint, DeviceObject, Fault, ObjectKind, OrderId, SecretString, Step, SyncScope};
use futures_util::future::BoxFuture;

/// One device family's protocol. Each method is one step's worth of calls to the device.
pub trait Driver: fmt::Debug + Send + Sync {
    /// Asks for the step's effect. It is called first; `look` only when the answer is open.
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>>;

    /// Asks the device whether the step's effect is there. It changes nothing on the device.
    fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>>;

    /// Takes the step's effect back where the device allows it; done, too, when it isn't there.
    fn undo<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>>;

    /// Asks the device who it is: its version, what the account may do, and its clock.
    fn probe(&self, timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>>;

    /// Reads one page of what the device holds. The caller goes on with [`Page::next`] until there is none; a page is
    /// small enough that a whole synchronisation needs no more memory than a page.
    fn read<'a>(&'a self, request: &'a PageRequest, timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>>;
}

/// Makes a type with async methods of the same names a [`Driver`], whose futures are boxed.
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

            fn probe(&self, timeout: std::time::Duration) -> BoxFuture<'_, Result<$crate::Probe, Fault>> {
                Box::pin(self.probe(timeout))
            }

            fn read<'a>(
                &'a self,
                request: &'a $crate::PageRequest,
                timeout: std::time::Duration,
            ) -> BoxFuture<'a, Result<$crate::Page, Fault>> {
                Box::pin(self.read(request, timeout))
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
    /// The password or PIN that the step sets: of a step that [sets one](Step::sets_credential), or of an extension on a
    /// device that keeps passwords.
    pub secret: Option<&'a SecretString>,
    /// How long the whole may take. Past it the answer is [`Fault::Unknown`], or [`Fault::NotSent`] if nothing was sent.
    pub timeout: Duration,
}

impl<'a> Call<'a> {
    /// The password or PIN, for a step that can't do without.
    pub(crate) fn given_secret(&self) -> Result<&'a SecretString, Fault> {
        let missing =
            || Complaint::new("secret-missing", "the step came without the password or PIN that it is to set");
        self.secret.ok_or_else(|| Fault::Rejected(missing()))
    }
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

/// What a device says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// Its product and version in its own words, where it tells.
    pub version: Option<String>,
    /// What the account may not do, each in a sentence; empty when it may do all that Dialtone needs.
    pub missing_rights: Vec<String>,
    /// The device's clock when it answered, in seconds since 1970, where it tells.
    pub clock: Option<i64>,
}

/// Which page of a synchronisation is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// What is read.
    pub scope: SyncScope,
    /// The mark of the last whole read: only what changed since is wanted. A device that can't tell reads all.
    pub since: Option<String>,
    /// Where the page before ended; `None` for the first one.
    pub after: Option<String>,
}

/// One page of what a device holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Whether this is a read of everything, so that what isn't in any page is gone. `false` only where
    /// [`PageRequest::since`] was honoured.
    pub whole: bool,
    /// What is there.
    pub found: Vec<DeviceObject>,
    /// What an incremental read found removed.
    pub gone: Vec<(ObjectKind, String)>,
    /// Where the next page begins; `None` for the last one.
    pub next: Option<String>,
    /// On the last page: the mark to give as [`PageRequest::since`] the next time, where the device has such marks.
    pub mark: Option<String>,
}
