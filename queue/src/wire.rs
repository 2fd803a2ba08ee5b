//! What a message is made of: a version, what it is, and ids.
//!
//! ```text
//! byte 0        the version of this layout: 1
//! byte 1        what it is: 0 a probe, 1 a hint
//! byte 2        the lane: 0 interactive, 1 batch
//! bytes 3..5    the shard, most significant byte first
//! bytes 5..21   the device
//! bytes 21..    the orders, 16 bytes each, at most 50
//! ```
//!
//! A probe is what `Queue::check` sends to see that a queue is reached; it ends after the version and its kind, and
//! whoever gets it settles it. During an upgrade both versions of the program are at work, so a new layout gets a new
//! number and is read by a release before it is written by the next.

use dialtone_model::{DeviceId, OrderId};
use uuid::Uuid;

use crate::{Hint, Lane};

const VERSION: u8 = 1;
const PROBE: u8 = 0;
const HINT: u8 = 1;
const INTERACTIVE: u8 = 0;
const BATCH: u8 = 1;
const ID: usize = 16;

/// The header of a message that carries its trace.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Hint(Hint),
    Probe,
}

/// Why a message can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("it is of version {0}, this program reads version {VERSION}")]
    Version(u8),
    #[error("it says what nobody here says")]
    Nonsense,
    #[error("it has {0} bytes, which is no whole number of ids, or too many")]
    Length(usize),
}

pub(crate) fn probe() -> Vec<u8> {
    vec![VERSION, PROBE]
}

pub(crate) fn encode(hint: &Hint) -> Vec<u8> {
    let lane = match hint.lane {
        Lane::Interactive => INTERACTIVE,
        Lane::Batch => BATCH,
    };
    let mut bytes = Vec::with_capacity(5 + ID * (1 + hint.orders.len()));
    bytes.extend([VERSION, HINT, lane]);
    bytes.extend(hint.shard.to_be_bytes());
    bytes.extend(hint.device.0.as_bytes());
    hint.orders.iter().for_each(|order| bytes.extend(order.0.as_bytes()));
    bytes
}

/// Reads a message; a trace that is none is left out, because it decides nothing.
pub(crate) fn decode(bytes: &[u8], traceparent: Option<&[u8]>) -> Result<Message, Unreadable> {
    let (lane, shard, ids) = match bytes {
        [VERSION, PROBE] => return Ok(Message::Probe),
        [VERSION, HINT, INTERACTIVE, high, low, ids @ ..] => (Lane::Interactive, [*high, *low], ids),
        [VERSION, HINT, BATCH, high, low, ids @ ..] => (Lane::Batch, [*high, *low], ids),
        [VERSION, ..] => return Err(Unreadable::Nonsense),
        [other, ..] => return Err(Unreadable::Version(*other)),
        [] => return Err(Unreadable::Length(0)),
    };
    let (ids, rest) = ids.as_chunks::<ID>();
    let [device, orders @ ..] = ids else { return Err(Unreadable::Length(bytes.len())) };
    if !rest.is_empty() || orders.len() > Hint::MOST {
        return Err(Unreadable::Length(bytes.len()));
    }
    Ok(Message::Hint(Hint {
        device: DeviceId(Uuid::from_bytes(*device)),
        shard: u16::from_be_bytes(shard),
        lane,
        orders: orders.iter().map(|order| OrderId(Uuid::from_bytes(*order))).collect(),
        trace: traceparent.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok()),
    }))
}

#[cfg(test)]
mod tests {
    use dialtone_model::Trace;
    use proptest::prelude::*;

    use super::*;

    fn hints() -> impl Strategy<Value = Hint> {
        let lane = prop_oneof![Just(Lane::Interactive), Just(Lane::Batch)];
        let orders = prop::collection::vec(any::<u128>(), 0..=Hint::MOST);
        let trace = prop::option::of((1..=u128::MAX).prop_filter("a span's id isn't 0", |id| *id as u64 != 0));
        (any::<u128>(), any::<u16>(), lane, orders, trace).prop_map(|(device, shard, lane, orders, trace)| Hint {
            device: DeviceId(Uuid::from_u128(device)),
            shard,
            lane,
            orders: orders.into_iter().map(|order| OrderId(Uuid::from_u128(order))).collect(),
            trace: trace.map(|run| Trace::of(Uuid::from_u128(run).into())),
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(hint in hints()) {
            let trace = hint.trace.map(|trace| trace.to_string());
            let read = decode(&encode(&hint), trace.as_ref().map(String::as_bytes));
            prop_assert_eq!(read, Ok(Message::Hint(hint.clone())));
        }

        #[test]
        fn a_message_that_was_cut_is_unreadable(hint in hints(), cut in 1..ID) {
            let bytes = encode(&hint);
            prop_assert!(decode(&bytes[..bytes.len() - cut], None).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64), trace in any::<Vec<u8>>()) {
            let _ = decode(&bytes, Some(&trace));
        }
    }

    #[test]
    fn a_probe_is_read() {
        assert_eq!(decode(&probe(), None), Ok(Message::Probe));
    }

    #[test]
    fn another_version_is_refused_by_its_number() {
        let mut bytes = probe();
        bytes[0] = 9;
        assert_eq!(decode(&bytes, None), Err(Unreadable::Version(9)));
    }

    #[test]
    fn fifty_one_orders_are_too_many() {
        let orders = (0..=Hint::MOST as u128).map(|order| OrderId(Uuid::from_u128(order))).collect();
        let hint = Hint::new(DeviceId(Uuid::nil()), 1, Lane::Batch, orders);
        assert_eq!(decode(&encode(&hint), None), Err(Unreadable::Length(5 + 52 * ID)));
    }
}
