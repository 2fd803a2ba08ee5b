use dialtone_queue::{Delivery, Lane};

use crate::bed::{Bed, await_orders, hint};

crate::on_both_backends!(
    a_hint_comes_as_it_was_sent,
    only_hints_of_held_shards_come,
    what_a_person_waits_for_overtakes_a_batch,
    a_shard_gives_two_batch_messages_and_the_third_when_one_is_settled,
    what_was_not_given_out_comes_to_the_next_holder,
    a_shard_that_is_given_up_speaks_to_another_holder,
    many_hints_of_a_device_come_in_few_messages,
    what_was_sent_before_closing_is_there_afterwards,
);

async fn a_hint_comes_as_it_was_sent(bed: &Bed) {
    let mut holder = bed.holder(&[3]);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse().unwrap();
    let sent = hint(3, Lane::Batch, 0..50).in_trace(trace);
    bed.queue.send(vec![sent.clone()]);
    assert_eq!(holder.next().await.hint, sent);
    let sent = hint(3, Lane::Interactive, 0..0);
    bed.queue.send(vec![sent.clone()]);
    assert_eq!(holder.next().await.hint, sent);
}

async fn only_hints_of_held_shards_come(bed: &Bed) {
    let mut holder = bed.holder(&[1]);
    bed.queue.send(vec![hint(0, Lane::Batch, 0..1), hint(1, Lane::Batch, 1..2)]);
    assert_eq!(holder.next().await.hint.shard, 1);
    holder.hold(&[0, 1]);
    assert_eq!(holder.next().await.hint.shard, 0);
}

async fn what_a_person_waits_for_overtakes_a_batch(bed: &Bed) {
    let mut holder = bed.holder(&[0]);
    bed.queue.send(vec![hint(0, Lane::Batch, 0..50), hint(0, Lane::Batch, 50..100), hint(0, Lane::Batch, 100..150)]);
    let unsettled = [holder.next().await, holder.next().await];
    bed.queue.send(vec![hint(0, Lane::Interactive, 200..201)]);
    assert_eq!(holder.next().await.hint.lane, Lane::Interactive);
    drop(unsettled);
    assert_eq!(holder.next().await.hint, hint(0, Lane::Batch, 100..150));
}

async fn a_shard_gives_two_batch_messages_and_the_third_when_one_is_settled(bed: &Bed) {
    let mut holder = bed.holder(&[0, 1]);
    bed.queue.send((0..3).map(|n| hint(0, Lane::Batch, n * 50..(n + 1) * 50)).collect());
    let first = holder.next().await;
    let second = holder.next().await;
    assert_eq!((first.hint.shard, second.hint.shard), (0, 0));
    bed.queue.send(vec![hint(1, Lane::Batch, 500..501)]);
    assert_eq!(holder.next().await.hint.shard, 1, "the third of shard 0 has to wait");
    drop(first);
    assert_eq!(holder.next().await.hint, hint(0, Lane::Batch, 100..150));
}

async fn what_was_not_given_out_comes_to_the_next_holder(bed: &Bed) {
    let mut holder = bed.holder(&[0]);
    bed.queue.send((0..5).map(|n| hint(0, Lane::Batch, n * 50..(n + 1) * 50)).collect());
    let Delivery { hint, receipt } = holder.next().await;
    assert_eq!(hint.orders.len(), 50);
    drop(receipt);
    drop(holder);
    await_orders(&mut bed.holder(&[0]), 50..250).await;
}

async fn a_shard_that_is_given_up_speaks_to_another_holder(bed: &Bed) {
    let mut ana = bed.holder(&[0, 1]);
    bed.queue.send(vec![hint(0, Lane::Batch, 0..1)]);
    drop(ana.next().await);
    ana.hold(&[1]);
    let mut ben = bed.holder(&[0]);
    bed.queue.send(vec![hint(0, Lane::Batch, 1..2), hint(1, Lane::Batch, 2..3)]);
    await_orders(&mut ben, 1..2).await;
    await_orders(&mut ana, 2..3).await;
}

async fn many_hints_of_a_device_come_in_few_messages(bed: &Bed) {
    let mut holder = bed.holder(&[2]);
    bed.queue.send((0..120).map(|n| hint(2, Lane::Batch, n..n + 1)).collect());
    let mut sizes = Vec::new();
    for _ in 0..3 {
        sizes.push(holder.next().await.hint.orders.len());
    }
    assert_eq!(sizes, [50, 50, 20]);
}

async fn what_was_sent_before_closing_is_there_afterwards(bed: &Bed) {
    bed.queue.send((0..300).map(|n| hint((n % 4) as u16, Lane::Interactive, n..n + 1)).collect());
    bed.queue.close().await;
    await_orders(&mut bed.holder(&[0, 1, 2, 3]), 0..300).await;
}
