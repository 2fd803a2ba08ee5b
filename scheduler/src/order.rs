use dialtone_model::{Actor, ExtendedStatus, OrganizationId, RunState, State, Trace};
use dialtone_queue::{Hint, Lane};
use dialtone_store::{EventRecord, OrderFilter, OrderRecord, PersonalAct};

use crate::{OperationError, Operations};

/// What a person reads beside an order's state: an order of a paused run that no worker has in hand is Paused.
pub fn extended_status(order: &OrderRecord) -> Option<ExtendedStatus> {
    extended_status_of(order.state, order.run_state, order.claimed)
}

/// The same, of an order in this state, of a run in that one, that a worker has in hand or hasn't.
pub(crate) fn extended_status_of(state: State, run: RunState, claimed: bool) -> Option<ExtendedStatus> {
    let is_paused = run == RunState::Paused && !claimed && state.is_worked_on();
    if is_paused { Some(ExtendedStatus::Paused) } else { state.extended() }
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
