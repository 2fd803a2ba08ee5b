//! Random histories: whatever persons, workers and crashes do, and in whichever order, the invariants hold after each
//! act, and both engines end alike.

use std::cell::Cell;
use std::collections::BTreeMap;

use dialtone_model::{Event, FailureClass, Reservation, RunState, State};
use dialtone_store::{Claim, Lease, NewRun, OrderRecord, PersonalAct, Store, StoreError, Verdict};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::bed::{Bed, Engine, Tenant};

const USERS: usize = 6;

#[derive(Clone, Debug)]
enum Act {
    AddRun { first: usize, count: usize, chained: bool },
    Claim { limit: u32 },
    Record { which: usize, event: Event },
    RecordTwice { which: usize },
    GiveBack { which: usize },
    LoseTheLease,
    Person { which: usize, act: PersonalAct },
    Cancel { which: usize },
    Pause { which: usize },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let event = prop_oneof![
        4 => Just(Event::StepDone),
        1 => any::<bool>().prop_map(|unknown| Event::AttemptFailed { unknown }),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(recoverable, unknown)| {
            let class = if recoverable { FailureClass::Recoverable } else { FailureClass::Unrecoverable };
            Event::StepFailed { class, unknown }
        }),
    ];
    let person =
        prop::sample::select(vec![PersonalAct::Retry, PersonalAct::Abort, PersonalAct::Unhold, PersonalAct::Cancel]);
    let act = prop_oneof![
        3 => (0..USERS, 1..4_usize, any::<bool>())
            .prop_map(|(first, count, chained)| Act::AddRun { first, count, chained }),
        4 => (1..4_u32).prop_map(|limit| Act::Claim { limit }),
        6 => (0..9_usize, event).prop_map(|(which, event)| Act::Record { which, event }),
        1 => (0..9_usize).prop_map(|which| Act::RecordTwice { which }),
        1 => (0..9_usize).prop_map(|which| Act::GiveBack { which }),
        1 => Just(Act::LoseTheLease),
        4 => (0..9_usize, person).prop_map(|(which, act)| Act::Person { which, act }),
        1 => (0..9_usize).prop_map(|which| Act::Cancel { which }),
        1 => (0..9_usize).prop_map(|which| Act::Pause { which }),
    ];
    prop::collection::vec(act, 1..40)
}

#[test]
fn the_invariants_hold_after_every_act_and_both_engines_agree() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (sqlite, postgres) =
        runtime.block_on(async { (Bed::new(Engine::Sqlite).await, Bed::new(Engine::Postgres).await) });
    let rounds = Cell::new(0);
    TestRunner::new(Config { cases: 48, ..Config::default() })
        .run(&acts(), |acts| {
            let round = rounds.get() + 1;
            rounds.set(round);
            runtime.block_on(async {
                let ends = [play(&sqlite, round, &acts).await, play(&postgres, round, &acts).await];
                assert_eq!(ends[0], ends[1]);
            });
            Ok(())
        })
        .unwrap();
    runtime.block_on(async {
        sqlite.finish().await;
        postgres.finish().await;
    });
}

/// What a history ended with, without what differs by chance: the orders in the order of their making.
type End = Vec<(String, Reservation, i64, Vec<String>)>;

/// A worker, its claims and the runs of one history.
struct Play<'a> {
    bed: &'a Bed,
    tenant: Tenant,
    lease: Lease,
    claims: Vec<Claim>,
    runs: Vec<NewRun>,
}

async fn play(bed: &Bed, round: usize, acts: &[Act]) -> End {
    let tenant = bed.tenant(&format!("Sample {round}"), USERS, 4).await;
    let lease = bed.lease().await;
    let mut play = Play { bed, tenant, lease, claims: Vec::new(), runs: Vec::new() };
    for act in acts {
        play.act(act).await;
        play.check().await;
    }
    let mut end = End::new();
    for order in play.orders().await {
        let history = bed.store.order_events(order.id).await.unwrap();
        let kinds = history.into_iter().map(|event| event.kind).collect();
        end.push((format!("{:?}", order.state), order.reservation, order.version, kinds));
    }
    end
}

impl Play<'_> {
    fn store(&self) -> &Store {
        &self.bed.store
    }

    async fn act(&mut self, act: &Act) {
        match act {
            Act::AddRun { first, count, chained } => {
                let last = (first + count).min(USERS);
                let mut run = self.bed.run(&self.tenant, *first..last);
                for index in 1..run.orders.len() {
                    run.orders[index].blocked_by = chained.then(|| run.orders[index - 1].id);
                    if *chained && index % 2 == 0 {
                        // The order before, and one that is further back.
                        run.orders[index].needs = vec![run.orders[index - 1].id, run.orders[index / 2].id];
                        run.orders[index].needs.dedup();
                    }
                }
                match self.store().add_run(&run).await {
                    Ok(()) => self.runs.push(run),
                    Err(StoreError::LicencesShort { .. } | StoreError::Taken { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            Act::Claim { limit } => {
                let claims = self.bed.claim(&self.tenant, self.lease, *limit).await;
                self.claims.extend(claims);
            }
            Act::Record { which, event } => {
                let Some(index) = which.checked_rem(self.claims.len()) else { return };
                let claim = self.claims.swap_remove(index);
                let outcome = self.bed.outcome(&claim, *event);
                self.store().record(self.lease, "worker", &[outcome]).await.unwrap();
            }
            Act::RecordTwice { which } => {
                let Some(index) = which.checked_rem(self.claims.len()) else { return };
                let claim = self.claims.swap_remove(index);
                let outcome = [self.bed.outcome(&claim, Event::StepDone)];
                let first = self.store().record(self.lease, "worker", &outcome).await.unwrap();
                let second = self.store().record(self.lease, "worker", &outcome).await.unwrap();
                assert_eq!(first.orders, second.orders);
                assert_ne!(first.orders[0].verdict, Verdict::Fenced);
            }
            Act::GiveBack { which } => {
                let Some(index) = which.checked_rem(self.claims.len()) else { return };
                let claim = self.claims.swap_remove(index);
                self.store().give_back(&[claim], None).await.unwrap();
            }
            Act::LoseTheLease => {
                self.lease = self.bed.lease().await;
                self.claims.clear();
            }
            Act::Person { which, act } => {
                let orders = self.orders().await;
                let Some(index) = which.checked_rem(orders.len()) else { return };
                let order = &orders[index];
                match self.store().act(order.id, order.version, *act, "ana", self.bed.now()).await {
                    Ok(_)
                    | Err(
                        StoreError::InvalidTransition(_)
                        | StoreError::InHand { .. }
                        | StoreError::LicencesShort { .. }
                        | StoreError::Taken { .. },
                    ) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            Act::Cancel { which } => {
                let Some(index) = which.checked_rem(self.runs.len()) else { return };
                let run = self.store().run(self.runs[index].id).await.unwrap();
                match self.store().cancel_run(run.id, run.version, "ana", self.bed.now()).await {
                    Ok(()) | Err(StoreError::RunState(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            Act::Pause { which } => {
                let Some(index) = which.checked_rem(self.runs.len()) else { return };
                let run = self.store().run(self.runs[index].id).await.unwrap();
                let to = if run.state == RunState::Paused { RunState::Running } else { RunState::Paused };
                match self.store().set_run_state(run.id, run.version, to).await {
                    Ok(()) | Err(StoreError::RunState(_)) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }

    async fn orders(&self) -> Vec<OrderRecord> {
        let mut orders = Vec::new();
        for run in &self.runs {
            orders.extend(self.store().run_orders(run.id, None, 99).await.unwrap());
        }
        orders
    }

    async fn check(&self) {
        let orders = self.orders().await;
        for order in &orders {
            self.check_history(order).await;
        }
        self.check_licences(&orders).await;
        self.check_runs(&orders).await;
    }

    /// I4: the history is the state's whole life, event by event.
    async fn check_history(&self, order: &OrderRecord) {
        let history = self.store().order_events(order.id).await.unwrap();
        let versions: Vec<i64> = history.iter().map(|event| event.version).collect();
        assert_eq!(versions, (1..=order.version).collect::<Vec<_>>());
        let last = history.last().map(|event| (event.state.clone(), event.extended.clone()));
        let now = (order.state.word().to_owned(), order.state.extended().map(|extended| extended.word().to_owned()));
        assert_eq!(last.unwrap_or_else(|| now.clone()), now);
    }

    /// I6: owned = free + reserved + used, and what is reserved and used is what the orders say.
    async fn check_licences(&self, orders: &[OrderRecord]) {
        let count = |wanted| orders.iter().filter(|order| order.reservation == wanted).count() as i64;
        let (held, used) = (count(Reservation::Held), count(Reservation::Used));
        for count in self.store().licences(self.tenant.id).await.unwrap() {
            assert_eq!(count.owned, count.free + count.reserved + count.used);
            assert_eq!((count.reserved, count.used), (held, used));
        }
        let extensions = self.store().claimed(self.tenant.id).await.unwrap();
        assert_eq!(extensions.ext_keys.len() as i64, held + used);
    }

    /// I8: a run is over when, and only when, none of its orders is being worked on.
    async fn check_runs(&self, orders: &[OrderRecord]) {
        let mut working: BTreeMap<_, bool> = self.runs.iter().map(|run| (run.id, false)).collect();
        for order in orders {
            *working.get_mut(&order.run).unwrap() |= order.state.is_worked_on();
        }
        for (run, working) in working {
            let state = self.store().run(run).await.unwrap().state;
            match state {
                RunState::Running | RunState::Paused => assert!(working, "{state}"),
                RunState::Finished => assert!(!working),
                // What is in hand still finishes.
                RunState::Cancelled => {}
            }
        }
        assert!(orders.iter().all(|order| order.state != State::Completed || !order.claimed));
    }
}
