use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use dialtone_drivers::for_device;
use dialtone_model::{Device, DeviceKind, Tls};
use dialtone_scheduler::{DeviceEdit, DeviceView, NewDevice, SIMULATED};
use dialtone_store::DeviceWork;
use serde_json::{Value, json};

use crate::backends::own_vault;
use crate::configuration::time;
use crate::context::Context;
use crate::device_check::{CheckState, Checks};
use crate::device_sync::{self, Scopes, Sync};
use crate::device_work::await_work;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::output::{print, print_json, print_json_lines, print_table_warning, red};
use crate::pick;

/// What stands where nothing vouches for a device.
const NOT_VERIFIED: &str = "not verified";

/// Devices: the systems that Dialtone drives
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone device add CUCM-NYC --kind unified_cm --address https://10.1.2.3:8443 --version 12.5 --login axl --ca ca.pem
  dialtone device show CUCM-NYC
  dialtone device test CUCM-NYC
  dialtone device set CUCM-NYC --rate 50 --concurrency 4
  dialtone device sync CUCM-NYC
  dialtone device changes CUCM-NYC
  dialtone device inventory CUCM-NYC
  dialtone device remove CUCM-NYC
  dialtone device rekey
  dialtone device list --json")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Add a device
    ///
    /// The password is asked for without being shown, or read from a file or from standard input; it never stands on the
    /// command line. It is kept sealed.
    Add {
        /// What people and Service Areas call it
        name: String,
        /// Its family
        #[arg(long, value_name = "KIND", value_parser = kind)]
        kind: DeviceKind,
        /// Where it is: https://host:port, ssh://host, or `simulated` for one that Dialtone simulates itself
        #[arg(long, value_name = "URL")]
        address: String,
        #[command(flatten)]
        row: Row,
    },
    /// Change what is set of a device; whoever drives it notices within seconds
    Set {
        /// The device
        device: String,
        /// Where it is
        #[arg(long, value_name = "URL")]
        address: Option<String>,
        /// Ask for a new password, or read it from standard input
        #[arg(long, conflicts_with = "password_file")]
        password: bool,
        #[command(flatten)]
        row: Row,
    },
    /// List the devices
    List,
    /// Show a device and what was lately done with it
    Show {
        /// The device
        device: String,
    },
    /// Ask devices who they are: whether they can be reached, what vouches for them, login, version, rights and clock
    ///
    /// Whoever drives the device asks it, in another process where that is so. Ends with 1 when a check failed.
    Test {
        /// The devices; all of them when none is named
        devices: Vec<String>,
        /// How long to wait for a worker to take it up
        #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
        wait: Duration,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Read what devices hold, and what changed since the last time
    ///
    /// First the infrastructure (partitions, templates, gateways), then what people own (users, phones, lines,
    /// mailboxes). Whoever drives a device reads it beside its orders, page by page; a read that is broken off goes on at
    /// its page. Ends with 1 when a read failed.
    Sync(Sync),
    /// List what the last reads found other than it was known before
    Changes {
        /// The device
        device: String,
        #[command(flatten)]
        scopes: Scopes,
    },
    /// List what a device holds, as it was last read
    Inventory {
        /// The device
        device: String,
    },
    /// Remove a device; refused while a Service Area, extensions, products or open orders need it
    Remove {
        /// The device
        device: String,
    },
    /// Seal all credentials and kept passwords anew with the first key of the key file
    ///
    /// The key file of a data folder gets a new key for it; the older keys stay in the file, for backups. Where
    /// DIALTONE_KEY_FILE names the file, put the new key into its first line before: 64 hexadecimal digits, as
    /// `openssl rand -hex 32` makes them.
    Rekey,
}

/// What a device's row says beside name, family and address.
#[derive(Args, Debug)]
struct Row {
    /// Its software version, such as 12.5, where the protocol depends on it
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The account that Dialtone uses there
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// The file with the account's password; `-` is standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A further secret of the family, and the file that has it, such as enable=FILE
    #[arg(long, value_name = "NAME=FILE", value_parser = pair)]
    secret_file: Vec<(String, String)>,
    /// The certificates, in PEM, that vouch for it
    #[arg(long, value_name = "FILE", group = "tls")]
    ca: Option<PathBuf>,
    /// The certificates that this machine trusts vouch for it, which is the default
    #[arg(long, group = "tls")]
    system_ca: bool,
    /// Nothing vouches for it: whoever answers at its address gets the credentials
    #[arg(long, group = "tls")]
    insecure: bool,
    /// A setting of its family; an empty value unsets it
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// How many calls at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: Option<u16>,
    /// How many calls in any second; `none`: as many as it answers
    #[arg(long, value_name = "N", value_parser = rate)]
    rate: Option<Rate>,
    /// How long one call may take
    #[arg(long, value_name = "TIME", value_parser = time)]
    call_timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Rate(Option<u32>);

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.act {
        Act::Add { name, kind, address, row } => {
            let organization = context.organization().await?.id;
            let mut edit = row.edit(Some(address))?;
            if edit.password.is_none() && edit.login.as_ref().is_some_and(|login| !login.is_empty()) {
                edit.password = Some(ask(&format!("Password of {} at {name}: ", edit.login.as_deref().unwrap_or("")))?);
            }
            let new = NewDevice { name, kind, edit };
            let policy = context.settings.address_policy();
            let device = context.operations.add_device(&context.actor, organization, new, &policy).await?;
            tell(context, &device)?;
            eprintln!("see whether it answers: dialtone device test \"{}\"", device.name);
        }
        Act::Set { device, address, password, row } => {
            let device = pick::device(context, &device).await?;
            let mut edit = row.edit(address)?;
            if password {
                edit.password = Some(ask(&format!("Password of {} at {}: ", device.login, device.name))?);
            }
            let policy = context.settings.address_policy();
            let device = context.operations.set_device(&context.actor, device.id, edit, &policy).await?;
            tell(context, &device)?;
        }
        Act::List => list(context).await?,
        Act::Show { device } => {
            let device = pick::device(context, &device).await?;
            show(context, &context.operations.device(&context.actor, device.id).await?)?;
        }
        Act::Test { devices, wait, work } => return test(context, &devices, wait, &work).await,
        Act::Sync(arguments) => return device_sync::sync(context, arguments).await,
        Act::Changes { device, scopes } => device_sync::changes(context, &device, scopes).await?,
        Act::Inventory { device } => device_sync::inventory(context, &device).await?,
        Act::Remove { device } => {
            let device = pick::device(context, &device).await?;
            context.operations.remove_device(&context.actor, device.id).await?;
            if context.json {
                print_json(&json!({ "device": device.id, "deleted": true }))?;
            } else {
                print(format_args!("{} removed", device.name))?;
            }
        }
        Act::Rekey => rekey(context).await?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Row {
    fn edit(self, address: Option<String>) -> anyhow::Result<DeviceEdit> {
        let mut secrets = BTreeMap::new();
        for (name, file) in self.secret_file {
            secrets.insert(name, secret(Path::new(&file))?);
        }
        let tls = match self.ca {
            Some(file) => {
                let pem = std::fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
                Some(Tls::Ca(pem))
            }
            None if self.insecure => Some(Tls::Insecure),
            None if self.system_ca => Some(Tls::System),
            None => None,
        };
        Ok(DeviceEdit {
            address,
            version: self.version,
            login: self.login,
            password: self.password_file.as_deref().map(secret).transpose()?,
            secrets,
            tls,
            concurrency: self.concurrency,
            rate: self.rate.map(|Rate(rate)| rate),
            call_timeout: self.call_timeout,
            settings: self.settings.into_iter().collect(),
        })
    }
}

/// A secret from a file, without the line break at its end.
fn secret(file: &Path) -> anyhow::Result<String> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input can't be read")?;
        text
    } else {
        std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?
    };
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        bail!("{} is empty", file.display());
    }
    Ok(secret.to_owned())
}

/// A password from the terminal, which doesn't show it, or from standard input.
fn ask(prompt: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        return secret(Path::new("-"))
            .context("a password is needed: by --password-file FILE, standard input, or a terminal to ask at");
    }
    eprint!("{prompt}");
    let password = console::Term::stderr().read_secure_line().context("the password can't be read")?;
    if password.is_empty() {
        bail!("the password is empty");
    }
    Ok(password)
}

/// Shows what is set now, and whether it gives a driver.
fn tell(context: &Context, device: &Device) -> anyhow::Result<()> {
    if context.json {
        print_json(&device_json(device))?;
    } else {
        describe(device)?;
    }
    if device.address != SIMULATED
        && let Err(error) = for_device(device)
    {
        eprintln!("it can't be driven as it is: {error}");
    }
    Ok(())
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let organization = context.organization().await?.id;
    let devices = context.operations.devices(&context.actor, organization).await?;
    if context.json {
        return print_json_lines(devices.iter().map(device_json));
    }
    let row = |device: &Device| {
        [
            device.name.clone(),
            device.kind.to_string(),
            device.version.clone().unwrap_or_default(),
            device.address.clone(),
            tls(device).to_owned(),
            device.limits.concurrency.to_string(),
            device.limits.rate.map_or_else(|| "none".to_owned(), |rate| format!("{rate}/s")),
        ]
    };
    let header = ["Name", "Kind", "Version", "Address", "TLS", "At once", "Rate"];
    print_table_warning(header, devices.iter().map(row).collect(), NOT_VERIFIED, "no devices yet")
}

fn show(context: &Context, view: &DeviceView) -> anyhow::Result<()> {
    if context.json {
        let mut json = device_json(&view.device);
        json["work"] = view.work.iter().map(work_json).collect();
        json["read"] = view.reads.iter().map(work_json).collect();
        return print_json(&json);
    }
    describe(&view.device)?;
    for work in &view.work {
        let what = work.scope.map_or_else(|| work.kind.to_string(), |scope| format!("{} of {scope}", work.kind));
        print(format_args!("{:<13} {what}, {}, by {}", when(work), work.state, work.requested_by))?;
    }
    Ok(())
}

fn describe(device: &Device) -> anyhow::Result<()> {
    let limits = &device.limits;
    print(format_args!("{} ({})", device.name, device.id))?;
    print(format_args!("{:<13} {}", "kind", device.kind))?;
    print(format_args!("{:<13} {}", "address", device.address))?;
    let verified = tls(device);
    let verified = if verified == NOT_VERIFIED { red(verified) } else { verified.to_owned() };
    print(format_args!("{:<13} {verified}", "TLS"))?;
    for (label, value) in [("version", device.version.as_deref()), ("login", Some(device.login.as_str()))] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            print(format_args!("{label:<13} {value}"))?;
        }
    }
    let password = if device.password.is_empty() { "none" } else { "kept sealed" };
    print(format_args!("{:<13} {password}", "password"))?;
    if !device.secrets.is_empty() {
        let names: Vec<&str> = device.secrets.keys().map(String::as_str).collect();
        print(format_args!("{:<13} {}, kept sealed", "secrets", names.join(", ")))?;
    }
    let rate = limits.rate.map_or_else(|| "as many as it answers".to_owned(), |rate| format!("{rate} a second"));
    print(format_args!("{:<13} {} at once, {rate}, each in {:?}", "calls", limits.concurrency, limits.call_timeout))?;
    for (key, value) in &device.settings {
        print(format_args!("{:<13} {key} = {value}", "setting"))?;
    }
    Ok(())
}

fn tls(device: &Device) -> &'static str {
    match device.tls {
        _ if device.address == SIMULATED => "simulated",
        Tls::System => "this machine's authorities",
        Tls::Ca(_) => "its own authority",
        Tls::Insecure => NOT_VERIFIED,
    }
}

fn device_json(device: &Device) -> Value {
    let tls = match device.tls {
        Tls::System => "system",
        Tls::Ca(_) => "ca",
        Tls::Insecure => "insecure",
    };
    json!({
        "id": device.id,
        "name": device.name,
        "kind": device.kind,
        "address": device.address,
        "version": device.version,
        "login": device.login,
        "has_password": !device.password.is_empty(),
        "secrets": device.secrets.keys().collect::<Vec<_>>(),
        "tls": tls,
        "concurrency": device.limits.concurrency,
        "rate": device.limits.rate,
        "call_timeout": device.limits.call_timeout.as_secs_f64(),
        "settings": device.settings,
    })
}

/// A piece of device work as JSON shows it.
pub(crate) fn work_json(work: &DeviceWork) -> Value {
    json!({
        "id": work.id,
        "kind": work.kind,
        "scope": work.scope,
        "state": work.state,
        "whole": work.since.is_none(),
        "requested_at": work.requested_at,
        "requested_by": work.requested_by,
        "as_of": work.as_of,
        "ended_at": work.ended_at,
        "progress": work.progress,
        "outcome": work.outcome,
    })
}

fn when(work: &DeviceWork) -> String {
    work.ended_at.unwrap_or(work.requested_at).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

async fn test(context: &Context, names: &[String], wait: Duration, args: &WorkArgs) -> anyhow::Result<ExitCode> {
    let devices = device_sync::chosen(context, names).await?;
    let mut ids = Vec::with_capacity(devices.len());
    for device in &devices {
        ids.push(context.operations.probe_device(&context.actor, device.id).await?);
    }
    let Some(all) = await_work(context, args, &ids, wait, |_| {}).await? else {
        return Ok(Exit::Interrupted.into());
    };
    let mut exit = Exit::Done;
    for (device, work) in devices.iter().zip(&all) {
        let checks = Checks::new(device, work);
        exit = exit.and(if checks.is_well() { Exit::Done } else { Exit::Failed });
        if context.json {
            print_json(&checks.json())?;
        } else {
            print_checks(device, &checks)?;
        }
    }
    Ok(exit.into())
}

fn print_checks(device: &Device, checks: &Checks<'_>) -> anyhow::Result<()> {
    print(format_args!("{} ({}, {})", device.name, device.kind, device.address))?;
    for check in &checks.checks {
        let (mark, message) = match check.state {
            CheckState::Ok => ("ok", check.message.clone()),
            CheckState::Warning => ("mind", red(&check.message)),
            CheckState::Failed => ("FAILED", red(&check.message)),
            CheckState::Unknown => ("-", check.message.clone()),
        };
        print(format_args!("  {:<10} {mark:<7} {message}", check.check))?;
        if let Some(repair) = &check.repair {
            print(format_args!("  {:<10} {:<7} {repair}", "", ""))?;
        }
    }
    Ok(())
}

async fn rekey(context: &Context) -> anyhow::Result<()> {
    if let Some(vault) = own_vault(&context.settings)? {
        vault.add_key()?;
    }
    let resealed = context.operations.reseal(&context.actor).await?;
    if context.json {
        return print_json(&resealed);
    }
    print(format_args!(
        "sealed the credentials of {} devices, the passwords of {} extensions and what {} open orders set anew",
        resealed.devices, resealed.extensions, resealed.orders
    ))
}

fn kind(text: &str) -> Result<DeviceKind, String> {
    DeviceKind::from_word(&text.replace('-', "_")).ok_or_else(|| {
        let words: Vec<&str> = DeviceKind::ALL.iter().map(|kind| kind.word()).collect();
        format!("it is one of {}", words.join(", "))
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("it has the form KEY=VALUE".to_owned()),
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    match text {
        "none" => Ok(Rate(None)),
        _ => match text.parse() {
            Ok(rate) if rate > 0 => Ok(Rate(Some(rate))),
            _ => Err("it is a whole number above 0, or none".to_owned()),
        },
    }
}
