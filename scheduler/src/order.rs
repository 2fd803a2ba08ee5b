use dialtone_model::{Actor, ExtendedStatus, HoldReason, OrganizationId, RunState, State, Trace};
use dialtone_queue::{Hint, Lane};
use dialtone_store::{EventRecord, OrderFilter, OrderRecord, PersonalAct, ReportedOrder};

use crate::{OperationError, Operations};

/// What a person reads beside an order's state: an order that no worker has in hand is Paused when its run is, and waits
/// for a device that takes no orders while it is read.
pub fn extended_status(order: &OrderRecord) -> Option<ExtendedStatus> {
    derived_status(order.state, order.run_state, order.claimed, order.waits_for_device)
}

/// What a person can do about an order that stopped, where its reason doesn't say anything more exact.
pub fn what_to_do(number: i64, state: State) -> Option<String> {
    let what = match state {
        State::Hold { why: HoldReason::Aborted, .. } => {
            format!("Release it if it is to go on: `dialtone order release {number}`.")
        }
        State::Cancelled => "Order it anew if it is still wanted.".to_owned(),
        _ => match state.extended()? {
            ExtendedStatus::RecoverableError => {
                format!("Retry it once the cause is gone: `dialtone order retry {number}`.")
            }
            ExtendedStatus::UnrecoverableError => format!(
                "Correct the row and upload it again; or correct the device and retry: `dialtone order retry {number}`."
            ),
            _ => return None,
        },
    };
    Some(what)
}

/// What [`extended_status`] says, of an order in a report.
pub(crate) fn reported_status(order: &ReportedOrder) -> Option<ExtendedStatus> {
    derived_status(order.state, order.run_state, order.claimed, order.waits_for_device)
}

fn derived_status(state: State, run: RunState, claimed: bool, waits_for_device: bool) -> Option<ExtendedStatus> {
    match run {
        _ if claimed || !state.is_worked_on() => state.extended(),
        RunState::Paused => Some(ExtendedStatus::Paused),
        _ if waits_for_device => Some(ExtendedStatus::WaitForDevice),
        _ => state.extended(),
    }
}

impl Operations {
    /// One order with its history, by its number.
    pub async fn order(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        number: i64,
    ) -> Result<(OrderRecord, Vec<EventRecord>), OperationError> {
        actor.require(&[])?;
        let order = self.store.order(organization, number).await?;
        let events = self.store.order_events(order.id).await?;
        Ok((order, events))
    }

    /// Orders, oldest first.
    pub async fn orders(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        filter: &OrderFilter,
    ) -> Result<Vec<OrderRecord>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.orders(organization, filter).await?)
    }

    /// Does what a person asks of one order, as they saw it: whoever changed it meanwhile wins, and the person is told
    /// to look again.
    pub async fn act_on_order(
        &self,
        actor: &Actor,
        order: &OrderRecord,
        act: PersonalAct,
    ) -> Result<OrderRecord, OperationError> {
        actor.require(&[])?;
        let after = self.store.act(order.id, order.version, act, &actor.name, self.clock.now()).await?;
        self.hint_order(&after);
        Ok(after)
    }

    fn hint_order(&self, order: &OrderRecord) {
        let State::Released(work) = order.state else { return };
        if let Some(step) = order.steps.get(usize::from(work.at.step)) {
            let shard = step.device.shard(self.shards);
            self.queue.send(vec![
                Hint::new(step.device, shard, Lane::Interactive, vec![order.id]).in_trace(Trace::of(order.run)),
            ]);
        }
    }
}
