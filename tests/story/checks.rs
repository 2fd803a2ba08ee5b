//! The invariants, asked of a story that has ended.

use std::collections::BTreeSet;

use dialtone_model::{Action, Reservation, RunState, State};
use dialtone_store::OrderRecord;

use crate::stage::Stage;

pub(crate) async fn all(stage: &Stage) -> Result<(), String> {
    let orders = stage.orders().await;
    one_order_a_row(stage, &orders)?;
    one_effect_a_step(stage, &orders)?;
    every_state_has_its_event(stage, &orders).await?;
    one_holder_at_a_time(stage)?;
    licences_add_up(stage, &orders).await?;
    the_run_ended(stage).await
}

/// I1.
fn one_order_a_row(stage: &Stage, orders: &[OrderRecord]) -> Result<(), String> {
    let rows: Vec<u32> = orders.iter().filter_map(|order| order.origin_row.map(|row| row.row)).collect();
    let expected: Vec<u32> = (2..stage.rows + 2).collect();
    check(rows == expected, || format!("I1: the rows of the orders are {rows:?}"))
}

/// I2, and that the store believes of each order what is true on the device.
fn one_effect_a_step(stage: &Stage, orders: &[OrderRecord]) -> Result<(), String> {
    let created = stage.device.created();
    if let Some((key, times)) = created.iter().find(|(_, times)| **times != 1) {
        return Err(format!("I2: extension {key} was created {times} times"));
    }
    let there = stage.device.extensions();
    for order in orders {
        let Action::ProvisionExtension(wanted) = &order.steps[0].action else { continue };
        let is_there = there.get(&wanted.key) == Some(wanted);
        let fits = match order.state {
            State::Completed => is_there,
            State::Cancelled => !is_there,
            State::Initial(_) => false,
            // A step whose outcome nobody could learn may have had its effect.
            State::Released(_) | State::Hold { .. } => !is_there || order.state.position().is_some_and(|at| at.unknown),
        };
        check(fits, || format!("I2: order {} is {:?}, on the device: {is_there}", order.number, order.state))?;
    }
    let wanted: BTreeSet<String> = orders
        .iter()
        .filter_map(|order| match &order.steps[0].action {
            Action::ProvisionExtension(extension) => Some(extension.key.clone()),
            _ => None,
        })
        .collect();
    check(there.keys().all(|key| wanted.contains(key)), || "I2: the device has what nobody ordered".to_owned())
}

/// I4.
async fn every_state_has_its_event(stage: &Stage, orders: &[OrderRecord]) -> Result<(), String> {
    for order in orders {
        let events = stage.operations.store.order_events(order.id).await.unwrap();
        let rises = events.is_sorted_by(|one, next| one.version < next.version);
        check(rises, || format!("I4: the history of order {} is out of order", order.number))?;
        let last = events.last().map_or("initial", |event| event.state.as_str());
        check(last == order.state.word(), || {
            format!("I4: order {} is {}, its history ends {last}", order.number, order.state.word())
        })?;
    }
    Ok(())
}

/// I5.
fn one_holder_at_a_time(stage: &Stage) -> Result<(), String> {
    let overlaps = stage.device.overlaps();
    check(overlaps == 0, || format!("I5: {overlaps} calls began while another worker had one in hand"))
}

/// I6.
async fn licences_add_up(stage: &Stage, orders: &[OrderRecord]) -> Result<(), String> {
    let completed = orders.iter().filter(|order| order.state == State::Completed).count() as i64;
    let held = orders.iter().filter(|order| order.reservation == Reservation::Held).count() as i64;
    for count in stage.operations.store.licences(stage.organization).await.unwrap() {
        let adds_up = count.owned == stage.owned
            && count.used == completed
            && count.reserved == held
            && count.free == count.owned - count.used - count.reserved;
        check(adds_up, || format!("I6: {completed} completed, {held} held, and {count:?}"))?;
    }
    for order in orders.iter().filter(|order| order.reservation == Reservation::Held) {
        let waits_for_a_look = order.state.position().is_some_and(|at| at.unknown);
        check(waits_for_a_look, || format!("I6: order {} is {:?} and holds licences", order.number, order.state))?;
    }
    Ok(())
}

/// I8.
async fn the_run_ended(stage: &Stage) -> Result<(), String> {
    let run = stage.operations.store.run(stage.run).await.unwrap();
    check(matches!(run.state, RunState::Finished | RunState::Cancelled), || format!("I8: the run is {}", run.state))
}

fn check(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}
