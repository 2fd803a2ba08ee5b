/// Marks a point at which the crash test kills the process; without the feature `crash-points` it does nothing.
///
/// `DIALTONE_CRASH_AT=label` ends the process at the first passage of the label, `label:3` at the third. It aborts:
/// no destructor runs and no buffer is written, so what is left is what a kill leaves.
#[macro_export]
macro_rules! crash_point {
    ($label:literal) => {
        $crate::crash::pass($label)
    };
}

/// What [`crash_point!`](crate::crash_point) calls.
#[cfg(not(feature = "crash-points"))]
#[inline(always)]
pub fn pass(_label: &'static str) {}

/// What [`crash_point!`](crate::crash_point) calls.
#[cfg(feature = "crash-points")]
pub fn pass(label: &'static str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static TARGET: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let wanted = std::env::var("DIALTONE_CRASH_AT").ok()?;
        Some(match wanted.split_once(':') {
            Some((label, count)) => (label.to_owned(), count.parse().unwrap_or(1)),
            None => (wanted, 1),
        })
    });
    static PASSAGES: AtomicU32 = AtomicU32::new(0);

    if let Some((wanted, count)) = &*TARGET
        && wanted == label
        && PASSAGES.fetch_add(1, Ordering::SeqCst) + 1 == *count
    {
        eprintln!("crash point {label} reached");
        std::process::abort();
    }
}
