use std::collections::HashSet;
use std::time::Duration;

use dialtone_model::{Actor, RunId};
use dialtone_templates::Format;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::Operations;

/// Whoever follows a run keeps its report at once, so after this time nobody follows it.
const FOLLOWED_FOR: Duration = Duration::from_secs(60);
/// Reports that are made in one go.
const AT_ONCE: u32 = 16;

/// Keeps the reports of runs that ended while nobody followed them.
#[derive(Debug, Default)]
pub(crate) struct UnkeptReports {
    /// A report may take longer to make than the leader may be silent, so it is made beside the leading.
    under_way: JoinSet<Vec<RunId>>,
    /// Runs whose report this process can't make: it isn't tried again.
    failed: HashSet<RunId>,
}

impl UnkeptReports {
    /// Begins to keep what isn't kept, unless that is still being done.
    pub(crate) fn keep(&mut self, operations: &Operations) {
        while let Some(ended) = self.under_way.try_join_next() {
            self.failed.extend(ended.unwrap_or_default());
        }
        if self.under_way.is_empty() {
            self.under_way.spawn(keep(operations.clone(), self.failed.clone()));
        }
    }
}

/// Keeps some reports; gives the runs whose report can't be made.
async fn keep(operations: Operations, failed: HashSet<RunId>) -> Vec<RunId> {
    let mut failing = Vec::new();
    let ended_before = operations.clock.now().saturating_sub(FOLLOWED_FOR).unwrap_or_default();
    let limit = AT_ONCE.saturating_add(u32::try_from(failed.len()).unwrap_or(u32::MAX));
    let runs = match operations.store.unreported_runs(ended_before, limit).await {
        Ok(runs) => runs,
        Err(failure) => {
            warn!(%failure, "nobody knows which reports aren't kept");
            return failing;
        }
    };
    for run in runs.into_iter().filter(|run| !failed.contains(run)) {
        match operations.keep_report(&Actor::scheduler(), run, Format::Csv).await {
            Ok(kept) => {
                info!(run.id = %run, report = kept.location, "the report of a run that nobody followed is kept")
            }
            Err(failure) => {
                warn!(run.id = %run, %failure, "the report of a run that nobody followed can't be kept");
                failing.push(run);
            }
        }
    }
    failing
}
