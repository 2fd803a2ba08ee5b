use std::collections::{BTreeMap, HashMap};

use dialtone_model::catalog::Setting;
use dialtone_model::{
    Device, DeviceKind, Domain, OwnedProduct, Processor, Profile, ServiceArea, Subscriber, SubscriberRole,
};
use dialtone_validators::Facts;

/// What a plan needs to know of an organization: fetched once, so that no row asks for anything.
#[derive(Clone, Debug)]
pub struct ProjectFacts {
    /// The edition of the rules.
    pub profile: Profile,
    /// The Domains, by name.
    pub domains: HashMap<String, Domain>,
    /// The Service Areas, by name.
    pub service_areas: BTreeMap<String, ServiceArea>,
    /// The roles of subscribers, by name.
    pub roles: HashMap<String, SubscriberRole>,
    /// The subscribers, by login.
    pub subscribers: HashMap<String, Subscriber>,
    /// The devices, by name.
    pub devices: HashMap<String, Device>,
    /// What is known of them beside how to reach them, by name.
    pub processors: HashMap<String, Processor>,
    /// What subscribers have.
    pub inventory: Vec<OwnedProduct>,
    /// What is known of extensions, numbers and licences.
    pub extensions: Facts,
}

/// The devices that serve a Service Area.
#[derive(Clone, Copy, Debug)]
pub(super) struct Serving<'f> {
    pub(super) area: &'f ServiceArea,
    pub(super) call_processor: Option<&'f Device>,
    pub(super) message_processor: Option<&'f Device>,
    pub(super) presence_processor: Option<&'f Device>,
    pub(super) phone_system: Option<&'f Device>,
}

impl ProjectFacts {
    /// What serves the Service Area; a device that it names and nobody knows counts as none.
    pub(super) fn serving<'f>(&'f self, area: &'f ServiceArea) -> Serving<'f> {
        let device = |name: &Option<String>| name.as_ref().and_then(|name| self.devices.get(name));
        Serving {
            area,
            call_processor: device(&area.call_processor),
            message_processor: device(&area.message_processor),
            presence_processor: device(&area.presence_processor),
            phone_system: self.phone_system(),
        }
    }

    /// The Service Areas of a Domain, by name.
    pub(super) fn areas_of<'f, 'd>(&'f self, domain: &'d str) -> impl Iterator<Item = &'f ServiceArea> + use<'f, 'd> {
        self.service_areas.values().filter(move |area| area.domain == domain)
    }

    /// The organization's Phone System, or the device that stands in for it in measurements.
    fn phone_system(&self) -> Option<&Device> {
        let find = |wanted: fn(DeviceKind) -> bool| self.devices.values().find(move |device| wanted(device.kind));
        find(DeviceKind::is_phone_system).or_else(|| find(|kind| kind == DeviceKind::Null))
    }

    pub(super) fn processor(&self, device: Option<&Device>) -> Option<&Processor> {
        device.and_then(|device| self.processors.get(&device.name))
    }
}

impl Serving<'_> {
    /// What the gates of the catalogue ask.
    pub(super) fn setting<'s>(&'s self, facts: &ProjectFacts) -> Setting<'s> {
        let messages = facts.processor(self.message_processor);
        Setting {
            profile: facts.profile,
            call_processor: self.call_processor.map(|device| (device.kind, device.version.as_deref())),
            message_processor: self.message_processor.map(|device| device.kind),
            presence_processor: self.presence_processor.map(|device| device.kind),
            extension_mobility: facts.processor(self.call_processor).is_some_and(|details| details.extension_mobility),
            external_mail: messages.is_some_and(|details| details.external_mail.is_some()),
            phone_system: self.phone_system.is_some(),
        }
    }
}
