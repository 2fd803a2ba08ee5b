use crate::installation::{Installation, Measured, NULL, Tenant, phone_system};
use crate::services::Services;
use crate::simulator::Simulator;
use crate::{Size, reference, verdict};

const ROWS: u32 = 15_000;
/// What the reference program itself has to reach, a second.
const REFERENCE: f64 = 25_000.0;
/// Connections to the device that answers at once.
const AT_ONCE: u16 = 64;
/// Calls at once to the device that takes its time.
const MANY_AT_ONCE: u16 = 100;

/// The best rate of some rounds, for each of the two.
#[derive(Default)]
struct Best {
    reference: f64,
    orders: f64,
}

impl Best {
    fn note(&mut self, reference: &reference::Measured, orders: &Measured) {
        println!(
            "  reference {:.0} jobs/s, {}\n  orders {:.0}/s: {:.1} µs each to submit, {:.1} to work through, {:.1} the \
             whole command; {}\n  by processor time {:.2} of the reference",
            reference.rate(),
            reference.processor.words(reference.jobs),
            orders.rate(),
            orders.each(orders.submitted),
            orders.each(orders.worked.saturating_sub(orders.submitted)),
            orders.each(orders.whole),
            orders.processor.words(orders.rows),
            reference.processor.each(reference.jobs) / orders.processor.each(orders.rows),
        );
        self.reference = self.reference.max(reference.rate());
        self.orders = self.orders.max(orders.rate());
    }

    fn tell(&self, what: &str, goal: f64) {
        let ratio = self.orders / self.reference;
        let measured = format!("{:.0} orders/s, {ratio:.2} of the reference's {:.0}", self.orders, self.reference);
        verdict(what, measured, &format!("{goal}"), ratio > goal);
    }
}

/// On a device that does nothing.
pub(crate) async fn null(services: &Services, size: Size) {
    let tenant = Tenant { name: "bench", rows: size.of(ROWS), device: NULL };
    let mut best = Best::default();
    for _ in 0..size.rounds() {
        let reference = reference::run(services, tenant.rows, None).await;
        let installation = Installation::start(services, tenant, 1).await;
        best.note(&reference, &installation.run(services, tenant).await);
        println!("  an order: {}", installation.writes(tenant.rows).await);
        installation.end().await;
    }
    let measured = format!("{:.0} jobs/s", best.reference);
    verdict("the reference program", measured, &format!("{REFERENCE}/s"), best.reference >= REFERENCE);
    best.tell("null device", 0.45);
}

/// On simulated Phone Systems over TLS, each in a process of its own.
pub(crate) async fn device(services: &Services, size: Size) {
    beside(services, size, "Phone System that answers at once", AT_ONCE, &[], 0.37).await;
    let latency = ["phone-system:latency=20ms"];
    beside(services, size, "20 ms, 100 at once", MANY_AT_ONCE, &latency, 0.95).await;
}

async fn beside(services: &Services, size: Size, what: &str, at_once: u16, faults: &[&str], goal: f64) {
    let mut best = Best::default();
    for _ in 0..size.rounds() {
        let folder = tempfile::tempdir().expect("a folder");
        let simulator = |name: &str| Simulator::start(&folder.path().join(name), faults);
        let (bare, device) = (simulator("reference"), simulator("orders"));
        let reference = reference::run(services, size.of(ROWS), Some((&bare, usize::from(at_once)))).await;
        let limits = phone_system(&device, &format!("concurrency = {at_once}"));
        let tenant = Tenant { name: "bench", rows: size.of(ROWS), device: &limits };
        let installation = Installation::start(services, tenant, 1).await;
        best.note(&reference, &installation.run(services, tenant).await);
        device.assert_log(tenant.rows);
        println!("  by the device's own log {:.2} of the reference's pace", device.rate() / bare.rate());
        installation.end().await;
    }
    best.tell(what, goal);
}
