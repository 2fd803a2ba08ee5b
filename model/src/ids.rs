use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Clock;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

typed_ids! {
    /// A tenant.
    OrganizationId;
    /// A user of an organization; the "Identity UUID" of an upload.
    UserId;
    /// A system that Dialtone drives.
    DeviceId;
    /// A bulk-assignment template.
    TemplateId;
    /// A batch project.
    ProjectId;
    /// One uploaded file.
    UploadId;
    /// One start of a template or project, or one act at the command line that needs a device.
    RunId;
    /// A work order.
    OrderId;
    /// What a device's holder is asked to do beside the orders: a probe or a read.
    WorkId;
}

/// Makes new ids: UUIDs of version 7, so that they sort by the time of their making.
///
/// Ids are made before the transaction that stores them, so that a writer whose COMMIT was answered by a lost
/// connection can read back what happened instead of guessing. The seed makes a whole story test repeatable.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    source: Arc<Mutex<Source>>,
}

struct Source {
    random: SmallRng,
    last: u128,
}

impl Ids {
    /// Ids whose random bits follow from `seed`. A process takes a seed from the operating system, a test a fixed one.
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        let source = Source { random: SmallRng::seed_from_u64(seed), last: 0 };
        Self { clock, source: Arc::new(Mutex::new(source)) }
    }

    /// A new id, greater than every id that this source has made before, also within one millisecond.
    pub fn next<T: From<Uuid>>(&self) -> T {
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = uuid::Builder::from_unix_timestamp_millis(millis, &random_bytes(&mut source.random));
        let fresh = fresh.into_uuid().as_u128();
        // Within one millisecond, and when the wall clock steps back, the next id counts on from the last one. The
        // gap is random so that ids can't be guessed from a neighbour, and small so that it never leaves the 62
        // random bits at the end.
        let id = if fresh > source.last { fresh } else { source.last + 1 + u128::from(source.random.next_u32()) };
        source.last = id;
        T::from(Uuid::from_u128(id))
    }
}

fn random_bytes(random: &mut SmallRng) -> [u8; 10] {
    let mut bytes = [0; 10];
    random.fill_bytes(&mut bytes);
    bytes
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ids").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    #[test]
    fn ids_rise_within_a_millisecond_and_repeat_with_the_seed() {
        let make = || {
            let ids = Ids::new(Arc::new(ManualClock::new()), 7);
            (0..2_000).map(|_| ids.next::<OrderId>()).collect::<Vec<_>>()
        };
        let first = make();
        assert!(first.is_sorted_by(|a, b| a < b));
        assert!(first.iter().all(|id| id.0.get_version_num() == 7));
        assert_eq!(first, make());
    }
}
