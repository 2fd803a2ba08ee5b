use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::{Call, Driver, Look, Ran, for_device};
use dialtone_model::{Action, Device, DeviceId, DeviceKind, DeviceLimits, Fault, OrderId, OrganizationId, Step};
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
        let mut builder = Simulator::builder().phone_system(0);
        for fault in faults {
            builder = builder.fault(format!("phone-system:{fault}").parse().unwrap());
        }
        let simulator = builder.start().await.unwrap();
        let row = device(DeviceKind::PhoneSystem, simulator.phone_system().unwrap(), &simulator);
        Self { driver: for_device(&row).unwrap(), simulator, protocol: Protocol::PhoneSystem }
    }

    pub(crate) async fn run(&self, action: &Action) -> Result<Ran, Fault> {
        let step = step(action);
        self.driver.run(call(&step)).await
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
        for _ in 0..5 {
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

/// The row of a simulated device.
pub(crate) fn device(kind: DeviceKind, address: SocketAddr, simulator: &Simulator) -> Device {
    Device {
        id: DeviceId(Uuid::from_u128(1)),
        organization: OrganizationId(Uuid::from_u128(1)),
        name: "the device".to_owned(),
        kind,
        address: format!("https://{address}"),
        version: None,
        login: "dialtone".to_owned(),
        password: "dialtone".to_owned(),
        ca: Some(simulator.ca_pem().to_owned()),
        limits: DeviceLimits::default(),
    }
}

pub(crate) fn step(action: &Action) -> Step {
    Step { device: DeviceId(Uuid::from_u128(1)), action: action.clone() }
}

pub(crate) fn call(step: &Step) -> Call<'_> {
    Call { order: OrderId(Uuid::from_u128(7)), index: 0, step, timeout: Duration::from_secs(10) }
}
