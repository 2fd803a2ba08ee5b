use dialtone_queue::Lane;

use crate::broker::{connect, vhost};
use crate::stage::Stage;

const ORDERS_EACH: usize = 3;

/// Every order of a device that answers is completed, and every order of one that doesn't waits for a person.
/// `DIALTONE_DEVICES` says how many devices there are; one in a hundred is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_devices_are_worked_on_though_some_are_dead() {
    let devices = std::env::var("DIALTONE_DEVICES").map_or(1_000, |number| number.parse().unwrap());
    let dead = devices / 100;
    let url = vhost("devices").await;
    let mut stage = Stage::set_with(devices, dead).await;
    stage.enter(connect(&url).await);
    stage.enter(connect(&url).await);
    let queue = connect(&url).await;
    let began = stage.now();
    let orders = stage.add_run(devices * ORDERS_EACH, 1).await;
    queue.send(stage.hints(&orders, Lane::Batch));
    let healthy = ((devices - dead) * ORDERS_EACH) as u64;
    while stage.count("completed").await < healthy {
        stage.rest().await;
    }
    let took = (stage.now() - began).as_secs_f64();
    println!("{healthy} orders of {} devices that answer: {took:.1} s, {:.0}/s", devices - dead, healthy as f64 / took);
    stage.await_end().await;
    let took = (stage.now() - began).as_secs_f64();
    println!("the {} orders of {dead} dead devices were given up after {took:.1} s", dead * ORDERS_EACH);
    assert_eq!(stage.count("released").await, (dead * ORDERS_EACH) as u64);
    stage.assert_each_step_ran_once(healthy as usize);
    stage.finish().await;
}
