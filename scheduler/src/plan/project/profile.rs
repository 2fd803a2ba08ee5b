use dialtone_model::catalog::{AttributeOf, Field, Shape};
use dialtone_model::{Action, Attributes, LineTarget, Profile};
use dialtone_templates::{Problem, Rule};

use super::draft::RowPlan;
use super::ledger::{NUMBER, PARTITION};
use super::phone::set;

impl RowPlan<'_, '_> {
    /// A device profile that the subscriber logs in to phones with.
    pub(super) fn extension_mobility_access(&mut self) -> Result<(), Problem> {
        let device = self.call_processor()?;
        let name = self.with_keywords(&self.require(Field::Name)?);
        let phone_type = self.require(Field::EmPhoneType)?;
        let protocol = self.text(Field::Protocol).unwrap_or_else(|| "SCCP".to_owned()).to_ascii_uppercase();
        let template = self.text(Field::PhoneButtonTemplate);
        let known = self.catalog.phone(&phone_type);
        if protocol == "SIP" && template.is_some() && !known.is_some_and(|known| known.extension_mobility) {
            return Err(self.row.cell_problem(Rule::ExtensionMobilityModel, Field::EmPhoneType).note(phone_type));
        }
        let mut attributes = self.attributes(AttributeOf::DeviceProfile);
        set(&mut attributes, "phoneTemplateName", template.as_ref());
        set(&mut attributes, "description", self.text(Field::Description).as_ref());
        let values = [
            ("Phone Type", Some(phone_type.clone())),
            ("Protocol", Some(protocol.clone())),
            ("Phone Button Template", template),
        ];
        let product = self.product(format!("device-profile/{}/{name}", device.name), None, values, &[&attributes]);
        self.make(product, &format!("an extension mobility access {name}"), Field::Name)?;
        self.ensure_login(device);
        self.step(device, Action::AddDeviceProfile { name: name.clone(), phone_type, protocol, attributes });
        let user_id = self.subscriber.user_id.clone();
        self.step(device, Action::AssociateDevice { user_id, target: LineTarget::DeviceProfile, name });
        Ok(())
    }

    /// A remote destination profile.
    pub(super) fn remote_destination_profile(&mut self) -> Result<(), Problem> {
        let device = self.call_processor()?;
        let name = self.require(Field::Name)?;
        let mut attributes = self.attributes(AttributeOf::RemoteDestinationProfile);
        set(&mut attributes, "description", self.text(Field::Description).as_ref());
        let object = format!("remote-destination-profile/{}/{name}", device.name);
        let product = self.product(object, None, [], &[&attributes]);
        self.make(product, &format!("a remote destination profile {name}"), Field::Name)?;
        self.ensure_login(device);
        let user_id = self.subscriber.user_id.clone();
        self.step(device, Action::AddRemoteDestinationProfile { name, user_id, attributes });
        Ok(())
    }

    /// What single number reach on a desk phone still lacks once the order is through.
    pub(super) fn warn_of_incomplete_reach(&mut self) {
        let lines = |prefix: &str| {
            let owned = self.ledger.owned_by(&self.subscriber.user_id).map(|entry| &entry.product);
            let of = |object: &str| object.strip_prefix("line/").is_some_and(|rest| rest.contains(prefix));
            let numbers = owned.filter(move |product| of(&product.object));
            let key = |values: &Attributes| (values.get(NUMBER).cloned(), values.get(PARTITION).cloned());
            numbers.map(|product| (key(&product.values), product.parent.clone())).collect::<Vec<_>>()
        };
        let profile = lines("/remote-destination-profile/");
        let shared = lines("/phone/").into_iter().find(|(key, _)| profile.iter().any(|(own, _)| own == key));
        let softkeys = |phone: &str| {
            let phone = self.ledger.get(phone);
            phone.is_some_and(|entry| entry.product.values.contains_key("attr:softkeyTemplateName"))
        };
        let note = match shared {
            None => "no phone of the subscriber shares the profile's line",
            Some((_, Some(phone))) if !softkeys(&phone) => "the phone has no softkey template of its own",
            Some(_) => return,
        };
        let problem = self.row.cell_problem(Rule::ReachIncomplete, Field::Product);
        self.warn(problem.note(note));
    }

    /// The order's values in place of the keywords, in the newer edition of the rules.
    fn with_keywords(&self, name: &str) -> String {
        debug_assert_eq!(self.part.shape, Shape::ExtensionMobilityAccess, "no other name has keywords");
        if self.facts.profile == Profile::Older {
            return name.to_owned();
        }
        let subscriber = self.subscriber;
        let values = [
            ("USERID", &subscriber.user_id),
            ("FIRSTNAME", &subscriber.first_name),
            ("LASTNAME", &subscriber.last_name),
            ("DOMAIN", &subscriber.domain),
            ("SERVICEAREA", &self.serving.area.name),
        ];
        // One pass from the left, so that a value that looks like a keyword stays what it is.
        let mut replaced = String::with_capacity(name.len());
        let mut rest = name;
        while let Some(char) = rest.chars().next() {
            match values.iter().find(|(keyword, _)| rest.starts_with(keyword)) {
                Some((keyword, value)) => {
                    replaced.push_str(value);
                    rest = &rest[keyword.len()..];
                }
                None => {
                    replaced.push(char);
                    rest = &rest[char.len_utf8()..];
                }
            }
        }
        replaced
    }
}
