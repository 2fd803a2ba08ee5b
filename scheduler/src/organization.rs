use std::collections::BTreeMap;
use std::path::PathBuf;

use dialtone_model::{
    Actor, AddOn, Device, DeviceId, DeviceKind, DeviceLimits, Domain, Licence, LicenceCount, Organization,
    OrganizationId, Processor, Profile, ServiceArea, Subscriber, SubscriberRole, Tls, User,
};
use dialtone_store::NewOrganization;
use dialtone_validators::{Claims, Facts};
use serde::Deserialize;

use crate::structure::subscriber_row;
use crate::{OperationError, Operations};

/// A tenant with its directory, as an import brings it. Importing again adds what is new and sets what is there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationImport {
    /// Its name; an organization of that name is brought up to date.
    pub name: String,
    /// Which edition of the rules it follows.
    #[serde(default = "newer")]
    pub profile: Profile,
    /// The licences that it owns.
    #[serde(default)]
    pub licences: Vec<LicenceImport>,
    /// Its devices.
    #[serde(default)]
    pub devices: Vec<DeviceImport>,
    /// The roles of its subscribers.
    #[serde(default)]
    pub roles: Vec<SubscriberRole>,
    /// Its Domains.
    #[serde(default)]
    pub domains: Vec<Domain>,
    /// Its Service Areas.
    #[serde(default)]
    pub service_areas: Vec<ServiceArea>,
    /// Its subscribers.
    #[serde(skip)]
    pub subscribers: Vec<Subscriber>,
    /// Its users.
    #[serde(skip)]
    pub users: Vec<User>,
    /// The numbers that it owns, digits without the `+`.
    #[serde(skip)]
    pub numbers: Vec<String>,
}

/// How many of one licence an organization owns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceImport {
    /// `base`, or the code of an add-on.
    pub code: String,
    /// What people read.
    pub name: String,
    /// How many.
    pub owned: u32,
}

/// One device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceImport {
    /// Its name, unique in the organization.
    pub name: String,
    /// Its family.
    pub kind: DeviceKind,
    /// `https://host:port`, or `simulated`.
    pub address: String,
    /// Its software version.
    pub version: Option<String>,
    /// The account that Dialtone uses.
    #[serde(default)]
    pub login: String,
    /// The account's password.
    #[serde(default)]
    pub password: String,
    /// The file with the account's password; whoever reads the import puts it into `password`.
    pub password_file: Option<PathBuf>,
    /// The certificates, in PEM, that vouch for it.
    pub ca: Option<String>,
    /// The file with these certificates; whoever reads the import puts them into `ca`.
    pub ca_file: Option<PathBuf>,
    /// Whether nothing needs to vouch for it.
    #[serde(default)]
    pub insecure: bool,
    /// What its family needs to know of the site.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// Calls at once.
    pub concurrency: Option<u16>,
    /// Calls in any second.
    pub rate: Option<u32>,
    /// Of a call processor: whether its extension mobility details are entered.
    #[serde(default)]
    pub extension_mobility: bool,
    /// Of a message processor: the external mail server that its mailboxes can be joined with.
    pub external_mail: Option<String>,
    /// Of a call processor: how many lines its phone button templates hold.
    #[serde(default)]
    pub button_templates: BTreeMap<String, u16>,
}

impl DeviceImport {
    /// Refuses certificates that are none, such as the path of a file, before anything is called with them.
    fn check(&self) -> Result<(), OperationError> {
        match &self.ca {
            Some(ca) if !ca.contains("-----BEGIN CERTIFICATE-----") => Err(OperationError::Refused(format!(
                "the device \"{}\": ca holds no certificate in PEM; ca_file takes the path of a file that does",
                self.name
            ))),
            _ => Ok(()),
        }
    }

    /// What is known of it beside how to reach it.
    pub(crate) fn processor(&self) -> Processor {
        Processor {
            name: self.name.clone(),
            extension_mobility: self.extension_mobility,
            external_mail: self.external_mail.clone(),
            button_templates: self.button_templates.clone(),
        }
    }
}

/// A tenant with what it has.
#[derive(Clone, Debug)]
pub struct OrganizationView {
    /// The tenant.
    pub organization: Organization,
    /// Its licences.
    pub licences: Vec<LicenceCount>,
    /// Its devices.
    pub devices: Vec<Device>,
    /// How many users it has.
    pub users: usize,
    /// How many numbers it owns.
    pub numbers: usize,
    /// How many of them can be assigned.
    pub available_numbers: usize,
}

const fn newer() -> Profile {
    Profile::Newer
}

impl Operations {
    /// Makes or updates a tenant with its licences, users, numbers and devices. It may be repeated.
    pub async fn import_organization(
        &self,
        actor: &Actor,
        import: &OrganizationImport,
    ) -> Result<OrganizationId, OperationError> {
        actor.require(&[])?;
        import.devices.iter().try_for_each(DeviceImport::check)?;
        let known = self.store.organizations().await?.into_iter().find(|organization| organization.name == import.name);
        let id = match known {
            Some(organization) => organization.id,
            None => self.add_organization(import).await?,
        };
        let count = |licence: &LicenceImport| LicenceCount {
            licence: Licence::from(licence.code.clone()),
            name: licence.name.clone(),
            owned: i64::from(licence.owned),
            free: 0,
            reserved: 0,
            used: 0,
        };
        let licences: Vec<LicenceCount> = import.licences.iter().map(count).collect();
        self.store.put_licences(id, &licences).await?;
        self.store.put_users(id, &import.users).await?;
        self.store.put_numbers(id, &import.numbers).await?;
        self.put_devices(id, &import.devices).await?;
        self.put_structure(id, import).await?;
        self.store.put_subscribers(id, &import.subscribers.iter().map(subscriber_row).collect::<Vec<_>>()).await?;
        Ok(id)
    }

    /// All tenants.
    pub async fn organizations(&self, actor: &Actor) -> Result<Vec<Organization>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.organizations().await?)
    }

    /// One tenant with what it has.
    pub async fn organization(&self, actor: &Actor, id: OrganizationId) -> Result<OrganizationView, OperationError> {
        actor.require(&[])?;
        Ok(OrganizationView {
            organization: self.store.organization(id).await?,
            licences: self.store.licences(id).await?,
            devices: self.store.devices(id).await?,
            users: self.store.users(id).await?.len(),
            numbers: self.store.numbers(id).await?.len(),
            available_numbers: self.store.available_numbers(id).await?.len(),
        })
    }

    /// What a check of uploads needs to know of a tenant, fetched once; `add_ons` are those that each row will get.
    pub async fn facts(&self, id: OrganizationId, add_ons: &[AddOn]) -> Result<Facts, OperationError> {
        let (claimed, available_numbers, licences, users) = tokio::try_join!(
            self.store.claimed(id),
            self.store.available_numbers(id),
            self.store.licences(id),
            self.store.users(id),
        )?;
        let mut facts = Facts {
            available_numbers: available_numbers.into_iter().collect(),
            licences: Some(licences),
            add_ons: add_ons.to_vec(),
            ..Facts::default()
        };
        let mut claims = Claims::default();
        for (key, template) in claimed.ext_keys {
            match template {
                Some(template) => {
                    claims.ext_keys.insert(key, template);
                }
                None => {
                    facts.ext_keys.insert(key);
                }
            }
        }
        for (user, owned) in claimed.users {
            match owned.template {
                Some(template) => {
                    claims.users.insert(user, template);
                }
                None => {
                    let key = owned.ext_key.unwrap_or_else(|| "that is being changed".to_owned());
                    facts.owners.insert(user, key);
                }
            }
        }
        for (number, template) in claimed.numbers {
            if let Some(template) = template {
                claims.numbers.insert(number, template);
            }
        }
        facts.claims = claims;
        Ok(facts.with_users(users))
    }

    async fn add_organization(&self, import: &OrganizationImport) -> Result<OrganizationId, OperationError> {
        let id = self.ids.next();
        let organization = Organization { id, name: import.name.clone(), profile: import.profile };
        self.store.add_organization(&NewOrganization { organization, at: self.clock.now() }).await?;
        Ok(id)
    }

    async fn put_devices(&self, id: OrganizationId, devices: &[DeviceImport]) -> Result<(), OperationError> {
        let known = self.store.devices(id).await?;
        for import in devices {
            let known = known.iter().find(|device| device.name == import.name);
            let device_id: DeviceId = known.map_or_else(|| self.ids.next(), |device| device.id);
            let usual = known.map_or_else(DeviceLimits::default, |device| device.limits);
            // A file that leaves the account out leaves a known device's as it is.
            let (login, password, secrets) = match known {
                Some(known) if import.login.is_empty() && import.password.is_empty() => {
                    (known.login.clone(), known.password.clone(), known.secrets.clone())
                }
                _ => (import.login.clone(), import.password.clone(), BTreeMap::new()),
            };
            self.store
                .put_device(&Device {
                    id: device_id,
                    organization: id,
                    name: import.name.clone(),
                    kind: import.kind,
                    address: import.address.clone(),
                    version: import.version.clone(),
                    login,
                    password,
                    secrets,
                    tls: match &import.ca {
                        _ if import.insecure => Tls::Insecure,
                        Some(pem) => Tls::Ca(pem.clone()),
                        None => Tls::System,
                    },
                    limits: DeviceLimits {
                        concurrency: import.concurrency.unwrap_or(usual.concurrency),
                        rate: import.rate.or(usual.rate),
                        ..usual
                    },
                    settings: import.settings.clone(),
                })
                .await?;
        }
        Ok(())
    }
}
