//! What an operator sees of the queue.

use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::Lane;

const PUBLISHED: &str = "dialtone_queue_published_total";
const RETURNED: &str = "dialtone_queue_returned_total";
const NACKED: &str = "dialtone_queue_nacked_total";
const DROPPED: &str = "dialtone_queue_dropped_total";
const CONSUMED: &str = "dialtone_queue_consumed_total";
const DEAD_LETTERED: &str = "dialtone_queue_dead_lettered_total";
const DEAD_LETTERS: &str = "dialtone_queue_dead_letters";
const RECONNECTS: &str = "dialtone_queue_reconnects_total";
const BLOCKED: &str = "dialtone_queue_blocked";

/// Tells the exporter what each metric means. It costs nothing to say so again.
///
/// Each is there from the start: of a counter that appears with the first failure, the rise from nothing is seen by
/// nobody who watches it.
pub(crate) fn describe() {
    describe_counter!(PUBLISHED, "Messages that the broker confirmed.");
    describe_counter!(RETURNED, "Messages that the broker couldn't route: a queue or binding is missing.");
    describe_counter!(NACKED, "Messages that the broker refused: a queue is full, or has no majority.");
    describe_counter!(DROPPED, "Messages that were let go: the broker is down, blocked or too slow.");
    describe_counter!(CONSUMED, "Messages that came.");
    describe_counter!(DEAD_LETTERED, "Messages that nobody could read, sent to the dead-letter queue.");
    describe_gauge!(DEAD_LETTERS, "Messages in the dead-letter queue: each one is to be looked at by a person.");
    describe_counter!(RECONNECTS, "Connections to the broker that were lost and made again.");
    describe_gauge!(BLOCKED, "1 while the broker takes no messages, because it is short of memory or disk.");
    for lane in Lane::ALL {
        for counted in [PUBLISHED, RETURNED, NACKED, DROPPED, CONSUMED, DEAD_LETTERED] {
            counter!(counted, "lane" => lane.word()).increment(0);
        }
    }
    for connection in ["publisher", "consumer"] {
        counter!(RECONNECTS, "connection" => connection).increment(0);
    }
    gauge!(BLOCKED).increment(0.0);
}

pub(crate) fn published(lane: Lane) {
    counter!(PUBLISHED, "lane" => lane.word()).increment(1);
}

pub(crate) fn returned(lane: Lane) {
    counter!(RETURNED, "lane" => lane.word()).increment(1);
}

pub(crate) fn nacked(lane: Lane) {
    counter!(NACKED, "lane" => lane.word()).increment(1);
}

pub(crate) fn dropped(lane: Lane, messages: usize) {
    counter!(DROPPED, "lane" => lane.word()).increment(messages as u64);
}

pub(crate) fn consumed(lane: Lane) {
    counter!(CONSUMED, "lane" => lane.word()).increment(1);
}

pub(crate) fn dead_lettered(lane: Lane) {
    counter!(DEAD_LETTERED, "lane" => lane.word()).increment(1);
}

pub(crate) fn dead_letters(messages: u32) {
    gauge!(DEAD_LETTERS).set(messages);
}

/// `connection` is `publisher` or `consumer`.
pub(crate) fn reconnected(connection: &'static str) {
    counter!(RECONNECTS, "connection" => connection).increment(1);
}

pub(crate) fn blocked(is_blocked: bool) {
    gauge!(BLOCKED).set(if is_blocked { 1.0 } else { 0.0 });
}
