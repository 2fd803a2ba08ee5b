use dialtone_model::{Action, Attributes, Event, FailureClass, ProjectId, ProjectStatus, RunKind};
use dialtone_store::{
    Infrastructure, InfrastructureKind, Lease, NewProduct, NewProject, NewRun, PersonalAct, ProductState, StoreError,
    Subscriber,
};
use serde_json::json;

use uuid::Uuid;

use crate::bed::{Bed, Tenant};

crate::on_both_engines!(
    a_project_is_edited_run_and_over,
    a_duplicate_has_the_same_files,
    products_become_active_with_their_order,
    a_stopped_order_leaves_what_it_made,
    two_orders_cannot_make_one_product,
    settings_and_subscribers_are_kept,
);

async fn project(bed: &Bed, tenant: &Tenant) -> ProjectId {
    let id = bed.ids.next();
    let new = new_project(bed, tenant, id);
    bed.store.add_project(&new).await.unwrap();
    id
}

pub(crate) fn new_project(bed: &Bed, tenant: &Tenant, id: ProjectId) -> NewProject {
    NewProject { id, organization: tenant.id, name: "New hires".to_owned(), at: bed.now(), by: "ana".to_owned() }
}

fn product(product: &str, key: &str, made_by_step: u16) -> NewProduct {
    NewProduct {
        product: product.to_owned(),
        key: key.to_owned(),
        subscriber: "tony".to_owned(),
        service_area: Some("Berlin".to_owned()),
        device: None,
        attributes: Attributes::from([("Description".to_owned(), "Tony's".to_owned())]),
        made_by_step,
    }
}

/// A run of one order that makes a phone, then a line on it, then a mailbox.
fn new_hire(bed: &Bed, tenant: &Tenant) -> NewRun {
    let step = |key: &str| Action::DeleteExtension { key: key.to_owned() };
    let mut run = NewRun { kind: RunKind::Project, ..bed.run(tenant, 0..0) };
    let mut order = bed.new_order(tenant, vec![step("101"), step("102"), step("103")], None);
    order.products = vec![
        product("Phone", "SEP001122334455", 0),
        product("Line", "SEP001122334455/100/", 1),
        product("Voicemail", "tony", 2),
    ];
    run.orders.push(order);
    run
}

/// Runs the first `done` steps, then `last`.
async fn play(bed: &Bed, tenant: &Tenant, lease: Lease, done: u16, last: Event) {
    let mut claim = bed.claim(tenant, lease, 1).await.remove(0);
    for _ in claim.at.step..done {
        let outcome = bed.outcome(&claim, Event::StepDone);
        bed.store.record(lease, "worker", std::slice::from_ref(&outcome)).await.unwrap();
        claim.version += 1;
        claim.at = outcome.next.position().unwrap();
    }
    bed.store.record(lease, "worker", &[bed.outcome(&claim, last)]).await.unwrap();
}

async fn products(bed: &Bed, tenant: &Tenant) -> Vec<(String, ProductState)> {
    let products = bed.store.products_of(tenant.id, "tony").await.unwrap();
    products.into_iter().map(|product| (product.product, product.state)).collect()
}

async fn a_project_is_edited_run_and_over(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let id = project(bed, &tenant).await;
    let (first, second) = (bed.upload(&tenant), bed.upload(&tenant));
    bed.store.add_upload(&first, &[]).await.unwrap();
    bed.store.add_upload(&second, &[]).await.unwrap();
    bed.store.add_project_uploads(id, 1, &[first.id, second.id]).await.unwrap();
    let changed = bed.store.rename_project(id, 1, "Other").await.unwrap_err();
    assert!(matches!(changed, StoreError::Changed { what: "project" }), "{changed}");
    bed.store.rename_project(id, 2, "Spring").await.unwrap();
    bed.store.remove_project_upload(id, 3, first.id).await.unwrap();
    let gone = bed.store.remove_project_upload(id, 4, first.id).await.unwrap_err();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    assert_eq!(bed.store.project_uploads(id).await.unwrap(), [second.id]);

    let run = NewRun { project: Some((id, 4)), ..new_hire(bed, &tenant) };
    bed.store.add_run(&run).await.unwrap();
    let record = bed.store.project(id).await.unwrap();
    assert_eq!((record.status, record.run, record.name.as_str()), (ProjectStatus::InProgress, Some(run.id), "Spring"));
    let refused = bed.store.delete_project(id, record.version).await.unwrap_err();
    assert!(matches!(refused, StoreError::ProjectAction(_)), "{refused}");
    assert_eq!(bed.store.run(run.id).await.unwrap().project, Some(id));

    let lease = bed.lease().await;
    play(bed, &tenant, lease, 2, Event::StepDone).await;
    let record = bed.store.projects(tenant.id).await.unwrap().remove(0);
    assert_eq!(record.status, ProjectStatus::Completed);
    bed.store.delete_project(id, record.version).await.unwrap();
    assert_eq!(bed.store.run_orders(run.id, None, 9).await.unwrap().len(), 1);
}

async fn a_duplicate_has_the_same_files(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let from = project(bed, &tenant).await;
    let upload = bed.upload(&tenant);
    bed.store.add_upload(&upload, &[]).await.unwrap();
    bed.store.add_project_uploads(from, 1, &[upload.id]).await.unwrap();
    let to = bed.ids.next();
    bed.store.duplicate_project(from, &new_project(bed, &tenant, to)).await.unwrap();
    assert_eq!(bed.store.project_uploads(to).await.unwrap(), [upload.id]);
    assert_eq!(bed.store.project(to).await.unwrap().status, ProjectStatus::Draft);
}

async fn products_become_active_with_their_order(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let run = new_hire(bed, &tenant);
    bed.store.add_run(&run).await.unwrap();
    let ordered = bed.store.inventory(tenant.id, None, 2).await.unwrap();
    let rest = bed.store.inventory(tenant.id, Some((&ordered[1].product, &ordered[1].key)), 9).await.unwrap();
    let all: Vec<_> = ordered.iter().chain(&rest).collect();
    assert_eq!(all.iter().map(|product| product.product.as_str()).collect::<Vec<_>>(), ["Line", "Phone", "Voicemail"]);
    assert!(all.iter().all(|product| product.state == ProductState::Ordered && product.order.is_some()));
    assert_eq!(all[1].attributes, run.orders[0].products[0].attributes);
    assert_eq!(all[1].service_area.as_deref(), Some("Berlin"));

    let lease = bed.lease().await;
    play(bed, &tenant, lease, 2, Event::StepDone).await;
    assert!(products(bed, &tenant).await.iter().all(|(_, state)| *state == ProductState::Active));
}

async fn a_stopped_order_leaves_what_it_made(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let run = new_hire(bed, &tenant);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let failed = |unknown| Event::StepFailed { class: FailureClass::Unrecoverable, unknown };
    play(bed, &tenant, lease, 1, failed(true)).await;
    assert_eq!(products(bed, &tenant).await.len(), 3, "the line may be there");

    let order = bed.store.order_by_id(run.orders[0].id).await.unwrap();
    bed.store.act(order.id, order.version, PersonalAct::Retry, "ana", bed.now()).await.unwrap();
    play(bed, &tenant, lease, 1, failed(false)).await;
    assert_eq!(products(bed, &tenant).await, [("Phone".to_owned(), ProductState::Active)]);

    let order = bed.store.order_by_id(run.orders[0].id).await.unwrap();
    bed.store.act(order.id, order.version, PersonalAct::Retry, "ana", bed.now()).await.unwrap();
    play(bed, &tenant, lease, 2, Event::StepDone).await;
    let now = products(bed, &tenant).await;
    assert_eq!(now.len(), 3);
    assert!(now.iter().all(|(_, state)| *state == ProductState::Active));
}

async fn two_orders_cannot_make_one_product(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let first = new_hire(bed, &tenant);
    bed.store.add_run(&first).await.unwrap();
    let number = bed.store.order_by_id(first.orders[0].id).await.unwrap().number;
    let refused = bed.store.add_run(&new_hire(bed, &tenant)).await.unwrap_err();
    let StoreError::Taken { what: "product", value, by } = refused else { panic!("{refused}") };
    assert_eq!((value.as_str(), by), ("Phone SEP001122334455", Some(format!("order {number}"))));

    // Once the first run is cancelled they are free, and a retry of its order finds them taken.
    bed.store.cancel_run(first.id, 1, "ana", bed.now()).await.unwrap();
    assert!(products(bed, &tenant).await.is_empty());
    bed.store.add_run(&new_hire(bed, &tenant)).await.unwrap();
}

async fn settings_and_subscribers_are_kept(bed: &Bed) {
    let tenant = bed.tenant("Sample", 0, 0).await;
    let area = |name: &str, start: u32| Infrastructure { name: name.to_owned(), settings: json!({ "start": start }) };
    let kind = InfrastructureKind::ServiceArea;
    bed.store.put_infrastructure(tenant.id, kind, &[area("Munich", 1), area("Berlin", 2)]).await.unwrap();
    bed.store.put_infrastructure(tenant.id, kind, &[area("Munich", 3)]).await.unwrap();
    assert_eq!(bed.store.infrastructure(tenant.id, kind).await.unwrap(), [area("Berlin", 2), area("Munich", 3)]);
    assert!(bed.store.infrastructure(tenant.id, InfrastructureKind::Role).await.unwrap().is_empty());

    let subscriber = |user_id: &str, domain: &str| Subscriber {
        user_id: user_id.to_owned(),
        first_name: None,
        last_name: "Sample".to_owned(),
        email: None,
        role: "Employee".to_owned(),
        domain: domain.to_owned(),
        identity_id: Some(Uuid::from_u128(9)),
    };
    let all = [subscriber("jane", "North"), subscriber("tony", "North")];
    bed.store.put_subscribers(tenant.id, &all).await.unwrap();
    let moved = Subscriber { identity_id: None, ..subscriber("tony", "South") };
    bed.store.put_subscribers(tenant.id, &[moved]).await.unwrap();
    let all = [subscriber("jane", "North"), subscriber("tony", "South")];
    assert_eq!(bed.store.subscribers(tenant.id).await.unwrap(), all, "who it is in the Phone System stays known");
    assert_eq!(bed.store.subscriber(tenant.id, "tony").await.unwrap(), all[1]);
    let nobody = bed.store.subscriber(tenant.id, "Tony").await.unwrap_err();
    assert!(matches!(nobody, StoreError::NotFound { what: "subscriber", .. }), "{nobody}");
}
