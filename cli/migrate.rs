use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use dialtone_queue::Queue;
use dialtone_store::Store;
use serde_json::json;

use crate::backends::{Backends, Broker};
use crate::configuration::Settings;
use crate::output::{print, print_json};

/// Bring the database's schema up to date and declare the broker's queues
///
/// Run it once before the first start and after every upgrade, before the new processes start. It may be repeated. The
/// first time fixes the number of shards. The embedded mode does the same by itself.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  DIALTONE_DATABASE_URL=postgres://dialtone@db/dialtone dialtone migrate
  dialtone migrate --config /etc/dialtone/dialtone.toml --json")]
pub(crate) struct Arguments {}

/// Runs the command.
pub(crate) async fn run(json: bool, settings: &Settings) -> anyhow::Result<ExitCode> {
    let (store, shards) = match &settings.database_url {
        None => {
            let backends = Backends::open(settings, Broker::WhenNeeded).await?;
            (backends.store, backends.shards)
        }
        Some(url) => {
            let store = Store::migrate(url).await.context("the database of database.url can't be migrated")?;
            let shards = store.fix_shards(settings.shards).await?;
            if let Some(url) = &settings.queue_url {
                Queue::declare(url, shards).await.context("the queues of queue.url can't be declared")?;
            }
            (store, shards)
        }
    };
    let schema = store.schema_version().await?;
    store.close().await;
    let broker = settings.queue_url.is_some();
    if json {
        print_json(&json!({ "schema": schema, "shards": shards, "queues_declared": broker }))?;
    } else {
        print(format_args!("schema {schema}, {shards} shards{}", if broker { ", queues declared" } else { "" }))?;
    }
    Ok(ExitCode::SUCCESS)
}
