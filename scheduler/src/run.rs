use dialtone_model::{Actor, OrganizationId, RunId, RunState, Trace};
use dialtone_queue::{Hint, Lane};
use dialtone_store::{RunCounts, RunRecord};

use crate::{OperationError, Operations};

/// A run and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunView {
    /// The run.
    pub run: RunRecord,
    /// How many of its orders are in which state.
    pub counts: RunCounts,
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

    async fn set_state(&self, run: &RunRecord, to: RunState) -> Result<(), OperationError> {
        Ok(self.store.set_run_state(run.id, run.version, to).await?)
    }
}
