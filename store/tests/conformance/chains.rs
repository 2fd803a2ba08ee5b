use dialtone_model::{Event, FailureClass, HoldReason, RunState, State, Waiting};
use dialtone_store::{Freed, Lease, NewRun, OrderRecord, PersonalAct, RecordedBatch};

use crate::bed::{Bed, SHARD, Tenant};

crate::on_both_engines!(
    the_later_order_waits_until_the_earlier_completes,
    a_failed_order_keeps_the_later_waiting_and_the_run_ends,
    an_order_that_lost_its_need_goes_to_hold,
    an_order_that_lost_a_need_further_back_goes_to_hold_when_its_turn_comes,
    an_order_in_hold_that_is_aborted_lets_the_later_ones_go_on,
);

/// A run of three orders of one user: the second needs what the first makes, the third only comes after it.
fn chain(bed: &Bed, tenant: &Tenant) -> NewRun {
    let mut run = bed.run(tenant, 0..3);
    let first = run.orders[0].id;
    run.orders[1].blocked_by = Some(first);
    run.orders[1].needs = vec![first];
    run.orders[2].blocked_by = Some(first);
    run
}

async fn the_later_order_waits_until_the_earlier_completes(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = chain(bed, &tenant);
    bed.store.add_run(&run).await.unwrap();
    let waiting = bed.store.order_by_id(run.orders[1].id).await.unwrap();
    assert_eq!((waiting.state, waiting.blocked_by), (State::Initial(Waiting::ForOrder), Some(run.orders[0].id)));
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    assert_eq!(claims.len(), 1);
    let recorded = bed.store.record(lease, "worker", &[bed.outcome(&claims[0], Event::StepDone)]).await.unwrap();
    let freed = [1, 2].map(|index: usize| Freed {
        order: run.orders[index].id,
        run: run.id,
        device: tenant.device,
        shard: SHARD,
    });
    assert_eq!((recorded.freed.as_slice(), recorded.finished.as_slice()), (freed.as_slice(), [].as_slice()));
    assert_eq!(bed.claim(&tenant, lease, 9).await.len(), 2);
    let history = bed.store.order_events(run.orders[1].id).await.unwrap();
    assert_eq!(history.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["freed", "started"]);
}

/// A chain whose first order failed for good.
struct FailedFirst {
    run: NewRun,
    lease: Lease,
    /// That order, in Hold.
    held: OrderRecord,
    /// What recording its failure led to.
    recorded: RecordedBatch,
}

impl FailedFirst {
    async fn stage(bed: &Bed, tenant: &Tenant) -> Self {
        let run = chain(bed, tenant);
        bed.store.add_run(&run).await.unwrap();
        let lease = bed.lease().await;
        let claim = bed.claim(tenant, lease, 9).await.remove(0);
        let failed = Event::StepFailed { class: FailureClass::Unrecoverable, unknown: false };
        let recorded = bed.store.record(lease, "worker", &[bed.outcome(&claim, failed)]).await.unwrap();
        let held = bed.store.order_by_id(claim.order).await.unwrap();
        Self { run, lease, held, recorded }
    }
}

async fn a_failed_order_keeps_the_later_waiting_and_the_run_ends(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let FailedFirst { run, lease, held, recorded } = FailedFirst::stage(bed, &tenant).await;
    assert_eq!((recorded.freed.len(), recorded.finished), (0, vec![run.id]));

    bed.store.act(held.id, held.version, PersonalAct::Retry, "ana", bed.now()).await.unwrap();
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let recorded = bed.store.record(lease, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!((recorded.freed.len(), recorded.finished.len()), (2, 0));
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Running);
}

async fn an_order_that_lost_its_need_goes_to_hold(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = chain(bed, &tenant);
    bed.store.add_run(&run).await.unwrap();
    let first = bed.store.order_by_id(run.orders[0].id).await.unwrap();
    bed.store.act(first.id, first.version, PersonalAct::Cancel, "ana", bed.now()).await.unwrap();
    let second = bed.store.order_by_id(run.orders[1].id).await.unwrap();
    assert!(matches!(second.state, State::Hold { why: HoldReason::UnrecoverableError, .. }));
    let reason = second.reason.clone().unwrap();
    assert_eq!(reason.code, "need-lost");
    assert!(reason.message.contains(&first.number.to_string()), "{}", reason.message);
    let third = bed.store.order_by_id(run.orders[2].id).await.unwrap();
    assert_eq!(third.state, State::NEW);
    // Only the third holds a licence.
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 1);

    let retried = bed.store.act(second.id, second.version, PersonalAct::Retry, "ana", bed.now()).await.unwrap();
    assert_eq!(retried.blocked_by, None);
    let lease = bed.lease().await;
    assert_eq!(bed.claim(&tenant, lease, 9).await.len(), 2);
}

async fn an_order_that_lost_a_need_further_back_goes_to_hold_when_its_turn_comes(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let mut run = bed.run(&tenant, 0..4);
    let ids: Vec<_> = run.orders.iter().map(|order| order.id).collect();
    for index in 1..4 {
        run.orders[index].blocked_by = Some(ids[index - 1]);
    }
    run.orders[2].needs = vec![ids[0]];
    run.orders[3].needs = vec![ids[1]];
    bed.store.add_run(&run).await.unwrap();
    let first = bed.store.order_by_id(ids[0]).await.unwrap();
    bed.store.act(first.id, first.version, PersonalAct::Cancel, "ana", bed.now()).await.unwrap();
    // The second needs nothing of the first, so the third still waits for it.
    let third = bed.store.order_by_id(ids[2]).await.unwrap();
    assert_eq!(third.state, State::Initial(Waiting::ForOrder));
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    assert_eq!(claim.order, ids[1]);
    let recorded = bed.store.record(lease, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!((recorded.freed.len(), recorded.finished), (0, vec![run.id]));

    let third = bed.store.order_by_id(ids[2]).await.unwrap();
    assert!(matches!(third.state, State::Hold { why: HoldReason::UnrecoverableError, .. }));
    let reason = third.reason.unwrap();
    assert_eq!(reason.message, format!("needs order {}, which did not complete", first.number));
    // What the fourth needs is done: only its turn has to come.
    bed.store.act(third.id, third.version, PersonalAct::Cancel, "ana", bed.now()).await.unwrap();
    assert_eq!(bed.store.order_by_id(ids[3]).await.unwrap().state, State::NEW);
}

async fn an_order_in_hold_that_is_aborted_lets_the_later_ones_go_on(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let FailedFirst { run, held, .. } = FailedFirst::stage(bed, &tenant).await;
    bed.store.act(held.id, held.version, PersonalAct::Abort, "ana", bed.now()).await.unwrap();
    let states = [0, 1, 2].map(|index: usize| run.orders[index].id);
    let mut found = Vec::new();
    for id in states {
        found.push(bed.store.order_by_id(id).await.unwrap().state.label());
    }
    assert_eq!(found, ["hold, Aborted", "hold, Unrecoverable Error", "initial"]);
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Running);
}
