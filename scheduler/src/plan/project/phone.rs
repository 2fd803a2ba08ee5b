use dialtone_model::catalog::{AttributeOf, Field};
use dialtone_model::{Action, Attributes, LineTarget, OrderId};
use dialtone_templates::{Problem, Rule};

use super::draft::RowPlan;

impl RowPlan<'_, '_> {
    /// A phone without lines, on the list of its owner's devices.
    pub(super) fn phone(&mut self) -> Result<(), Problem> {
        let device = self.call_processor()?;
        for field in [Field::CopyPhone, Field::ReservedPhone, Field::AnalogVoiceGatewayReference] {
            if self.row.value(field).is_some() {
                let note = format!("`{field}` can't be followed yet");
                return Err(self.row.cell_problem(Rule::ProductUnplanned, field).note(note));
            }
        }
        let phone_type = self.require(Field::PhoneType)?;
        if !self.role.allows_phone(&phone_type) {
            return Err(self.row.cell_problem(Rule::PhoneTypeOfRole, Field::PhoneType).note(self.role.name.as_str()));
        }
        let known = self.catalog.phone(&phone_type);
        if known.is_some_and(|known| known.analog) {
            return Err(self.unplanned("Analog phones can't be provisioned yet"));
        }
        let protocol = self.require(Field::Protocol)?.to_ascii_uppercase();
        let mobile = self.says_yes(Field::EnableExtensionMobility);
        if mobile && protocol == "SIP" && !known.is_some_and(|known| known.extension_mobility) {
            let rule = Rule::ExtensionMobilityModel;
            return Err(self.row.cell_problem(rule, Field::EnableExtensionMobility).note(phone_type));
        }
        let name = self.phone_name(&phone_type)?;
        let template = self.text(Field::PhoneButtonTemplate);
        let description = self.text(Field::Description);

        let mut attributes = self.attributes(AttributeOf::Phone);
        set(&mut attributes, "phoneTemplateName", template.as_ref());
        set(&mut attributes, "description", description.as_ref());
        if mobile {
            attributes.insert("enableExtensionMobility".to_owned(), "true".to_owned());
        }
        let values = [
            ("Phone Type", Some(phone_type.clone())),
            ("Protocol", Some(protocol.clone())),
            ("Phone Button Template", template),
        ];
        let product = self.product(format!("phone/{}/{name}", device.name), None, values, &[&attributes]);
        self.make(product, &format!("a phone {name}"), Field::MacAddress)?;

        self.ensure_login(device);
        let owner = (!self.role.pseudo).then(|| self.subscriber.user_id.clone());
        self.step(device, Action::AddPhone { name: name.clone(), phone_type, protocol, owner, attributes });
        if !self.role.pseudo {
            let user_id = self.subscriber.user_id.clone();
            self.step(device, Action::AssociateDevice { user_id, target: LineTarget::Phone, name });
        }
        Ok(())
    }

    /// `SEP` and the MAC address, or the device name of a type that has one.
    fn phone_name(&self, phone_type: &str) -> Result<String, Problem> {
        let mac = self.text(Field::MacAddress);
        let naming = self.catalog.phone(phone_type).and_then(|known| known.device_name);
        if let Some(naming) = naming
            && (mac.is_none() || !naming.takes_mac())
        {
            if mac.is_some() {
                return Err(self.row.cell_problem(Rule::MacRefused, Field::MacAddress).note(phone_type));
            }
            let given = self.text(Field::DeviceName);
            return naming
                .name(given.as_deref(), &self.subscriber.user_id)
                .map_err(|bad| self.row.cell_problem(Rule::DeviceNameFormat, Field::DeviceName).note(bad.to_string()));
        }
        if let Some(mac) = mac {
            return mac_name(&mac).ok_or_else(|| {
                let note = "it has other characters, or not 12 of them";
                self.row.cell_problem(Rule::MacFormat, Field::MacAddress).note(note)
            });
        }
        if self.says_yes(Field::UseDummyMacAddress) {
            // The second character says that the address was given by nobody who makes phones.
            let tail = self.ids.next::<OrderId>().0.as_u128() & 0xFF_FFFF_FFFF;
            return Ok(format!("SEP02{tail:010X}"));
        }
        Err(self.row.cell_problem(Rule::PhoneWithoutName, Field::MacAddress))
    }

    /// The phone that the row names by device name or MAC address in `field`, or that comes before it in its order, or
    /// that is the subscriber's only one.
    pub(super) fn carrier_phone(&mut self, field: Field, of_anybody: bool) -> Result<String, Problem> {
        let device = self.call_processor()?.name.clone();
        let prefix = format!("phone/{device}/");
        let named = self.row.value(field).map(|name| (format!("{prefix}{}", device_name(name)), name));
        self.needed(field, "phone", &prefix, named, of_anybody)
    }

    /// An object that the part needs: named by a cell, made by the row that `Assoc With` names, made before in the same
    /// order, or the subscriber's only one.
    pub(super) fn needed(
        &mut self,
        field: Field,
        what: &str,
        prefix: &str,
        named: Option<(String, &str)>,
        of_anybody: bool,
    ) -> Result<String, Problem> {
        let candidates: Vec<String> = if let Some(associated) = &self.associated {
            associated.iter().filter(|object| object.starts_with(prefix)).cloned().collect()
        } else if let Some((object, name)) = named {
            return self.known(field, what, object, name, of_anybody);
        } else {
            let own = self.draft.objects.iter().map(String::as_str);
            let own: Vec<String> = own.filter(|object| object.starts_with(prefix)).map(str::to_owned).collect();
            let owned = || self.ledger.owned_by(&self.subscriber.user_id).map(|entry| entry.product.object.clone());
            if own.is_empty() { owned().filter(|object| object.starts_with(prefix)).collect() } else { own }
        };
        match candidates.as_slice() {
            [one] => {
                let one = one.clone();
                self.need(&one);
                Ok(one)
            }
            [] => Err(self.row.cell_problem(Rule::NeedUnknown, field).note(format!("{what} for it"))),
            _ => Err(self.row.cell_problem(Rule::NeedSeveral, field).note(format!("{what} of the subscriber"))),
        }
    }

    fn known(
        &mut self,
        field: Field,
        what: &str,
        object: String,
        name: &str,
        of_anybody: bool,
    ) -> Result<String, Problem> {
        let owner = self.ledger.get(&object).map(|entry| entry.product.owner.clone());
        match owner {
            Some(owner) if of_anybody || owner == self.subscriber.user_id => {
                self.need(&object);
                Ok(object)
            }
            Some(owner) => {
                let note = format!("{what} {name} of this subscriber: it is {owner}'s");
                Err(self.row.cell_problem(Rule::NeedUnknown, field).note(note))
            }
            None => Err(self.absent(field, &object, &format!("{what} {name}"))),
        }
    }

    /// An object isn't there: because the order that makes it is refused, or at all.
    pub(super) fn absent(&self, field: Field, object: &str, named: &str) -> Problem {
        match self.ledger.refused(object) {
            Some(product) => self.row.cell_problem(Rule::OrderDependsOnRefused, field).note(product),
            None => self.row.cell_problem(Rule::NeedUnknown, field).note(named),
        }
    }
}

/// A device name as the call processor has it.
fn device_name(given: &str) -> String {
    mac_name(given).unwrap_or_else(|| given.to_owned())
}

/// The name of a phone with a MAC address: `SEP` and twelve capitals.
fn mac_name(mac: &str) -> Option<String> {
    let digits: String = mac.chars().filter(|char| !matches!(char, ':' | '-' | '.')).collect();
    let whole = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    whole.then(|| format!("SEP{}", digits.to_ascii_uppercase()))
}

/// Sets an attribute that has a field of its own, if the field says something.
pub(super) fn set(attributes: &mut Attributes, element: &str, value: Option<&String>) {
    if let Some(value) = value {
        attributes.insert(element.to_owned(), value.clone());
    }
}
