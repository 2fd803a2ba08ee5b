//! Every state meets every event. What is allowed is written down in `docs/states.md`; the rest is refused.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dialtone_model::{
    Event, FailureClass, HoldReason, InvalidTransition, Life, Origin, Position, State, Waiting, Work, WorkStatus,
};
use proptest::prelude::*;
use proptest::sample::select;

const STEPS: u16 = 3;

const EVENTS: [(&str, Event); 14] = [
    ("started", Event::Started),
    ("freed", Event::Freed),
    ("need lost", Event::NeedLost),
    ("step done", Event::StepDone),
    ("attempt failed", Event::AttemptFailed { unknown: false }),
    ("attempt failed", Event::AttemptFailed { unknown: true }),
    ("step failed, recoverable", Event::StepFailed { class: FailureClass::Recoverable, unknown: false }),
    ("step failed, recoverable", Event::StepFailed { class: FailureClass::Recoverable, unknown: true }),
    ("step failed, unrecoverable", Event::StepFailed { class: FailureClass::Unrecoverable, unknown: false }),
    ("step failed, unrecoverable", Event::StepFailed { class: FailureClass::Unrecoverable, unknown: true }),
    ("retried", Event::Retried),
    ("released from hold", Event::Unheld),
    ("aborted", Event::Aborted),
    ("cancelled", Event::Cancelled),
];

fn states() -> Vec<State> {
    let unknowns = [false, true];
    let positions: Vec<Position> = (0..STEPS)
        .flat_map(|step| unknowns.map(|unknown| Position { step, attempts: u16::from(unknown), unknown }))
        .collect();
    let mut states = vec![State::Initial(Waiting::Nothing), State::Initial(Waiting::ForOrder)];
    for status in [WorkStatus::BeingProvisioned, WorkStatus::RecoverableError, WorkStatus::UnrecoverableError] {
        states.extend(positions.iter().map(|at| State::Released(Work { status, at: *at })));
    }
    for why in [HoldReason::RecoverableError, HoldReason::UnrecoverableError, HoldReason::Aborted] {
        states.extend(positions.iter().map(|at| State::Hold { why, at: *at }));
    }
    states.extend([State::Completed, State::Cancelled]);
    states
}

/// The document's table: a line for each state, event and origin that go together, positions folded.
fn table() -> String {
    let mut text = String::from("| state | event | origin | next state |\n| --- | --- | --- | --- |\n");
    let mut labels: Vec<String> = states().into_iter().map(State::label).collect();
    labels.dedup();
    let mut events: Vec<&str> = EVENTS.iter().map(|(name, _)| *name).collect();
    events.dedup();
    for (from, name) in labels.iter().flat_map(|from| events.iter().map(move |name| (from, *name))) {
        let next = |origin: &Origin| -> BTreeSet<String> {
            let life = Life { origin: *origin, steps: STEPS };
            let starts = states().into_iter().filter(|state| state.label() == *from);
            starts
                .flat_map(|state| {
                    let events = EVENTS.iter().filter(|(other, _)| *other == name);
                    events.filter_map(move |(_, event)| state.after(*event, life).ok()).map(State::label)
                })
                .collect()
        };
        let mut by_origin: Vec<(Vec<Origin>, BTreeSet<String>)> = Vec::new();
        for origin in Origin::ALL {
            let next = next(origin);
            match by_origin.iter_mut().find(|(_, known)| *known == next) {
                Some((origins, _)) => origins.push(*origin),
                None => by_origin.push((vec![*origin], next)),
            }
        }
        for (origins, next) in by_origin.into_iter().filter(|(_, next)| !next.is_empty()) {
            let origins = if origins.len() == Origin::ALL.len() {
                "any".to_owned()
            } else {
                origins.iter().map(|origin| origin.label()).collect::<Vec<_>>().join(", ")
            };
            let next = next.into_iter().collect::<Vec<_>>().join(" *or* ");
            writeln!(text, "| {from} | {name} | {origins} | {next} |").expect("text takes it");
        }
    }
    text
}

#[test]
fn the_document_shows_the_machine() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/states.md");
    let document = std::fs::read_to_string(path).unwrap();
    let start = document.find("| state |").expect("docs/states.md has the table");
    let end = document[start..].find("\n\n").map_or(document.len(), |length| start + length + 1);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let updated = format!("{}{}{}", &document[..start], table(), &document[end..]);
        std::fs::write(path, updated).unwrap();
        return;
    }
    assert_eq!(&document[start..end], table(), "run this test with UPDATE_DOCS=1 and look at the difference");
}

#[test]
fn the_ends_are_final() {
    for state in [State::Completed, State::Cancelled] {
        for (_, event) in EVENTS {
            let life = Life { origin: Origin::Batch, steps: STEPS };
            assert_eq!(state.after(event, life), Err(InvalidTransition { state, event }));
        }
    }
}

#[test]
fn an_order_without_a_done_step_can_be_cancelled_unless_its_first_step_may_have_had_its_effect() {
    for state in states().into_iter().filter(|state| !matches!(state, State::Completed | State::Cancelled)) {
        let nothing_done = state.position().is_none_or(|at| at.step == 0 && !at.unknown);
        let after = state.after(Event::Cancelled, Life { origin: Origin::Batch, steps: STEPS });
        assert_eq!(after.is_ok(), nothing_done, "{state:?}");
    }
}

#[test]
fn what_cant_happen_is_refused_in_words_that_say_what_can() {
    let at = Position { step: 1, attempts: 1, unknown: false };
    let refused =
        |state: State, event| state.after(event, Life { origin: Origin::Batch, steps: STEPS }).unwrap_err().to_string();
    let hold = State::Hold { why: HoldReason::UnrecoverableError, at };
    assert_eq!(
        refused(hold, Event::Cancelled),
        "an order that is hold, Unrecoverable Error can't be cancelled: some of its steps are done, so abort it; what \
         is done stays"
    );
    assert_eq!(
        refused(State::Cancelled, Event::Retried),
        "an order that is cancelled can't be retried: it is over; order it anew"
    );
    assert_eq!(
        refused(State::NEW, Event::Aborted),
        "an order that is initial can't be aborted: nothing of it has started, so cancel it"
    );
}

#[test]
fn every_state_that_is_worked_on_is_open() {
    assert!(states().into_iter().all(|state| state.is_open() || !state.is_worked_on()));
}

proptest! {
    /// Invariants I3 and I8 in the small: whatever happens to an order, a done step is never due again, the position
    /// stays inside the list of steps, and it completes exactly with its last step.
    #[test]
    fn no_history_runs_a_done_step_again(
        origin in select(Origin::ALL),
        steps in 1_u16..5,
        events in prop::collection::vec(select(EVENTS.as_slice()), 0..60),
        waits in any::<bool>(),
    ) {
        let life = Life { origin, steps };
        let mut state = if waits { State::Initial(Waiting::ForOrder) } else { State::NEW };
        let mut done = 0;
        for (_, event) in events {
            let Ok(next) = state.after(event, life) else { continue };
            if event == Event::StepDone {
                done += 1;
                prop_assert_eq!(next == State::Completed, done == steps);
            }
            if let Some(at) = next.position() {
                prop_assert_eq!(at.step, done);
                prop_assert!(at.step < steps);
            }
            if next == State::Cancelled {
                prop_assert_eq!(done, 0);
            }
            if let State::Released(Work { status: WorkStatus::UnrecoverableError, .. }) = next {
                prop_assert_eq!(origin, Origin::Console);
            }
            if let State::Hold { why: HoldReason::RecoverableError, .. } = next {
                prop_assert_eq!(origin, Origin::Api);
            }
            state = next;
        }
    }

    /// From any state that isn't final a person finds a way on: every order can still end.
    #[test]
    fn no_order_is_stuck(state in select(states()), origin in select(Origin::ALL)) {
        prop_assume!(state != State::Cancelled);
        let life = Life { origin, steps: STEPS };
        let mut state = state;
        for _ in 0..=STEPS + 2 {
            if matches!(state, State::Completed | State::Cancelled) {
                break;
            }
            let ways = [Event::Freed, Event::Started, Event::StepDone, Event::Retried, Event::Unheld];
            state = ways.into_iter().find_map(|event| state.after(event, life).ok()).expect("a way on");
        }
        prop_assert_eq!(state, State::Completed);
    }
}
