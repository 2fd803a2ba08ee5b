//! What Dialtone is told about its surroundings: one table of keys, read from flags, the environment and a file.

mod file;
mod key;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::AddressRule;
use dialtone_scheduler::AddressPolicy;
use file::{ConfigurationFile, PLACES};
pub(crate) use key::{Absence, KEYS, Key, time};

/// The variable that names the configuration file.
pub(crate) const FILE_VARIABLE: &str = "DIALTONE_CONFIG";

/// The values of all keys, read and checked. It holds passwords, so it can't be printed.
#[derive(Default)]
pub(crate) struct Settings {
    /// The data folder.
    pub(crate) data: PathBuf,
    /// PostgreSQL; `None`: SQLite in the data folder.
    pub(crate) database_url: Option<String>,
    /// RabbitMQ; `None`: in the process.
    pub(crate) queue_url: Option<String>,
    /// S3; `None`: in the data folder.
    pub(crate) files_url: Option<String>,
    /// `AWS_ACCESS_KEY_ID`.
    pub(crate) files_access_key_id: Option<String>,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub(crate) files_secret_access_key: Option<String>,
    /// `AWS_SESSION_TOKEN`.
    pub(crate) files_session_token: Option<String>,
    /// The keys that seal the credentials of devices; `None`: those in the data folder.
    pub(crate) key_file: Option<PathBuf>,
    /// Which addresses devices may have; `None`: all that can be devices.
    pub(crate) devices_allow: Option<AddressPolicy>,
    /// The number of shards that the installation is expected to have, or is to be made with.
    pub(crate) shards: Option<u16>,
    /// How long a holder of a lease may give no sign of life.
    pub(crate) lease_ttl: Duration,
    /// What this worker is called.
    pub(crate) worker_name: Option<String>,
    /// How often a worker asks the store by itself.
    pub(crate) pull_every: Duration,
    /// How often a step is tried.
    pub(crate) tries: u16,
    /// The wait after the first failed try.
    pub(crate) retry_after: Duration,
    /// Where a role answers whoever operates it.
    pub(crate) listen: Option<SocketAddr>,
    /// Where the spans of runs go.
    pub(crate) traces_url: Option<String>,
    /// What is logged.
    pub(crate) log: String,
    /// Whether it is logged as JSON.
    pub(crate) log_json: bool,
}

impl Settings {
    /// Whether devices are driven by workers on any machine, and not by the process that has the data folder's lock.
    pub(crate) const fn is_scaled_out(&self) -> bool {
        self.database_url.is_some()
    }

    /// What addresses devices may have: in the embedded mode this machine's own too unless a list says otherwise,
    /// because whoever runs the command reaches them anyway.
    pub(crate) fn address_policy(&self) -> AddressPolicy {
        self.devices_allow.clone().unwrap_or_else(|| AddressPolicy::usual(!self.is_scaled_out()))
    }

    /// The same for drivers, which look names up when they call.
    pub(crate) fn address_rule(&self) -> AddressRule {
        let policy = self.address_policy();
        Arc::new(move |host, address| policy.check_called(host, address))
    }
}

/// The configuration: every key's value and where it came from.
pub(crate) struct Configuration {
    /// The values.
    pub(crate) settings: Settings,
    /// Each key, in the order of the table.
    pub(crate) entries: Vec<Entry>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
}

/// One key's value and where it came from.
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: &'static Key,
    /// Its text; `None` where it has no default and nobody said anything.
    pub(crate) value: Option<String>,
    /// Who said so.
    pub(crate) origin: Origin,
}

/// Who gave a key its value. The first in this order wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Environment(variable) => f.write_str(variable),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// The configuration can't be used: everything that is wrong with it.
#[derive(Debug)]
pub(crate) struct ConfigurationError {
    /// One sentence each.
    pub(crate) problems: Vec<String>,
}

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigurationError {}

/// What a command's flags say: the configuration file, and keys by name with the flag that sets them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--config`.
    pub(crate) file: Option<PathBuf>,
    /// Name of the key, the flag, the value.
    pub(crate) keys: Vec<(&'static str, &'static str, String)>,
}

impl Configuration {
    /// Reads flags, environment and file; the first of them that has a key decides it.
    ///
    /// # Errors
    /// Everything that is wrong, in one error.
    pub(crate) fn resolve(flags: &Flags, environment: &[(String, String)]) -> Result<Self, ConfigurationError> {
        let mut problems = misspelt(environment);
        let sources = Sources { flags, environment, file: read_file(flags, environment, &mut problems) };
        let mut settings = Settings::default();
        let mut entries = Vec::with_capacity(KEYS.len());
        for key in KEYS {
            let (value, origin) = match sources.find(key) {
                Ok(Some((value, origin))) => (Some(value), origin),
                Ok(None) => match key.default {
                    Absence::Text(text) => (Some(text.to_owned()), Origin::Default),
                    Absence::Words(_) => (None, Origin::Default),
                },
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            if let Some(value) = &value
                && let Err(expected) = (key.set)(&mut settings, value)
            {
                problems.push(format!("{origin}: `{}` must be {expected}", key.name));
            }
            entries.push(Entry { key, value, origin });
        }
        if settings.queue_url.is_some() && settings.database_url.is_none() {
            problems.push(
                "queue.url needs database.url: a message broker has no use where everything is in one data folder"
                    .to_owned(),
            );
        }
        if !problems.is_empty() {
            return Err(ConfigurationError { problems });
        }
        let file = sources.file.map(|file| file.path);
        Ok(Self { settings, entries, file })
    }
}

/// The process's environment; what isn't Unicode can't be meant for Dialtone.
pub(crate) fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

struct Sources<'a> {
    flags: &'a Flags,
    environment: &'a [(String, String)],
    file: Option<ConfigurationFile>,
}

impl Sources<'_> {
    fn find(&self, key: &Key) -> Result<Option<(String, Origin)>, String> {
        if let Some((_, flag, value)) = self.flags.keys.iter().find(|(name, ..)| *name == key.name) {
            return Ok(Some((value.clone(), Origin::Flag((*flag).to_owned()))));
        }
        let variable = key.variable();
        let file_variable = format!("{variable}_FILE");
        let secret_file = variable_of(self.environment, &file_variable).filter(|_| key.secret);
        match (variable_of(self.environment, &variable), secret_file) {
            (Some(_), Some(_)) => return Err(format!("{variable} and {file_variable} are both set: keep one of them")),
            (Some(value), None) => return Ok(Some((value.to_owned(), Origin::Environment(variable)))),
            (None, Some(path)) => {
                let value = secret(Path::new(path)).map_err(|why| format!("{file_variable}: {why}"))?;
                return Ok(Some((value, Origin::Environment(file_variable))));
            }
            (None, None) => {}
        }
        let Some(file) = &self.file else { return Ok(None) };
        let place = |line| Origin::File(file.path.clone(), line);
        let file_name = format!("{}_file", key.name);
        match (file.get(key.name), file.get(&file_name)) {
            (Some(_), Some(entry)) => {
                Err(format!("{}: `{}` and `{file_name}` are both there: keep one of them", place(entry.line), key.name))
            }
            (Some(entry), None) => Ok(Some((entry.value.clone(), place(entry.line)))),
            (None, Some(entry)) => {
                let value = secret(Path::new(&entry.value)).map_err(|why| format!("{}: {why}", place(entry.line)))?;
                Ok(Some((value, place(entry.line))))
            }
            (None, None) => Ok(None),
        }
    }
}

/// The value of an environment variable; an empty one is as good as none.
fn variable_of<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = environment.iter().find(|(variable, _)| variable == name);
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

/// A secret's file holds it and perhaps a line's end.
fn secret(path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{} can't be read: {error}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The file that was named, or the first that is where it is looked for.
fn read_file(flags: &Flags, environment: &[(String, String)], problems: &mut Vec<String>) -> Option<ConfigurationFile> {
    let named = flags.file.clone().or_else(|| variable_of(environment, FILE_VARIABLE).map(PathBuf::from));
    let path = match named {
        Some(path) => path,
        None => PLACES.iter().map(PathBuf::from).find(|path| path.is_file())?,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => match ConfigurationFile::parse(&path, &text) {
            Ok(file) => return Some(file),
            Err(found) => problems.extend(found),
        },
        Err(error) => problems.push(format!("the configuration file {} can't be read: {error}", path.display())),
    }
    None
}

/// Environment variables that nobody reads and that look much like one that somebody does. Left alone, a misspelt
/// address of a database would mean the embedded mode.
fn misspelt(environment: &[(String, String)]) -> Vec<String> {
    let secret_files = KEYS.iter().filter(|key| key.secret).map(|key| format!("{}_FILE", key.variable()));
    let known: Vec<String> =
        KEYS.iter().map(Key::variable).chain(secret_files).chain([FILE_VARIABLE.to_owned()]).collect();
    let near = |name: &str| known.iter().find(|known| strsim::damerau_levenshtein(name, known) <= 2);
    environment
        .iter()
        .filter(|(name, _)| name.starts_with("DIALTONE_") && !known.contains(name))
        .filter_map(|(name, _)| Some(format!("{name} is read by nobody; did you mean {}?", near(name)?)))
        .collect()
}

#[cfg(test)]
mod tests;
