//! Asking the store for a device's orders.

use dialtone_model::crash_point;
use dialtone_store::{Claim, ClaimRequest, Store, StoreError, Wanted};
use jiff::Timestamp;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

/// Of how many devices the store is asked at once, be it for orders or for their rows. A process has twice as many
/// connections to it, so leases are renewed and outcomes recorded in time however many devices have work.
pub(crate) const ASKED_AT_ONCE: usize = 8;

/// When the next order of a device is due that waits for a time.
pub(crate) enum Due {
    /// Nobody asked: it is as it was.
    Unasked,
    /// The store said so; `None`: none waits.
    Known(Option<Timestamp>),
}

/// A turn to ask the store of a device; none is needed where a person waits. An error: the worker stops.
pub(crate) async fn take_turn(turns: &Semaphore, urgent: bool) -> Result<Option<SemaphorePermit<'_>>, AcquireError> {
    if urgent { Ok(None) } else { turns.acquire().await.map(Some) }
}

/// Claims, and asks when the next order is due where fewer than wanted were ready.
pub(crate) async fn claim(
    store: &Store,
    request: &ClaimRequest,
    passwords: bool,
) -> Result<(Vec<Claim>, Due), StoreError> {
    let claims = store.claim(request).await?;
    crash_point!("worker-after-claim");
    if passwords {
        // All of them in one transaction; each call only reads its own.
        store.make_extension_passwords(&claims).await?;
    }
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let wanted = match &request.wanted {
        Wanted::These(orders) => limit.min(orders.len()),
        Wanted::Any => limit,
    };
    let due = match claims.len() >= wanted {
        true => Due::Unasked,
        false => Due::Known(store.next_due(request.device).await?),
    };
    Ok((claims, due))
}
