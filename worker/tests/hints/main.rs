//! Workers, a real PostgreSQL and a real RabbitMQ: what hints are good for, and that nothing depends on them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

mod broker;
mod scale;
mod stage;

use std::time::Duration;

use dialtone_queue::{Lane, Queue};
use lapin::types::FieldTable;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::broker::{Listener, SHARDS, connect, vhost};
use crate::stage::Stage;

const DEVICES: usize = 20;
const ORDERS: usize = 400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_runs_once_and_a_hop_takes_two_messages_at_most() {
    let url = vhost("hops").await;
    let listener = Listener::start(&url).await;
    let mut stage = Stage::set(DEVICES).await;
    stage.enter(connect(&url).await);
    stage.enter(connect(&url).await);
    let queue = connect(&url).await;
    // Three steps, each on another device: two hops an order, and its start.
    let orders = stage.add_run(ORDERS, 3).await;
    queue.send(stage.hints(&orders, Lane::Batch));
    stage.await_end().await;
    stage.assert_each_step_ran_once(ORDERS * 3);
    stage.finish().await;
    let messages = listener.messages().await;
    assert!((1..=3 * 2 * ORDERS as u32).contains(&messages), "{messages} messages");
    println!("{ORDERS} orders of 3 steps on {DEVICES} devices: {messages} messages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_alone_bring_every_order_to_its_next_device() {
    let url = vhost("alone").await;
    let mut stage = Stage::set(DEVICES).await;
    stage.pull_every(Duration::from_secs(86_400));
    stage.enter(connect(&url).await);
    stage.enter(connect(&url).await);
    // Whoever takes a shard looks into the store once; after that nobody does for a day.
    stage.await_shares(2).await;
    let orders = stage.add_run(ORDERS, 3).await;
    connect(&url).await.send(stage.hints(&orders, Lane::Batch));
    stage.await_end().await;
    stage.assert_each_step_ran_once(ORDERS * 3);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_ends_when_every_hint_is_lost() {
    let mut stage = Stage::set(DEVICES).await;
    // Nobody hears what the one says, nor what the others say of hops.
    stage.enter(Queue::in_process());
    stage.enter(Queue::in_process());
    stage.add_run(ORDERS, 2).await;
    stage.await_end().await;
    stage.assert_each_step_ran_once(ORDERS * 2);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hints_that_come_three_times_and_in_any_order_change_nothing() {
    let url = vhost("shuffled").await;
    let mut stage = Stage::set(DEVICES).await;
    stage.enter(connect(&url).await);
    stage.enter(connect(&url).await);
    let orders = stage.add_run(ORDERS, 1).await;
    let queue = connect(&url).await;
    let mut random = SmallRng::seed_from_u64(1);
    let hints = stage.hints(&orders, Lane::Batch);
    let mut hints: Vec<_> = [hints.clone(), hints.clone(), hints].concat();
    hints.shuffle(&mut random);
    for hint in hints {
        queue.send(vec![hint]);
        if random.random_bool(0.1) {
            tokio::task::yield_now().await;
        }
    }
    stage.await_end().await;
    stage.assert_each_step_ran_once(ORDERS);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_whose_bindings_are_missing_costs_time_and_nothing_else() {
    let url = vhost("unbound").await;
    let connection = lapin::Connection::connect(&url, lapin::ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for shard in 0..SHARDS / 2 {
        let queue = format!("dialtone.shard.{shard}.batch");
        let (queue, key) = (queue.as_str().into(), queue.as_str().into());
        channel.queue_unbind(queue, "dialtone.hints".into(), key, FieldTable::default()).await.unwrap();
    }
    let mut stage = Stage::set(DEVICES).await;
    stage.enter(connect(&url).await);
    stage.enter(connect(&url).await);
    let orders = stage.add_run(ORDERS, 2).await;
    connect(&url).await.send(stage.hints(&orders, Lane::Batch));
    stage.await_end().await;
    stage.assert_each_step_ran_once(ORDERS * 2);
    stage.finish().await;
}
