use std::collections::BTreeMap;

use dialtone_model::{Action, Credential, Event, ExposeSecret as _, FailureClass, SecretString};
use dialtone_store::{Claim, NewOrder, NewRun, PersonalAct, Resealed, StoreError};

use crate::bed::{Bed, Tenant};

crate::on_both_engines!(
    a_step_gets_what_its_order_was_given_for_it,
    what_an_order_was_given_is_sealed_and_shown_nowhere,
    what_an_order_was_given_is_forgotten_when_it_is_over,
    a_new_key_seals_what_orders_were_given_anew,
);

/// An order that sets a PIN first, then something without a secret, and then a password.
fn order(bed: &Bed, tenant: &Tenant, user: &str, pin: &str, password: &str) -> NewOrder {
    let set = |credential| Action::SetSubscriberCredential { user_id: user.to_owned(), credential };
    let plain = Action::DeleteExtension { key: "101".to_owned() };
    let actions = vec![set(Credential::Pin), plain, set(Credential::Password)];
    let credentials = [(0, pin), (2, password)].map(|(step, secret)| (step, SecretString::from(secret)));
    NewOrder { credentials: BTreeMap::from(credentials), ..bed.new_order(tenant, actions, None) }
}

async fn add(bed: &Bed, tenant: &Tenant, orders: Vec<NewOrder>) -> NewRun {
    let run = NewRun { orders, ..bed.run(tenant, 0..0) };
    bed.store.add_run(&run).await.unwrap();
    run
}

async fn given(bed: &Bed, claim: &Claim) -> Option<String> {
    let given = bed.store.given_credential(claim).await.unwrap();
    given.map(|secret| secret.expose_secret().to_owned())
}

async fn a_step_gets_what_its_order_was_given_for_it(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let without = bed.new_order(&tenant, vec![Action::DeleteExtension { key: "102".to_owned() }], None);
    add(bed, &tenant, vec![order(bed, &tenant, "tony", "40506", "tulip-7"), without]).await;
    let lease = bed.lease().await;
    let claims = bed.claim(&tenant, lease, 9).await;
    let mut claim = claims[0].clone();
    let mut all = Vec::new();
    for step in 0..3 {
        claim.at.step = step;
        all.push(given(bed, &claim).await);
    }
    assert_eq!(all, [Some("40506".to_owned()), None, Some("tulip-7".to_owned())]);
    assert_eq!(given(bed, &claims[1]).await, None);
}

async fn what_an_order_was_given_is_sealed_and_shown_nowhere(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let run = add(bed, &tenant, vec![order(bed, &tenant, "tony", "40506-and-more", "tulip-7")]).await;
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    let record = bed.store.order_by_id(claim.order).await.unwrap();
    let history = bed.store.order_events(claim.order).await.unwrap();
    let shown = format!("{run:?} {claim:?} {record:?} {history:?}");
    assert!(shown.contains("tony") && !shown.contains("40506") && !shown.contains("tulip"), "{shown}");
    assert!(!bed.files_contain("40506-and-more") && !bed.files_contain("tulip-7"));

    let without = bed.reopen().await.unwrap();
    assert!(matches!(without.given_credential(&claim).await, Err(StoreError::NoVault)));
    let more = NewRun { orders: vec![order(bed, &tenant, "ben", "1", "2")], ..bed.run(&tenant, 0..0) };
    assert!(matches!(without.add_run(&more).await, Err(StoreError::NoVault)));
    without.close().await;

    // Moved to another order it doesn't open.
    add(bed, &tenant, vec![order(bed, &tenant, "jane", "1", "2")]).await;
    let other = bed.claim(&tenant, lease, 9).await.remove(0);
    let moved = "UPDATE order_credentials \
                 SET sealed = (SELECT sealed FROM order_credentials ORDER BY order_id LIMIT 1)";
    bed.sql(moved, moved).await;
    assert!(matches!(bed.store.given_credential(&other).await, Err(StoreError::Vault(_))));
}

async fn what_an_order_was_given_is_forgotten_when_it_is_over(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    let orders = ["tony", "ben", "jane"].map(|user| order(bed, &tenant, user, "40506", "tulip-7"));
    add(bed, &tenant, orders.into()).await;
    let lease = bed.lease().await;
    let mut claims = bed.claim(&tenant, lease, 2).await;
    let waiting = bed.store.orders(tenant.id, &dialtone_store::OrderFilter { limit: 9, ..Default::default() }).await;
    let waiting = waiting.unwrap().pop().unwrap();

    let failed = Event::StepFailed { class: FailureClass::Unrecoverable, unknown: false };
    bed.store.record(lease, "worker", &[bed.outcome(&claims[1], failed)]).await.unwrap();
    assert_eq!(given(bed, &claims[1]).await.as_deref(), Some("40506"), "a person may release it");

    for _ in 0..3 {
        assert!(bed.store.given_credential(&claims[0]).await.is_ok());
        let outcome = bed.outcome(&claims[0], Event::StepDone);
        bed.store.record(lease, "worker", std::slice::from_ref(&outcome)).await.unwrap();
        claims[0].version += 1;
        claims[0].at = outcome.next.position().unwrap_or_default();
    }
    assert_eq!(given(bed, &claims[0]).await, None, "it is completed");

    let claim = Claim { order: waiting.id, ..claims[0].clone() };
    assert_eq!(given(bed, &claim).await.as_deref(), Some("40506"));
    bed.store.act(waiting.id, waiting.version, PersonalAct::Cancel, "ana", bed.now()).await.unwrap();
    assert_eq!(given(bed, &claim).await, None, "it is cancelled");
}

async fn a_new_key_seals_what_orders_were_given_anew(bed: &Bed) {
    let tenant = bed.tenant("Sample", 5, 5).await;
    add(bed, &tenant, vec![order(bed, &tenant, "tony", "40506", "tulip-7")]).await;
    bed.vault().add_key().unwrap();
    let store = bed.reopen().await.unwrap().with_vault(bed.vault()).await.unwrap();
    assert_eq!(store.reseal().await.unwrap(), Resealed { devices: 1, extensions: 0, orders: 1 });
    assert_eq!(store.reseal().await.unwrap(), Resealed::default());
    store.close().await;
    let lease = bed.lease().await;
    let claim = bed.claim(&tenant, lease, 9).await.remove(0);
    assert_eq!(given(bed, &claim).await.as_deref(), Some("40506"));
}
