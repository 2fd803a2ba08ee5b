use dialtone_drivers::Look;

use crate::bed::{Bed, ENGINES, Engine};
use crate::proxy::Cut;
use crate::registrar::Failing;
use crate::steps::cases;

/// The connection to the database is lost at every request of every action, before it and after it.
#[tokio::test]
async fn a_connection_lost_at_any_request_comes_to_the_same_end() {
    let bed = Bed::new(Engine::Postgres).await;
    let proxy = bed.proxy.clone().unwrap();
    let mut worlds = 0;
    let mut world = || {
        worlds += 1;
        // Every name is of one length, so that all digests depend on the domain alone.
        bed.world(&format!("d{worlds:04}.example.org"))
    };
    let mut cuts = 0;
    for (before, action) in cases() {
        let healthy = world();
        for action in &before {
            healthy.done(action).await;
        }
        healthy.register("0101");
        healthy.done(&action).await;
        let end = shape(&healthy.state().await);
        for cut in [Cut::Before, Cut::After] {
            for request in 0.. {
                let world = world();
                for action in &before {
                    world.done(action).await;
                }
                world.register("0101");
                proxy.cut(cut(request));
                let settled = world.settle(&action).await;
                assert!(matches!(settled, Look::Equal(_)), "{:?} {action:?}", cut(request));
                if proxy.will_cut() {
                    break;
                }
                cuts += 1;
                assert_eq!(shape(&world.state().await), end, "{:?} {action:?}", cut(request));
            }
            // What is left of a cut that never came isn't the next world's.
            proxy.spare();
        }
    }
    assert!(cuts > 60, "there were {cuts} cuts");
}

#[tokio::test]
async fn an_unregistration_that_fails_before_or_after_its_effect_is_repeated() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        for (index, (before, action)) in cases().iter().enumerate().skip(1) {
            for failing in [Failing::Before, Failing::After] {
                let world = bed.world(&format!("d{index}{failing:?}.example.org").to_lowercase());
                world.done(&before[0]).await;
                world.register("0101");
                bed.registrar.fail_once(failing);
                assert!(matches!(world.settle(action).await, Look::Equal(_)), "{failing:?} {action:?}");
                if bed.registrar.will_fail() {
                    // The action ends no registration, so it never asked.
                    assert!(world.state().await.contains(&"registered 0101".to_owned()), "{action:?}");
                    bed.registrar.spare();
                } else {
                    assert!(!world.state().await.contains(&"registered 0101".to_owned()), "{action:?}");
                }
            }
        }
    }
}

/// After a take-over the step is looked at first: one that was cut off between its commit and the unregistration isn't
/// done yet.
#[tokio::test]
async fn an_action_whose_unregistration_never_came_is_not_taken_for_done() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        for (index, (before, action)) in cases().iter().enumerate().skip(1) {
            let world = bed.world(&format!("d{index}.example.org"));
            world.done(&before[0]).await;
            world.done(action).await;
            let done = world.look(action).await.unwrap();
            assert!(matches!(done, Look::Equal(_)), "{action:?}");
            world.register("0101");
            match world.look(action).await.unwrap() {
                Look::Absent => {
                    world.done(action).await;
                    assert_eq!(world.look(action).await.unwrap(), done, "{action:?}");
                }
                Look::Equal(_) => assert_eq!(index, 3, "only a number or add-on lets a registration be"),
                Look::Different { differences } => panic!("{differences:?}"),
            }
        }
    }
}

/// A state without its digests, which depend on the domain.
fn shape(state: &[String]) -> Vec<String> {
    let is_digest = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    state
        .iter()
        .map(|line| {
            line.split(' ').map(|word| if is_digest(&word) { "digest" } else { word }).collect::<Vec<_>>().join(" ")
        })
        .collect()
}
