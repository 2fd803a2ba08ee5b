use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use dialtone_drivers::{Call, Driver, Look, Ran, for_device};
use dialtone_model::{
    Action, Device, DeviceId, DeviceKind, DeviceLimits, Fault, OrderId, OrganizationId, SecretString, Step, Tls,
};
use dialtone_simulator::{Protocol, Simulator};
use uuid::Uuid;

/// A simulated device and the driver to it.
pub(crate) struct Bench {
    pub(crate) simulator: Simulator,
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) protocol: Protocol,
}

impl Bench {
    /// A fresh Phone System with faults such as `drop-after=key:101`.
    pub(crate) async fn phone_system(faults: &[&str]) -> Self {
        Self::start(Protocol::PhoneSystem, "", faults).await
    }

    /// A fresh Unified CM of this version.
    pub(crate) async fn unified_cm(version: &str, faults: &[&str]) -> Self {
        Self::start(Protocol::Axl, version, faults).await
    }

    /// A fresh Unity Connection.
    pub(crate) async fn unity_connection(faults: &[&str]) -> Self {
        Self::start(Protocol::Cupi, "", faults).await
    }

    /// A fresh device of a protocol; `version` is empty where the protocol has none.
    pub(crate) async fn start(protocol: Protocol, version: &str, faults: &[&str]) -> Self {
        let builder = match protocol {
            Protocol::PhoneSystem => Simulator::builder().phone_system(0),
            Protocol::Axl => Simulator::builder().unified_cm(version, 0),
            Protocol::Cupi => Simulator::builder().unity_connection(0),
            Protocol::Ios => Simulator::builder().ios(0),
            Protocol::Cue => Simulator::builder().cue(0),
        };
        let simulator = builder.start().await.unwrap();
        let (kind, address) = match protocol {
            Protocol::PhoneSystem => (DeviceKind::PhoneSystem, simulator.phone_system()),
            Protocol::Axl => (DeviceKind::UnifiedCm, simulator.unified_cm().next().map(|(_, address)| address)),
            Protocol::Cupi => (DeviceKind::UnityConnection, simulator.unity_connection()),
            Protocol::Ios => (DeviceKind::CmExpress, simulator.ios()),
            Protocol::Cue => (DeviceKind::UnityExpress, simulator.cue()),
        };
        let row = Device { version: Some(version.to_owned()), ..device(kind, address.unwrap(), &simulator) };
        let bench = Self { driver: for_device(&row).unwrap(), simulator, protocol };
        faults.iter().for_each(|fault| bench.inject(fault));
        bench
    }

    /// Gives the device a fault such as `drop-after=key:101`.
    pub(crate) fn inject(&self, fault: &str) {
        self.simulator.inject(format!("{}:{fault}", self.protocol.name()).parse().unwrap());
    }

    pub(crate) async fn run(&self, action: &Action) -> Result<Ran, Fault> {
        let step = step(action);
        self.driver.run(call(&step)).await
    }

    /// Runs an action that sets a password or PIN.
    pub(crate) async fn run_with(&self, action: &Action, secret: &str) -> Result<Ran, Fault> {
        let (step, secret) = (step(action), SecretString::from(secret));
        self.driver.run(Call { secret: Some(&secret), ..call(&step) }).await
    }

    pub(crate) async fn look(&self, action: &Action) -> Result<Look, Fault> {
        let step = step(action);
        self.driver.look(call(&step)).await
    }

    pub(crate) async fn undo(&self, action: &Action) -> Result<(), Fault> {
        let step = step(action);
        self.driver.undo(call(&step)).await
    }

    /// Runs an action that must succeed.
    pub(crate) async fn done(&self, action: &Action) {
        assert!(matches!(self.run(action).await.unwrap(), Ran::Done(_)), "{action:?}");
    }

    pub(crate) fn state(&self) -> serde_json::Value {
        self.simulator.state(self.protocol)
    }

    /// How many requests had an effect.
    pub(crate) fn effects(&self) -> usize {
        self.simulator.log(self.protocol).unwrap().iter().filter(|entry| !entry.effects.is_empty()).count()
    }

    /// What the engine does with a step until its outcome is known: run, and look whenever it can't be told.
    pub(crate) async fn settle(&self, action: &Action) -> Look {
        self.settle_within(5, action).await
    }

    /// The same for a device that takes many requests for an action.
    pub(crate) async fn settle_within(&self, tries: usize, action: &Action) -> Look {
        for _ in 0..tries {
            match self.run(action).await {
                Ok(Ran::Done(done)) => return Look::Equal(done),
                Ok(Ran::AlreadyThere) | Err(Fault::Unknown(_)) => match self.look(action).await.unwrap() {
                    Look::Absent => {}
                    known => return known,
                },
                Err(Fault::NotSent { .. } | Fault::Busy { .. }) => {}
                Err(Fault::Rejected(complaint)) => panic!("{complaint}"),
            }
        }
        panic!("{action:?} did not settle");
    }
}

/// An action with those that must be done before it.
pub(crate) type Case = (Vec<Action>, Action);

/// Runs every action twice; the second time must end well and change nothing.
pub(crate) async fn twice(protocol: Protocol, version: &str, cases: Vec<Case>) {
    for (before, action) in cases {
        let bench = Bench::start(protocol, version, &[]).await;
        for action in &before {
            bench.done(action).await;
        }
        bench.done(&action).await;
        let state = bench.state();
        assert!(matches!(bench.look(&action).await.unwrap(), Look::Equal(_)), "{action:?}");
        assert!(matches!(bench.settle(&action).await, Look::Equal(_)), "{action:?}");
        assert_eq!(bench.state(), state, "{action:?}");
    }
}

/// More than the requests of any action, so that each may fail once.
const MANY: usize = 20;

/// Lets every request of every action fail once, before and after its effect; the end must be as without faults.
pub(crate) async fn failed(protocol: Protocol, version: &str, cases: Vec<Case>) {
    for (before, action) in &cases {
        let healthy = Bench::start(protocol, version, &[]).await;
        for action in before {
            healthy.done(action).await;
        }
        healthy.done(action).await;
        for fault in ["drop-before=100%,once", "drop-after=100%,once", "error=100%,once"] {
            let faulty = Bench::start(protocol, version, &[]).await;
            for action in before {
                faulty.done(action).await;
            }
            faulty.inject(fault);
            assert!(matches!(faulty.settle_within(MANY, action).await, Look::Equal(_)), "{fault} {action:?}");
            assert_eq!(without_ids(faulty.state()), without_ids(healthy.state()), "{fault} {action:?}");
            assert_eq!(faulty.effects(), healthy.effects(), "{fault} {action:?}");
        }
    }
}

/// Undoes every action, twice; what is left must be what was there before it.
pub(crate) async fn undone(protocol: Protocol, version: &str, cases: Vec<Case>) {
    for (before, action) in cases {
        let bench = Bench::start(protocol, version, &[]).await;
        for action in &before {
            bench.done(action).await;
        }
        let state = bench.state();
        bench.undo(&action).await.unwrap();
        assert_eq!(bench.state(), state, "{action:?}");
        bench.done(&action).await;
        assert_ne!(bench.state(), state, "{action:?}");
        bench.undo(&action).await.unwrap();
        bench.undo(&action).await.unwrap();
        assert_eq!(without_empty_lists(bench.state()), without_empty_lists(state), "{action:?}");
    }
}

/// A device numbers its objects by its requests, so a repeated request has other ids.
fn without_ids(mut state: serde_json::Value) -> serde_json::Value {
    prune(&mut state, &|name, _| matches!(name, "ObjectId" | "URI" | "UserObjectId"));
    state
}

/// A list that was emptied is as good as one that never was.
fn without_empty_lists(mut state: serde_json::Value) -> serde_json::Value {
    prune(&mut state, &|_, value| value.as_array().is_some_and(Vec::is_empty));
    state
}

fn prune(value: &mut serde_json::Value, goes: &impl Fn(&str, &serde_json::Value) -> bool) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|name, value| !goes(name, value));
            members.values_mut().for_each(|value| prune(value, goes));
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| prune(item, goes)),
        _ => {}
    }
}

/// The row of a simulated device.
pub(crate) fn device(kind: DeviceKind, address: SocketAddr, simulator: &Simulator) -> Device {
    Device {
        id: DeviceId(Uuid::from_u128(1)),
        organization: OrganizationId(Uuid::from_u128(1)),
        name: "the device".to_owned(),
        kind,
        address: match kind {
            DeviceKind::CmExpress | DeviceKind::UnityExpress => format!("ssh://{address}"),
            _ => format!("https://{address}"),
        },
        version: None,
        login: "dialtone".to_owned(),
        password: "dialtone".to_owned(),
        secrets: BTreeMap::new(),
        tls: Tls::Ca(simulator.ca_pem().to_owned()),
        settings: simulator.host_key().map(|key| ("ssh.host-key".to_owned(), key.to_owned())).into_iter().collect(),
        limits: DeviceLimits::default(),
    }
}

pub(crate) fn step(action: &Action) -> Step {
    Step { device: DeviceId(Uuid::from_u128(1)), action: action.clone() }
}

/// What steps that set a password or PIN are given where a test says nothing else.
static SECRET: LazyLock<SecretString> = LazyLock::new(|| "635241".into());

pub(crate) fn call(step: &Step) -> Call<'_> {
    let secret = step.sets_credential().then_some(&*SECRET);
    Call { order: OrderId(Uuid::from_u128(7)), index: 0, step, secret, timeout: Duration::from_secs(10) }
}
