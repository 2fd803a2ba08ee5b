use std::sync::Arc;
use std::time::Duration;

use dialtone_files::Files;
use dialtone_model::{Actor, Ids, ManualClock};
use dialtone_queue::Queue;
use dialtone_scheduler::{ManualProvision, Operations};
use dialtone_store::Store;
use sqlx::PgConnection;

use crate::installation::{Installation, NULL, Tenant};
use crate::services::Services;
use crate::{Size, now, rest, verdict};

const ORDERS: u32 = 1_000;
/// How often the database is asked whether the order is recorded.
const LOOK_EVERY: Duration = Duration::from_micros(250);
/// Between two orders.
const REST: Duration = Duration::from_millis(10);

/// One order after the other, each from the call that submits it until its run is over in the database.
pub(crate) async fn measure(services: &Services, size: Size) {
    let tenant = Tenant { name: "bench", rows: size.of(ORDERS), device: NULL };
    let installation = Installation::start(services, tenant, 1).await;
    let operations = operations(&installation).await;
    let actor = Actor::local("bench");
    let organization = operations.organizations(&actor).await.expect("organizations")[0].id;
    let mut store = installation.connect().await;
    let question = question(&mut store).await;
    let mut times = Vec::new();
    for order in 0..tenant.rows {
        let request = ManualProvision { users: 1, start: format!("{}", 10_000 + order) };
        let start = now();
        let assigned = operations.provision_extensions(&actor, organization, &request).await.expect("an order");
        let submitted = start.elapsed();
        let sql = "SELECT ended_at IS NOT NULL FROM runs WHERE id = $1";
        while !sqlx::query_scalar::<_, bool>(sql).bind(assigned.run.0).fetch_one(&mut store).await.expect("a run") {
            rest(LOOK_EVERY);
        }
        times.push((start.elapsed(), submitted));
        rest(REST);
    }
    installation.end().await;
    times.sort_unstable();
    let submitting: Duration = times.iter().map(|(_, submitted)| *submitted).sum();
    let at = |share: usize| times[(times.len() - 1) * share / 100].0.as_secs_f64() * 1e3;
    let (half, most) = (at(50), at(99));
    let submitting = submitting.as_secs_f64() * 1e3 / f64::from(tenant.rows);
    let question = question.as_secs_f64() * 1e6;
    let measured = format!(
        "p50 {half:.1} ms, p99 {most:.1} ms, of which submitting takes {submitting:.1} ms; the emptiest question to the \
         database takes {question:.0} µs here"
    );
    verdict("one order at low load", measured, "5 ms, 20 ms", half <= 5.0 && most <= 20.0);
}

/// What the way to the database and back takes on this machine, in half of all cases. An order goes it some thirty times.
async fn question(store: &mut PgConnection) -> Duration {
    let mut times = Vec::new();
    for _ in 0..ORDERS {
        let start = now();
        sqlx::query("SELECT 1").execute(&mut *store).await.expect("an answer");
        times.push(start.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// What a face asks, in this process: the workers are others.
async fn operations(installation: &Installation) -> Operations {
    let store = Store::connect(installation.database_url()).await.expect("the database");
    let shards = store.shards().await.expect("shards").expect("a migrated database");
    let queue = Queue::connect(installation.queue_url(), shards, 0).await.expect("the broker");
    let clock = Arc::new(ManualClock::new());
    let ids = Ids::new(clock.clone(), 0);
    Operations { store, queue, files: Files::local(installation.folder()), clock, ids, shards }
}
