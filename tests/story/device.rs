//! A simulated Phone System on a real socket, which fails as the story wants, and the drivers that reach it.
//!
//! The driver and the simulator are the ones that everybody uses. The story adds what only it knows: how long things
//! take on its clock, and which worker asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dialtone_drivers::{Call, Driver, Look, Page, PageRequest, Probe, Ran, for_device};
use dialtone_model::{AddOn, Clock, Complaint, Device, Extension, Fault, OrderId, Tls};
use dialtone_simulator::{Protocol, Simulator};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

/// What goes wrong, in calls of a hundred.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mischief {
    /// The way to the device is cut before anything is sent.
    pub(crate) unreachable: u32,
    /// The connection is closed before the request has its effect.
    pub(crate) lost_before: u32,
    /// The connection is closed after it.
    pub(crate) lost_after: u32,
    /// The device fails without effect and without saying so.
    pub(crate) failed: u32,
    /// The device refuses for good.
    pub(crate) refused: u32,
    /// How many requests a second the device takes; more are told to come again.
    pub(crate) rate: Option<u32>,
}

/// The device's end of the story.
#[derive(Debug)]
pub(crate) struct StoryDevice {
    clock: Arc<dyn Clock>,
    simulator: Simulator,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    random: SmallRng,
    unreachable: u32,
    runs: Vec<OrderId>,
    /// Calls in hand, by worker.
    in_hand: BTreeMap<usize, u32>,
    overlaps: u32,
    /// Calls that wait for the socket rather than for the clock.
    on_the_wire: u32,
}

impl StoryDevice {
    pub(crate) async fn start(clock: Arc<dyn Clock>, seed: u64, mischief: Mischief) -> Arc<Self> {
        let builder = Simulator::builder().phone_system(0).seed(seed).clock(Arc::clone(&clock));
        let simulator = builder.start().await.unwrap();
        let Mischief { unreachable, lost_before, lost_after, failed, refused, rate } = mischief;
        let shares = [("drop-before", lost_before), ("drop-after", lost_after), ("error", failed), ("refuse", refused)];
        for (kind, share) in shares {
            simulator.inject(format!("phone-system:{kind}={share}%").parse().unwrap());
        }
        if let Some(rate) = rate {
            simulator.inject(format!("phone-system:rate={rate}").parse().unwrap());
        }
        let inner = Inner {
            random: SmallRng::seed_from_u64(seed),
            unreachable,
            runs: Vec::new(),
            in_hand: BTreeMap::new(),
            overlaps: 0,
            on_the_wire: 0,
        };
        Arc::new(Self { clock, simulator, inner: Mutex::new(inner) })
    }

    /// From now on nothing goes wrong.
    pub(crate) fn heal(&self) {
        self.simulator.heal(Protocol::PhoneSystem);
        self.lock().unreachable = 0;
    }

    /// The driver through which a worker of this number reaches the device of this row.
    pub(crate) fn driver(self: &Arc<Self>, row: &Device, worker: usize) -> Arc<dyn Driver> {
        let address = self.simulator.phone_system().unwrap();
        let row = Device {
            address: format!("https://{address}"),
            tls: Tls::Ca(self.simulator.ca_pem().to_owned()),
            login: "dialtone".to_owned(),
            password: "dialtone".to_owned(),
            ..row.clone()
        };
        Arc::new(StoryDriver { device: Arc::clone(self), driver: for_device(&row).unwrap(), worker })
    }

    pub(crate) fn extensions(&self) -> BTreeMap<String, Extension> {
        let state = self.simulator.state(Protocol::PhoneSystem);
        state["extensions"].as_array().unwrap().iter().map(extension).map(|held| (held.key.clone(), held)).collect()
    }

    /// How often each key was created, by the device's own log.
    pub(crate) fn created(&self) -> BTreeMap<String, u32> {
        let mut created = BTreeMap::new();
        for entry in self.simulator.log(Protocol::PhoneSystem).unwrap() {
            for effect in entry.effects {
                let key = effect.object.strip_prefix("extension/").unwrap().to_owned();
                assert!(effect.value.is_some(), "the story deletes nothing, and {key} is gone");
                *created.entry(key).or_default() += 1;
            }
        }
        created
    }

    /// The orders whose step was run, once for each time.
    pub(crate) fn runs(&self) -> Vec<OrderId> {
        self.lock().runs.clone()
    }

    /// How often two workers both had a call in hand.
    pub(crate) fn overlaps(&self) -> u32 {
        self.lock().overlaps
    }

    /// Whether somebody waits for the socket, so that it isn't the clock that everybody waits for.
    pub(crate) fn is_on_the_wire(&self) -> bool {
        self.lock().on_the_wire > 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }
}

/// An extension as the device lists it.
fn extension(held: &Value) -> Extension {
    let text = |name: &str| held[name].as_str().map(str::to_owned);
    let add_ons = held["addOns"].as_array().unwrap().iter();
    Extension {
        key: text("key").unwrap(),
        directory_name: text("directoryName").unwrap(),
        user: text("user").map(|user| user.parse().unwrap()),
        number: text("number"),
        add_ons: add_ons.map(|code| AddOn(code.as_str().unwrap().to_owned())).collect(),
    }
}

/// The driver through which one worker reaches the device.
#[derive(Debug)]
struct StoryDriver {
    device: Arc<StoryDevice>,
    driver: Arc<dyn Driver>,
    worker: usize,
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

/// Counts a call as on the wire until it is dropped.
struct OnTheWire<'a>(&'a StoryDevice);

impl<'a> OnTheWire<'a> {
    fn new(device: &'a StoryDevice) -> Self {
        device.lock().on_the_wire += 1;
        Self(device)
    }
}

impl Drop for OnTheWire<'_> {
    fn drop(&mut self) {
        self.0.lock().on_the_wire -= 1;
    }
}

impl StoryDriver {
    /// Makes a call that takes its time on the story's clock, on the way there and on the way back.
    async fn call<T>(&self, timeout: Duration, call: BoxFuture<'_, Result<T, Fault>>) -> Result<T, Fault> {
        let _in_hand = InHand::new(self);
        let unreachable = {
            let mut inner = self.device.lock();
            inner.random.random_range(0..100) < inner.unreachable
        };
        if unreachable {
            let complaint = Complaint::new("connection-refused", "the story cut the way to the device");
            return Err(Fault::NotSent { complaint, retry_after: None });
        }
        self.wait(timeout).await;
        let answer = {
            let _on_the_wire = OnTheWire::new(&self.device);
            call.await
        };
        self.wait(timeout / 10).await;
        answer
    }

    async fn wait(&self, most: Duration) {
        let share = self.device.lock().random.random_range(0.0..0.9);
        self.device.clock.sleep(most.mul_f64(share)).await;
    }
}

impl Driver for StoryDriver {
    fn run<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
        self.device.lock().runs.push(call.order);
        self.call(call.timeout, self.driver.run(call)).boxed()
    }

    fn look<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
        self.call(call.timeout, self.driver.look(call)).boxed()
    }

    fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        panic!("the story undoes nothing")
    }

    fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
        panic!("the story asks no device who it is")
    }

    fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
        panic!("the story synchronises nothing")
    }
}
