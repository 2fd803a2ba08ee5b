use std::fmt;
use std::str::FromStr;

use crate::RunId;

/// Where a piece of work belongs in a distributed trace: the trace, and the span that caused the work.
///
/// A run is one trace. Its id is the run's own, and the span that submitted the run has the last eight bytes of it. So
/// whoever knows the run knows the trace: an order whose message was lost goes on in the same one.
///
/// Its text is a `traceparent` of [W3C Trace Context](https://www.w3.org/TR/trace-context/). The flags always say that
/// the trace is recorded; what is left out is decided where spans are collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trace {
    id: u128,
    parent: u64,
}

/// Why a text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no traceparent of W3C Trace Context")]
pub struct NoTrace;

impl Trace {
    /// The trace of a run, as its orders go on in it.
    pub const fn of(run: RunId) -> Self {
        let id = run.0.as_u128();
        Self { id, parent: id as u64 }
    }

    /// The trace's id.
    pub const fn id(self) -> u128 {
        self.id
    }

    /// The trace's id as logs and collectors write it: 32 hexadecimal digits.
    pub fn id_text(self) -> impl fmt::Display {
        fmt::from_fn(move |f| write!(f, "{:032x}", self.id))
    }

    /// The id of the span that caused the work.
    pub const fn parent(self) -> u64 {
        self.parent
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.id, self.parent)
    }
}

impl FromStr for Trace {
    type Err = NoTrace;

    /// Reads a `traceparent`; of a later version than this one as much as this one has, as the standard asks.
    fn from_str(text: &str) -> Result<Self, NoTrace> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let is_hex = |text: &&str| {
                text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            };
            parts.next().filter(is_hex).ok_or(NoTrace)
        };
        let (version, id, parent, _flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return Err(NoTrace);
        }
        let id = u128::from_str_radix(id, 16).map_err(|_| NoTrace)?;
        let parent = u64::from_str_radix(parent, 16).map_err(|_| NoTrace)?;
        if id == 0 || parent == 0 { Err(NoTrace) } else { Ok(Self { id, parent }) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_run_is_a_trace_with_its_own_id() {
        let trace = Trace::of("0192f0c1-5a3b-7c4d-8e5f-60718293a4b5".parse().unwrap());
        assert_eq!(trace.to_string(), "00-0192f0c15a3b7c4d8e5f60718293a4b5-8e5f60718293a4b5-01");
        assert_eq!(trace.id_text().to_string(), "0192f0c15a3b7c4d8e5f60718293a4b5");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in 1..=u128::MAX, parent in 1..=u64::MAX) {
            let trace = Trace { id, parent };
            prop_assert_eq!(trace.to_string().parse(), Ok(trace));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-f-]{0,60}") {
            let _ = text.parse::<Trace>();
        }
    }

    #[test]
    fn what_the_standard_calls_invalid_is_refused() {
        let (id, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        assert!(format!("00-{id}-{parent}-00").parse::<Trace>().is_ok());
        assert!(format!("cc-{id}-{parent}-01-what-the-future-says").parse::<Trace>().is_ok());
        for text in [
            format!("ff-{id}-{parent}-01"),
            format!("00-{id}-{parent}-01-more"),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{id}-{}-01", "0".repeat(16)),
            format!("00-{}-{parent}-01", id.to_uppercase()),
            format!("00-{id}-{parent}"),
            String::new(),
        ] {
            assert_eq!(text.parse::<Trace>(), Err(NoTrace), "{text}");
        }
    }
}
