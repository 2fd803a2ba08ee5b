use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use dialtone_files::Files;
use dialtone_model::{Actor, Clock, Ids, Organization};
use dialtone_queue::Queue;
use dialtone_scheduler::Operations;
use dialtone_store::{Randomness, Store, Vault};
use dialtone_worker::WorkerSettings;

use crate::clock::SystemClock;
use crate::organization;

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Everywhere {
    /// The folder that holds everything Dialtone keeps
    #[arg(long, global = true, value_name = "DIR", env = "DIALTONE_DATA", default_value = "data")]
    pub(crate) data: PathBuf,
    /// Which organization, by its name; needed only where there are several
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// Print JSON on standard output: one object, or one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// An opened data folder, and who asks.
pub(crate) struct Context {
    pub(crate) folder: PathBuf,
    pub(crate) json: bool,
    pub(crate) operations: Operations,
    pub(crate) actor: Actor,
    pub(crate) clock: SystemClock,
    organization: Option<String>,
}

impl Context {
    /// Opens the data folder, making it when it isn't there.
    pub(crate) async fn open(everywhere: &Everywhere, clock: SystemClock) -> anyhow::Result<Self> {
        let folder = everywhere.data.clone();
        // It holds the passwords of devices, and the key that opens them.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("the data folder {} can't be made; --data names another", folder.display()))?;
        let failed = || format!("the data folder {} can't be opened", folder.display());
        let store = Store::open_embedded(&folder.join("dialtone.db")).await.with_context(failed)?;
        let store = store.with_vault(vault(&folder)?).await.with_context(failed)?;
        let shared: Arc<dyn Clock> = Arc::new(clock);
        let operations = Operations {
            store,
            queue: Queue::in_process(),
            files: Files::local(folder.join("files")),
            ids: Ids::new(Arc::clone(&shared), rand::random()),
            clock: shared,
            shards: WorkerSettings::SHARDS,
        };
        let login = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        Ok(Self {
            folder,
            json: everywhere.json,
            operations,
            actor: Actor::local(login.as_deref().unwrap_or("unknown")),
            clock,
            organization: everywhere.organization.clone(),
        })
    }

    /// The organization that the command is about: the named one, or the only one.
    pub(crate) async fn organization(&self) -> anyhow::Result<Organization> {
        self.known_organization().await?.with_context(|| {
            let folder = self.folder.display();
            format!("{folder} has no organization yet: bring one in with `dialtone organization import DIR`")
        })
    }

    /// The same; where there is none at all, the demo organization is brought in, so that a newcomer's first file runs.
    pub(crate) async fn organization_or_demo(&self) -> anyhow::Result<Organization> {
        if let Some(organization) = self.known_organization().await? {
            return Ok(organization);
        }
        let demo = organization::demo()?;
        let id = self.operations.import_organization(&self.actor, &demo).await?;
        eprintln!(
            "{} has no organization yet: brought in the demo organization \"{}\" with simulated devices",
            self.folder.display(),
            demo.name
        );
        Ok(self.operations.organization(&self.actor, id).await?.organization)
    }

    async fn known_organization(&self) -> anyhow::Result<Option<Organization>> {
        let mut known = self.operations.organizations(&self.actor).await?;
        let names = |known: &[Organization]| {
            known.iter().map(|organization| organization.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        match &self.organization {
            Some(wanted) => match known.iter().position(|organization| organization.name == *wanted) {
                Some(index) => Ok(Some(known.swap_remove(index))),
                None if known.is_empty() => bail!("there is no organization \"{wanted}\": there is none at all yet"),
                None => bail!("there is no organization \"{wanted}\"; there are: {}", names(&known)),
            },
            None if known.len() > 1 => {
                bail!("there are several organizations: name one with --organization ({})", names(&known))
            }
            None => Ok(known.pop()),
        }
    }

    /// The time since the process started.
    pub(crate) fn seconds(&self) -> f64 {
        self.clock.monotonic().as_secs_f64()
    }

    /// Where this process keeps something of its own in the data folder.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }
}

/// The keys that open the credentials of devices: from the file that the environment names, or else from one in the
/// data folder, which is made with the first use.
fn vault(folder: &Path) -> anyhow::Result<Vault> {
    let random: Randomness = |bytes| rand::fill(bytes);
    Ok(match std::env::var_os("DIALTONE_KEY_FILE") {
        Some(file) => Vault::read(Path::new(&file), random)?,
        None => Vault::read_or_make(&folder.join("key"), random)?,
    })
}
