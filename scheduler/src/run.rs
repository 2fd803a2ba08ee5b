use dialtone_model::{Actor, ExtendedStatus, OrganizationId, RunId, RunState, Trace};
use dialtone_queue::{Hint, Lane};
use dialtone_store::{OrderFilter, PersonalAct, RunCounts, RunRecord, StoreError};

use crate::{OperationError, Operations};

/// A run and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunView {
    /// The run.
    pub run: RunRecord,
    /// How many of its orders are in which state.
    pub counts: RunCounts,
}

/// What became of the orders of a run that waited for a person.
#[derive(Debug, Default)]
pub struct Retried {
    /// How many go on.
    pub orders: usize,
    /// Those that can't, by their numbers, and why.
    pub refused: Vec<(i64, OperationError)>,
}

impl Operations {
    /// One run and how far it is.
    pub async fn run(&self, actor: &Actor, id: RunId) -> Result<RunView, OperationError> {
        actor.require(&[])?;
        Ok(RunView { run: self.store.run(id).await?, counts: self.store.run_counts(id).await? })
    }

    /// The newest runs.
    pub async fn runs(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        limit: u32,
    ) -> Result<Vec<RunRecord>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.runs(organization, limit).await?)
    }

    /// Lets the steps in hand finish and starts nothing new.
    pub async fn pause_run(&self, actor: &Actor, id: RunId) -> Result<(), OperationError> {
        actor.require(&[])?;
        let run = self.store.run(id).await?;
        self.set_state(&run, run.state.pause()?).await
    }

    /// Goes on where pausing stopped.
    pub async fn resume_run(&self, actor: &Actor, id: RunId) -> Result<(), OperationError> {
        actor.require(&[])?;
        let run = self.store.run(id).await?;
        self.set_state(&run, run.state.resume()?).await?;
        // Which of its orders are ready is the store's knowledge: the hints only wake the holders.
        let devices = self.store.devices(run.organization).await?;
        let wake = devices.iter().map(|device| {
            Hint::new(device.id, device.id.shard(self.shards), Lane::Batch, Vec::new()).in_trace(Trace::of(id))
        });
        self.queue.send(wake.collect());
        Ok(())
    }

    /// Ends a run before its orders are through: those without a done step become Cancelled, others go to Hold.
    pub async fn cancel_run(&self, actor: &Actor, id: RunId) -> Result<(), OperationError> {
        actor.require(&[])?;
        let run = self.store.run(id).await?;
        run.state.cancel()?;
        Ok(self.store.cancel_run(id, run.version, &actor.name, self.clock.now()).await?)
    }

    /// Retries every order of a run that failed in a way that may pass. One that can't go on, because its licence or a
    /// value that it claims went elsewhere, doesn't keep the others.
    pub async fn retry_run(&self, actor: &Actor, id: RunId) -> Result<Retried, OperationError> {
        const PAGE: u32 = 1_000;
        let organization = self.store.run(id).await?.organization;
        let mut filter = OrderFilter {
            run: Some(id),
            extended: Some(ExtendedStatus::RecoverableError.word().to_owned()),
            limit: PAGE,
            ..OrderFilter::default()
        };
        let mut retried = Retried::default();
        loop {
            let orders = self.orders(actor, organization, &filter).await?;
            for order in &orders {
                match self.act_on_order(actor, order, PersonalAct::Retry).await {
                    Ok(_) => retried.orders += 1,
                    Err(error) if is_of_the_order(&error) => retried.refused.push((order.number, error)),
                    Err(error) => return Err(error),
                }
            }
            match orders.last() {
                Some(last) if orders.len() == PAGE as usize => filter.after = Some(last.id),
                _ => return Ok(retried),
            }
        }
    }

    async fn set_state(&self, run: &RunRecord, to: RunState) -> Result<(), OperationError> {
        Ok(self.store.set_run_state(run.id, run.version, to).await?)
    }
}

/// Whether the refusal says something of that order alone, so that others may go on.
fn is_of_the_order(error: &OperationError) -> bool {
    matches!(
        error,
        OperationError::Store(
            StoreError::LicencesShort { .. }
                | StoreError::Taken { .. }
                | StoreError::OpenOrder { .. }
                | StoreError::Changed { .. }
                | StoreError::InHand { .. }
                | StoreError::InvalidTransition(_)
        )
    )
}
