use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use dialtone_model::{Actor, Clock, Ids, Organization};
use dialtone_scheduler::Operations;

use crate::backends::{Backends, Broker};
use crate::clock::SystemClock;
use crate::configuration::{Configuration, ConfigurationError, Flags, Settings, environment};
use crate::organization;

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Everywhere {
    /// The configuration file; DIALTONE_CONFIG, dialtone.toml or /etc/dialtone/dialtone.toml otherwise
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything Dialtone keeps; DIALTONE_DATA or data otherwise
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Which organization, by its name; needed only where there are several
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// Print JSON on standard output: one object, or one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How the log is written to standard error: text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

impl Everywhere {
    /// The configuration that the command works with.
    pub(crate) fn configuration(&self) -> Result<Configuration, ConfigurationError> {
        let data = self.data.as_ref().map(|data| ("data", "--data", data.display().to_string()));
        let log_format = self.log_format.clone().map(|format| ("log_format", "--log-format", format));
        let flags = Flags { file: self.config.clone(), keys: data.into_iter().chain(log_format).collect() };
        Configuration::resolve(&flags, &environment())
    }
}

/// An opened installation, and who asks.
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) json: bool,
    pub(crate) operations: Operations,
    pub(crate) actor: Actor,
    pub(crate) clock: SystemClock,
    organization: Option<String>,
}

impl Context {
    /// Opens what the settings choose; the embedded mode makes its data folder when it isn't there.
    pub(crate) async fn open(
        everywhere: &Everywhere,
        settings: Settings,
        clock: SystemClock,
        broker: Broker,
    ) -> anyhow::Result<Self> {
        let Backends { store, queue, files, shards } = Backends::open(&settings, broker).await?;
        let shared: Arc<dyn Clock> = Arc::new(clock);
        let ids = Ids::new(Arc::clone(&shared), rand::random());
        let operations = Operations { store, queue, files, ids, clock: shared, shards };
        let login = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        Ok(Self {
            settings,
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
            let place = self.place();
            format!("{place} has no organization yet: bring one in with `dialtone organization import DIR`")
        })
    }

    /// The same; where there is none at all, the demo organization is brought in, so that a newcomer's first file runs.
    pub(crate) async fn organization_or_demo(&self) -> anyhow::Result<Organization> {
        if let Some(organization) = self.known_organization().await? {
            return Ok(organization);
        }
        if self.settings.is_scaled_out() {
            // The devices of the demo organization are simulated by the process that drives them, and that is another.
            return self.organization().await;
        }
        let demo = organization::demo()?;
        let id = self.operations.import_organization(&self.actor, &demo).await?;
        eprintln!(
            "{} has no organization yet: brought in the demo organization \"{}\" with simulated devices",
            self.place(),
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
        self.settings.data.join(name)
    }

    /// What people know the installation by.
    fn place(&self) -> String {
        if self.settings.is_scaled_out() { "the database".to_owned() } else { self.settings.data.display().to_string() }
    }
}
