use std::panic::AssertUnwindSafe;
use std::time::Duration;

use dialtone_drivers::{Call, Done, Driver, Look, Ran};
use dialtone_model::sabotage::{self, Defect};
use dialtone_model::{Complaint, DeviceKind, Fault, Position, SecretString, Step, crash_point};
use dialtone_store::{Claim, Store};
use futures_util::FutureExt;

/// What running a step came to.
#[derive(Debug)]
pub(crate) struct Execution {
    /// Whether the step's effect is on the device.
    pub(crate) result: Result<Done, Fault>,
    /// Whether, in the case of a fault that sent nothing, an earlier try may still have had its effect.
    pub(crate) unknown: bool,
    /// How many calls it took.
    pub(crate) calls: u32,
}

/// Runs the step that is due. `run` comes first; `look` comes only where the effect may be there already: after an
/// unknown outcome, after a take-over, and when the device says that such an object exists.
///
/// A driver that panics leaves the outcome unknown, as a lost answer does: its order uses up its tries and ends with a
/// person, and the other orders go on.
pub(crate) async fn execute(
    driver: &dyn Driver,
    claim: &Claim,
    secret: Option<&SecretString>,
    timeout: Duration,
) -> Execution {
    match AssertUnwindSafe(execute_step(driver, claim, secret, timeout)).catch_unwind().await {
        Ok(execution) => execution,
        Err(_) => {
            let complaint = Complaint::new("internal-error", "the device's driver failed; its log says where");
            Execution { result: Err(Fault::Unknown(complaint)), unknown: true, calls: 1 }
        }
    }
}

async fn execute_step(
    driver: &dyn Driver,
    claim: &Claim,
    secret: Option<&SecretString>,
    timeout: Duration,
) -> Execution {
    let Position { step: index, mut unknown, .. } = claim.at;
    let Some(step) = claim.steps.get(usize::from(index)) else {
        let complaint = Complaint::new("internal-error", format!("the order has no step {index}"));
        return Execution { result: Err(Fault::Rejected(complaint)), unknown: false, calls: 0 };
    };
    let call = Call { order: claim.order, index, step, secret, timeout };
    let mut calls = 0;

    if unknown && !sabotage::is_planted(Defect::BlindRun) {
        calls += 1;
        match driver.look(call).await {
            Ok(Look::Equal(done)) => return Execution { result: Ok(done), unknown: false, calls },
            Ok(Look::Different { differences }) => {
                return Execution { result: Err(conflict(&step.title(), &differences)), unknown: false, calls };
            }
            Ok(Look::Absent) => unknown = false,
            Err(fault) => return Execution { result: Err(fault), unknown: true, calls },
        }
    }

    crash_point!("worker-before-run");
    calls += 1;
    let ran = driver.run(call).await;
    crash_point!("worker-after-run");
    let result = match ran {
        Ok(Ran::Done(done)) => Ok(done),
        Ok(Ran::AlreadyThere) => {
            calls += 1;
            match driver.look(call).await {
                Ok(Look::Equal(done)) => Ok(done),
                Ok(Look::Different { differences }) => Err(conflict(&step.title(), &differences)),
                Ok(Look::Absent) => {
                    let said = "the device said that it exists and then that it doesn't: it is changing meanwhile";
                    Err(Fault::NotSent { complaint: Complaint::new("changing-meanwhile", said), retry_after: None })
                }
                Err(fault) => {
                    // The object that is there may be this order's own, from a try whose answer was lost.
                    unknown = true;
                    Err(fault)
                }
            }
        }
        Err(fault) => Err(fault),
    };
    Execution { result, unknown, calls }
}

/// Asks the store for what comes before a call: a note that a step which was taken over is begun, and the password that
/// the step sets. An error says why the step can't be begun.
pub(crate) async fn prepare(store: &Store, claim: &Claim, kind: DeviceKind) -> Result<Option<SecretString>, String> {
    if claim.at.unknown {
        match store.begin(claim).await {
            Ok(true) => {}
            Ok(false) => return Err("another holder has the order".to_owned()),
            Err(failure) => return Err(format!("its start can't be noted: {failure}")),
        }
    }
    let due = claim.steps.get(usize::from(claim.at.step));
    // Most steps set nothing, and then the store isn't asked.
    let secret = if due.is_some_and(Step::sets_credential) {
        store.given_credential(claim).await
    } else if kind.keeps_passwords() {
        store.extension_password(claim).await
    } else {
        return Ok(None);
    };
    secret.map_err(|failure| format!("its password can't be had: {failure}"))
}

impl Execution {
    /// The step wasn't run, for this reason of the store's: no try is counted, and the device rests.
    pub(crate) fn not_begun(claim: &Claim, reason: String) -> Self {
        let complaint = Complaint::new("store-failed", format!("the step isn't begun: {reason}"));
        let fault = Fault::Busy { complaint, retry_after: None };
        Self { result: Err(fault), unknown: claim.at.unknown, calls: 0 }
    }
}

fn conflict(title: &str, differences: &[String]) -> Fault {
    let message = format!("can't {title}: the device has another one ({})", differences.join("; "));
    Fault::Rejected(
        Complaint::new("duplicate", message).repair("change the row, or remove what the device has, then retry"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use dialtone_model::{Action, DeviceId, Life, Origin};
    use futures_util::future::{BoxFuture, ready};

    use dialtone_drivers::{Page, PageRequest, Probe};

    use super::*;

    /// A driver that answers from a list and panics when it is asked for more.
    #[derive(Debug, Default)]
    struct Script {
        runs: Mutex<Vec<Result<Ran, Fault>>>,
        looks: Mutex<Vec<Result<Look, Fault>>>,
    }

    impl Driver for Script {
        fn run<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Ran, Fault>> {
            ready(self.runs.lock().unwrap().pop().expect("no run was expected")).boxed()
        }

        fn look<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<Look, Fault>> {
            ready(self.looks.lock().unwrap().pop().expect("no look was expected")).boxed()
        }

        fn undo<'a>(&'a self, _call: Call<'a>) -> BoxFuture<'a, Result<(), Fault>> {
            panic!("a worker undoes nothing by itself")
        }

        fn probe(&self, _timeout: Duration) -> BoxFuture<'_, Result<Probe, Fault>> {
            panic!("a worker of orders reads nothing")
        }

        fn read<'a>(&'a self, _request: &'a PageRequest, _timeout: Duration) -> BoxFuture<'a, Result<Page, Fault>> {
            panic!("a worker of orders reads nothing")
        }
    }

    fn claim(unknown: bool) -> Claim {
        let id = "01890000-0000-7000-8000-000000000001".parse::<DeviceId>().unwrap();
        let step = Step { device: id, action: Action::DeleteExtension { key: "101".to_owned() } };
        Claim {
            order: id.0.into(),
            run: id.0.into(),
            device: id,
            version: 1,
            epoch: 1,
            life: Life { origin: Origin::Batch, steps: 1 },
            at: Position { step: 0, attempts: 0, unknown },
            steps: vec![step],
            starts: 0,
        }
    }

    fn check(unknown: bool, looks: &[Result<Look, Fault>], runs: &[Result<Ran, Fault>], expected: (&str, bool)) {
        let reversed = |list: &[Result<Ran, Fault>]| list.iter().rev().cloned().collect();
        let script =
            Script { runs: Mutex::new(reversed(runs)), looks: Mutex::new(looks.iter().rev().cloned().collect()) };
        let execution = execute(&script, &claim(unknown), None, Duration::from_secs(1)).now_or_never().unwrap();
        let code = match &execution.result {
            Ok(_) => "done",
            Err(fault) => &fault.complaint().code,
        };
        assert_eq!((code, execution.unknown), expected, "unknown {unknown}, looks {looks:?}, runs {runs:?}");
        assert_eq!(execution.calls as usize, looks.len() + runs.len());
        assert!(script.runs.lock().unwrap().is_empty() && script.looks.lock().unwrap().is_empty());
    }

    #[test]
    fn a_look_comes_only_where_the_effect_may_be_there() {
        let done = || Ok(Ran::Done(Done::default()));
        let equal = || Ok(Look::Equal(Done::default()));
        let different = || Ok(Look::Different { differences: vec!["user".to_owned()] });
        let lost = || Fault::Unknown(Complaint::new("lost", "lost"));

        check(false, &[], &[done()], ("done", false));
        check(false, &[], &[Err(lost())], ("lost", false));
        check(false, &[equal()], &[Ok(Ran::AlreadyThere)], ("done", false));
        check(false, &[different()], &[Ok(Ran::AlreadyThere)], ("duplicate", false));
        check(false, &[Ok(Look::Absent)], &[Ok(Ran::AlreadyThere)], ("changing-meanwhile", false));
        check(false, &[Err(lost())], &[Ok(Ran::AlreadyThere)], ("lost", true));
        check(true, &[equal()], &[], ("done", false));
        check(true, &[different()], &[], ("duplicate", false));
        check(true, &[Ok(Look::Absent)], &[done()], ("done", false));
        check(true, &[Err(lost())], &[], ("lost", true));
    }

    #[test]
    fn a_driver_that_panics_leaves_the_outcome_unknown() {
        let execution =
            execute(&Script::default(), &claim(false), None, Duration::from_secs(1)).now_or_never().unwrap();
        assert!(matches!(execution.result, Err(Fault::Unknown(_))) && execution.unknown);
    }
}
