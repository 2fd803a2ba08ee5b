use dialtone_queue::Lane;

use crate::broker::{connect, vhost};
use crate::stage::Stage;

const DEVICES: usize = 10_000;
const DEAD: usize = 100;
const ORDERS_EACH: usize = 3;

/// Every order of a device that answers is completed, and every order of one that doesn't waits for a person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_devices_are_worked_on_though_a_hundred_are_dead() {
    let url = vhost("devices").await;
    let mut stage = Stage::set_with(DEVICES, DEAD).await;
    stage.enter(connect(&url).await);
    stage.enter(connect(&url).await);
    let queue = connect(&url).await;
    let began = stage.now();
    let orders = stage.add_run(DEVICES * ORDERS_EACH, 1).await;
    queue.send(stage.hints(&orders, Lane::Batch));
    let healthy = ((DEVICES - DEAD) * ORDERS_EACH) as u64;
    while stage.count("completed").await < healthy {
        tokio::task::yield_now().await;
    }
    let took = (stage.now() - began).as_secs_f64();
    println!("{healthy} orders of {} devices that answer: {took:.1} s, {:.0}/s", DEVICES - DEAD, healthy as f64 / took);
    stage.await_end().await;
    let took = (stage.now() - began).as_secs_f64();
    println!("the {} orders of {DEAD} dead devices were given up after {took:.1} s", DEAD * ORDERS_EACH);
    assert_eq!(stage.count("released").await, (DEAD * ORDERS_EACH) as u64);
    stage.assert_each_step_ran_once(healthy as usize);
    stage.finish().await;
}
