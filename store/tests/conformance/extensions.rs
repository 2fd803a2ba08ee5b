use dialtone_model::{Action, Event, Extension, FailureClass};
use dialtone_store::{ExtensionClaim, ExtensionState, Lease, NewRun, StoreError};

use crate::bed::{Bed, Tenant, extension, number};

crate::on_both_engines!(
    a_change_takes_effect_when_its_order_completes,
    a_failed_change_leaves_the_extension_as_it_was,
    a_deletion_frees_what_the_extension_had,
    an_extension_has_one_open_order,
    the_directory_is_read_page_by_page,
);

const UNRECOVERABLE: Event = Event::StepFailed { class: FailureClass::Unrecoverable, unknown: false };

/// A tenant with the extensions of its first three users.
async fn provisioned(bed: &Bed) -> (Tenant, Lease) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..3)).await.unwrap();
    let lease = bed.lease().await;
    finish(bed, &tenant, lease, Event::StepDone).await;
    (tenant, lease)
}

async fn finish(bed: &Bed, tenant: &Tenant, lease: Lease, event: Event) {
    let claims = bed.claim(tenant, lease, 9).await;
    let outcomes: Vec<_> = claims.iter().map(|claim| bed.outcome(claim, event)).collect();
    bed.store.record(lease, "worker", &outcomes).await.unwrap();
}

fn single(bed: &Bed, tenant: &Tenant, claim: ExtensionClaim) -> NewRun {
    let action = match &claim {
        ExtensionClaim::New(extension) => Action::ProvisionExtension(extension.clone()),
        ExtensionClaim::Change { from, to } => Action::ChangeExtension { from: from.clone(), to: to.clone() },
        ExtensionClaim::Delete { key } => Action::DeleteExtension { key: key.clone() },
    };
    let mut run = bed.run(tenant, 0..0);
    run.orders.push(bed.new_order(tenant, vec![action], Some(claim)));
    run
}

/// Another key, user and number, and no add-on, for the first extension.
fn changed(tenant: &Tenant) -> Extension {
    Extension {
        key: "777".to_owned(),
        directory_name: "Reception".to_owned(),
        user: Some(tenant.users[4]),
        number: Some(number(4)),
        add_ons: Vec::new(),
    }
}

fn change(tenant: &Tenant) -> ExtensionClaim {
    ExtensionClaim::Change { from: extension(tenant, 0).key, to: changed(tenant) }
}

async fn counts(bed: &Bed, tenant: &Tenant) -> [(i64, i64, i64); 2] {
    let counts = bed.store.licences(tenant.id).await.unwrap();
    [0, 1].map(|index: usize| (counts[index].free, counts[index].reserved, counts[index].used))
}

async fn a_change_takes_effect_when_its_order_completes(bed: &Bed) {
    let (tenant, lease) = provisioned(bed).await;
    assert_eq!(counts(bed, &tenant).await, [(2, 0, 3), (2, 0, 3)]);
    bed.store.add_run(&single(bed, &tenant, change(&tenant))).await.unwrap();
    let open = bed.store.extension(tenant.id, "777").await.unwrap();
    assert_eq!((open.state, &open.extension), (ExtensionState::Changing, &changed(&tenant)));
    assert_eq!(open.user_name.as_deref(), Some("User 4"));
    // Until then nobody gets what it had.
    let claimed = bed.store.claimed(tenant.id).await.unwrap();
    assert!(claimed.ext_keys.contains_key("777") && claimed.ext_keys.contains_key("10000"));
    let same_user = bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap_err();
    assert!(matches!(same_user, StoreError::Taken { .. }), "{same_user}");

    finish(bed, &tenant, lease, Event::StepDone).await;
    assert_eq!(bed.store.extension(tenant.id, "777").await.unwrap().state, ExtensionState::Provisioned);
    assert_eq!(counts(bed, &tenant).await, [(2, 0, 3), (3, 0, 2)], "the add-on is free again");
    assert_eq!(bed.store.available_numbers(tenant.id).await.unwrap(), [number(0), number(3)]);
    bed.store.add_run(&bed.run(&tenant, 0..1)).await.unwrap();
}

async fn a_failed_change_leaves_the_extension_as_it_was(bed: &Bed) {
    let (tenant, lease) = provisioned(bed).await;
    let before = bed.store.extensions(tenant.id, None, 9).await.unwrap();
    let run = single(bed, &tenant, change(&tenant));
    bed.store.add_run(&run).await.unwrap();
    finish(bed, &tenant, lease, UNRECOVERABLE).await;
    assert_eq!(bed.store.extensions(tenant.id, None, 9).await.unwrap(), before);
    assert_eq!(counts(bed, &tenant).await, [(2, 0, 3), (2, 0, 3)]);

    // Retried, it claims its values again.
    let order = bed.store.order_by_id(run.orders[0].id).await.unwrap();
    let retry = dialtone_store::PersonalAct::Retry;
    bed.store.act(order.id, order.version, retry, "ana", bed.now()).await.unwrap();
    finish(bed, &tenant, lease, Event::StepDone).await;
    assert_eq!(bed.store.extension(tenant.id, "777").await.unwrap().extension, changed(&tenant));
}

async fn a_deletion_frees_what_the_extension_had(bed: &Bed) {
    let (tenant, lease) = provisioned(bed).await;
    let key = extension(&tenant, 1).key;
    bed.store.add_run(&single(bed, &tenant, ExtensionClaim::Delete { key: key.clone() })).await.unwrap();
    assert_eq!(bed.store.extension(tenant.id, &key).await.unwrap().state, ExtensionState::Deleting);
    finish(bed, &tenant, lease, UNRECOVERABLE).await;
    assert_eq!(bed.store.extension(tenant.id, &key).await.unwrap().state, ExtensionState::Provisioned);

    bed.store.add_run(&single(bed, &tenant, ExtensionClaim::Delete { key: key.clone() })).await.unwrap();
    finish(bed, &tenant, lease, Event::StepDone).await;
    assert!(matches!(bed.store.extension(tenant.id, &key).await, Err(StoreError::NotFound { .. })));
    assert_eq!(counts(bed, &tenant).await, [(3, 0, 2), (3, 0, 2)]);
}

async fn an_extension_has_one_open_order(bed: &Bed) {
    let (tenant, _) = provisioned(bed).await;
    bed.store.add_run(&single(bed, &tenant, change(&tenant))).await.unwrap();
    let again = single(bed, &tenant, ExtensionClaim::Delete { key: "777".to_owned() });
    let refused = bed.store.add_run(&again).await.unwrap_err();
    assert!(matches!(&refused, StoreError::OpenOrder { object, .. } if object == "extension 777"), "{refused}");
    let nothing = single(bed, &tenant, ExtensionClaim::Delete { key: "12345".to_owned() });
    let refused = bed.store.add_run(&nothing).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound { what: "extension", .. }), "{refused}");
    let to = Extension { number: Some(number(2)), ..extension(&tenant, 1) };
    let taken = single(bed, &tenant, ExtensionClaim::Change { from: extension(&tenant, 1).key, to });
    let refused = bed.store.add_run(&taken).await.unwrap_err();
    let StoreError::Taken { what: "number", by: Some(by), .. } = &refused else { panic!("{refused}") };
    assert_eq!(by, "extension 10002");
}

async fn the_directory_is_read_page_by_page(bed: &Bed) {
    let (tenant, _) = provisioned(bed).await;
    bed.store.add_run(&bed.run(&tenant, 3..4)).await.unwrap();
    let first = bed.store.extensions(tenant.id, None, 2).await.unwrap();
    let rest = bed.store.extensions(tenant.id, Some(&first[1].extension.key), 9).await.unwrap();
    let keys: Vec<_> = first.iter().chain(&rest).map(|record| record.extension.key.as_str()).collect();
    assert_eq!(keys, ["10000", "10001", "10002"], "what is only claimed isn't there yet");
}
