use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dialtone_model::OrderId;
use dialtone_queue::Receipt;

/// How long a message may stay unsettled. A device that is slow or in trouble must not keep its shard's next messages
/// from coming.
const LONGEST_UNSETTLED: Duration = Duration::from_secs(30);

/// The orders that hints named and that nobody has asked the store for yet, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Hinted {
    orders: VecDeque<Named>,
    /// How many at the front have lost their receipt, because they waited too long.
    settled: usize,
}

#[derive(Debug)]
struct Named {
    order: OrderId,
    /// Shared by the orders of one message, which is settled with the last of them.
    receipt: Option<Arc<Receipt>>,
    settle_at: Duration,
}

impl Hinted {
    pub(crate) fn len(&self) -> usize {
        self.orders.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// The orders of one message.
    pub(crate) fn push(&mut self, orders: Vec<OrderId>, receipt: Receipt, now: Duration) {
        let receipt = Arc::new(receipt);
        let settle_at = now + LONGEST_UNSETTLED;
        let named = |order| Named { order, receipt: Some(Arc::clone(&receipt)), settle_at };
        self.orders.extend(orders.into_iter().map(named));
    }

    /// Takes out up to so many orders, with the receipts that wait for them.
    pub(crate) fn take(&mut self, most: usize) -> (Vec<OrderId>, Vec<Arc<Receipt>>) {
        let count = self.orders.len().min(most);
        self.settled = self.settled.saturating_sub(count);
        let mut receipts: Vec<Arc<Receipt>> = Vec::new();
        let orders = self.orders.drain(..count).map(|named| {
            receipts.extend(named.receipt);
            named.order
        });
        let orders = orders.collect();
        receipts.dedup_by(|one, other| Arc::ptr_eq(one, other));
        (orders, receipts)
    }

    /// Settles the messages that have waited too long and keeps their orders; tells when the next is due.
    pub(crate) fn settle_overdue(&mut self, now: Duration) -> Option<Duration> {
        while let Some(named) = self.orders.get_mut(self.settled) {
            if named.settle_at > now {
                return Some(named.settle_at);
            }
            named.receipt = None;
            self.settled += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use dialtone_model::DeviceId;
    use dialtone_queue::{Delivery, Hint, Lane, Queue, Subscription};
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    const NOW: Duration = Duration::from_secs(10);

    fn orders(count: u128) -> Vec<OrderId> {
        (0..count).map(|number| OrderId(Uuid::from_u128(number))).collect()
    }

    /// A queue that gives two messages of a shard and the third when one of them is settled.
    fn three_messages() -> Subscription {
        let queue = Queue::in_process();
        let mut subscription = queue.subscribe();
        subscription.hold(&[0]);
        for device in 0..3 {
            queue.send(vec![Hint::new(DeviceId(Uuid::from_u128(device)), 0, Lane::Batch, orders(4))]);
        }
        subscription
    }

    fn next(subscription: &mut Subscription) -> Option<Delivery> {
        subscription.next().now_or_never()
    }

    #[test]
    fn a_message_is_settled_when_the_last_of_its_orders_is_claimed() {
        let mut queue = three_messages();
        let (first, _second) = (next(&mut queue).unwrap(), next(&mut queue).unwrap());
        let mut hinted = Hinted::default();
        hinted.push(first.hint.orders, first.receipt, NOW);
        drop(hinted.take(3));
        assert!(next(&mut queue).is_none());
        let (last, receipts) = hinted.take(3);
        assert_eq!((last.len(), receipts.len()), (1, 1));
        assert!(next(&mut queue).is_none(), "the claim isn't done yet");
        drop(receipts);
        assert!(next(&mut queue).is_some());
    }

    #[test]
    fn a_message_is_settled_after_half_a_minute_and_its_orders_are_kept() {
        let mut queue = three_messages();
        let (first, _second) = (next(&mut queue).unwrap(), next(&mut queue).unwrap());
        let mut hinted = Hinted::default();
        hinted.push(first.hint.orders, first.receipt, NOW);
        assert_eq!(hinted.settle_overdue(NOW), Some(NOW + LONGEST_UNSETTLED));
        assert!(next(&mut queue).is_none());
        assert_eq!(hinted.settle_overdue(NOW + LONGEST_UNSETTLED), None);
        assert!(next(&mut queue).is_some());
        assert_eq!(hinted.take(9).0, orders(4));
    }
}
