use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use anyhow::{Context as _, bail};
use dialtone_files::Files;
use dialtone_queue::Queue;
use dialtone_store::Store;

use crate::configuration::Settings;

/// What a process works on, as the configuration chose it.
pub(crate) struct Backends {
    /// The truth.
    pub(crate) store: Store,
    /// Where hints go.
    pub(crate) queue: Queue,
    /// Where uploads and reports lie.
    pub(crate) files: Files,
    /// The installation's number of shards.
    pub(crate) shards: u16,
}

impl Backends {
    /// Opens them. The embedded mode makes its data folder and brings the schema up to date by itself; a PostgreSQL
    /// database must have been migrated.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let store = match &settings.database_url {
            None => open_embedded(settings).await?,
            Some(url) => Store::connect(url).await.context("the database of database.url can't be used")?,
        };
        let shards = match (store.shards().await?, settings.shards) {
            (Some(fixed), Some(wanted)) if fixed != wanted => {
                bail!("the installation has {fixed} shards and `shards` says {wanted}: it can't be changed any more")
            }
            (Some(fixed), _) => fixed,
            (None, _) => bail!("the database was never migrated: run `dialtone migrate`"),
        };
        Ok(Self { store, queue: open_queue(settings, shards).await?, files: open_files(settings)?, shards })
    }
}

async fn open_embedded(settings: &Settings) -> anyhow::Result<Store> {
    let folder = &settings.data;
    // The database holds the passwords of devices.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {} can't be made; --data names another", folder.display()))?;
    let store = Store::open_embedded(&folder.join("dialtone.db"))
        .await
        .with_context(|| format!("the data folder {} can't be opened", folder.display()))?;
    if store.shards().await?.is_none() {
        store.fix_shards(settings.shards).await?;
    }
    Ok(store)
}

async fn open_queue(settings: &Settings, _shards: u16) -> anyhow::Result<Queue> {
    match &settings.queue_url {
        None => Ok(Queue::in_process()),
        Some(_) => bail!("no broker"),
    }
}

fn open_files(settings: &Settings) -> anyhow::Result<Files> {
    match &settings.files_url {
        None => Ok(Files::local(settings.data.join("files"))),
        Some(_) => bail!("no object store"),
    }
}
