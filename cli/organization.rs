use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use dialtone_model::{LicenceCount, Organization};
use dialtone_scheduler::{OrganizationImport, OrganizationView};
use dialtone_templates::{read_numbers, read_subscribers, read_users};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::{print, print_json, print_json_lines, print_table};

/// The demo organization, which the binary carries.
const DEMO: Files<'static> = Files {
    organization: include_str!("../sample-data/organization/organization.toml"),
    users: Some(include_bytes!("../sample-data/organization/users.csv")),
    numbers: Some(include_bytes!("../sample-data/organization/numbers.csv")),
    subscribers: Some(include_bytes!("../sample-data/organization/subscribers.csv")),
};

/// Organizations: their licences, users, numbers and devices
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone organization import sample-data/organization
  dialtone organization list
  dialtone organization show --json")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Bring in an organization, or bring it up to date
    ///
    /// DIR holds organization.toml (name, licences, devices, roles, Domains, Service Areas), users.csv (Identity UUID,
    /// User's Name), numbers.csv (Number) and subscribers.csv (User ID, First Name, Last Name, Email, Role, Domain,
    /// Identity UUID). Repeating it changes nothing; what the files no longer name stays.
    Import {
        /// The folder
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
    /// List the organizations
    List,
    /// Show what an organization has
    Show,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.act {
        Act::Import { folder } => import(context, &folder).await?,
        Act::List => list(context).await?,
        Act::Show => {
            let organization = context.organization().await?;
            show(context, &context.operations.organization(&context.actor, organization.id).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The demo organization.
pub(crate) fn demo() -> anyhow::Result<OrganizationImport> {
    DEMO.parse(Path::new(""))
}

/// The files of an import.
struct Files<'a> {
    organization: &'a str,
    users: Option<&'a [u8]>,
    numbers: Option<&'a [u8]>,
    subscribers: Option<&'a [u8]>,
}

impl Files<'_> {
    fn parse(&self, folder: &Path) -> anyhow::Result<OrganizationImport> {
        let name = |file: &str| folder.join(file).display().to_string();
        let mut import: OrganizationImport =
            toml::from_str(self.organization).with_context(|| name("organization.toml"))?;
        for device in &mut import.devices {
            let of = |file: &Path| {
                let path = folder.join(file);
                let read = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()));
                read.with_context(|| format!("the device \"{}\"", device.name))
            };
            if let Some(file) = &device.ca_file {
                device.ca = Some(of(file)?);
            }
            if let Some(file) = &device.password_file {
                device.password = of(file)?.trim_end_matches(['\r', '\n']).to_owned();
            }
        }
        Ok(OrganizationImport {
            users: self.users.map_or(Ok(Vec::new()), |bytes| read_users(&name("users.csv"), bytes))?,
            numbers: self.numbers.map_or(Ok(Vec::new()), |bytes| read_numbers(&name("numbers.csv"), bytes))?,
            subscribers: (self.subscribers)
                .map_or(Ok(Vec::new()), |bytes| read_subscribers(&name("subscribers.csv"), bytes))?,
            ..import
        })
    }
}

async fn import(context: &Context, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("organization.toml");
    let organization = fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let (users, numbers) = (optional(folder, "users.csv")?, optional(folder, "numbers.csv")?);
    let subscribers = optional(folder, "subscribers.csv")?;
    let files = Files {
        organization: &organization,
        users: users.as_deref(),
        numbers: numbers.as_deref(),
        subscribers: subscribers.as_deref(),
    };
    let import = files.parse(folder)?;
    let id = context.operations.import_organization(&context.actor, &import).await?;
    show(context, &context.operations.organization(&context.actor, id).await?)
}

/// The bytes of a file that an import may leave out.
fn optional(folder: &Path, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => bail!("can't read {}: {error}", path.display()),
    }
}

async fn list(context: &Context) -> anyhow::Result<()> {
    let organizations = context.operations.organizations(&context.actor).await?;
    if context.json {
        return print_json_lines(organizations.iter().map(organization_json));
    }
    let rows = organizations
        .iter()
        .map(|organization| [organization.id.to_string(), organization.name.clone(), organization.profile.to_string()])
        .collect();
    print_table(["UUID", "Name", "Profile"], rows, "no organization yet")
}

fn organization_json(organization: &Organization) -> Value {
    json!({ "id": organization.id, "name": organization.name, "profile": organization.profile })
}

fn show(context: &Context, view: &OrganizationView) -> anyhow::Result<()> {
    let organization = &view.organization;
    if context.json {
        let devices: Vec<Value> = view
            .devices
            .iter()
            .map(|device| {
                json!({
                    "id": device.id,
                    "name": device.name,
                    "kind": device.kind,
                    "address": device.address,
                    "version": device.version,
                    "concurrency": device.limits.concurrency,
                    "rate": device.limits.rate,
                })
            })
            .collect();
        return print_json(&json!({
            "id": organization.id,
            "name": organization.name,
            "profile": organization.profile,
            "users": view.users,
            "numbers": view.numbers,
            "available_numbers": view.available_numbers,
            "licences": view.licences,
            "devices": devices,
        }));
    }
    print(format_args!("{} ({})", organization.name, organization.id))?;
    print(format_args!(
        "{} users, {} numbers of which {} can be assigned\n",
        view.users, view.numbers, view.available_numbers
    ))?;
    let row = |count: &LicenceCount| {
        [
            count.licence.code().to_owned(),
            count.name.clone(),
            count.owned.to_string(),
            count.free.to_string(),
            count.reserved.to_string(),
            count.used.to_string(),
        ]
    };
    let licences = view.licences.iter().map(row).collect();
    print_table(["Licence", "Name", "Owned", "Free", "Reserved", "Used"], licences, "no licences")?;
    print("")?;
    let devices = view
        .devices
        .iter()
        .map(|device| {
            let version = device.version.clone().unwrap_or_default();
            [device.name.clone(), device.kind.to_string(), version, device.address.clone()]
        })
        .collect();
    print_table(["Device", "Kind", "Version", "Address"], devices, "no devices")
}
