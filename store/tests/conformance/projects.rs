use std::collections::BTreeMap;

use dialtone_model::{
    Domain, Event, NumberBlock, OwnedProduct, Processor, RunKind, RunState, ServiceArea, Subscriber, SubscriberRole,
    UploadId,
};
use dialtone_store::{Fulfilment, NewProject, NewRun, ProjectRun, StoreError, Structure, UploadRecord};

use crate::bed::{Bed, Tenant};
use crate::on_both_engines;

on_both_engines!(
    a_project_keeps_its_files_in_order_and_is_copied_without_its_runs,
    what_an_order_leads_to_is_inventory_once_it_is_completed,
    a_project_runs_once_at_a_time,
    structure_and_subscribers_are_set_and_stay,
);

async fn project(bed: &Bed, tenant: &Tenant) -> NewProject {
    let new = NewProject {
        id: bed.ids.next(),
        organization: tenant.id,
        name: "Hires".to_owned(),
        at: bed.now(),
        by: "cli:sample".to_owned(),
    };
    bed.store.add_project(&new).await.unwrap();
    new
}

async fn upload(bed: &Bed, tenant: &Tenant) -> UploadId {
    let record = UploadRecord {
        id: bed.ids.next(),
        organization: tenant.id,
        name: "hires.csv".to_owned(),
        kind: "project".to_owned(),
        sha256: "00".to_owned(),
        size: 1,
        storage_key: "uploads/1".to_owned(),
        uploaded_at: bed.now(),
        uploaded_by: "cli:sample".to_owned(),
    };
    bed.store.add_upload(&record, &[]).await.unwrap();
    record.id
}

fn subscriber(user_id: &str, last_name: &str) -> Subscriber {
    Subscriber {
        user_id: user_id.to_owned(),
        first_name: "Tony".to_owned(),
        last_name: last_name.to_owned(),
        email: None,
        role: "Employee".to_owned(),
        domain: "Singapore".to_owned(),
        identity: None,
        present_on: ["CUCM".to_owned()].into(),
    }
}

/// A run of the project, whose orders each lead to one product.
fn project_run(bed: &Bed, tenant: &Tenant, project: &NewProject, orders: usize) -> (NewRun, ProjectRun) {
    let run = NewRun { kind: RunKind::Project, project: Some(project.id), ..bed.run(tenant, 0..orders) };
    let product = |number: usize| OwnedProduct {
        object: format!("phone/CUCM/{number}"),
        product: "Phone".to_owned(),
        owner: "tony".to_owned(),
        service_area: "HQ".to_owned(),
        parent: None,
        values: BTreeMap::from([("Phone Type".to_owned(), "Cisco 7965".to_owned())]),
    };
    let fulfilments = run.orders.iter().enumerate().map(|(number, order)| Fulfilment {
        order: order.id,
        rows: order.origin_row.into_iter().collect(),
        products: vec![product(number)],
        user_id: "tony".to_owned(),
        logins: vec!["CUCM".to_owned()],
    });
    let details = ProjectRun { fulfilments: fulfilments.collect(), subscribers: vec![subscriber("tony", "Made")] };
    (run, details)
}

async fn a_project_keeps_its_files_in_order_and_is_copied_without_its_runs(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let new = project(bed, &tenant).await;
    let (first, second) = (upload(bed, &tenant).await, upload(bed, &tenant).await);
    bed.store.add_project_uploads(new.id, 1, &[second, first]).await.unwrap();
    assert_eq!(bed.store.project_uploads(new.id).await.unwrap(), [second, first]);
    let stale = bed.store.add_project_uploads(new.id, 1, &[first]).await;
    assert!(matches!(stale, Err(StoreError::Changed { what: "project" })), "{stale:?}");
    bed.store.remove_project_upload(new.id, 2, second).await.unwrap();
    let unknown = bed.store.remove_project_upload(new.id, 3, second).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { what: "file", .. })), "{unknown:?}");

    let record = bed.store.project(new.id).await.unwrap();
    assert_eq!((record.name.as_str(), record.files, record.last_run, record.version), ("Hires", 1, None, 3));
    let copy = NewProject { id: bed.ids.next(), name: "Copy".to_owned(), ..new.clone() };
    bed.store.duplicate_project(new.id, &copy).await.unwrap();
    assert_eq!(bed.store.project_uploads(copy.id).await.unwrap(), [first]);
    let names: Vec<String> =
        bed.store.projects(tenant.id).await.unwrap().into_iter().map(|project| project.name).collect();
    assert_eq!(names, ["Copy", "Hires"]);
    bed.store.delete_project(new.id, 3).await.unwrap();
    assert!(matches!(bed.store.project(new.id).await, Err(StoreError::NotFound { what: "project", .. })));
}

async fn what_an_order_leads_to_is_inventory_once_it_is_completed(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let new = project(bed, &tenant).await;
    let (run, details) = project_run(bed, &tenant, &new, 2);
    bed.store.add_project_run(&run, &details).await.unwrap();
    bed.store.add_project_run(&run, &details).await.unwrap();
    assert_eq!(bed.store.run_fulfilments(run.id).await.unwrap(), details.fulfilments);
    assert!(bed.store.fulfilled(tenant.id).await.unwrap().is_empty());

    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 10).await;
    let first = claims.iter().find(|claim| claim.order == run.orders[0].id).unwrap();
    bed.store.record(lease, "worker", &[bed.outcome(first, Event::StepDone)]).await.unwrap();
    assert_eq!(bed.store.fulfilled(tenant.id).await.unwrap(), details.fulfilments[..1]);
    assert_eq!(bed.store.subscribers(tenant.id).await.unwrap(), details.subscribers);
}

async fn a_project_runs_once_at_a_time(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let new = project(bed, &tenant).await;
    let (run, details) = project_run(bed, &tenant, &new, 1);
    bed.store.add_project_run(&run, &details).await.unwrap();
    let record = bed.store.project(new.id).await.unwrap();
    assert_eq!(record.last_run, Some((run.id, RunState::Running)));

    let again = NewRun { id: bed.ids.next(), orders: Vec::new(), ..run.clone() };
    let refused = bed.store.add_project_run(&again, &ProjectRun::default()).await;
    assert!(matches!(refused, Err(StoreError::ProjectRunning { run: open }) if open == run.id), "{refused:?}");
    let refused = bed.store.delete_project(new.id, record.version).await;
    assert!(matches!(refused, Err(StoreError::ProjectRunning { .. })), "{refused:?}");
    assert_eq!(bed.store.project(new.id).await.unwrap().version, record.version, "a refusal changes nothing");

    bed.store.cancel_run(run.id, 1, "cli:sample", bed.now()).await.unwrap();
    bed.store.delete_project(new.id, record.version).await.unwrap();
}

async fn structure_and_subscribers_are_set_and_stay(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let block = NumberBlock {
        name: "Block".to_owned(),
        start: "4100".to_owned(),
        end: "4199".to_owned(),
        reserved: BTreeMap::from([("4100".to_owned(), "tony".to_owned())]),
    };
    let structure = Structure {
        domains: vec![Domain { name: "Singapore".to_owned(), default_role: "Employee".to_owned() }],
        service_areas: vec![ServiceArea {
            name: "HQ".to_owned(),
            domain: "Singapore".to_owned(),
            number_blocks: vec![block],
            ..ServiceArea::default()
        }],
        roles: vec![SubscriberRole {
            name: "Employee".to_owned(),
            pseudo: false,
            added: ["User Services".to_owned()].into(),
            removed: [].into(),
            phone_types: [].into(),
        }],
        processors: vec![Processor { name: "CUCM".to_owned(), extension_mobility: true, ..Processor::default() }],
    };
    bed.store.put_structure(tenant.id, &structure).await.unwrap();
    let role = Domain { default_role: "Guest".to_owned(), ..structure.domains[0].clone() };
    let changed = Structure { domains: vec![role.clone()], ..Structure::default() };
    bed.store.put_structure(tenant.id, &changed).await.unwrap();
    let expected = Structure { domains: vec![role], ..structure };
    assert_eq!(bed.store.structure(tenant.id).await.unwrap(), expected);

    let people = [subscriber("tony", "Old"), subscriber("jane", "Old")];
    bed.store.put_subscribers(tenant.id, &people).await.unwrap();
    bed.store.put_subscribers(tenant.id, &[subscriber("tony", "New")]).await.unwrap();
    let found = bed.store.subscribers(tenant.id).await.unwrap();
    assert_eq!(found, [subscriber("jane", "Old"), subscriber("tony", "New")]);
}
