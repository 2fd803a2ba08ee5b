use std::time::Duration;

use futures_util::future::join_all;

use crate::installation::{Installation, NULL, Tenant, assert_completed};
use crate::services::Services;
use crate::{Size, now, verdict};

const TENANTS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
const ROWS: u32 = 15_000;

pub(crate) async fn measure(services: &Services, size: Size) {
    let tenants = TENANTS.map(|name| Tenant { name, rows: size.of(ROWS), device: NULL });
    growth(services, tenants).await;
    backlog(services, tenants).await;
}

/// Ten templates of ten organizations one after the other: what an order costs in a database that has ten times as many.
async fn growth(services: &Services, tenants: [Tenant<'_>; 10]) {
    let mut installation = Installation::new(services).await;
    tenants.iter().for_each(|tenant| installation.import(*tenant));
    installation.start_roles(1).await;
    let (mut passed, mut worked) = (Vec::new(), Vec::new());
    for tenant in tenants {
        let measured = installation.run(services, tenant).await;
        passed.push(measured.each(measured.worked));
        worked.push(measured.processor.each(measured.rows));
    }
    let mean = |costs: &[f64]| costs.iter().sum::<f64>() / costs.len() as f64;
    let (passed, worked) = (mean(&passed) / passed[0], mean(&worked) / worked[0]);
    let measured = format!("{passed:.2} of that at the first tenth, {worked:.2} by processor time");
    verdict("cost of an order in ten times as many", measured, "1.15", passed <= 1.15);
    installation.end().await;
}

/// All orders wait before there is a worker.
async fn backlog(services: &Services, tenants: [Tenant<'_>; 10]) {
    let mut installation = Installation::new(services).await;
    tenants.iter().for_each(|tenant| installation.import(*tenant));
    let commands: Vec<_> = tenants.iter().map(|tenant| (tenant.rows, installation.submit(tenant.name))).collect();
    let orders: u32 = tenants.iter().map(|tenant| tenant.rows).sum();
    installation.wait_for("SELECT count(*) FROM orders", orders).await;
    let start = now();
    installation.start_roles(1).await;
    installation.wait_for("SELECT count(*) FROM runs WHERE ended_at IS NOT NULL", 10).await;
    let took: Duration = start.elapsed();
    let ended = join_all(commands.into_iter().map(|(rows, command)| {
        tokio::task::spawn_blocking(move || (rows, command.wait_with_output().expect("dialtone run")))
    }));
    for ended in ended.await {
        let (rows, output) = ended.expect("a command");
        assert_completed(&output, rows);
    }
    let peak = installation.worker_peak();
    let rate = f64::from(orders) / took.as_secs_f64();
    let measured = format!("{peak:.1} MB, at {rate:.0} orders/s");
    verdict(&format!("a worker's memory, {orders} orders waiting"), measured, "60 MB", peak <= 60.0);
    installation.end().await;
}
