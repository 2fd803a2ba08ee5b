use dialtone_model::{Event, OrderId, RunId, RunState};
use jiff::Timestamp;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{Tx, execute, pieces, repeated, row, rows, transaction};
use crate::time::Time;
use crate::transitions::{self, Cause, LiveOrder, Stop, settle};
use crate::{OrderRecord, PersonalAct, Store, StoreError, extension_claims, holdings};

impl Store {
    /// Does what a person asks of one order, if its version is still `version`. A retry reserves the licences and
    /// claims the extension's values again where they were given back; when none are left the order stays in
    /// Recoverable Error with the reason `licence-short` or `value-taken`, and the same is returned as the error.
    /// An order that a worker has in hand can only be aborted, and stops when its step is recorded. The run is set
    /// running again (and its template `in progress`) when the order is being worked on again.
    /// Returns the order after the act.
    pub async fn act(
        &self,
        id: OrderId,
        version: i64,
        act: PersonalAct,
        by: &str,
        at: Timestamp,
    ) -> Result<OrderRecord, StoreError> {
        let acted = repeated!(self.try_act(id, version, act, by, at));
        let code = match &acted {
            Err(StoreError::LicencesShort { .. }) => Some("licence-short"),
            Err(StoreError::Taken { .. }) => Some("value-taken"),
            _ => None,
        };
        if let (Some(code), Err(error)) = (code, &acted) {
            self.remember_refusal(id, version, code, &error.to_string()).await?;
        }
        acted?;
        self.order_by_id(id).await
    }

    async fn try_act(
        &self,
        id: OrderId,
        version: i64,
        act: PersonalAct,
        by: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        transaction!(self, |tx| {
            let order = transitions::load(tx, &[id]).await?.pop();
            let order = order.ok_or_else(|| StoreError::not_found("order", id))?;
            if order.version != version {
                return Err(StoreError::Changed { what: "order" });
            }
            let event = match act {
                PersonalAct::Retry => Event::Retried,
                PersonalAct::Abort => Event::Aborted,
                PersonalAct::Unhold => Event::Unheld,
                PersonalAct::Cancel => Event::Cancelled,
            };
            // The state machine is asked first: it alone says what can follow.
            let next = order.state.after(event, order.life)?;
            let stop = Stop { cancel: act == PersonalAct::Cancel, by: by.to_owned() };
            if order.claimed {
                if act != PersonalAct::Abort {
                    return Err(StoreError::InHand { order_number: order.number });
                }
                return request_stop(tx, &order, &stop).await;
            }
            if next.is_worked_on() {
                take_again(tx, &order).await?;
                order.apply(tx, event, Cause { actor: by, at, reason: None }).await?;
                return reopen_run(tx, order.run).await;
            }
            let changed = order.stop(tx, &stop, at).await?;
            if !settle(tx, &[], vec![changed], at).await?.freed.is_empty() {
                reopen_run(tx, order.run).await?;
            }
            Ok(())
        })
    }

    /// Ends a run: its orders without a done step become Cancelled, the others go to Hold (aborted), each with its
    /// event; claimed orders follow when their step in hand is recorded. By compare-and-set on `version`.
    pub async fn cancel_run(&self, id: RunId, version: i64, by: &str, at: Timestamp) -> Result<(), StoreError> {
        repeated!(self.try_cancel_run(id, version, by, at))
    }

    async fn try_cancel_run(&self, id: RunId, version: i64, by: &str, at: Timestamp) -> Result<(), StoreError> {
        let stop = Stop { cancel: true, by: by.to_owned() };
        transaction!(self, |tx| {
            change_run(tx, id, version, RunState::Cancelled, Some(at)).await?;
            let sql = "SELECT id FROM orders WHERE run_id = $1 AND state IN ('initial', 'released') ORDER BY id";
            let open: Vec<(Uuid,)> = rows!(tx, sql, id.0)?;
            let open: Vec<OrderId> = open.into_iter().map(|(id,)| id.into()).collect();
            let mut changed = Vec::with_capacity(open.len());
            // Not all at once: the steps of a whole run would take much memory.
            for piece in pieces(&open) {
                for order in transitions::load(tx, piece).await? {
                    if order.claimed {
                        request_stop(tx, &order, &stop).await?;
                    } else if order.state.is_open() {
                        changed.push(order.stop(tx, &stop, at).await?);
                    }
                }
            }
            settle(tx, &[], changed, at).await?;
            Ok(())
        })
    }

    /// Pauses or resumes, by compare-and-set on `version`.
    pub async fn set_run_state(&self, id: RunId, version: i64, to: RunState) -> Result<(), StoreError> {
        transaction!(self, |tx| { change_run(tx, id, version, to, None).await })
    }

    /// Keeps on the order why it couldn't go on.
    async fn remember_refusal(
        &self,
        id: OrderId,
        version: i64,
        code: &'static str,
        message: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE orders SET code = $3, message = $4, repair = NULL WHERE id = $1 AND version = $2";
        transaction!(self, |tx| {
            execute!(tx, sql, id.0, version, code, message)?;
            Ok(())
        })
    }
}

/// Takes what the order gave back, and makes sure that nobody else has opened an order on its object since.
async fn take_again(tx: &mut Tx, order: &LiveOrder) -> Result<(), StoreError> {
    extension_claims::lock(tx, order.organization).await?;
    if let Some(object) = order.object.as_ref().filter(|_| !order.state.is_open()) {
        let sql = "SELECT number FROM orders WHERE organization_id = $1 AND object = $2 \
                   AND state IN ('initial', 'released') AND id <> $3 ORDER BY number LIMIT 1";
        let open: Option<(i64,)> = row!(tx, sql, order.organization.0, object, order.id.0)?;
        if let Some((order_number,)) = open {
            return Err(StoreError::OpenOrder { object: object.clone(), order_number });
        }
    }
    holdings::take_again(tx, order).await
}

/// Sets a run running again that is over, and its template or project in progress.
async fn reopen_run(tx: &mut Tx, run: RunId) -> Result<(), StoreError> {
    for sql in [
        "UPDATE runs SET state = 'running', ended_at = NULL, version = version + 1 \
         WHERE id = $1 AND state IN ('finished', 'cancelled')",
        "UPDATE templates SET status = 'in_progress', version = version + 1 \
         WHERE id = (SELECT template_id FROM runs WHERE id = $1) AND status = 'completed'",
        "UPDATE projects SET status = 'in_progress', version = version + 1 \
         WHERE id = (SELECT project_id FROM runs WHERE id = $1) AND status = 'completed'",
    ] {
        execute!(tx, sql, run.0)?;
    }
    Ok(())
}

async fn request_stop(tx: &mut Tx, order: &LiveOrder, stop: &Stop) -> Result<(), StoreError> {
    let sql = "UPDATE orders SET stop_requested = $3, stop_by = $4 WHERE id = $1 AND version = $2";
    execute!(tx, sql, order.id.0, order.version, stop.word(), &stop.by)?;
    Ok(())
}

/// Changes the state of a run, if that can follow and its version is still `version`.
async fn change_run(
    tx: &mut Tx,
    id: RunId,
    version: i64,
    to: RunState,
    ended_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = match tx {
        Tx::Sqlite(_) => "SELECT state, version FROM runs WHERE id = $1",
        Tx::Postgres(_) => "SELECT state, version FROM runs WHERE id = $1 FOR UPDATE",
    };
    let row: Option<(String, i64)> = row!(tx, sql, id.0)?;
    let (state, now) = row.ok_or_else(|| StoreError::not_found("run", id))?;
    let state = word(&state, RunState::from_word, "runs", "state", id)?;
    let allowed = match to {
        RunState::Paused => state.pause(),
        RunState::Running => state.resume(),
        RunState::Cancelled => state.cancel(),
        RunState::Finished => return Err(StoreError::RunState(state)),
    };
    if allowed.is_err() {
        return Err(StoreError::RunState(state));
    }
    if now != version {
        return Err(StoreError::Changed { what: "run" });
    }
    let sql = "UPDATE runs SET state = $2, ended_at = $3, version = version + 1 WHERE id = $1";
    execute!(tx, sql, id.0, to.word(), ended_at.map(Time))?;
    Ok(())
}
