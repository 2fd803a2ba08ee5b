use dialtone_model::{Event, ExtendedStatus, Licence, Reservation, RunState, State};
use dialtone_store::Verdict;

use crate::bed::{Bed, extension, recording};

crate::on_both_engines!(a_run_is_claimed_recorded_and_over);

async fn a_run_is_claimed_recorded_and_over(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..3);
    bed.store.add_run(&run).await.unwrap();
    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert_eq!(counts.iter().map(|c| (c.free, c.reserved, c.used)).collect::<Vec<_>>(), [(2, 3, 0), (2, 3, 0)]);

    let lease = bed.lease().await;
    assert_eq!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap(), [tenant.device]);
    let claims = bed.claim(&tenant, lease, 10).await;
    assert_eq!(
        claims.iter().map(|claim| claim.order).collect::<Vec<_>>(),
        run.orders.iter().map(|o| o.id).collect::<Vec<_>>()
    );
    assert!(bed.store.devices_with_work(&[tenant.device], bed.now()).await.unwrap().is_empty());

    let (last, first) = claims.split_last().unwrap();
    let outcomes: Vec<_> = first.iter().map(|claim| bed.outcome(claim, Event::StepDone)).collect();
    let recorded = bed.store.record(lease, "worker", &outcomes).await.unwrap();
    assert!(recorded.orders.iter().all(|order| order.verdict == Verdict::Stop));
    assert!(recorded.finished.is_empty());
    let counts = bed.store.run_counts(run.id).await.unwrap().by_state;
    assert_eq!(counts[&("completed".to_owned(), None)], 2);
    assert_eq!(counts[&("released".to_owned(), Some(ExtendedStatus::BeingProvisioned))], 1);

    let recorded = bed.store.record(lease, "worker", &[bed.outcome(last, Event::StepDone)]).await.unwrap();
    assert_eq!(recorded.finished, [run.id]);
    assert_eq!(bed.store.run(run.id).await.unwrap().state, RunState::Finished);
    let orders = bed.store.run_orders(run.id, None, 10).await.unwrap();
    assert_eq!(orders.len(), 3);
    assert!(orders.iter().all(|order| order.state == State::Completed && order.reservation == Reservation::Used));
    let history = bed.store.order_events(orders[0].id).await.unwrap();
    assert_eq!(history.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["started", "step_done"]);

    let counts = bed.store.licences(tenant.id).await.unwrap();
    assert_eq!(counts[0].licence, Licence::Base);
    assert_eq!(counts[1].licence, Licence::AddOn(recording()));
    assert_eq!(counts.iter().map(|c| (c.free, c.reserved, c.used)).collect::<Vec<_>>(), [(2, 0, 3), (2, 0, 3)]);
    let extensions = bed.store.extensions(tenant.id, None, 10).await.unwrap();
    assert_eq!(extensions.len(), 3);
    assert_eq!(extensions[1].extension, extension(&tenant, 1));
    assert_eq!(bed.store.available_numbers(tenant.id).await.unwrap().len(), 2);
}
