use std::collections::BTreeSet;
use std::sync::Arc;

use dialtone_model::{Action, Extension, UserId};
use dialtone_simulator::Protocol;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use crate::support::Bench;

fn extensions() -> impl Strategy<Value = Extension> {
    let few = || proptest::option::of(1..4_u128);
    (select(vec!["101", "102", "103"]), few(), few()).prop_map(|(key, user, number)| Extension {
        key: key.to_owned(),
        directory_name: "Someone".to_owned(),
        user: user.map(|user| UserId(Uuid::from_u128(user))),
        number: number.map(|number| format!("4420{number}")),
        add_ons: Vec::new(),
    })
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => extensions().prop_map(Action::ProvisionExtension),
        2 => (select(vec!["101", "102", "103"]), extensions())
            .prop_map(|(from, to)| Action::ChangeExtension { from: from.to_owned(), to }),
        1 => select(vec!["101", "102", "103"]).prop_map(|key| Action::DeleteExtension { key: key.to_owned() }),
    ]
}

/// The values of a member of all the extensions, none left out but nulls.
fn values<'a>(state: &'a serde_json::Value, member: &str) -> Vec<&'a str> {
    state["extensions"].as_array().unwrap().iter().filter_map(|extension| extension[member].as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_interleaving_gives_a_key_a_user_or_a_number_twice(
        actions in proptest::collection::vec(actions(), 1..24),
        faults in prop_oneof![Just(None), Just(Some("drop-before=20%")), Just(Some("drop-after=20%"))],
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Arc::new(Bench::phone_system(faults.as_slice()).await);
            let mut tasks = tokio::task::JoinSet::new();
            for action in actions {
                let bench = Arc::clone(&bench);
                tasks.spawn(async move { drop(bench.run(&action).await) });
            }
            while tasks.join_next().await.is_some() {}

            let state = bench.state();
            for member in ["key", "user", "number"] {
                let all = values(&state, member);
                assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{member}: {state}");
            }
            // Replaying the effects of the log alone gives the state.
            let mut held = std::collections::BTreeMap::new();
            for entry in bench.simulator.log(Protocol::PhoneSystem).unwrap() {
                for change in entry.effects {
                    match change.value {
                        Some(value) => drop(held.insert(change.object, value["extension"].clone())),
                        None => assert!(held.remove(&change.object).is_some()),
                    }
                }
            }
            let held: Vec<_> = held.into_values().collect();
            assert_eq!(state["extensions"].as_array().unwrap(), &held);
        });
    }
}
