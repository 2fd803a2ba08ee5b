//! What docs/scale.md says of how devices spread.

use std::collections::BTreeMap;

use dialtone_model::DeviceId;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

const DEVICES: usize = 1_000;
const SHARDS: u16 = 64;
const WORKERS: u16 = 50;
const TIMES: u64 = 100;

#[test]
fn a_thousand_devices_spread_over_the_shards_and_workers() {
    let (mut fullest_shard, mut fullest_worker) = (0, 0);
    for seed in 0..TIMES {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut shards, mut workers) = (BTreeMap::<u16, usize>::new(), BTreeMap::<u16, usize>::new());
        for _ in 0..DEVICES {
            let shard = DeviceId(Uuid::from_u128(random.random())).shard(SHARDS);
            *shards.entry(shard).or_default() += 1;
            // Each worker has one shard, and the first of them another one.
            *workers.entry(shard % WORKERS).or_default() += 1;
        }
        assert_eq!(shards.values().sum::<usize>(), DEVICES);
        fullest_shard = fullest_shard.max(shards.into_values().max().unwrap_or_default());
        fullest_worker = fullest_worker.max(workers.into_values().max().unwrap_or_default());
    }
    println!("the fullest shard had {fullest_shard} devices, the fullest worker {fullest_worker}");
    assert!(fullest_shard <= 36, "{fullest_shard} devices in one shard");
    assert!(fullest_worker <= 54, "{fullest_worker} devices on one worker");
}
