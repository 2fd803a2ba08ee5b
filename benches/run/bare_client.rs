use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::JoinSet;

use crate::caller::Dialled;
use crate::simulator::Simulator;

/// Makes so many extensions over so many kept connections, each with one request after the other, and knows nothing
/// of orders.
pub(crate) fn provision(simulator: &Simulator, extensions: u32, connections: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let next = Arc::new(AtomicU32::new(0));
        let mut callers = JoinSet::new();
        let dialled = Dialled::of(simulator);
        for _ in 0..connections {
            let (mut caller, next) = (dialled.connect().await, Arc::clone(&next));
            callers.spawn(async move {
                loop {
                    let row = next.fetch_add(1, Ordering::Relaxed);
                    if row >= extensions {
                        break;
                    }
                    caller.provision(row).await;
                }
            });
        }
        callers.join_all().await;
    });
}
