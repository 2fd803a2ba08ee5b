use dialtone_store::Lease;
use uuid::Uuid;

use crate::bed::{Bed, SHARD, nobody};

crate::on_both_engines!(a_lease_changes_hands_only_as_it_was_seen, many_leases_are_taken_at_once);

async fn a_lease_changes_hands_only_as_it_was_seen(bed: &Bed) {
    let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let never_held = bed.store.leases(SHARD + 1).await.unwrap()[usize::from(SHARD)];
    assert_eq!(never_held, Lease { shard: SHARD, holder: Uuid::nil(), epoch: 0, beat: 0 });

    let held = bed.store.take_lease(never_held, ana).await.unwrap().unwrap();
    assert_eq!((held.holder, held.epoch), (ana, 1));
    assert_eq!(bed.store.take_lease(never_held, ben).await.unwrap(), None);

    let renewed = bed.store.renew_lease(held).await.unwrap().unwrap();
    assert!(renewed.beat > held.beat);
    assert_eq!(bed.store.take_lease(held, ben).await.unwrap(), None, "its holder has shown that it lives");

    let taken = bed.store.take_lease(renewed, ben).await.unwrap().unwrap();
    assert_eq!((taken.holder, taken.epoch), (ben, 2));
    assert_eq!(bed.store.renew_lease(renewed).await.unwrap(), None);
    bed.store.release_lease(renewed).await.unwrap();
    assert_eq!(bed.store.leases(SHARD + 1).await.unwrap()[usize::from(SHARD)], taken, "a lost lease can't be released");

    bed.store.release_lease(taken).await.unwrap();
    let free = bed.store.leases(SHARD + 1).await.unwrap()[usize::from(SHARD)];
    assert_eq!((free.holder, free.epoch), (Uuid::nil(), 2));
    assert_eq!(bed.store.take_lease(free, ana).await.unwrap().unwrap().epoch, 3);
}

async fn many_leases_are_taken_at_once(bed: &Bed) {
    let seen = bed.store.leases(8).await.unwrap();
    bed.store.take_lease(seen[3], nobody()).await.unwrap().unwrap();
    let taken = bed.store.take_leases(&seen, Uuid::from_u128(1)).await.unwrap();
    assert_eq!(taken.iter().map(|lease| lease.shard).collect::<Vec<_>>(), [0, 1, 2, 4, 5, 6, 7]);
}
