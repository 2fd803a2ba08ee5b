use std::time::Duration;

use dialtone_model::RunState;
use dialtone_store::Stock;

use crate::bed::{Bed, SHARD};

crate::on_both_engines!(stock_tells_what_waits_and_what_nobody_holds, an_order_is_as_old_as_the_time_it_is_ready);

async fn an_order_is_as_old_as_the_time_it_is_ready(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..1);
    bed.store.add_run(&run).await.unwrap();
    let oldest = async || bed.store.stock(SHARD + 1, bed.now()).await.unwrap().oldest_ready;
    assert_eq!(oldest().await, Some(run.at));

    bed.clock.advance(Duration::from_secs(60));
    let started = bed.now();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 1).await;
    assert_eq!(oldest().await, None, "somebody has it in hand");
    bed.clock.advance(Duration::from_secs(60));
    let lease = bed.lease().await;
    assert_eq!(oldest().await, Some(started), "its holder died");

    let due = bed.now() + Duration::from_secs(5);
    let claims = [claims, bed.claim(&tenant, lease, 1).await].concat();
    bed.store.give_back(&claims[1..], Some(due)).await.unwrap();
    assert_eq!(oldest().await, None, "it waits");
    bed.clock.advance(Duration::from_secs(60));
    assert_eq!(oldest().await, Some(due));
}

async fn stock_tells_what_waits_and_what_nobody_holds(bed: &Bed) {
    let shards = SHARD + 1;
    let nothing = Stock {
        running: 0,
        paused: 0,
        ready: 0,
        in_hand: 0,
        waiting: 0,
        oldest_ready: None,
        stranded: 0,
        unheld_shards: u64::from(shards),
    };
    assert_eq!(bed.store.stock(shards, bed.now()).await.unwrap(), nothing);

    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..5);
    bed.store.add_run(&run).await.unwrap();
    let stranded = Stock { running: 1, ready: 5, stranded: 5, oldest_ready: Some(run.at), ..nothing.clone() };
    assert_eq!(bed.store.stock(shards, bed.now()).await.unwrap(), stranded);

    let lease = bed.lease().await;
    bed.claim(&tenant, lease, 2).await;
    let held = Stock { ready: 3, in_hand: 2, stranded: 0, unheld_shards: nothing.unheld_shards - 1, ..stranded };
    assert_eq!(bed.store.stock(shards, bed.now()).await.unwrap(), held);

    bed.store.set_run_state(run.id, 1, RunState::Paused).await.unwrap();
    let paused = Stock { running: 0, paused: 1, ready: 0, waiting: 3, oldest_ready: None, ..held };
    assert_eq!(bed.store.stock(shards, bed.now()).await.unwrap(), paused);
}
