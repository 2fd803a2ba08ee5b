use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;

use anyhow::{Context as _, bail};
use dialtone_files::{Credentials, Files};
use dialtone_queue::Queue;
use dialtone_store::{Randomness, Store, Vault};

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

/// What a process needs the broker for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broker {
    /// A role that lives by it: it waits until the broker answers.
    Awaited,
    /// A command that sends hints at most: it does its work also while the broker is away.
    WhenNeeded,
}

impl Backends {
    /// Opens them. The embedded mode makes its data folder and brings the schema up to date by itself; a PostgreSQL
    /// database must have been migrated.
    pub(crate) async fn open(settings: &Settings, broker: Broker) -> anyhow::Result<Self> {
        let files = open_files(settings)?;
        let store = open_store(settings).await?;
        let shards = match (store.shards().await?, settings.shards) {
            (Some(fixed), Some(wanted)) if fixed != wanted => {
                bail!("the installation has {fixed} shards and `shards` says {wanted}: it can't be changed any more")
            }
            (Some(fixed), _) => fixed,
            (None, _) => bail!("the database was never migrated: run `dialtone migrate`"),
        };
        let queue = match &settings.queue_url {
            None => Queue::in_process(),
            Some(url) => {
                let connected = match broker {
                    Broker::Awaited => Queue::connect(url, shards, rand::random()).await,
                    Broker::WhenNeeded => Queue::connect_lazy(url, shards, rand::random()),
                };
                connected.context("the broker of queue.url can't be used")?
            }
        };
        Ok(Self { store, queue, files, shards })
    }
}

/// Opens the database alone.
pub(crate) async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    match &settings.database_url {
        None => open_embedded(settings).await,
        Some(url) => connect(settings, url).await,
    }
}

async fn open_embedded(settings: &Settings) -> anyhow::Result<Store> {
    let folder = &settings.data;
    // It holds the passwords of devices, and the key that opens them.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {} can't be made; --data names another", folder.display()))?;
    let failed = || format!("the data folder {} can't be opened", folder.display());
    let store = Store::open_embedded(&folder.join("dialtone.db")).await.with_context(failed)?;
    if store.shards().await?.is_none() {
        store.fix_shards(settings.shards).await?;
    }
    // The key is made with the first use.
    let vault = match &settings.key_file {
        Some(file) => Vault::read(file, RANDOM)?,
        None => Vault::read_or_make(&folder.join("key"), RANDOM)?,
    };
    store.with_vault(vault).await.with_context(failed)
}

/// The vault whose key file Dialtone made itself, beside its database; `None` where somebody else keeps the keys.
pub(crate) fn own_vault(settings: &Settings) -> anyhow::Result<Option<Vault>> {
    let is_own = settings.key_file.is_none() && !settings.is_scaled_out();
    Ok(is_own.then(|| Vault::read(&settings.data.join("key"), RANDOM)).transpose()?)
}

async fn connect(settings: &Settings, url: &str) -> anyhow::Result<Store> {
    let failed = "the database of database.url can't be used";
    let store = Store::connect(url).await.context(failed)?;
    // All processes share one key, so none of them may make one of its own.
    let beside = settings.data.join("key");
    match settings.key_file.as_deref().or_else(|| beside.exists().then_some(beside.as_path())) {
        Some(file) => store.with_vault(Vault::read(file, RANDOM)?).await.context(failed),
        None => Ok(store),
    }
}

const RANDOM: Randomness = |bytes| rand::fill(bytes);

/// What of a configuration can't be used, as far as it shows without asking anybody else.
pub(crate) fn unusable(settings: &Settings) -> Vec<String> {
    let files = open_files(settings).err().map(|error| format!("{error:#}"));
    let keys = settings.key_file.as_deref().and_then(|file| Vault::read(file, RANDOM).err());
    files.into_iter().chain(keys.map(|error| format!("key_file: {error}"))).collect()
}

/// Opens the place of the files alone.
pub(crate) fn open_files(settings: &Settings) -> anyhow::Result<Files> {
    let Some(url) = &settings.files_url else { return Ok(Files::local(settings.data.join("files"))) };
    let credentials = match (&settings.files_access_key_id, &settings.files_secret_access_key) {
        (Some(access_key_id), Some(secret_access_key)) => Some(Credentials {
            access_key_id: access_key_id.clone(),
            secret_access_key: secret_access_key.clone().into(),
            session_token: settings.files_session_token.clone().map(Into::into),
        }),
        _ => None,
    };
    Files::open(url, credentials.as_ref()).context("the place of files.url can't be used")
}
