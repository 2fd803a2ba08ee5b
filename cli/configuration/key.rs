use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use dialtone_scheduler::AddressPolicy;
use tracing_subscriber::EnvFilter;

use super::Settings;

/// One key of the configuration, as the file, the environment and the documentation know it.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in the file; a dot parts the table from the key.
    pub(crate) name: &'static str,
    /// Whether it may hold a password: it is masked wherever it is shown, and may be read from a file of its own.
    pub(crate) secret: bool,
    /// What it is where nobody says anything.
    pub(crate) default: Absence,
    /// What it means.
    pub(crate) help: &'static str,
    /// Reads its text into the settings; an error says what the text should be.
    pub(crate) set: fn(&mut Settings, &str) -> Result<(), String>,
}

/// What a key is where nobody says anything.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Absence {
    /// This text, read as any other.
    Text(&'static str),
    /// Nothing; the words say what is done then.
    Words(&'static str),
}

/// Every key there is.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "data",
        secret: false,
        default: Absence::Text("data"),
        help: "The data folder: everything that the embedded mode keeps, and the reports that commands write.",
        set: |settings, text| {
            settings.data = PathBuf::from(text);
            Ok(())
        },
    },
    Key {
        name: "database.url",
        secret: true,
        default: Absence::Words("SQLite in the data folder"),
        help: "The database: `postgres://USER:PASSWORD@HOST/NAME`. It makes the installation scaled out: `dialtone \
               worker` processes drive the devices.",
        set: |settings, text| url(text, &["postgres://", "postgresql://"], &mut settings.database_url),
    },
    Key {
        name: "queue.url",
        secret: true,
        default: Absence::Words("in the process"),
        help: "The message broker: `amqp://USER:PASSWORD@HOST/VHOST`, or `amqps://`. Needs `database.url`.",
        set: |settings, text| url(text, &["amqp://", "amqps://"], &mut settings.queue_url),
    },
    Key {
        name: "files.url",
        secret: true,
        default: Absence::Words("`files` in the data folder"),
        help: "Where uploads and reports lie: `s3://BUCKET/PREFIX?region=REGION`, for servers that aren't Amazon's \
               `s3://BUCKET/PREFIX?endpoint=URL`, or `file:///FOLDER`.",
        set: |settings, text| url(text, &["s3://", "file:///"], &mut settings.files_url),
    },
    Key {
        name: "files.access_key_id",
        secret: false,
        default: Absence::Words("none"),
        help: "Who Dialtone is to the object store.",
        set: |settings, text| {
            settings.files_access_key_id = Some(text.to_owned());
            Ok(())
        },
    },
    Key {
        name: "files.secret_access_key",
        secret: true,
        default: Absence::Words("none"),
        help: "What proves it to the object store.",
        set: |settings, text| {
            settings.files_secret_access_key = Some(text.to_owned());
            Ok(())
        },
    },
    Key {
        name: "files.session_token",
        secret: true,
        default: Absence::Words("none"),
        help: "What goes with it where the proof is one that expires.",
        set: |settings, text| {
            settings.files_session_token = Some(text.to_owned());
            Ok(())
        },
    },
    Key {
        name: "key_file",
        secret: false,
        default: Absence::Words("`key` in the data folder; the embedded mode makes it"),
        help: "The file with the keys that seal the credentials of devices. Every process of an installation needs the \
               same.",
        set: |settings, text| {
            settings.key_file = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Key {
        name: "devices.allow",
        secret: false,
        default: Absence::Words(
            "every address but link-local, multicast and, where devices are driven by workers elsewhere, loopback ones",
        ),
        help: "Which addresses devices may have, and no others: networks (10.0.0.0/8), addresses, names, and \
               *.example.net for every name below one; a list, or text with commas between them.",
        set: |settings, text| {
            let entries: Vec<&str> = text.split(',').filter(|entry| !entry.trim().is_empty()).collect();
            settings.devices_allow = Some(AddressPolicy::only(&entries).map_err(|error| error.to_string())?);
            Ok(())
        },
    },
    Key {
        name: "shards",
        secret: false,
        default: Absence::Words("what the installation was made with, 64 for a new one"),
        help: "Into how many shards devices are parted. `dialtone migrate` fixes it; everybody else only compares.",
        set: |settings, text| {
            settings.shards = Some(number(text, 1, 1_024)?);
            Ok(())
        },
    },
    Key {
        name: "lease.ttl",
        secret: false,
        default: Absence::Text("30s"),
        help: "How long a worker or scheduler may give no sign of life until another one takes over. A third of it is \
               the most that one call to a device may take.",
        set: |settings, text| {
            settings.lease_ttl = time(text)?;
            if settings.lease_ttl < Duration::from_millis(100) {
                return Err("at least 100ms".to_owned());
            }
            Ok(())
        },
    },
    Key {
        name: "worker.name",
        secret: false,
        default: Absence::Words("`worker:` and the process id, after the host's name where it has one"),
        help: "What histories and logs call this worker.",
        set: |settings, text| {
            settings.worker_name = Some(text.to_owned());
            Ok(())
        },
    },
    Key {
        name: "worker.pull_every",
        secret: false,
        default: Absence::Text("2s"),
        help: "How often a worker asks the database for work that no message told of.",
        set: |settings, text| {
            settings.pull_every = time(text)?;
            if settings.pull_every.is_zero() {
                return Err("more than 0".to_owned());
            }
            Ok(())
        },
    },
    Key {
        name: "tries",
        secret: false,
        default: Absence::Text("5"),
        help: "How often a step is tried before a person has to decide.",
        set: |settings, text| {
            settings.tries = number(text, 1, u16::MAX)?;
            Ok(())
        },
    },
    Key {
        name: "retry_after",
        secret: false,
        default: Absence::Text("1s"),
        help: "The wait after a failed try, which doubles up to a minute with each further one.",
        set: |settings, text| {
            settings.retry_after = time(text)?;
            Ok(())
        },
    },
    Key {
        name: "operations.listen",
        secret: false,
        default: Absence::Words("nowhere"),
        help: "Where a scheduler or worker answers `/metrics`, `/livez` and `/readyz`: `127.0.0.1:9464`.",
        set: |settings, text| {
            let address = SocketAddr::from_str(text).map_err(|_| "an address and a port, such as 127.0.0.1:9464")?;
            settings.listen = Some(address);
            Ok(())
        },
    },
    Key {
        name: "traces.url",
        secret: false,
        default: Absence::Words("nowhere"),
        help: "Where the spans of runs are sent, by OTLP over plain HTTP: `http://127.0.0.1:4318/v1/traces` is a \
               collector on the same machine. Needs a program that was built with `--features otel`.",
        set: |settings, text| {
            if !cfg!(feature = "otel") {
                return Err("left out: this program was built without `--features otel`".to_owned());
            }
            url(text, &["http://"], &mut settings.traces_url)
        },
    },
    Key {
        name: "log",
        secret: false,
        default: Absence::Text("warn"),
        help: "What is logged to standard error, such as `info` or `dialtone_worker=debug`.",
        set: |settings, text| {
            text.parse::<EnvFilter>().map_err(|error| format!("a filter such as info: {error}"))?;
            settings.log = text.to_owned();
            Ok(())
        },
    },
    Key {
        name: "log_format",
        secret: false,
        default: Absence::Text("text"),
        help: "How it is logged: `text`, or `json` with one object a line.",
        set: |settings, text| {
            settings.log_json = match text {
                "text" => false,
                "json" => true,
                _ => return Err("text or json".to_owned()),
            };
            Ok(())
        },
    },
];

impl Key {
    /// The environment variable: the name in capitals, with a line for the dot. The credentials of the object store
    /// have the names that every tool for it knows.
    pub(crate) fn variable(&self) -> String {
        match self.name {
            "files.access_key_id" | "files.secret_access_key" | "files.session_token" => {
                self.name.replace("files.", "aws_").to_uppercase()
            }
            name => format!("DIALTONE_{}", name.replace('.', "_").to_uppercase()),
        }
    }

    /// What may be shown of a value.
    pub(crate) fn masked(&self, value: &str) -> String {
        match value.split_once("://") {
            _ if !self.secret => value.to_owned(),
            // A password that wasn't encoded may hold any sign, so everything up to the last @ is taken for it.
            Some((scheme, rest)) => match rest.rsplit_once('@') {
                Some((account, place)) => {
                    let (user, password) = account.split_once(':').map_or((account, ""), |(user, _)| (user, ":***"));
                    format!("{scheme}://{user}{password}@{}", masked_query(place))
                }
                None => format!("{scheme}://{}", masked_query(rest)),
            },
            None => "***".to_owned(),
        }
    }
}

/// A path with a query whose passwords are hidden.
fn masked_query(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let mask = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if ["password", "secret", "key", "token"].iter().any(|word| name.contains(word)) => {
            format!("{name}=***")
        }
        _ => pair.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(mask).collect();
    format!("{path}?{}", query.join("&"))
}

/// A time such as `1s`, `250ms` or `5m`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let number: Option<u64> = text.strip_suffix(unit).and_then(|number| number.parse().ok());
    let time = number.and_then(|number| match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    });
    time.ok_or_else(|| "a time is a whole number with ms, s or m, such as 250ms or 30s".to_owned())
}

fn number(text: &str, least: u16, most: u16) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("a whole number from {least} to {most}"))
}

/// A URL of one of these schemes. What was given is never repeated: it may hold a password.
fn url(text: &str, schemes: &[&str], place: &mut Option<String>) -> Result<(), String> {
    if schemes.iter().any(|scheme| text.starts_with(scheme)) {
        *place = Some(text.to_owned());
        Ok(())
    } else {
        Err(format!("a URL that starts with {}", schemes.join(" or ")))
    }
}
