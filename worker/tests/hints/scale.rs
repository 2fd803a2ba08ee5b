//! The size of a large installation. `DIALTONE_DEVICES` says how many devices there are; one in a hundred is dead.

use std::time::Duration;

use dialtone_model::DeviceId;
use dialtone_queue::Lane;

use crate::broker::{OwnBroker, connect_with, vhost_with};
use crate::stage::Stage;

/// As many as an installation has where nobody says otherwise.
const SHARDS: u16 = 64;
const ORDERS_EACH: usize = 3;
/// Hints that are sent at a time: fewer than the publisher keeps, so that none is let go.
const AT_A_TIME: usize = 500;

fn devices() -> (usize, usize) {
    let devices = std::env::var("DIALTONE_DEVICES").map_or(1_000, |number| number.parse().unwrap());
    (devices, devices / 100)
}

/// Every order of a device that answers is completed, and every order of one that doesn't waits for a person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_devices_are_worked_on_though_some_are_dead() {
    let (devices, dead) = devices();
    let url = vhost_with(SHARDS, "devices").await;
    let mut stage = Stage::set_with(SHARDS, devices, dead).await;
    stage.enter(connect_with(SHARDS, &url).await);
    stage.enter(connect_with(SHARDS, &url).await);
    stage.await_shares(2).await;
    let changes_of_hands = stage.changes_of_hands().await;
    let queue = connect_with(SHARDS, &url).await;
    let began = stage.now();
    let orders = stage.add_run(devices * ORDERS_EACH, 1).await;
    queue.send(stage.hints(&orders, Lane::Batch));
    let healthy = ((devices - dead) * ORDERS_EACH) as u64;
    stage.await_completed(healthy).await;
    let took = (stage.now() - began).as_secs_f64();
    println!("{healthy} orders of {} devices that answer: {took:.1} s, {:.0}/s", devices - dead, healthy as f64 / took);
    stage.await_end().await;
    let took = (stage.now() - began).as_secs_f64();
    println!("the {} orders of {dead} dead devices were given up after {took:.1} s", dead * ORDERS_EACH);
    assert_eq!(stage.count("released").await, (dead * ORDERS_EACH) as u64);
    assert_eq!(stage.changes_of_hands().await, changes_of_hands, "a lease wasn't renewed in time, for all the work");
    stage.assert_each_step_ran_once(healthy as usize);
    stage.finish().await;
}

/// Nobody asks the store, so an order of a shard is begun only when a hint of it came over the broker.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_of_a_thousand_devices_flows_again_soon_after_the_broker_was_restarted() {
    let (devices, dead) = devices();
    let broker = OwnBroker::start(SHARDS).await;
    let mut stage = Stage::set_with(SHARDS, devices, dead).await;
    stage.pull_every(Duration::from_secs(86_400));
    stage.enter(connect_with(SHARDS, &broker.url).await);
    stage.enter(connect_with(SHARDS, &broker.url).await);
    stage.await_shares(2).await;
    let queue = connect_with(SHARDS, &broker.url).await;
    let orders = stage.add_run(devices, 1).await;
    let is_healthy = |device: DeviceId| !stage.devices[..dead].contains(&device);
    let mut healthy = 0;
    for part in orders.chunks(AT_A_TIME) {
        queue.send(stage.hints(part, Lane::Batch));
        healthy += part.iter().filter(|order| is_healthy(order.steps[0].device)).count() as u64;
        stage.await_completed(healthy).await;
    }
    stage.await_end().await;

    broker.restart();
    let began = stage.now();
    // The first device of each shard that answers, so that every queue has to be heard again.
    let mut firsts = stage.devices[dead..].to_vec();
    firsts.sort_by_key(|device| device.shard(SHARDS));
    firsts.dedup_by_key(|device| device.shard(SHARDS));
    let orders = stage.add_run_on(&firsts, firsts.len(), 1).await;
    queue.send(stage.hints(&orders, Lane::Batch));
    stage.await_end().await;
    let took = stage.now() - began;
    println!("{} shards of {devices} devices work {:.1} s after the restart", firsts.len(), took.as_secs_f64());
    stage.assert_each_step_ran_once(healthy as usize + firsts.len());
    stage.finish().await;
}
