//! What CM Express and Unity Express have in common: the failure of single lines.

use dialtone_drivers::Look;
use dialtone_model::Action;
use dialtone_simulator::Protocol;

use crate::support::{Bench, Case};

/// Lets each line that an action needs fail by itself, before and after its effect, and by an error of the device; the
/// end must be as without faults, with not one effect more.
pub(crate) async fn failed_at_every_line(protocol: Protocol, cases: Vec<Case>) {
    for (before, action) in cases {
        let healthy = prepared(protocol, &before).await;
        let earlier = healthy.simulator.log(protocol).unwrap().len();
        healthy.done(&action).await;
        let entries = healthy.simulator.log(protocol).unwrap();
        let lines: Vec<&str> = entries[earlier..]
            .iter()
            .filter(|entry| !entry.effects.is_empty())
            .map(|entry| entry.request.split_once(": ").map_or(entry.request.as_str(), |(_, line)| line))
            .collect();
        assert!(!lines.is_empty(), "{action:?}");
        for line in lines {
            for fault in ["drop-before", "drop-after", "error"] {
                let faulty = prepared(protocol, &before).await;
                faulty.inject(&format!("{fault}=command:{line},once"));
                assert!(matches!(faulty.settle(&action).await, Look::Equal(_)), "{fault} {line} {action:?}");
                assert_eq!(faulty.state(), healthy.state(), "{fault} {line} {action:?}");
                assert_eq!(faulty.effects(), healthy.effects(), "{fault} {line} {action:?}");
            }
        }
    }
}

/// Lets the device refuse each line that an action needs; what is left must be what was there before.
pub(crate) async fn refused_at_every_line(protocol: Protocol, cases: Vec<Case>) {
    for (before, action) in cases {
        let healthy = prepared(protocol, &before).await;
        let (earlier, state) = (healthy.simulator.log(protocol).unwrap().len(), healthy.state());
        healthy.done(&action).await;
        let entries = healthy.simulator.log(protocol).unwrap();
        for entry in entries[earlier..].iter().filter(|entry| !entry.effects.is_empty()) {
            let line = entry.request.split_once(": ").map_or(entry.request.as_str(), |(_, line)| line);
            let picky = prepared(protocol, &before).await;
            picky.inject(&format!("refuse=command:{line},once"));
            let fault = picky.run(&action).await.unwrap_err();
            assert!(fault.complaint().message.contains("the device refuses"), "{line}: {fault:?}");
            assert!(matches!(fault, dialtone_model::Fault::Rejected(_)), "{line}: {fault:?}");
            assert_eq!(picky.state(), state, "{line} {action:?}");
        }
    }
}

async fn prepared(protocol: Protocol, before: &[Action]) -> Bench {
    let bench = Bench::start(protocol, "", &[]).await;
    for action in before {
        bench.done(action).await;
    }
    bench
}
