use dialtone_model::RunState;
use dialtone_store::Stock;

use crate::bed::{Bed, SHARD};

crate::on_both_engines!(stock_tells_what_waits_and_what_nobody_holds);

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
