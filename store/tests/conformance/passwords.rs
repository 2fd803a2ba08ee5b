use std::collections::{BTreeMap, BTreeSet};

use dialtone_model::{Action, Event, ExposeSecret as _, Extension, OrderId, RunId};
use dialtone_store::{Claim, ExtensionClaim, HandedOut, Lease, StoreError};

use crate::bed::{Bed, Tenant, extension};

crate::on_both_engines!(
    a_password_is_made_once_and_a_retry_gets_the_same,
    a_change_of_key_or_user_gets_a_new_password_and_no_other_does,
    passwords_are_handed_out_once_and_forgotten,
    a_password_that_is_worth_nothing_any_more_is_not_handed_out,
    passwords_are_sealed_in_the_database,
);

async fn password(bed: &Bed, claim: &Claim) -> Option<String> {
    let password = bed.store.extension_password(claim).await.unwrap();
    password.map(|password| password.expose_secret().to_owned())
}

/// Starts a run and claims its orders.
async fn claimed(
    bed: &Bed,
    tenant: &Tenant,
    lease: Lease,
    orders: Vec<(Action, Option<ExtensionClaim>)>,
) -> Vec<Claim> {
    let mut run = bed.run(tenant, 0..0);
    run.orders = orders.into_iter().map(|(action, claim)| bed.new_order(tenant, vec![action], claim)).collect();
    bed.store.add_run(&run).await.unwrap();
    bed.claim(tenant, lease, 9).await
}

async fn complete(bed: &Bed, lease: Lease, claims: &[Claim]) {
    let outcomes: Vec<_> = claims.iter().map(|claim| bed.outcome(claim, Event::StepDone)).collect();
    bed.store.record(lease, "worker", &outcomes).await.unwrap();
}

/// A tenant with extensions for its first users and their passwords: the run that made them.
async fn provisioned(bed: &Bed, users: usize) -> (Tenant, Lease, RunId, BTreeMap<String, String>) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = bed.run(&tenant, 0..users);
    bed.store.add_run(&run).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    bed.store.make_extension_passwords(&claims).await.unwrap();
    let mut passwords = BTreeMap::new();
    for claim in &claims {
        let Action::ProvisionExtension(extension) = &claim.steps[0].action else { panic!("{claim:?}") };
        passwords.insert(extension.key.clone(), password(bed, claim).await.unwrap());
    }
    complete(bed, lease, &claims).await;
    (tenant, lease, run.id, passwords)
}

/// What would be handed out for a run, by ext key, and the orders that set it.
async fn to_hand_out(bed: &Bed, run: RunId) -> (BTreeMap<String, String>, Vec<OrderId>) {
    let found = bed.store.run_passwords(run).await.unwrap();
    let orders = found.iter().map(|password| password.order).collect();
    let open = found.into_iter().filter_map(|password| match password.password {
        HandedOut::Not(secret) => Some((password.key, secret.expose_secret().to_owned())),
        HandedOut::Was { .. } => None,
    });
    (open.collect(), orders)
}

fn change(tenant: &Tenant, index: usize, to: &Extension) -> (Action, Option<ExtensionClaim>) {
    let from = extension(tenant, index).key;
    (
        Action::ChangeExtension { from: from.clone(), to: to.clone() },
        Some(ExtensionClaim::Change { from, to: to.clone() }),
    )
}

async fn a_password_is_made_once_and_a_retry_gets_the_same(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    bed.store.add_run(&bed.run(&tenant, 0..3)).await.unwrap();
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    let mut passwords = BTreeSet::new();
    for claim in &claims {
        let first = password(bed, claim).await.unwrap();
        assert_eq!(first.len(), 20);
        bed.store.make_extension_passwords(&claims).await.unwrap();
        assert_eq!(password(bed, claim).await.as_ref(), Some(&first));
        passwords.insert(first);
    }
    assert_eq!(passwords.len(), 3, "two are equal");
    // What isn't completed is handed to nobody.
    assert_eq!(to_hand_out(bed, claims[0].run).await.0, BTreeMap::new());
}

async fn a_change_of_key_or_user_gets_a_new_password_and_no_other_does(bed: &Bed) {
    let (tenant, lease, _, passwords) = provisioned(bed, 3).await;
    let [first, second, third] = [0, 1, 2].map(|index| extension(&tenant, index));
    let claims = claimed(
        bed,
        &tenant,
        lease,
        vec![
            change(&tenant, 0, &Extension { key: "777".to_owned(), ..first.clone() }),
            change(&tenant, 1, &Extension { user: Some(tenant.users[4]), ..second.clone() }),
            change(&tenant, 2, &Extension { directory_name: "Reception".to_owned(), number: None, ..third }),
        ],
    )
    .await;
    let [renamed, given, kept] = [0, 1, 2].map(|index: usize| &claims[index]);
    let renamed = password(bed, renamed).await.unwrap();
    let given = password(bed, given).await.unwrap();
    assert!(renamed != passwords[&first.key] && given != passwords[&second.key] && renamed != given);
    assert_eq!(password(bed, kept).await, None);
    complete(bed, lease, &claims).await;
    let handed = BTreeMap::from([("777".to_owned(), renamed), (second.key.clone(), given)]);
    assert_eq!(to_hand_out(bed, claims[0].run).await.0, handed);

    let deletion = claimed(
        bed,
        &tenant,
        lease,
        vec![(
            Action::DeleteExtension { key: second.key.clone() },
            Some(ExtensionClaim::Delete { key: second.key.clone() }),
        )],
    )
    .await;
    assert_eq!(password(bed, &deletion[0]).await, None);
}

async fn passwords_are_handed_out_once_and_forgotten(bed: &Bed) {
    let (_, _, run, passwords) = provisioned(bed, 3).await;
    let (open, orders) = to_hand_out(bed, run).await;
    assert_eq!(open, passwords);
    bed.store.hand_out_passwords(&orders[..1], "ana", bed.now()).await.unwrap();
    // Two at once: who comes second gets none of them.
    let refused = bed.store.hand_out_passwords(&orders, "ben", bed.now()).await;
    assert!(matches!(refused, Err(StoreError::Changed { .. })), "{refused:?}");
    assert_eq!(to_hand_out(bed, run).await.0.len(), 2);
    bed.store.hand_out_passwords(&orders[1..], "ana", bed.now()).await.unwrap();
    for password in bed.store.run_passwords(run).await.unwrap() {
        assert!(matches!(&password.password, HandedOut::Was { at, by } if *at == bed.now() && by == "ana"));
    }
}

async fn a_password_that_is_worth_nothing_any_more_is_not_handed_out(bed: &Bed) {
    let (tenant, lease, run, passwords) = provisioned(bed, 3).await;
    bed.clock.advance(std::time::Duration::from_secs(1));
    let [first, second, third] = [0, 1, 2].map(|index| extension(&tenant, index));
    let renewal = (
        Action::RenewExtensionPassword { key: first.key.clone() },
        Some(ExtensionClaim::Change { from: first.key.clone(), to: first.clone() }),
    );
    let deletion =
        (Action::DeleteExtension { key: second.key.clone() }, Some(ExtensionClaim::Delete { key: second.key.clone() }));
    let claims = claimed(bed, &tenant, lease, vec![renewal, deletion]).await;
    let renewed = password(bed, &claims[0]).await.unwrap();
    assert_ne!(renewed, passwords[&first.key]);
    // Until it is through, the former password is the one.
    assert_eq!(to_hand_out(bed, run).await.0, passwords);
    complete(bed, lease, &claims).await;
    let left = BTreeMap::from([(third.key.clone(), passwords[&third.key].clone())]);
    assert_eq!(to_hand_out(bed, run).await.0, left);
    assert_eq!(to_hand_out(bed, claims[0].run).await.0, BTreeMap::from([(first.key, renewed)]));
}

async fn passwords_are_sealed_in_the_database(bed: &Bed) {
    let (_, _, run, passwords) = provisioned(bed, 1).await;
    let password = passwords.into_values().next().unwrap();
    assert!(!bed.files_contain(&password));
    let without = bed.reopen().await.unwrap();
    assert!(matches!(without.run_passwords(run).await, Err(StoreError::NoVault)));
    without.close().await;
}
