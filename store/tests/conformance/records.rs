use dialtone_model::{
    Action, Event, FailureClass, HoldReason, OrderId, Reservation, RunState, State, Step, Work, WorkStatus,
};
use dialtone_store::{Outcome, Verdict};

use crate::bed::{Bed, SHARD, Tenant};

crate::on_both_engines!(
    a_repeated_record_gives_the_same_verdicts,
    a_stale_epoch_records_nothing,
    an_order_goes_on_to_its_next_step,
    an_order_hops_to_its_next_device,
    a_paused_run_starts_no_further_step,
    a_failed_try_waits_and_keeps_its_licences,
    a_recoverable_error_gives_back_what_it_claimed,
    an_unknown_step_keeps_what_it_claimed,
    an_outcome_that_the_database_refuses_stands_alone,
    groups_of_one_run_end_it_once,
);

/// An order of three steps without any claim.
fn three_steps(bed: &Bed, tenant: &Tenant) -> dialtone_store::NewOrder {
    let step = |key: &str| Action::DeleteExtension { key: key.to_owned() };
    bed.new_order(tenant, vec![step("101"), step("102"), step("103")], None)
}

async fn a_repeated_record_gives_the_same_verdicts(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let mut run = bed.run(&tenant, 0..2);
    run.orders.push(three_steps(bed, &tenant));
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    let failed = Event::StepFailed { class: FailureClass::Unrecoverable, unknown: false };
    let outcomes = [
        bed.outcome(&claims[0], Event::StepDone),
        bed.outcome(&claims[1], failed),
        bed.outcome(&claims[2], Event::StepDone),
    ];
    let first = bed.store.record(lease, "worker", &outcomes).await.unwrap();
    let again = bed.store.record(lease, "worker", &outcomes).await.unwrap();
    assert_eq!(first.orders, again.orders);
    let verdicts: Vec<_> = first.orders.iter().map(|order| order.verdict).collect();
    assert_eq!(verdicts, [Verdict::Stop, Verdict::Stop, Verdict::Go { version: 2 }]);
    assert_eq!(bed.store.order_events(claims[0].order).await.unwrap().len(), 2);
    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert_eq!((counts[0].free, counts[0].reserved, counts[0].used), (4, 0, 1));

    let other = Outcome { event: failed, next: outcomes[1].next, ..outcomes[0].clone() };
    let refused = bed.store.record(lease, "worker", &[other]).await.unwrap();
    assert_eq!(refused.orders[0].verdict, Verdict::Fenced, "another outcome of the same version isn't recorded");
}

async fn a_stale_epoch_records_nothing(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..1);
    bed.store.add_run(&run).await.unwrap();
    let lost = bed.lease().await;
    let claim = bed.claim(&tenant, lost, 9).await.remove(0);
    bed.lease().await;
    let outcome = bed.outcome(&claim, Event::StepDone);
    let recorded = bed.store.record(lost, "worker", &[outcome]).await.unwrap();
    assert_eq!(recorded.orders[0].verdict, Verdict::Fenced);
    assert_eq!(bed.store.order_by_id(claim.order).await.unwrap().version, claim.version);
}

async fn an_order_goes_on_to_its_next_step(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let mut run = bed.run(&tenant, 0..0);
    run.orders.push(three_steps(bed, &tenant));
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let mut claim = bed.claim(&tenant, lease, 9).await.remove(0);
    for step in 0..3 {
        let outcome = bed.outcome(&claim, Event::StepDone);
        let recorded = bed.store.record(lease, "worker", std::slice::from_ref(&outcome)).await.unwrap();
        if step == 2 {
            assert_eq!((recorded.orders[0].verdict, recorded.finished), (Verdict::Stop, vec![run.id]));
        } else {
            claim.version += 1;
            claim.at = outcome.next.position().unwrap();
            assert_eq!(recorded.orders[0].verdict, Verdict::Go { version: claim.version });
            assert!(bed.claim(&tenant, lease, 9).await.is_empty(), "it is still claimed");
        }
    }
    let order = bed.store.order_by_id(claim.order).await.unwrap();
    assert_eq!((order.state, order.tries, order.version), (State::Completed, 3, 4));
}

async fn an_order_hops_to_its_next_device(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let mailboxes = bed.device(tenant.id, "mailboxes").await;
    let mut order = three_steps(bed, &tenant);
    order.steps[1] = Step { device: mailboxes, ..order.steps[1].clone() };
    let mut run = bed.run(&tenant, 0..0);
    run.orders.push(order);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let outcome = Outcome { next_device: (mailboxes, SHARD + 1), ..bed.outcome(&claim, Event::StepDone) };
    for _ in 0..2 {
        let recorded = bed.store.record(lease, "worker", std::slice::from_ref(&outcome)).await.unwrap();
        assert_eq!(recorded.orders[0].verdict, Verdict::Hop);
    }
    assert!(bed.claim(&tenant, lease, 9).await.is_empty());
    assert!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap().is_empty());
    assert_eq!(bed.store.devices_with_work(&[mailboxes], bed.now()).await.unwrap(), [mailboxes]);
    assert_eq!(bed.store.device_ids().await.unwrap().len(), 2);
}

async fn a_paused_run_starts_no_further_step(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let mut run = bed.run(&tenant, 0..0);
    run.orders.push(three_steps(bed, &tenant));
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    bed.store.set_run_state(run.id, 1, RunState::Paused).await.unwrap();
    let outcome = bed.outcome(&claim, Event::StepDone);
    let recorded = bed.store.record(lease, "worker", &[outcome]).await.unwrap();
    assert_eq!((recorded.orders[0].verdict, recorded.finished), (Verdict::Stop, vec![]));
    let order = bed.store.order_by_id(claim.order).await.unwrap();
    assert_eq!((order.claimed, order.run_state), (false, RunState::Paused));
    assert!(bed.claim(&tenant, lease, 9).await.is_empty());

    bed.store.set_run_state(run.id, 2, RunState::Running).await.unwrap();
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    assert_eq!((claim.at.step, claim.at.unknown), (1, false));
}

async fn a_failed_try_waits_and_keeps_its_licences(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let due = bed.now() + std::time::Duration::from_secs(1);
    let outcome = Outcome { not_before: Some(due), ..bed.outcome(&claim, Event::AttemptFailed { unknown: true }) };
    let recorded = bed.store.record(lease, "worker", &[outcome]).await.unwrap();
    assert_eq!(recorded.orders[0].verdict, Verdict::Stop);
    assert!(bed.claim(&tenant, lease, 9).await.is_empty());
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 1);
    bed.clock.advance(std::time::Duration::from_secs(1));
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    assert_eq!((claim.at.attempts, claim.at.unknown), (1, true));
}

async fn a_recoverable_error_gives_back_what_it_claimed(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..1);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let failed = Event::StepFailed { class: FailureClass::Recoverable, unknown: false };
    let recorded = bed.store.record(lease, "worker", &[bed.outcome(&claim, failed)]).await.unwrap();
    assert_eq!(recorded.finished, [run.id], "nothing goes on by itself");
    let order = bed.store.order_by_id(claim.order).await.unwrap();
    assert!(matches!(order.state, State::Released(Work { status: WorkStatus::RecoverableError, .. })));
    assert_eq!(order.reservation, Reservation::None);
    assert_eq!(order.reason.unwrap().code, "sample-code");
    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert_eq!((counts[0].free, counts[0].reserved), (5, 0));
    assert_eq!(bed.store.available_numbers(tenant.id).await.unwrap().len(), 5);
    // Somebody else may have the values now.
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
}

async fn an_unknown_step_keeps_what_it_claimed(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let failed = Event::StepFailed { class: FailureClass::Recoverable, unknown: true };
    bed.store.record(lease, "worker", &[bed.outcome(&claim, failed)]).await.unwrap();
    let order = bed.store.order_by_id(claim.order).await.unwrap();
    assert_eq!(order.reservation, Reservation::Held);
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 1);
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap_err();
}

async fn an_outcome_that_the_database_refuses_stands_alone(bed: &Bed) {
    let tenant = bed.tenant("Sample", 20, 20).await;
    let run = bed.run(&tenant, 0..20);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 20).await;
    let culprit: OrderId = claims[13].order;
    let hex = culprit.0.simple();
    bed.sql(
        &format!(
            "CREATE TRIGGER refuse BEFORE UPDATE ON orders WHEN NEW.id = x'{hex}' AND NEW.state = 'completed' \
             BEGIN SELECT RAISE(ABORT, 'a secret value'); END"
        ),
        &format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.id = '{culprit}' AND NEW.state = 'completed' THEN RAISE EXCEPTION 'a secret value'; END IF; \
             RETURN NEW; END $$; \
             CREATE TRIGGER refuse BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION refuse()"
        ),
    )
    .await;
    let outcomes: Vec<_> = claims.iter().map(|claim| bed.outcome(claim, Event::StepDone)).collect();
    let recorded = bed.store.record(lease, "worker", &outcomes).await.unwrap();
    let orders: Vec<_> = recorded.orders.iter().map(|order| order.order).collect();
    assert_eq!(orders, claims.iter().map(|claim| claim.order).collect::<Vec<_>>());
    assert_eq!(recorded.finished, [run.id]);
    for order in bed.store.run_orders(run.id, None, 99).await.unwrap() {
        if order.id == culprit {
            assert!(matches!(order.state, State::Hold { why: HoldReason::UnrecoverableError, at } if at.unknown));
            let reason = order.reason.unwrap();
            assert_eq!(reason.code, "internal-error");
            assert!(!reason.message.contains("secret"), "{}", reason.message);
        } else {
            assert_eq!(order.state, State::Completed);
        }
    }
}

async fn groups_of_one_run_end_it_once(bed: &Bed) {
    let tenant = bed.tenant("Sample", 64, 64).await;
    let run = bed.run(&tenant, 0..64);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 64).await;
    let mut groups = Vec::new();
    for group in claims.chunks(4) {
        let outcomes: Vec<_> = group.iter().map(|claim| bed.outcome(claim, Event::StepDone)).collect();
        let store = bed.store.clone();
        groups.push(tokio::spawn(async move { store.record(lease, "worker", &outcomes).await.unwrap() }));
    }
    let mut finished = Vec::new();
    for group in groups {
        finished.extend(group.await.unwrap().finished);
    }
    assert_eq!(finished, [run.id]);
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].used, 64);
}
