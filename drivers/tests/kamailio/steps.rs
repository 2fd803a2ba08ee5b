use dialtone_drivers::{Look, Ran};
use dialtone_model::{Action, Extension, Fault};
use uuid::Uuid;

use crate::bed::{Bed, ENGINES, change, delete, extension, provision, renew};

/// Every action with what must be there before it.
pub(crate) fn cases() -> Vec<(Vec<Action>, Action)> {
    let there = || vec![provision("0101", 1)];
    vec![
        (vec![], provision("0101", 1)),
        (there(), change("0101", extension("0101", 2))),
        (there(), change("0101", extension("0102", 1))),
        (there(), change("0101", Extension { number: None, add_ons: vec![], ..extension("0101", 1) })),
        (there(), renew("0101")),
        (there(), delete("0101")),
    ]
}

#[tokio::test]
async fn an_extension_is_an_account_an_alias_and_its_preferences() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        let Ok(Ran::Done(done)) = world.run(&provision("0101", 1)).await else { panic!("it was not made") };
        assert_eq!(done.reference.as_deref(), Some("sip:0101@example.org"));
        assert_eq!(
            world.state().await,
            [
                // md5sum says so of `0101:example.org:first password` and `0101@example.org:example.org:first password`.
                "account 0101 first password 2f2abb50b01f9d911d3baf6fba18b906 79c877b0b8d6439590016aa415ceadf8"
                    .to_owned(),
                "alias 442000000001 0101".to_owned(),
                "preference 0101 addon_call-recording 1".to_owned(),
                "preference 0101 display_name User 1".to_owned(),
                format!("preference 0101 identity {}", Uuid::from_u128(1)),
            ]
        );
    }
}

#[tokio::test]
async fn every_action_run_twice_has_one_effect() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        for (index, (before, action)) in cases().iter().enumerate() {
            let world = bed.world(&format!("d{index}.example.org"));
            for action in before {
                world.done(action).await;
            }
            world.done(action).await;
            let state = world.state().await;
            assert!(matches!(world.look(action).await.unwrap(), Look::Equal(_)), "{engine:?} {action:?}");
            assert!(matches!(world.settle(action).await, Look::Equal(_)), "{engine:?} {action:?}");
            assert_eq!(world.state().await, state, "{engine:?} {action:?}");
        }
    }
}

#[tokio::test]
async fn what_an_action_takes_away_is_registered_no_more() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        for (index, (before, action)) in cases().iter().enumerate().skip(1) {
            let world = bed.world(&format!("d{index}.example.org"));
            world.done(&before[0]).await;
            world.register("0101");
            world.done(action).await;
            // A new number or add-on lets a phone be; a new key, user or password doesn't, nor does a deletion.
            let stays =
                matches!(action, Action::ChangeExtension { to, .. } if *to.key == *"0101" && to.number.is_none());
            let registered = world.state().await.contains(&"registered 0101".to_owned());
            assert_eq!(registered, stays, "{engine:?} {action:?}");
        }
    }
}

#[tokio::test]
async fn a_key_that_someone_else_has_is_different_and_stays_theirs() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        world.done(&provision("0101", 1)).await;
        let state = world.state().await;
        let Look::Different { differences } = world.settle(&provision("0101", 2)).await else { panic!("not noticed") };
        let of = |user: u128| Uuid::from_u128(user);
        assert_eq!(
            differences,
            [
                "directory name: device has User 1, the order says User 2".to_owned(),
                format!("user: device has {}, the order says {}", of(1), of(2)),
                "number: device has 442000000001, the order says 442000000002".to_owned(),
            ]
        );
        world.done(&provision("0102", 2)).await;
        let Look::Different { differences } = world.settle(&change("0102", extension("0101", 2))).await else {
            panic!("not noticed")
        };
        assert!(differences.iter().any(|text| text.starts_with("user: ")), "{differences:?}");
        world.done(&delete("0102")).await;
        assert_eq!(world.state().await, state);
    }
}

#[tokio::test]
async fn an_equal_extension_with_another_password_is_another_one() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        world.done(&provision("0101", 1)).await;
        world.done(&renew("0101")).await;
        let Look::Different { differences } = world.settle(&provision("0101", 1)).await else { panic!("not noticed") };
        assert_eq!(differences, ["password: device has another one"]);
    }
}

#[tokio::test]
async fn what_is_not_there_can_be_neither_changed_nor_given_a_password() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        for action in [change("0101", extension("0101", 1)), change("0101", extension("0102", 1)), renew("0101")] {
            let Look::Different { differences } = world.settle(&action).await else { panic!("not noticed") };
            assert_eq!(differences, ["extension 0101: the device has none"]);
        }
    }
}

#[tokio::test]
async fn a_number_or_key_that_leads_elsewhere_is_refused() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        world.done(&provision("0101", 1)).await;
        bed.sql(
            "INSERT INTO dbaliases (alias_username, alias_domain, username, domain) \
                 VALUES ('0300', 'example.org', 'anna', 'example.org')",
        )
        .await;
        let state = world.state().await;
        let of = |key: &str, number: &str| Extension { number: Some(number.to_owned()), ..extension(key, 2) };
        for taken in [of("0102", "442000000001"), of("0102", "0101"), of("0300", "442000000002")] {
            let fault = world.run(&Action::ProvisionExtension(taken)).await.unwrap_err();
            assert!(matches!(fault, Fault::Rejected(_)), "{fault:?}");
            assert_eq!(fault.complaint().code, "kamailio-name-taken");
        }
        assert_eq!(world.state().await, state);
    }
}

#[tokio::test]
async fn two_extensions_that_want_one_number_at_once_do_not_both_get_it() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let number = Some("442000000001".to_owned());
        let outcomes = futures_util::future::join_all((0..8).map(|index| {
            let world = bed.world("example.org");
            let extension = Extension { number: number.clone(), ..extension(&format!("01{index:02}"), index) };
            async move { world.run(&Action::ProvisionExtension(extension)).await }
        }))
        .await;
        let made = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Ran::Done(_)))).count();
        assert_eq!(made, 1, "{engine:?} {outcomes:?}");
        let aliases = bed.lines("SELECT username FROM dbaliases").await;
        assert_eq!(aliases.len(), 1, "{engine:?}");
    }
}

#[tokio::test]
async fn what_an_administrator_keeps_for_an_account_stays_until_it_goes() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        world.done(&provision("0101", 1)).await;
        bed.sql(
            "INSERT INTO dbaliases (alias_username, alias_domain, username, domain) \
                 VALUES ('anna', 'example.org', '0101', 'example.org'); \
                 INSERT INTO usr_preferences (username, domain, attribute, type, value) \
                 VALUES ('0101', 'example.org', 'fwd_busy', 0, 'sip:anna@home.example')",
        )
        .await;
        world.done(&change("0101", extension("0102", 2))).await;
        let state = world.state().await;
        for kept in ["alias anna 0102", "preference 0102 fwd_busy sip:anna@home.example"] {
            assert!(state.contains(&kept.to_owned()), "{state:?}");
        }
        world.done(&delete("0102")).await;
        assert_eq!(world.state().await, [""; 0]);
    }
}

#[tokio::test]
async fn undoing_a_provisioning_removes_it_unless_it_was_changed_since() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let world = bed.world("example.org");
        let action = provision("0101", 1);
        world.undo(&action).await.unwrap();
        world.done(&action).await;
        world.undo(&action).await.unwrap();
        world.undo(&action).await.unwrap();
        assert_eq!(world.state().await, [""; 0]);
        world.done(&action).await;
        world.done(&change("0101", extension("0101", 2))).await;
        assert_eq!(world.undo(&action).await.unwrap_err().complaint().code, "kamailio-changed-since");
        assert_eq!(world.undo(&delete("0101")).await.unwrap_err().complaint().code, "no-undo");
    }
}
