use dialtone_model::{
    Action, Event, ExtendedStatus, FailureClass, HoldReason, Reservation, RunState, State, TemplateStatus, Work,
    WorkStatus,
};
use dialtone_store::{Lease, NewRun, OrderRecord, PersonalAct, StoreError, Verdict};

use crate::bed::{Bed, Tenant};

crate::on_both_engines!(
    a_retry_claims_again_and_reopens_the_run,
    a_retry_without_licences_stays_where_it_is,
    a_retry_of_a_taken_value_stays_where_it_is,
    an_act_names_the_version_that_was_seen,
    an_order_in_hand_is_aborted_when_its_step_is_recorded,
    an_order_that_completes_in_hand_ignores_the_abort,
    a_held_order_is_released_explicitly,
    a_cancelled_run_stops_its_orders,
    an_order_that_was_to_stop_stops_after_its_worker_died,
);

const RECOVERABLE: Event = Event::StepFailed { class: FailureClass::Recoverable, unknown: false };

/// A run of one order that has failed and may be retried.
async fn failed_run(bed: &Bed, tenant: &Tenant, lease: Lease) -> (NewRun, OrderRecord) {
    let template = bed.template(tenant, "Sales").await;
    let run = NewRun { template: Some((template, 1)), ..bed.run(tenant, 0..1) };
    bed.store.add_run(&run).await.unwrap();
    let claim = bed.claim(tenant, lease, 9).await.remove(0);
    bed.store.record(lease, "worker", &[bed.outcome(&claim, RECOVERABLE)]).await.unwrap();
    assert_eq!(bed.store.template(template).await.unwrap().status, TemplateStatus::Completed);
    let order = bed.store.order_by_id(claim.order).await.unwrap();
    (run, order)
}

async fn act(bed: &Bed, order: &OrderRecord, act: PersonalAct) -> Result<OrderRecord, StoreError> {
    bed.store.act(order.id, order.version, act, "ana", bed.now()).await
}

async fn a_retry_claims_again_and_reopens_the_run(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let lease = bed.lease().await;
    let (run, order) = failed_run(bed, &tenant, lease).await;
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Finished);

    let retried = act(bed, &order, PersonalAct::Retry).await.unwrap();
    assert_eq!((retried.reservation, retried.reason), (Reservation::Held, None));
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Running);
    let template = run.template.unwrap().0;
    assert_eq!(bed.store.template(template).await.unwrap().status, TemplateStatus::InProgress);
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 1);

    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    bed.store.record(lease, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!(bed.store.template(template).await.unwrap().status, TemplateStatus::Completed);
    assert_eq!(bed.store.extensions(tenant.id, None, 9).await.unwrap().len(), 1);
    let history = bed.store.order_events(order.id).await.unwrap();
    let kinds: Vec<_> = history.iter().map(|event| (event.kind.as_str(), event.actor.as_str())).collect();
    assert_eq!(kinds, [("started", "worker"), ("step_failed", "worker"), ("retried", "ana"), ("step_done", "worker")]);
}

async fn a_retry_without_licences_stays_where_it_is(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 2).await;
    let lease = bed.lease().await;
    let (_, order) = failed_run(bed, &tenant, lease).await;
    bed.store.add_run(&bed.run(&tenant, 1..3)).await.unwrap();
    let refused = act(bed, &order, PersonalAct::Retry).await.unwrap_err();
    assert!(matches!(refused, StoreError::LicencesShort { missing: 1, .. }), "{refused}");
    let now = bed.store.order_by_id(order.id).await.unwrap();
    assert_eq!(now.reason.clone().unwrap().code, "licence-short");
    assert_eq!(OrderRecord { reason: order.reason.clone(), ..now }, order);
}

async fn a_retry_of_a_taken_value_stays_where_it_is(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let lease = bed.lease().await;
    let (_, order) = failed_run(bed, &tenant, lease).await;
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
    let refused = act(bed, &order, PersonalAct::Retry).await.unwrap_err();
    assert!(matches!(refused, StoreError::Taken { what: "ext key", .. }), "{refused}");
    let now = bed.store.order_by_id(order.id).await.unwrap();
    assert_eq!((now.reason.unwrap().code.as_str(), now.state), ("value-taken", order.state));
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 1, "nothing was reserved in vain");
}

async fn an_act_names_the_version_that_was_seen(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let lease = bed.lease().await;
    let (_, order) = failed_run(bed, &tenant, lease).await;
    act(bed, &order, PersonalAct::Abort).await.unwrap();
    let late = act(bed, &order, PersonalAct::Retry).await.unwrap_err();
    assert!(matches!(late, StoreError::Changed { what: "order" }), "{late}");
    let held = bed.store.order_by_id(order.id).await.unwrap();
    let impossible = act(bed, &held, PersonalAct::Abort).await.unwrap_err();
    assert!(matches!(impossible, StoreError::InvalidTransition(_)), "{impossible}");
}

async fn an_order_in_hand_is_aborted_when_its_step_is_recorded(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let step = |key: &str| Action::DeleteExtension { key: key.to_owned() };
    let mut run = bed.run(&tenant, 0..0);
    run.orders.push(bed.new_order(&tenant, vec![step("101"), step("102")], None));
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let order = bed.store.order_by_id(claim.order).await.unwrap();

    let refused = act(bed, &order, PersonalAct::Cancel).await.unwrap_err();
    assert!(matches!(refused, StoreError::InHand { .. }), "{refused}");
    let still = act(bed, &order, PersonalAct::Abort).await.unwrap();
    assert_eq!((still.version, still.claimed), (order.version, true), "the step in hand finishes");

    let recorded = bed.store.record(lease, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!((recorded.orders[0].verdict, recorded.finished), (Verdict::Stop, vec![run.id]));
    let aborted = bed.store.order_by_id(claim.order).await.unwrap();
    assert!(matches!(aborted.state, State::Hold { why: HoldReason::Aborted, at } if at.step == 1));
    let history = bed.store.order_events(claim.order).await.unwrap();
    let kinds: Vec<_> = history.iter().map(|event| (event.kind.as_str(), event.actor.as_str())).collect();
    assert_eq!(kinds, [("started", "worker"), ("step_done", "worker"), ("aborted", "ana")]);
}

async fn an_order_that_completes_in_hand_ignores_the_abort(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let order = bed.store.order_by_id(claim.order).await.unwrap();
    act(bed, &order, PersonalAct::Abort).await.unwrap();
    bed.store.record(lease, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!(bed.store.order_by_id(claim.order).await.unwrap().state, State::Completed);
}

async fn a_held_order_is_released_explicitly(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let lease = bed.lease().await;
    let (_, order) = failed_run(bed, &tenant, lease).await;
    let held = act(bed, &order, PersonalAct::Abort).await.unwrap();
    assert!(held.ended_at.is_some());
    let released = act(bed, &held, PersonalAct::Unhold).await.unwrap();
    assert!(matches!(released.state, State::Released(Work { status: WorkStatus::BeingProvisioned, .. })));
    assert_eq!((released.ended_at, released.reservation), (None, Reservation::Held));
    assert_eq!(bed.claim(&tenant, lease, 9).await.len(), 1);
}

async fn a_cancelled_run_stops_its_orders(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let template = bed.template(&tenant, "Sales").await;
    let step = |key: &str| Action::DeleteExtension { key: key.to_owned() };
    let mut run = NewRun { template: Some((template, 1)), ..bed.run(&tenant, 0..2) };
    run.orders.push(bed.new_order(&tenant, vec![step("101"), step("102")], None));
    run.orders.push(bed.new_order(&tenant, vec![step("103"), step("104")], None));
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    // The first is done, the third and the fourth are in hand; the fourth has a done step.
    let claims = bed.claim(&tenant, lease, 9).await;
    bed.store.give_back(&claims[1..2], None).await.unwrap();
    bed.store.record(lease, "worker", &[bed.outcome(&claims[0], Event::StepDone)]).await.unwrap();

    bed.store.cancel_run(run.id, 1, "ana", bed.now()).await.unwrap();
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Cancelled);
    let status = bed.store.template(template).await.unwrap().status;
    assert_eq!(status, TemplateStatus::InProgress, "steps are in hand");
    let failed = bed.outcome(&claims[2], Event::AttemptFailed { unknown: false });
    let recorded =
        bed.store.record(lease, "worker", &[failed, bed.outcome(&claims[3], Event::StepDone)]).await.unwrap();
    assert!(recorded.orders.iter().all(|order| order.verdict == Verdict::Stop));
    let counts = bed.store.run_counts(run.id).await.unwrap().by_state;
    assert_eq!(counts[&("completed".to_owned(), None)], 1);
    assert_eq!(counts[&("cancelled".to_owned(), None)], 2);
    assert_eq!(counts[&("hold".to_owned(), Some(ExtendedStatus::Aborted))], 1);
    assert_eq!(bed.store.template(template).await.unwrap().status, TemplateStatus::Completed);
    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert_eq!((counts[0].free, counts[0].reserved, counts[0].used), (4, 0, 1));

    let again = bed.store.cancel_run(run.id, 2, "ana", bed.now()).await.unwrap_err();
    assert!(matches!(again, StoreError::RunState(RunState::Cancelled)), "{again}");
}

async fn an_order_that_was_to_stop_stops_after_its_worker_died(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..2);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    assert_eq!(bed.claim(&tenant, lease, 1).await.len(), 1);
    bed.store.cancel_run(run.id, 1, "ana", bed.now()).await.unwrap();

    let lease = bed.lease().await;
    assert_eq!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap(), [tenant.device]);
    assert!(bed.claim(&tenant, lease, 9).await.is_empty());
    let orders = bed.store.run_orders(run.id, None, 9).await.unwrap();
    assert!(matches!(orders[0].state, State::Hold { why: HoldReason::Aborted, at } if at.unknown));
    assert_eq!(orders[0].reservation, Reservation::Held, "the step may have had its effect");
    assert_eq!(orders[1].state, State::Cancelled);
    assert!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap().is_empty());
}
