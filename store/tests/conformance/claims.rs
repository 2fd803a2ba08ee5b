use std::time::Duration;

use dialtone_model::{Event, HoldReason, RetryPolicy, RunKind, RunState, State};
use dialtone_store::{ClaimRequest, NewRun, Verdict, Wanted};

use crate::bed::Bed;

crate::on_both_engines!(
    two_claimers_get_disjoint_orders,
    only_ready_orders_of_the_device_are_taken,
    a_hint_names_what_is_taken,
    a_lost_lease_claims_nothing,
    a_take_over_leaves_the_step_unknown,
    an_order_given_back_is_unharmed,
    an_order_that_ends_its_workers_is_put_aside,
    an_order_that_nobody_began_is_blamed_for_nothing,
    a_single_order_comes_before_the_rows_of_files,
    a_time_that_a_wrong_clock_wrote_is_not_waited_for,
    a_wait_is_over_in_time,
    a_claim_that_nobody_knows_of_is_given_back,
);

async fn two_claimers_get_disjoint_orders(bed: &Bed) {
    let tenant = bed.tenant("Sample", 60, 60).await;
    bed.store.add_run(&bed.run(&tenant, 0..60)).await.unwrap();
    let lease = bed.lease().await;
    let claimers = (0..4).map(|_| {
        let (store, request) = (bed.store.clone(), bed.request(&tenant, lease, 7));
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            for _ in 0..4 {
                claimed.extend(store.claim(&request).await.unwrap());
            }
            claimed
        })
    });
    let mut orders = Vec::new();
    for claimer in claimers.collect::<Vec<_>>() {
        orders.extend(claimer.await.unwrap().into_iter().map(|claim| claim.order));
    }
    // On PostgreSQL a claimer passes over what another is just claiming, so the last may find less than it asked for.
    while let [claim, ..] = bed.claim(&tenant, lease, 1).await.as_slice() {
        orders.push(claim.order);
    }
    let count = orders.len();
    orders.sort();
    orders.dedup();
    assert_eq!((count, orders.len()), (60, 60));
}

async fn only_ready_orders_of_the_device_are_taken(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..2);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;

    let elsewhere = ClaimRequest { device: bed.ids.next(), ..bed.request(&tenant, lease, 9) };
    assert!(bed.store.claim(&elsewhere).await.unwrap().is_empty());

    bed.store.set_run_state(run.id, 1, RunState::Paused).await.unwrap();
    assert!(bed.claim(&tenant, lease, 9).await.is_empty());
    assert!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap().is_empty());

    bed.store.set_run_state(run.id, 2, RunState::Running).await.unwrap();
    assert_eq!(bed.claim(&tenant, lease, 9).await.len(), 2);
    assert!(bed.claim(&tenant, lease, 9).await.is_empty(), "they are claimed");
}

async fn a_hint_names_what_is_taken(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..3);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let wanted = Wanted::These(vec![run.orders[2].id, bed.ids.next(), run.orders[1].id]);
    let hinted = ClaimRequest { wanted, ..bed.request(&tenant, lease, 9) };
    let claims = bed.store.claim(&hinted).await.unwrap();
    let claimed: Vec<_> = claims.iter().map(|claim| claim.order).collect();
    assert_eq!(claimed, [run.orders[1].id, run.orders[2].id]);
    assert!(bed.store.claim(&hinted).await.unwrap().is_empty(), "a doubled hint is harmless");
    assert_eq!(claims[0].steps, run.orders[1].steps);
}

async fn a_lost_lease_claims_nothing(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..3)).await.unwrap();
    let lost = bed.lease().await;
    let lease = bed.lease().await;
    assert!(bed.claim(&tenant, lost, 9).await.is_empty());
    assert_eq!(bed.claim(&tenant, lease, 9).await.len(), 3);
}

async fn a_take_over_leaves_the_step_unknown(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..1);
    bed.store.add_run(&run).await.unwrap();
    let first = bed.lease().await;
    let claim = bed.claim(&tenant, first, 9).await.remove(0);
    assert!(!claim.at.unknown);

    let second = bed.lease().await;
    assert_eq!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap(), [tenant.device]);
    let taken_over = bed.claim(&tenant, second, 9).await.remove(0);
    assert!(taken_over.at.unknown);
    assert_eq!(taken_over.version, claim.version, "nothing happened to the order");
    assert_eq!(bed.store.order_events(claim.order).await.unwrap().len(), 1);

    let late = bed.store.record(first, "worker", &[bed.outcome(&claim, Event::StepDone)]).await.unwrap();
    assert_eq!(late.orders[0].verdict, Verdict::Fenced);
    let done = bed.store.record(second, "worker", &[bed.outcome(&taken_over, Event::StepDone)]).await.unwrap();
    assert_eq!(done.orders[0].verdict, Verdict::Stop);
    assert_eq!(done.finished, [run.id]);
}

async fn an_order_given_back_is_unharmed(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
    let lease = bed.lease().await;
    for _ in 0..9 {
        let claims = bed.claim(&tenant, lease, 9).await;
        assert_eq!((claims.len(), claims[0].at.unknown, claims[0].at.attempts), (1, false, 0));
        bed.store.give_back(&claims, None).await.unwrap();
    }
}

async fn an_order_that_ends_its_workers_is_put_aside(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..2);
    bed.store.add_run(&run).await.unwrap();
    for taken_over in [false, true, true, true, true] {
        let lease = bed.lease().await;
        let claim = bed.claim(&tenant, lease, 1).await.remove(0);
        assert_eq!((claim.order, claim.at.unknown), (run.orders[0].id, taken_over));
        // Asking again, as after a refusal, is no further start.
        assert!(!taken_over || bed.store.begin(&claim).await.unwrap() && bed.store.begin(&claim).await.unwrap());
    }
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    assert_eq!(claims.iter().map(|claim| claim.order).collect::<Vec<_>>(), [run.orders[1].id]);
    let aside = bed.store.order_by_id(run.orders[0].id).await.unwrap();
    assert!(matches!(aside.state, State::Hold { why: HoldReason::UnrecoverableError, at } if at.unknown));
    assert_eq!(aside.reason.unwrap().code, "internal-error");
    assert_eq!(bed.store.licences(tenant.id).await.unwrap()[0].reserved, 2, "its step is unknown");
}

async fn an_order_that_nobody_began_is_blamed_for_nothing(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..1);
    bed.store.add_run(&run).await.unwrap();
    let mut claims = Vec::new();
    for _ in 0..9 {
        let lease = bed.lease().await;
        claims.extend(bed.claim(&tenant, lease, 1).await);
    }
    assert_eq!(claims.len(), 9);
    assert!(!bed.store.begin(&claims[7]).await.unwrap(), "it is another holder's by now");
    assert!(bed.store.begin(&claims[8]).await.unwrap());
    // Whoever gives it back has lived on, so it is no further start either.
    for _ in 0..9 {
        let lease = bed.lease().await;
        let claim = bed.claim(&tenant, lease, 1).await;
        bed.store.begin(&claim[0]).await.unwrap();
        bed.store.give_back(&claim, None).await.unwrap();
    }
    assert_eq!(bed.store.order_by_id(run.orders[0].id).await.unwrap().state.word(), "released");
}

async fn a_single_order_comes_before_the_rows_of_files(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let file = NewRun { kind: RunKind::Project, ..bed.run(&tenant, 0..3) };
    let single = bed.run(&tenant, 3..4);
    bed.store.add_run(&file).await.unwrap();
    bed.store.add_run(&single).await.unwrap();
    let lease = bed.lease().await;
    let claimed: Vec<_> = bed.claim(&tenant, lease, 2).await.iter().map(|claim| claim.order).collect();
    assert_eq!(claimed, [single.orders[0].id, file.orders[0].id]);
}

async fn a_wait_is_over_in_time(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..2)).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    // Half a second and a whole one: as text they must sort as they do as times.
    let due = [Duration::from_millis(500), Duration::from_secs(1)].map(|wait| bed.now() + wait);
    bed.store.give_back(&claims[..1], Some(due[0])).await.unwrap();
    bed.store.give_back(&claims[1..], Some(due[1])).await.unwrap();
    assert_eq!(bed.store.next_due(tenant.device).await.unwrap(), Some(due[0]));
    assert!(bed.claim(&tenant, lease, 9).await.is_empty());
    assert!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap().is_empty());
    bed.clock.advance(Duration::from_millis(500));
    assert_eq!(bed.claim(&tenant, lease, 9).await[0].order, claims[0].order);
    assert_eq!(bed.store.next_due(tenant.device).await.unwrap(), Some(due[1]));
    bed.clock.advance(Duration::from_millis(500));
    assert_eq!(bed.claim(&tenant, lease, 9).await[0].order, claims[1].order);
    assert_eq!(bed.store.next_due(tenant.device).await.unwrap(), None);
}

async fn a_time_that_a_wrong_clock_wrote_is_not_waited_for(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..2)).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    let longest = bed.now() + RetryPolicy::LONGEST_WAIT;
    bed.store.give_back(&claims[..1], Some(longest)).await.unwrap();
    bed.store.give_back(&claims[1..], Some(longest + Duration::from_secs(1))).await.unwrap();
    assert_eq!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap(), [tenant.device]);
    let claimed = bed.claim(&tenant, lease, 9).await;
    assert_eq!(claimed.iter().map(|claim| claim.order).collect::<Vec<_>>(), [claims[1].order]);
}

async fn a_claim_that_nobody_knows_of_is_given_back(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let (first, second) = (bed.run(&tenant, 0..2), bed.run(&tenant, 2..3));
    bed.store.add_run(&first).await.unwrap();
    bed.store.add_run(&second).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    assert_eq!(claims.len(), 3);
    bed.store.cancel_run(second.id, 1, "ana", bed.now()).await.unwrap();

    bed.store.give_back_orphans(tenant.device, lease, &[claims[0].order]).await.unwrap();
    let again = bed.claim(&tenant, lease, 9).await;
    assert_eq!(again.iter().map(|claim| claim.order).collect::<Vec<_>>(), [claims[1].order]);
    assert!(!again[0].at.unknown);
    // The order of the cancelled run was to stop with its step, which nobody ran.
    assert_eq!(bed.store.order_by_id(claims[2].order).await.unwrap().state, State::Cancelled);
}
