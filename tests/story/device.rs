//! A Phone System in memory that fails as the story wants and writes down every call and every effect.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dialtone_drivers::{Call, Done, Driver, Look, Page, PageRequest, Probe, Ran};
use dialtone_model::{Action, Clock, Complaint, Extension, Fault, OrderId};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// What goes wrong, in calls of a hundred.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mischief {
    pub(crate) refused_before: u32,
    pub(crate) lost_before: u32,
    pub(crate) lost_after: u32,
    pub(crate) busy: u32,
    pub(crate) rejected: u32,
}

/// The device's end of the story.
#[derive(Debug)]
pub(crate) struct StoryDevice {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    random: SmallRng,
    mischief: Mischief,
    extensions: BTreeMap<String, Extension>,
    created: BTreeMap<String, u32>,
    runs: Vec<OrderId>,
    /// Calls in hand, by worker.
    in_hand: BTreeMap<usize, u32>,
    overlaps: u32,
}

impl StoryDevice {
    pub(crate) fn new(clock: Arc<dyn Clock>, seed: u64, mischief: Mischief) -> Arc<Self> {
        let inner = Inner {
            random: SmallRng::seed_from_u64(seed),
            mischief,
            extensions: BTreeMap::new(),
            created: BTreeMap::new(),
            runs: Vec::new(),
            in_hand: BTreeMap::new(),
            overlaps: 0,
        };
        Arc::new(Self { clock, inner: Mutex::new(inner) })
    }

    /// From now on nothing goes wrong.
    pub(crate) fn heal(&self) {
        self.lock().mischief = Mischief::default();
    }

    pub(crate) fn extensions(&self) -> BTreeMap<String, Extension> {
        self.lock().extensions.clone()
    }

    /// How often each key was created.
    pub(crate) fn created(&self) -> BTreeMap<String, u32> {
        self.lock().created.clone()
    }

    /// The orders whose step was run, once for each time.
    pub(crate) fn runs(&self) -> Vec<OrderId> {
        self.lock().runs.clone()
    }

    /// How often two workers both had a call in hand.
    pub(crate) fn overlaps(&self) -> u32 {
        self.lock().overlaps
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

/// The driver through which one worker reaches the device.
#[derive(Debug)]
pub(crate) struct StoryDriver {
    pub(crate) device: Arc<StoryDevice>,
    pub(crate) worker: usize,
}

/// Counts a call as in hand until it is dropped, also when its worker dies in the middle of it.
struct InHand<'a>(&'a StoryDriver);

impl<'a> InHand<'a> {
    fn new(driver: &'a StoryDriver) -> Self {
        let mut inner = driver.device.lock();
        *inner.in_hand.entry(driver.worker).or_default() += 1;
        let others = inner.in_hand.iter().any(|(worker, calls)| *worker != driver.worker && *calls > 0);
        inner.overlaps += u32::from(others);
        drop(inner);
        Self(driver)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        *self.0.device.lock().in_hand.entry(self.0.worker).or_default() -= 1;
    }
}

fn complaint(code: &str) -> Complaint {
    Complaint::new(code, format!("the story made a {code}"))
}

impl StoryDriver {
    async fn wait(&self, timeout: Duration) {
        let share = self.device.lock().random.random_range(0.0..0.9);
        self.device.clock.sleep(timeout.mul_f64(share)).await;
    }

    async fn create(&self, call: Call<'_>, extension: &Extension) -> Result<Ran, Fault> {
        let _in_hand = InHand::new(self);
        let fate = {
            let mut inner = self.device.lock();
            inner.runs.push(call.order);
            inner.random.random_range(0..100)
        };
        let Mischief { refused_before, lost_before, lost_after, busy, rejected } = self.device.lock().mischief;
        let mut limit = refused_before;
        if fate < limit {
            return Err(Fault::NotSent { complaint: complaint("connection-refused"), retry_after: None });
        }
        self.wait(call.timeout).await;
        limit += lost_before;
        if fate < limit {
            return Err(Fault::Unknown(complaint("timeout")));
        }
        limit += busy;
        if fate < limit {
            return Err(Fault::Busy { complaint: complaint("busy"), retry_after: Some(Duration::from_secs(3)) });
        }
        limit += rejected;
        if fate < limit {
            return Err(Fault::Rejected(complaint("refused-value")));
        }
        {
            let mut inner = self.device.lock();
            if inner.extensions.contains_key(&extension.key) {
                return Ok(Ran::AlreadyThere);
            }
            inner.extensions.insert(extension.key.clone(), extension.clone());
            *inner.created.entry(extension.key.clone()).or_default() += 1;
        }
        self.wait(call.timeout / 10).await;
        limit += lost_after;
        if fate < limit {
            return Err(Fault::Unknown(complaint("connection-lost")));
        }
        Ok(Ran::Done(Done::default()))
    }

    async fn inspect(&self, call: Call<'_>, wanted: &Extension) -> Result<Look, Fault> {
        let _in_hand = InHand::new(self);
        self.wait(call.timeout).await;
        let inner = self.device.lock();
        Ok(match inner.extensions.get(&wanted.key) {
            None => Look::Absent,
            Some(there) if there == wanted => Look::Equal(Done::default()),
            Some(there) => Look::Different { differences: vec![format!("device has {there:?}")] },
        })
    }
}

impl Driver for StoryDriver {
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        match &call.step.action {
            Action::ProvisionExtension(extension) => self.create(call, extension).boxed(),
            other => panic!("the story has no {other:?}"),
        }
    }

    fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        match &call.step.action {
            Action::ProvisionExtension(extension) => self.inspect(call, extension).boxed(),
            other => panic!("the story has no {other:?}"),
        }
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        async { panic!("the story undoes nothing") }.boxed()
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        panic!("the story synchronises nothing")
    }

    fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        panic!("the story synchronises nothing")
    }
}
