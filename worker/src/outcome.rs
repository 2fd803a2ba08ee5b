use dialtone_model::{Complaint, Decision, Event, FailureClass, InvalidTransition, Position, Reason, RetryPolicy};
use dialtone_store::{Claim, Outcome};
use jiff::{SignedDuration, Timestamp};

use crate::execution::Execution;

/// What a finished execution means for its order.
#[derive(Debug)]
pub(crate) enum Consequence {
    /// It is recorded.
    Record(Outcome),
    /// The device is busy: the order goes back unharmed. A step whose earlier try is unknown stays so.
    GiveBack,
}

/// Decides what follows, by the retry policy and the order's own states.
pub(crate) fn consequence(
    claim: &Claim,
    execution: &Execution,
    policy: &RetryPolicy,
    jitter: f64,
    shards: u16,
    now: Timestamp,
) -> Result<Consequence, InvalidTransition> {
    let fault = match &execution.result {
        Ok(_) => return outcome(claim, Event::StepDone, None, None, shards, now).map(Consequence::Record),
        Err(fault) => fault,
    };
    let reason = Some(Reason::from(fault.complaint().clone()));
    let Position { attempts, .. } = claim.at;
    let (event, not_before) = match policy.decide(fault, attempts, execution.unknown, jitter) {
        Decision::PauseDevice { .. } => return Ok(Consequence::GiveBack),
        Decision::TryAgain { after, unknown } => {
            let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
            (Event::AttemptFailed { unknown }, now.checked_add(after).ok())
        }
        Decision::GiveUp { class, unknown } => (Event::StepFailed { class, unknown }, None),
    };
    outcome(claim, event, reason, not_before, shards, now).map(Consequence::Record)
}

/// An order that isn't tried because its device was given up for now.
pub(crate) fn given_up(
    claim: &Claim,
    complaint: Complaint,
    shards: u16,
    now: Timestamp,
) -> Result<Outcome, InvalidTransition> {
    let event = Event::StepFailed { class: FailureClass::Recoverable, unknown: claim.at.unknown };
    outcome(claim, event, Some(complaint.into()), None, shards, now)
}

fn outcome(
    claim: &Claim,
    event: Event,
    reason: Option<Reason>,
    not_before: Option<Timestamp>,
    shards: u16,
    at: Timestamp,
) -> Result<Outcome, InvalidTransition> {
    let next = claim.state().after(event, claim.life)?;
    let due = next.position().map_or(claim.at.step, |position| position.step);
    let step = claim.steps.get(usize::from(due)).or_else(|| claim.steps.last());
    let device = step.map_or_else(|| claim.device, |step| step.device);
    Ok(Outcome {
        order: claim.order,
        run: claim.run,
        version: claim.version,
        epoch: claim.epoch,
        step: claim.at.step,
        event,
        next,
        reason,
        not_before,
        next_device: (device, device.shard(shards)),
        at,
    })
}
