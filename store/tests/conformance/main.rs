//! Every method of the store, on both engines.

#![expect(clippy::unwrap_used, reason = "what can't be set up fails its test")]

mod bed;

use bed::{Bed, Engine};

/// Makes of each function two tests, one for each engine.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::run($crate::Engine::Sqlite, super::$name).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::run($crate::Engine::Postgres, super::$name).await;
            }
        }
    )+};
}
pub(crate) use on_both_engines;

mod acts;
mod chains;
mod claims;
mod credentials;
mod device_work;
mod devices;
mod extensions;
mod happy_path;
mod histories;
mod leases;
mod passwords;
mod projects;
mod records;
mod runs;
mod schema;
mod stock;
mod templates;
mod tenants;

async fn run<T: AsyncFn(&Bed)>(engine: Engine, test: T) {
    let bed = Bed::new(engine).await;
    test(&bed).await;
    bed.finish().await;
}
