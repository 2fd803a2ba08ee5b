use std::time::Duration;

use dialtone_store::{Attendance, Lease, Sightings};
use uuid::Uuid;

use crate::bed::{Bed, SHARD, nobody};

crate::on_both_engines!(
    a_lease_changes_hands_only_as_it_was_seen,
    many_leases_are_taken_at_once,
    many_leases_are_renewed_and_released_at_once,
    workers_know_of_each_other,
    leadership_is_a_lease_beyond_the_shards,
);

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

async fn many_leases_are_renewed_and_released_at_once(bed: &Bed) {
    let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let seen = bed.store.leases(4).await.unwrap();
    let held = bed.store.take_leases(&seen, ana).await.unwrap();
    let lost = bed.store.take_lease(held[2], ben).await.unwrap().unwrap();

    let renewed = bed.store.renew_leases(&held).await.unwrap();
    let expected = [0, 1, 3].map(|shard: usize| Lease { beat: held[shard].beat + 1, ..held[shard] });
    assert_eq!(renewed, expected);
    assert_eq!(bed.store.renew_leases(&[]).await.unwrap(), []);

    bed.store.release_leases(&held).await.unwrap();
    let leases = bed.store.leases(4).await.unwrap();
    assert_eq!(leases.iter().map(|lease| lease.holder.is_nil()).collect::<Vec<_>>(), [true, true, false, true]);
    assert_eq!(leases[2], lost, "what somebody else has isn't touched");
}

async fn workers_know_of_each_other(bed: &Bed) {
    let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let at = |worker, beat| Attendance { worker, beat };
    assert_eq!(bed.store.attend(ana).await.unwrap(), [at(ana, 1)]);
    assert_eq!(bed.store.attend(ben).await.unwrap(), [at(ana, 1), at(ben, 1)]);
    assert_eq!(bed.store.attend(ana).await.unwrap(), [at(ana, 2), at(ben, 1)]);

    bed.store.strike_off(at(ana, 1)).await.unwrap();
    assert_eq!(bed.store.attend(ben).await.unwrap(), [at(ana, 2), at(ben, 2)], "she has shown that she lives");
    bed.store.strike_off(at(ana, 2)).await.unwrap();
    bed.store.sign_off(ben).await.unwrap();
    assert_eq!(bed.store.attend(ana).await.unwrap(), [at(ana, 1)]);
}

async fn leadership_is_a_lease_beyond_the_shards(bed: &Bed) {
    let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let free = bed.store.leadership().await.unwrap();
    assert!(free.is_free());
    let held = bed.store.take_lease(free, ana).await.unwrap().unwrap();
    assert_eq!(bed.store.leadership().await.unwrap(), held);
    assert_eq!(bed.store.take_lease(free, ben).await.unwrap(), None);
    assert!(bed.store.leases(8).await.unwrap().iter().all(Lease::is_free), "it is no shard's");
}

#[test]
fn a_lease_is_stale_only_after_the_same_beat_was_seen_for_a_whole_time_to_live() {
    let ttl = Duration::from_secs(30);
    let lease = Lease { shard: 1, holder: Uuid::from_u128(1), epoch: 1, beat: 1 };
    let mut sightings = Sightings::default();
    let at = Duration::from_secs;
    assert!(!sightings.is_stale(&lease, ttl, at(1_000)), "never seen before");
    sightings.note(lease, at(1_000));
    sightings.note(lease, at(1_020));
    assert!(!sightings.is_stale(&lease, ttl, at(1_029)));
    assert!(sightings.is_stale(&lease, ttl, at(1_030)));
    let beaten = Lease { beat: 2, ..lease };
    assert!(!sightings.is_stale(&beaten, ttl, at(1_030)), "it moved since it was noted");
    sightings.note(beaten, at(1_030));
    assert!(!sightings.is_stale(&beaten, ttl, at(1_059)));
}
