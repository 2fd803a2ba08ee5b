//! The suite's dice: one seed, which is printed, decides everything that isn't decided by the machine's own timing.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// A test's own sequence of decisions, the same for the same seed whatever other tests do.
pub(crate) struct Chance(StdRng);

impl Chance {
    /// The sequence of the test of that name. `DIALTONE_FAULT_SEED` repeats an earlier one.
    pub(crate) fn of(test: &str) -> Self {
        static SEED: OnceLock<u64> = OnceLock::new();
        let given = || std::env::var("DIALTONE_FAULT_SEED").ok().map(|text| text.parse().expect("a seed is a number"));
        let seed = *SEED.get_or_init(|| given().unwrap_or_else(rand::random));
        eprintln!("{test}: DIALTONE_FAULT_SEED={seed} repeats these decisions");
        let mut hasher = DefaultHasher::new();
        (seed, test).hash(&mut hasher);
        Self(StdRng::seed_from_u64(hasher.finish()))
    }

    /// A number of the range.
    pub(crate) fn number(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0.random_range(range)
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.number(0..=from.len() - 1)]
    }
}

/// A number of the environment that makes the suite larger or smaller.
pub(crate) fn parameter(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}
